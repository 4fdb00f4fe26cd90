// Session descriptions to text (RFC 8866 §5).

import * as sdpTransform from 'sdp-transform';
import type { Description, MediaDescription, Section } from './description.ts';
import { writeExtmaps } from './extensions.ts';
import { writeRid, writeSimulcast } from './rids.ts';
import { writeSsrcs } from './ssrcs.ts';
import type { MediaBlock } from './text.ts';
import { writeTransport } from './transport.ts';

/** The port of a section whose addresses ICE finds (RFC 8829 §5.2.1), and of one that needs none. */
const DISCARD_PORT = 9;
/** Stands in an m= line that has nothing to list: one format has to be there (RFC 8866 §5.14). */
const NO_FORMAT = '127';

/** Writes a description as SDP; names and values in it are taken to be free of line ends. */
export function writeDescription(description: Description): string {
  const { sessionId, sessionVersion, extmapAllowMixed, iceLite, msidSemantic, media } = description;
  const refused = new Set(media.filter(({ rejected }) => rejected).map(({ mid }) => mid));
  // A refused section is in no bundle (RFC 9143 §7.3.3).
  const bundles = description.bundles.map((mids) => mids.filter((mid) => !refused.has(mid)));
  return sdpTransform.write({
    version: 0,
    origin: { username: '-', sessionId, sessionVersion, netType: 'IN', ipVer: 4, address: '127.0.0.1' },
    name: '-',
    timing: { start: 0, stop: 0 },
    groups: bundles.filter(({ length }) => length > 0).map((mids) => ({ type: 'BUNDLE', mids: mids.join(' ') })),
    ...(extmapAllowMixed && { extmapAllowMixed: 'extmap-allow-mixed' }),
    ...(iceLite && { icelite: 'ice-lite' }),
    invalid: msidSemantic === undefined ? [] : [{ value: `msid-semantic: ${msidSemantic}` }],
    media: media.map(writeSection),
  });
}

function writeSection(section: Section): MediaBlock {
  const { kind, mid, protocol, rejected, bundleOnly } = section;
  const said = kind === 'unsupported' ? { rtp: [], fmtp: [] } : writeMedia(section);
  const formats = kind === 'unsupported' ? section.formats : said.rtp.map(({ payload }) => payload);
  return {
    type: kind === 'unsupported' ? section.media : kind,
    port: rejected || bundleOnly ? 0 : DISCARD_PORT,
    protocol,
    payloads: formats.join(' ') || NO_FORMAT,
    connection: { version: 4, ip: '0.0.0.0' },
    ...(mid !== '' && { mid }),
    ...(bundleOnly && { bundleOnly: 'bundle-only' }),
    ...said,
  };
}

function writeMedia(media: MediaDescription): Omit<MediaBlock, 'type' | 'port' | 'protocol'> {
  const { msid, simulcast } = media;
  const { invalid = [], ...transport } = media.transport ? writeTransport(media.transport) : {};
  return {
    ...writeCodecs(media),
    ext: writeExtmaps(media.extensions),
    direction: media.direction,
    ...transport,
    ...writeSsrcs(media),
    ...(media.rtcpMux && { rtcpMux: 'rtcp-mux' }),
    ...(media.rtcpReducedSize && { rtcpRsize: 'rtcp-rsize' }),
    rids: media.rids.map(writeRid),
    ...(simulcast && { simulcast: writeSimulcast(simulcast) }),
    invalid: [...invalid, ...(msid ? [{ value: `msid:${msid.stream || '-'} ${msid.track}`.trim() }] : [])],
  };
}

function writeCodecs({
  codecs,
  congestionFeedback,
}: MediaDescription): Required<Pick<MediaBlock, 'rtp' | 'fmtp' | 'rtcpFb'>> {
  const written: ReturnType<typeof writeCodecs> = { rtp: [], fmtp: [], rtcpFb: [] };
  for (const codec of codecs) {
    const { payloadType: payload, name, clockRate: rate, channels, parameters, rtxPayloadType } = codec;
    written.rtp.push({ payload, codec: name, rate, ...(channels !== undefined && { encoding: channels }) });
    if (parameters) written.fmtp.push({ payload, config: parameters });
    written.rtcpFb.push(...codec.feedback.map((type) => ({ payload, type })));
    if (rtxPayloadType === undefined) continue;
    written.rtp.push({ payload: rtxPayloadType, codec: 'rtx', rate });
    written.fmtp.push({ payload: rtxPayloadType, config: `apt=${payload}` });
  }
  if (congestionFeedback) written.rtcpFb.push({ payload: '*', type: 'ack ccfb' });
  return written;
}
