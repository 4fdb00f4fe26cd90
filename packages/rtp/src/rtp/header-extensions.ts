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
};

/** The value of a `mid`, `rid` or `repairedRid` element: ASCII (RFC 8852 §3). */
export function writeToken(token: string): Uint8Array {
  return Uint8Array.from(token, (character) => character.charCodeAt(0));
}

/** The token in a `mid`, `rid` or `repairedRid` element. */
export function readToken(value: Uint8Array): string {
  return String.fromCharCode(...value);
}

/** The value of an `absSendTime` element: 6.18 fixed-point seconds, wrapping every 64 s. */
export function writeAbsSendTime(now: Milliseconds): Uint8Array {
  const ticks = Math.floor((now / 1000) * 2 ** 18) & 0xffffff;
  return Uint8Array.of(ticks >> 16, ticks >> 8, ticks);
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

/** How a picture's numbers stand for colours: code points of ITU-T H.273, and the range of the numbers. */
export interface ColorSpace {
  /** H.273 §8.1, e.g. 1 for BT.709. */
  readonly primaries: number;
  /** H.273 §8.2, e.g. 13 for sRGB. */
  readonly transfer: number;
  /** H.273 §8.3, e.g. 1 for BT.709. */
  readonly matrix: number;
  /** 0 to 255 instead of 16 to 235. */
  readonly fullRange: boolean;
}

/** The value of a `colorSpace` element without HDR metadata. */
export function writeColorSpace({ primaries, transfer, matrix, fullRange }: ColorSpace): Uint8Array {
  // The last byte: two bits of range (1 limited, 2 full), then the chroma siting, left unspecified.
  return Uint8Array.of(primaries, transfer, matrix, (fullRange ? 2 : 1) << 4);
}

/** The colour space in a `colorSpace` element, HDR metadata left aside; `undefined` where it is too short. */
export function readColorSpace(value: Uint8Array): ColorSpace | undefined {
  const [primaries, transfer, matrix, range] = value;
  if (primaries === undefined || transfer === undefined || matrix === undefined || range === undefined)
    return undefined;
  return { primaries, transfer, matrix, fullRange: ((range >> 4) & 3) === 2 };
}
