// Session descriptions to text (RFC 8866 §5), in the order of lines that RFC 8829 §5.2.1 gives.

import type { CodecDescription, Description, MediaDescription, Section, UnsupportedSection } from './description.ts';
import { writeExtmaps } from './extensions.ts';
import { writeRid, writeSimulcast } from './simulcast.ts';
import { writeSsrcs } from './ssrcs.ts';
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
  return [
    'v=0',
    `o=- ${sessionId} ${sessionVersion} IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    ...bundles.filter(({ length }) => length > 0).map((mids) => `a=group:BUNDLE ${mids.join(' ')}`),
    ...(extmapAllowMixed ? ['a=extmap-allow-mixed'] : []),
    ...(msidSemantic === undefined ? [] : [`a=msid-semantic: ${msidSemantic}`]),
    ...(iceLite ? ['a=ice-lite'] : []),
    ...media.flatMap((section) => (section.kind === 'unsupported' ? writeUnsupported(section) : writeMedia(section))),
    '',
  ].join('\r\n');
}

function writeUnsupported(section: UnsupportedSection): string[] {
  return writeHead(section, section.media, section.protocol, section.formats);
}

function writeHead(section: Section, media: string, protocol: string, formats: readonly (string | number)[]): string[] {
  const port = section.rejected || section.bundleOnly ? 0 : DISCARD_PORT;
  return [
    `m=${media} ${port} ${protocol} ${formats.join(' ') || NO_FORMAT}`,
    'c=IN IP4 0.0.0.0',
    ...(section.mid === '' ? [] : [`a=mid:${section.mid}`]),
    ...(section.bundleOnly ? ['a=bundle-only'] : []),
  ];
}

function writeMedia(media: MediaDescription): string[] {
  const payloadTypes = media.codecs.flatMap(({ payloadType, rtxPayloadType }) =>
    rtxPayloadType === undefined ? [payloadType] : [payloadType, rtxPayloadType],
  );
  return [
    ...writeHead(media, media.kind, media.protocol, payloadTypes),
    ...(media.transport ? writeTransport(media.transport) : []),
    `a=${media.direction}`,
    ...(media.rtcpMux ? ['a=rtcp-mux'] : []),
    ...(media.rtcpReducedSize ? ['a=rtcp-rsize'] : []),
    ...writeExtmaps(media.extensions),
    ...(media.msid ? [`a=msid:${[media.msid.stream || '-', media.msid.track].join(' ').trim()}`] : []),
    ...media.codecs.flatMap(writeCodec),
    ...media.rids.map((rid) => `a=rid:${writeRid(rid)}`),
    ...(media.simulcast ? [`a=simulcast:${writeSimulcast(media.simulcast)}`] : []),
    ...writeSsrcs(media),
  ];
}

function writeCodec(codec: CodecDescription): string[] {
  const { payloadType, name, clockRate, channels, parameters, feedback, rtxPayloadType } = codec;
  return [
    `a=rtpmap:${payloadType} ${name}/${clockRate}${channels === undefined ? '' : `/${channels}`}`,
    ...feedback.map((value) => `a=rtcp-fb:${payloadType} ${value}`),
    ...(parameters ? [`a=fmtp:${payloadType} ${parameters}`] : []),
    ...(rtxPayloadType === undefined
      ? []
      : [`a=rtpmap:${rtxPayloadType} rtx/${clockRate}`, `a=fmtp:${rtxPayloadType} apt=${payloadType}`]),
  ];
}
