// Offer and answer (RFC 3264, RFC 8829): what each side says so that both know payload types, extensions and encodings.

import { payloadFormatOf } from '../payload/formats.ts';
import { DEFAULT_HEADER_EXTENSION_IDS, type HeaderExtensionIds } from '../rtp/header-extensions.ts';
import { AUDIO_CLOCK_RATE, VIDEO_CLOCK_RATE } from '../units.ts';
import type { CodecDescription, Description, MediaDescription, SsrcDescription } from './description.ts';

/** The codecs that Sluice offers, by SDP name. */
export const CODECS: Readonly<Record<string, CodecDescription>> = {
  VP8: {
    payloadType: 96,
    name: 'VP8',
    clockRate: VIDEO_CLOCK_RATE,
    feedback: ['nack', 'nack pli', 'ccm fir', 'transport-cc'],
    rtxPayloadType: 97,
  },
  opus: {
    payloadType: 111,
    name: 'opus',
    clockRate: AUDIO_CLOCK_RATE,
    channels: 2,
    parameters: 'minptime=10;useinbandfec=1',
    feedback: ['transport-cc'],
  },
};

const AUDIO_EXTENSIONS: HeaderExtensionIds = {
  mid: DEFAULT_HEADER_EXTENSION_IDS.mid,
  absSendTime: DEFAULT_HEADER_EXTENSION_IDS.absSendTime,
  transportSequence: DEFAULT_HEADER_EXTENSION_IDS.transportSequence,
};

const SINGLE_VIDEO_EXTENSIONS: HeaderExtensionIds = {
  ...AUDIO_EXTENSIONS,
  colorSpace: DEFAULT_HEADER_EXTENSION_IDS.colorSpace,
};

/** What one m-section of an offer shall carry. */
export interface OfferedMedia {
  readonly mid: string;
  readonly kind: 'audio' | 'video';
  /** Names of `CODECS`, in order of preference. */
  readonly codecs: readonly string[];
  /** Simulcast encodings; empty for a single stream. */
  readonly rids: readonly string[];
  readonly ssrcs: readonly SsrcDescription[];
  readonly msid: { readonly stream: string; readonly track: string };
}

/** The m-section that offers to send media. */
export function offerMedia(media: OfferedMedia): MediaDescription {
  return {
    mid: media.mid,
    kind: media.kind,
    direction: 'sendonly',
    rejected: false,
    codecs: media.codecs.flatMap((name) => CODECS[name] ?? []),
    extensions: extensionsOf(media),
    rids: media.rids,
    ssrcs: media.ssrcs,
    msid: media.msid,
  };
}

function extensionsOf({ kind, rids }: OfferedMedia): HeaderExtensionIds {
  if (kind === 'audio') return AUDIO_EXTENSIONS;
  return rids.length > 0 ? DEFAULT_HEADER_EXTENSION_IDS : SINGLE_VIDEO_EXTENSIONS;
}

/** The m-section of one that is over: refused, so that its place may be taken (RFC 8829 §5.2.2). */
export function closedMedia(media: MediaDescription): MediaDescription {
  return { ...media, direction: 'inactive', rejected: true, rids: [], ssrcs: [] };
}

/**
 * Answers an offer to send: takes every m-section with a codec that `accepts` says yes to, reduced to what we speak, and
 * refuses the others.
 */
export function answer(offer: Description, accepts: (codec: CodecDescription) => boolean): Description {
  return {
    sessionId: offer.sessionId,
    sessionVersion: offer.sessionVersion,
    media: offer.media.map((media) => answerMedia(media, accepts)),
  };
}

function answerMedia(offered: MediaDescription, accepts: (codec: CodecDescription) => boolean): MediaDescription {
  const codecs = offered.codecs.filter(
    (codec) => CODECS[payloadFormatOf(codec.name)?.codec ?? ''] !== undefined && accepts(codec),
  );
  if (offered.rejected || offered.direction !== 'sendonly' || codecs.length === 0) {
    return { ...closedMedia(offered), codecs: offered.codecs };
  }
  return {
    mid: offered.mid,
    kind: offered.kind,
    direction: 'recvonly',
    rejected: false,
    codecs: codecs.map((codec) => {
      const ours = CODECS[payloadFormatOf(codec.name)?.codec ?? '']?.feedback ?? [];
      return { ...codec, feedback: codec.feedback.filter((feedback) => ours.includes(feedback)) };
    }),
    extensions: offered.extensions,
    rids: offered.rids,
    ssrcs: [],
  };
}
