// Offer and answer (RFC 3264, RFC 8829): what each side says so that both know payload types, extensions and encodings.

import { payloadFormatOf } from '../payload/formats.ts';
import type { CongestionFeedbackFormat } from '../rtcp/feedback-types.ts';
import type { HeaderExtensionIds, HeaderExtensionName } from '../rtp/header-extensions.ts';
import { acceptCodecs } from './codec-match.ts';
import { type CodecPreference, FLEXFEC, MEDIA_CODECS, preferredCodecs } from './codecs.ts';
import {
  type CodecDescription,
  type Description,
  type Direction,
  type MediaDescription,
  mediaOf,
  receives,
  type Section,
  type SsrcDescription,
  sends,
  type TransportDescription,
  WEBRTC_PROTOCOL,
} from './description.ts';
import {
  ANSWERED_EXTENSIONS,
  AUDIO_EXTENSIONS,
  ExtensionAnswer,
  SIMULCAST_EXTENSIONS,
  VIDEO_EXTENSIONS,
} from './extensions.ts';
import { answerEncodings, describeEncodings } from './simulcast.ts';
import { answerSetup } from './transport.ts';

/** What one m-section of an offer shall carry. */
export interface OfferedMedia {
  readonly mid: string;
  readonly kind: 'audio' | 'video';
  /** In order of preference. */
  readonly codecs: readonly CodecPreference[];
  /** Default `sendonly`. */
  readonly direction?: Direction;
  /** Simulcast encodings; empty for a single stream. */
  readonly rids: readonly string[];
  readonly ssrcs: readonly SsrcDescription[];
  readonly msid?: { readonly stream: string; readonly track: string };
  /** Default: what fits the kind, under the identifiers of this project. Give those that the session has already. */
  readonly extensions?: HeaderExtensionIds;
  /** Offer congestion control feedback (RFC 8888) beside transport-wide feedback: the answer chooses. Default false. */
  readonly congestionFeedback?: boolean;
  readonly transport?: TransportDescription;
}

/**
 * The m-section that offers to send or receive media.
 *
 * @throws ArgumentError for a codec that is not among `CODECS`
 */
export function offerMedia(media: OfferedMedia): MediaDescription {
  const { mid, kind, direction = 'sendonly', rids, ssrcs, msid, transport } = media;
  return {
    kind,
    mid,
    protocol: WEBRTC_PROTOCOL,
    direction,
    rejected: false,
    bundleOnly: false,
    codecs: preferredCodecs(media.codecs),
    extensions: media.extensions ?? extensionsOf(media),
    ...describeEncodings(rids, direction === 'recvonly' ? 'recv' : 'send'),
    ssrcs,
    simulcastSsrcs: false,
    ...(msid && { msid }),
    rtcpMux: true,
    rtcpReducedSize: true,
    ...(media.congestionFeedback && { congestionFeedback: true as const }),
    ...(transport && { transport }),
  };
}

function extensionsOf({ kind, rids }: OfferedMedia): HeaderExtensionIds {
  if (kind === 'audio') return AUDIO_EXTENSIONS;
  return rids.length > 0 ? SIMULCAST_EXTENSIONS : VIDEO_EXTENSIONS;
}

/** The m-section of one that is over: refused, so that its place may be taken (RFC 8829 §5.2.2). */
export function closedMedia(media: MediaDescription): MediaDescription {
  const { simulcast: _simulcast, congestionFeedback: _feedback, transport: _transport, ...rest } = media;
  return {
    ...rest,
    direction: 'inactive',
    rejected: true,
    bundleOnly: false,
    rids: [],
    ssrcs: [],
    simulcastSsrcs: false,
  };
}

/**
 * The feedback that an answer has chosen, for all its sections: they share a transport, and what offers and answers in
 * this project says the same in each.
 */
export function congestionFeedbackOf(answer: Description): CongestionFeedbackFormat {
  return mediaOf(answer).some(({ congestionFeedback }) => congestionFeedback) ? 'ccfb' : 'transport-cc';
}

/** What a whole offer says beside its sections. */
export interface OfferOptions {
  /** Default `1`. */
  readonly sessionId?: string;
  /** One more than in the offer before. */
  readonly sessionVersion: number;
  readonly media: readonly Section[];
}

/** An offer that bundles every section that is not refused (RFC 9143 §7.2). */
export function createOffer({ sessionId = '1', sessionVersion, media }: OfferOptions): Description {
  const bundle = media.filter(({ rejected, mid }) => !rejected && mid !== '').map(({ mid }) => mid);
  return {
    sessionId,
    sessionVersion,
    bundles: bundle.length > 0 ? [bundle] : [],
    extmapAllowMixed: false,
    iceLite: false,
    media,
  };
}

/** What the answerer sends in an m-section that offers to receive. */
export interface AnsweredMedia {
  readonly ssrcs: readonly SsrcDescription[];
  readonly msid?: { readonly stream: string; readonly track: string };
  /** Encodings, of those the section asks for. Default: a single stream. */
  readonly rids?: readonly string[];
}

