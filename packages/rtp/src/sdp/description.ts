// Session descriptions (RFC 8866, JSEP's use of them) as plain data: what Sluice negotiates, and nothing else.
//
// The parser makes a number of every value that looks like one, whatever its type says: names are turned back to strings.

import * as sdpTransform from 'sdp-transform';
import { SignallingError } from '../errors.ts';
import { HEADER_EXTENSION_URIS, type HeaderExtensionIds, type HeaderExtensionName } from '../rtp/header-extensions.ts';

/** The way media flows, seen from the side that wrote the description. */
export type Direction = 'sendonly' | 'recvonly' | 'inactive';

/** A payload format with its parameters. */
export interface CodecDescription {
  readonly payloadType: number;
  /** Encoding name, e.g. `VP8`. */
  readonly name: string;
  /** In Hz. */
  readonly clockRate: number;
  /** Audio only. */
  readonly channels?: number;
  /** `a=fmtp` parameters as they stand, e.g. `minptime=10;useinbandfec=1`. */
  readonly parameters?: string;
  /** `a=rtcp-fb` values, e.g. `nack`, `nack pli`, `ccm fir`, `transport-cc` (RFC 4585, RFC 5104). */
  readonly feedback: readonly string[];
  /** The payload type of its retransmissions (RFC 4588). */
  readonly rtxPayloadType?: number;
}

/** One SSRC of an m-section and the SSRC of its retransmissions (`a=ssrc-group:FID`, RFC 5576). */
export interface SsrcDescription {
  readonly ssrc: number;
  readonly rtxSsrc?: number;
  readonly cname: string;
}

/** One m-section. */
export interface MediaDescription {
  /** `a=mid` (RFC 9143). */
  readonly mid: string;
  readonly kind: 'audio' | 'video';
  readonly direction: Direction;
  /** Port 0: the section is refused or over (RFC 3264 §6). */
  readonly rejected: boolean;
  /** In order of preference. */
  readonly codecs: readonly CodecDescription[];
  readonly extensions: HeaderExtensionIds;
  /** The simulcast encodings' rids, in order of preference (RFC 8853); empty for a single stream. */
  readonly rids: readonly string[];
  readonly ssrcs: readonly SsrcDescription[];
  /** `a=msid`: the stream and the track it carries (RFC 8830). */
  readonly msid?: { readonly stream: string; readonly track: string };
}

/** A whole description. */
export interface Description {
  /** `o=`: the session's number. */
  readonly sessionId: number;
  /** `o=`: counts the descriptions of a session. */
  readonly sessionVersion: number;
  readonly media: readonly MediaDescription[];
}

/** How many m-sections a description may have. */
export const MAX_MEDIA_SECTIONS = 256;

const PROTOCOL = 'UDP/TLS/RTP/SAVPF';

/** Writes a description as SDP. */
export function writeDescription(description: Description): string {
  const active = description.media.filter((media) => !media.rejected);
  return sdpTransform.write({
    version: 0,
    origin: {
      username: '-',
      sessionId: description.sessionId,
      sessionVersion: description.sessionVersion,
      netType: 'IN',
      ipVer: 4,
      address: '127.0.0.1',
    },
    name: '-',
    timing: { start: 0, stop: 0 },
    ...(active.length > 0 && { groups: [{ type: 'BUNDLE', mids: active.map((media) => media.mid).join(' ') }] }),
    media: description.media.map(writeMedia),
  });
}

