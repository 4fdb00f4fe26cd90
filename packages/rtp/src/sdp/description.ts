// A session description (RFC 8866, in the form JSEP gives it: RFC 8829) as plain data: what Sluice negotiates, and
// nothing else. `parseDescription` and `writeDescription` are its way from and to text.

import type { HeaderExtensionIds } from '../rtp/header-extensions.ts';

/** The way media flows, seen from the side that wrote the description (RFC 8866 §6.7). */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** A payload format with its parameters. */
export interface CodecDescription {
  /** 0–127. */
  readonly payloadType: number;
  /** Encoding name, e.g. `VP8`. */
  readonly name: string;
  /** In Hz. */
  readonly clockRate: number;
  /** Audio only. */
  readonly channels?: number;
  /** `a=fmtp` parameters as they stand, e.g. `minptime=10;useinbandfec=1`; `parseParameters` takes them apart. */
  readonly parameters?: string;
  /**
   * `a=rtcp-fb` values, e.g. `nack`, `nack pli`, `ccm fir`, `transport-cc` (RFC 4585, RFC 5104): at most two words, what
   * stands behind them is not read, nor is `trr-int`.
   */
  readonly feedback: readonly string[];
  /** The payload type of its retransmissions (RFC 4588). */
  readonly rtxPayloadType?: number;
}

/** One SSRC of an m-section (RFC 5576), and those that repair it. */
export interface SsrcDescription {
  /** 32 bit. */
  readonly ssrc: number;
  /** Its retransmissions (`a=ssrc-group:FID`). */
  readonly rtxSsrc?: number;
  /** Its forward error correction (`a=ssrc-group:FEC-FR`, RFC 5956 §4.3). */
  readonly fecSsrc?: number;
  readonly cname: string;
}

/** A stream's name within its m-section, and what it keeps to (`a=rid`, RFC 8851). */
export interface RidDescription {
  readonly id: string;
  readonly direction: 'send' | 'recv';
  /** The payload types it may have, in order of preference; absent for every one of the section. */
  readonly payloadTypes?: readonly number[];
  /** E.g. `max-width=1280`, in the order of the line; one without a value has an empty one, one given twice the first. */
  readonly restrictions: readonly { readonly name: string; readonly value: string }[];
}

/** One way to send a simulcast stream. */
export interface SimulcastAlternative {
  readonly rid: string;
  /** Nothing of it is sent at first (`~`, RFC 8853 §5.1). */
  readonly paused: boolean;
}

/**
 * `a=simulcast` (RFC 8853 §5.1): for each direction the streams, in order of preference, and each one's alternatives.
 */
export interface SimulcastDescription {
  readonly send: readonly (readonly SimulcastAlternative[])[];
  readonly recv: readonly (readonly SimulcastAlternative[])[];
}

/**
 * What ICE and DTLS need to know of the other side (RFC 8839, RFC 8122, RFC 8842). In process there is nothing to know.
 */
export interface TransportDescription {
  readonly iceUfrag?: string;
  readonly icePwd?: string;
  /** E.g. `trickle`. */
  readonly iceOptions: readonly string[];
  /** Of the certificate, e.g. `{ hash: 'sha-256', value: 'AB:CD:…' }`. */
  readonly fingerprints: readonly { readonly hash: string; readonly value: string }[];
  /** Who opens the DTLS connection (RFC 4145 §4, RFC 5763 §5). */
  readonly setup?: SetupRole;
  /** What stands behind `a=candidate:`, as it is. */
  readonly candidates: readonly string[];
  readonly endOfCandidates: boolean;
}

/** The part one side takes in opening a DTLS connection. */
export type SetupRole = 'active' | 'passive' | 'actpass' | 'holdconn';

/** An m-section that carries audio or video over RTP. */
export interface MediaDescription {
  readonly kind: 'audio' | 'video';
  /** `a=mid` (RFC 9143); empty where the section has none. */
  readonly mid: string;
  /** E.g. `UDP/TLS/RTP/SAVPF`. */
  readonly protocol: string;
  readonly direction: Direction;
  /** Port 0: the section is refused or over (RFC 3264 §6). */
  readonly rejected: boolean;
  /** Port 0 as well, but to be used if it can be bundled (RFC 9143 §6). */
  readonly bundleOnly: boolean;
  /** In order of preference: that of the m= line (RFC 3264 §5.1). */
  readonly codecs: readonly CodecDescription[];
  readonly extensions: HeaderExtensionIds;
  readonly rids: readonly RidDescription[];
  readonly simulcast?: SimulcastDescription;
  readonly ssrcs: readonly SsrcDescription[];
  /** The SSRCs are encodings of one source, lowest first (`a=ssrc-group:SIM`, in use before RFC 8853). */
  readonly simulcastSsrcs: boolean;
  /** `a=msid`: the stream, empty for none, and the track it carries (RFC 8830). The first where there are several. */
  readonly msid?: { readonly stream: string; readonly track: string };
  /** RTP and RTCP share a port (RFC 5761). */
  readonly rtcpMux: boolean;
  /** RTCP of reduced size (RFC 5506). */
  readonly rtcpReducedSize: boolean;
  /** Congestion control feedback for every payload type (`a=rtcp-fb:* ack ccfb`, RFC 8888 §6); absent for none. */
  readonly congestionFeedback?: true;
  readonly transport?: TransportDescription;
}

/** An m-section that Sluice has no use for, e.g. a data channel: refused in the answer, at the same place. */
export interface UnsupportedSection {
  readonly kind: 'unsupported';
  readonly mid: string;
  /** The media type, e.g. `application`. */
  readonly media: string;
  readonly protocol: string;
  /** What stands behind the protocol in the m= line. */
  readonly formats: readonly string[];
  readonly rejected: boolean;
  readonly bundleOnly: boolean;
}

/** An m-section. */
export type Section = MediaDescription | UnsupportedSection;

/** A whole description. What a session says for all its m-sections is found in each of them. */
export interface Description {
  /** `o=`: the session's number, up to 64 bit. */
  readonly sessionId: string;
  /** `o=`: counts the descriptions of a session. */
  readonly sessionVersion: number;
  /** The mids of each `a=group:BUNDLE` (RFC 9143): these sections share a transport. */
  readonly bundles: readonly (readonly string[])[];
  /** Header extensions of one-byte and two-byte form may be mixed in a stream (RFC 8285 §6). */
  readonly extmapAllowMixed: boolean;
  readonly iceLite: boolean;
  /** What stands behind `a=msid-semantic:`, e.g. `WMS *`. */
  readonly msidSemantic?: string;
  readonly media: readonly Section[];
}

/** How many m-sections a description may have. */
export const MAX_MEDIA_SECTIONS = 256;

/** How many characters a line may have: enough for a bundle of that many sections, with names of 60 characters. */
export const MAX_LINE_LENGTH = 16_384;

/** What WebRTC speaks (RFC 8829 §5.1.2). */
export const WEBRTC_PROTOCOL = 'UDP/TLS/RTP/SAVPF';

/** The audio or video section with that mid. */
export function findMedia(description: Description, mid: string): MediaDescription | undefined {
  return mediaOf(description).find((media) => media.mid === mid);
}

/** The audio and video sections. */
export function mediaOf(description: Description): MediaDescription[] {
  return description.media.filter((section): section is MediaDescription => section.kind !== 'unsupported');
}

/** Whether the side that wrote the section sends media. */
export function sends({ direction }: { readonly direction: Direction }): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

/** Whether the side that wrote the section takes media. */
export function receives({ direction }: { readonly direction: Direction }): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}