/** How an offer is answered. */
export interface AnswerOptions {
  /**
   * The codecs to take, in order of preference: the answer's order. Default: every one that there is a payload format
   * for, in the order of the offer.
   */
  readonly codecs?: readonly CodecPreference[];
  /** Take one codec for the media of a section, the most preferred: what is sent can be no other. Default false. */
  readonly oneCodec?: boolean;
  /** Take FlexFEC (RFC 8627) where it is offered. Default false. */
  readonly forwardErrorCorrection?: boolean;
  /**
   * Take congestion control feedback (RFC 8888) where it is offered, instead of transport-wide feedback. Default false.
   */
  readonly congestionFeedback?: boolean;
  /** The header extensions to take. Default: all that are known here but `videoOrientation`. */
  readonly extensions?: readonly HeaderExtensionName[];
  /** What to send, by mid. Default: nothing. */
  readonly send?: ReadonlyMap<string, AnsweredMedia>;
  /** Ours, for every section. `setup` says which part to take where the offer leaves the choice: default `passive`. */
  readonly transport?: TransportDescription;
  /** Default false. */
  readonly iceLite?: boolean;
  /** Default: that of the offer. */
  readonly sessionId?: string;
  /** Default: that of the offer. */
  readonly sessionVersion?: number;
}

/**
 * Answers an offer, section by section (RFC 3264 §6): takes each one with a codec that is ours, reduced to what we
 * speak, and refuses the others. Each section carries media one way: what it offers to send is taken, unless there is
 * something to be sent in it.
 *
 * @throws ArgumentError for a codec preference that is not among `CODECS`
 */
export function answer(offer: Description, options: AnswerOptions = {}): Description {
  const { iceLite = false, sessionId = offer.sessionId, sessionVersion = offer.sessionVersion } = options;
  const codecs = options.codecs === undefined ? MEDIA_CODECS : preferredCodecs(options.codecs);
  const answerer = {
    options,
    codecs: options.forwardErrorCorrection ? [...codecs, ...preferredCodecs([FLEXFEC])] : codecs,
    extensions: new ExtensionAnswer(offer, options.extensions ?? ANSWERED_EXTENSIONS),
  };
  const media = offer.media.map((section) => answerSection(section, answerer));
  const taken = new Set(media.filter(({ rejected }) => !rejected).map(({ mid }) => mid));
  return {
    sessionId,
    sessionVersion,
    // Only what was offered as a bundle is bundled (RFC 9143 §7.3).
    bundles: offer.bundles.map((bundle) => bundle.filter((mid) => taken.has(mid))).filter(({ length }) => length > 0),
    extmapAllowMixed: offer.extmapAllowMixed,
    iceLite,
    media,
  };
}

interface Answerer {
  readonly options: AnswerOptions;
  readonly codecs: readonly CodecDescription[];
  readonly extensions: ExtensionAnswer;
}

function answerSection(offered: Section, { options, codecs: ours, extensions }: Answerer): Section {
  if (offered.kind === 'unsupported') return { ...offered, rejected: true, bundleOnly: false };
  const accepted = acceptCodecs(offered.codecs, ours, options.codecs === undefined ? 'offer' : 'ours');
  const chosen = accepted.find(({ name }) => payloadFormatOf(name) !== undefined);
  const codecs = options.oneCodec ? accepted.filter((codec) => codec === chosen || codec.name === FLEXFEC) : accepted;
  if (offered.rejected || codecs.length === 0) {
    const { msid: _, ...closed } = closedMedia(offered);
    return closed;
  }
  const sent = receives(offered) ? options.send?.get(offered.mid) : undefined;
  const direction: Direction = sent ? 'sendonly' : sends(offered) ? 'recvonly' : 'inactive';
  const congestionFeedback = options.congestionFeedback === true && offered.congestionFeedback === true;
  const payloadTypes = new Set(codecs.map(({ payloadType }) => payloadType));
  const encodings = sent
    ? answerEncodings(offered, 'send', payloadTypes, sent.rids ?? [])
    : direction === 'recvonly'
      ? answerEncodings(offered, 'recv', payloadTypes)
      : { rids: [] };
  const { transport } = options;
  return {
    kind: offered.kind,
    mid: offered.mid,
    protocol: offered.protocol,
    direction,
    rejected: false,
    bundleOnly: false,
    codecs: congestionFeedback ? codecs.map(withoutTransportFeedback) : codecs,
    extensions: extensions.answer(offered.extensions),
    ...encodings,
    ssrcs: sent?.ssrcs ?? [],
    simulcastSsrcs: false,
    ...(sent?.msid && { msid: sent.msid }),
    rtcpMux: offered.rtcpMux,
    rtcpReducedSize: offered.rtcpReducedSize,
    ...(congestionFeedback && { congestionFeedback: true as const }),
    ...(transport && { transport: answerTransport(offered, transport) }),
  };
}

/** One kind of feedback is enough: the answer says which. */
function withoutTransportFeedback(codec: CodecDescription): CodecDescription {
  return { ...codec, feedback: codec.feedback.filter((value) => value !== 'transport-cc') };
}

function answerTransport(offered: MediaDescription, ours: TransportDescription): TransportDescription {
  const preferred = ours.setup === 'active' ? 'active' : 'passive';
  return { ...ours, setup: answerSetup(offered.transport?.setup, preferred) };
}