function writeMedia(media: MediaDescription): sdpTransform.SessionDescription['media'][number] {
  const rtp: { payload: number; codec: string; rate: number; encoding?: number }[] = [];
  const fmtp: { payload: number; config: string }[] = [];
  const rtcpFb: { payload: number; type: string; subtype?: string }[] = [];
  for (const codec of media.codecs) {
    const payload = codec.payloadType;
    rtp.push({
      payload,
      codec: codec.name,
      rate: codec.clockRate,
      ...(codec.channels !== undefined && { encoding: codec.channels }),
    });
    if (codec.parameters) fmtp.push({ payload, config: codec.parameters });
    for (const feedback of codec.feedback) {
      const [type = '', subtype] = feedback.split(' ');
      rtcpFb.push({ payload, type, ...(subtype !== undefined && { subtype }) });
    }
    if (codec.rtxPayloadType !== undefined) {
      rtp.push({ payload: codec.rtxPayloadType, codec: 'rtx', rate: codec.clockRate });
      fmtp.push({ payload: codec.rtxPayloadType, config: `apt=${payload}` });
    }
  }
  const sending = media.direction === 'sendonly';
  return {
    type: media.kind,
    port: media.rejected ? 0 : 9,
    protocol: PROTOCOL,
    payloads: rtp.map(({ payload }) => payload).join(' '),
    connection: { version: 4, ip: '0.0.0.0' },
    rtp,
    fmtp,
    rtcpFb,
    mid: media.mid,
    direction: media.direction,
    rtcpMux: 'rtcp-mux',
    rtcpRsize: 'rtcp-rsize',
    ext: (Object.keys(media.extensions) as HeaderExtensionName[]).map((name) => ({
      value: media.extensions[name] ?? 0,
      uri: HEADER_EXTENSION_URIS[name],
    })),
    ...(media.msid && { msid: [{ id: media.msid.stream, appdata: media.msid.track }] }),
    ...(media.rids.length > 0 && {
      rids: media.rids.map((id) => ({ id, direction: sending ? ('send' as const) : ('recv' as const) })),
      simulcast: { dir1: sending ? ('send' as const) : ('recv' as const), list1: media.rids.join(';') },
    }),
    ...(media.ssrcs.length > 0 && {
      ssrcs: media.ssrcs.flatMap(({ ssrc, rtxSsrc, cname }) =>
        [ssrc, ...(rtxSsrc === undefined ? [] : [rtxSsrc])].map((id) => ({ id, attribute: 'cname', value: cname })),
      ),
      ssrcGroups: media.ssrcs.flatMap(({ ssrc, rtxSsrc }) =>
        rtxSsrc === undefined ? [] : [{ semantics: 'FID', ssrcs: `${ssrc} ${rtxSsrc}` }],
      ),
    }),
  };
}

/**
 * Reads a description from SDP. Attributes that Sluice does not use are ignored.
 *
 * @throws SignallingError with reason `malformed-sdp`, naming what is wrong
 */
export function parseDescription(sdp: string): Description {
  if (!/^v=0\r?\n/.test(sdp)) throw malformed('it does not begin with v=0');
  let parsed: sdpTransform.SessionDescription;
  try {
    parsed = sdpTransform.parse(sdp);
  } catch (cause) {
    throw malformed('it cannot be parsed', cause);
  }
  if (!parsed.origin) throw malformed('it has no origin line (o=)');
  if (parsed.media.length > MAX_MEDIA_SECTIONS) {
    throw malformed(`it has ${parsed.media.length} m-sections, more than ${MAX_MEDIA_SECTIONS}`);
  }
  const media = parsed.media.map(parseMedia);
  const mids = new Set(media.map(({ mid }) => mid));
  if (mids.size !== media.length) throw malformed('two m-sections have the same mid');
  return {
    sessionId: Number(parsed.origin.sessionId),
    sessionVersion: parsed.origin.sessionVersion,
    media,
  };
}

function parseMedia(section: sdpTransform.SessionDescription['media'][number], index: number): MediaDescription {
  const where = `m-section ${index}`;
  if (section.type !== 'audio' && section.type !== 'video') throw malformed(`${where} is of kind "${section.type}"`);
  if (section.mid === undefined) throw malformed(`${where} has no a=mid`);
  const msid = section.msid?.[0];
  const direction = section.direction ?? 'sendrecv';
  if (direction === 'sendrecv') throw malformed(`${where} is sendrecv; each section carries media one way here`);
  return {
    mid: String(section.mid),
    kind: section.type,
    direction,
    rejected: section.port === 0,
    codecs: parseCodecs(section, where),
    extensions: parseExtensions(section),
    rids: parseRids(section, direction),
    ssrcs: parseSsrcs(section),
    ...(msid && { msid: { stream: String(msid.id), track: String(msid.appdata ?? '') } }),
  };
}

