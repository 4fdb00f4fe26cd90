// The header extensions that Sluice negotiates: their URIs and the bytes of their values.

import type { Milliseconds } from '../units.ts';

/** The name of a header extension in this code and its URI in SDP (RFC 8285 §5). */
export const HEADER_EXTENSION_URIS = {
  /** Which m-section a packet belongs to (RFC 9143). */
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  /** Which simulcast encoding a packet belongs to (RFC 8852). */
  rid: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  /** Which simulcast encoding a retransmission repairs (RFC 8852). */
  repairedRid: 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  /** When the packet left the sender: 24 bit, 6.18 fixed-point seconds. */
  absSendTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  /** One 16-bit counter over all packets of a transport (draft-holmer-rmcat-transport-wide-cc-extensions-01). */
  transportSequence: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  /** How a decoder has to read the colours, on key frames: four bytes, or more with HDR metadata. */
  colorSpace: 'http://www.webrtc.org/experiments/rtp-hdrext/color-space',
  /** How loud the audio of a packet is (RFC 6464). */
  audioLevel: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  /** What a middlebox has to know of a frame it cannot read (RFC 9626). */
  frameMarking: 'urn:ietf:params:rtp-hdrext:framemarking',
  /** What a frame depends on and who needs it (AV1 RTP payload specification §A). */
  dependencyDescriptor: 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
  /** Between which delays the receiver may choose when to show a frame. */
  playoutDelay: 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
  /** How the picture has to be turned to stand upright (3GPP TS 26.114 §7.4.5, "CVO"). */
  videoOrientation: 'urn:3gpp:video-orientation',
  /** How much earlier than its timestamp says a frame was captured: 32 bit, in ticks. Sluice's own. */
  captureLag: 'urn:sluice:rtp-hdrext:capture-lag',
} as const;

/** A header extension by name. */
export type HeaderExtensionName = keyof typeof HEADER_EXTENSION_URIS;

/** The identifier each negotiated extension has on one transport, 1–14. */
export type HeaderExtensionIds = { readonly [Name in HeaderExtensionName]?: number };

/** The identifiers that Sluice offers. */
export const DEFAULT_HEADER_EXTENSION_IDS: Required<HeaderExtensionIds> = {
  mid: 1,
  rid: 2,
  repairedRid: 3,
  absSendTime: 4,
  transportSequence: 5,
  colorSpace: 6,
  audioLevel: 7,
  frameMarking: 8,
  dependencyDescriptor: 9,
  playoutDelay: 10,
  videoOrientation: 11,
  captureLag: 12,
};

/** The value of a `mid`, `rid` or `repairedRid` element: ASCII (RFC 8852 §3). */
export function writeToken(token: string): Uint8Array {
  return Uint8Array.from(token, (character) => character.charCodeAt(0));
}

/** The token in a `mid`, `rid` or `repairedRid` element. */
export function readToken(value: Uint8Array): string {
  return String.fromCharCode(...value);
}

/** A time as `absSendTime` has it: 24 bit, 6.18 fixed-point seconds, wrapping every 64 s. */
export function absSendTimeAt(now: Milliseconds): number {
  return Math.floor((now / 1000) * 2 ** 18) & 0xffffff;
}

/** The value of an `absSendTime` element. */
export function writeAbsSendTime(now: Milliseconds): Uint8Array {
  const ticks = absSendTimeAt(now);
  return Uint8Array.of(ticks >> 16, ticks >> 8, ticks);
}

/** The time in an `absSendTime` element, 0 to 64 000 ms; `undefined` where it is too short. */
export function readAbsSendTime(value: Uint8Array): Milliseconds | undefined {
  if (value.length < 3) return undefined;
  return ((((value[0] ?? 0) << 16) | ((value[1] ?? 0) << 8) | (value[2] ?? 0)) * 1000) / 2 ** 18;
}

/** The value of a `transportSequence` element. */
export function writeTransportSequence(sequence: number): Uint8Array {
  return Uint8Array.of(sequence >> 8, sequence);
}

/** The 16-bit counter in a `transportSequence` element, or `undefined` where it is too short. */
export function readTransportSequence(value: Uint8Array): number | undefined {
  if (value.length < 2) return undefined;
  return ((value[0] ?? 0) << 8) | (value[1] ?? 0);
}