function parseCodecs(section: sdpTransform.SessionDescription['media'][number], where: string): CodecDescription[] {
  const parameters = new Map(section.fmtp.map(({ payload, config }) => [payload, String(config)]));
  const rtxOf = new Map<number, number>();
  for (const { payload, codec } of section.rtp) {
    if (String(codec).toLowerCase() !== 'rtx') continue;
    const apt = /(?:^|;)\s*apt=(\d+)/.exec(parameters.get(payload) ?? '')?.[1];
    if (apt !== undefined) rtxOf.set(Number(apt), payload);
  }
  const codecs: CodecDescription[] = [];
  for (const { payload, codec, rate, encoding } of section.rtp) {
    const name = String(codec);
    if (name.toLowerCase() === 'rtx') continue;
    if (!(payload >= 0 && payload <= 127)) throw malformed(`${where} has payload type ${payload}`);
    if (!rate) throw malformed(`${where} gives no clock rate for ${name}`);
    const rtxPayloadType = rtxOf.get(payload);
    const config = parameters.get(payload);
    codecs.push({
      payloadType: payload,
      name,
      clockRate: rate,
      ...(encoding !== undefined && { channels: Number(encoding) }),
      ...(config !== undefined && { parameters: config }),
      feedback: (section.rtcpFb ?? [])
        .filter((feedback) => feedback.payload === '*' || Number(feedback.payload) === payload)
        .map(({ type, subtype }) => (subtype ? `${type} ${subtype}` : String(type))),
      ...(rtxPayloadType !== undefined && { rtxPayloadType }),
    });
  }
  return codecs;
}

function parseExtensions(section: sdpTransform.SessionDescription['media'][number]): HeaderExtensionIds {
  const ids: { [Name in HeaderExtensionName]?: number } = {};
  const names = Object.keys(HEADER_EXTENSION_URIS) as HeaderExtensionName[];
  for (const { value, uri } of section.ext ?? []) {
    const name = names.find((candidate) => HEADER_EXTENSION_URIS[candidate] === uri);
    if (name !== undefined && value >= 1 && value <= 255) ids[name] = value;
  }
  return ids;
}

function parseRids(section: sdpTransform.SessionDescription['media'][number], direction: Direction): string[] {
  const side = direction === 'recvonly' ? 'recv' : 'send';
  const declared = new Set((section.rids ?? []).filter((rid) => rid.direction === side).map(({ id }) => String(id)));
  // The parser leaves a rid with a "-" (RFC 8851 §10) as it is.
  for (const { value } of section.invalid ?? []) {
    const rid = /^rid:([\w-]+) (send|recv)\b/.exec(value);
    if (rid?.[1] !== undefined && rid[2] === side) declared.add(rid[1]);
  }
  const { dir1, list1, dir2, list2 } = section.simulcast ?? {};
  const list = dir1 === side ? list1 : dir2 === side ? list2 : undefined;
  // Alternatives ("q,h") and the mark of a paused encoding ("~q") are RFC 8853 §5.1; the first alternative is taken.
  const listed = String(list ?? '')
    .split(';')
    .map((rid) => (rid.split(',')[0] ?? '').replace(/^~/, ''));
  return listed.filter((rid) => declared.has(rid));
}

function parseSsrcs(section: sdpTransform.SessionDescription['media'][number]): SsrcDescription[] {
  const cnames = new Map<number, string>();
  for (const { id, attribute, value } of section.ssrcs ?? []) {
    if (attribute === 'cname' || !cnames.has(Number(id)))
      cnames.set(Number(id), attribute === 'cname' ? String(value ?? '') : '');
  }
  const rtxOf = new Map<number, number>();
  for (const { semantics, ssrcs } of section.ssrcGroups ?? []) {
    const [primary, repair] = String(ssrcs).split(' ').map(Number);
    if (semantics === 'FID' && primary !== undefined && repair !== undefined) rtxOf.set(primary, repair);
  }
  const repairs = new Set(rtxOf.values());
  return [...cnames]
    .filter(([ssrc]) => !repairs.has(ssrc))
    .map(([ssrc, cname]) => {
      const rtxSsrc = rtxOf.get(ssrc);
      return { ssrc, cname, ...(rtxSsrc !== undefined && { rtxSsrc }) };
    });
}

function malformed(what: string, cause?: unknown): SignallingError {
  return new SignallingError('malformed-sdp', `The session description was refused: ${what}.`, { cause });
}
