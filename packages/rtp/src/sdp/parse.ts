// Session descriptions from text (RFC 8866). Calm about what it does not know, exact about what it takes.

import { checkBundles, parseBundles } from './bundles.ts';
import {
  type CodecDescription,
  type Description,
  MAX_MEDIA_SECTIONS,
  type MediaDescription,
  type Section,
  type TransportDescription,
} from './description.ts';
import { extensionIds, parseExtmaps } from './extensions.ts';
import { malformed } from './malformed.ts';
import { parseParameters } from './parameters.ts';
import { parseRids, parseSimulcast } from './rids.ts';
import { parseSsrcs } from './ssrcs.ts';
import { staticPayloadType } from './static-payload-types.ts';
import { type Block, type MediaBlock, parseText, readInteger, verbatim, words } from './text.ts';
import { parseSharedTransport, parseTransport } from './transport.ts';

const MAX_PAYLOAD_TYPE = 127;
const MAX_CLOCK_RATE = 0xffffffff;
const MAX_CHANNELS = 255;
const MAX_PORT = 65_535;
/** How much feedback a section may ask for with all its payload types at once. */
const MAX_COMMON_FEEDBACK = 64;

/** What the session says for all its sections. */
interface Shared {
  readonly direction: Block['direction'];
  readonly transport: Partial<TransportDescription>;
}

/**
 * Reads a description from SDP. Attributes that Sluice does not use are ignored; sections that it has no use for are
 * told apart. Takes time in proportion to the text.
 *
 * @throws SignallingError with reason `malformed-sdp`, naming what is wrong
 */
export function parseDescription(sdp: string): Description {
  if (!/^v=0[\r\n]/.test(sdp)) throw malformed('it does not begin with v=0');
  const session = parseText(sdp);
  const sessionId = String(session.origin?.sessionId);
  const sessionVersion = readInteger(session.origin?.sessionVersion, Number.MAX_SAFE_INTEGER);
  if (!/^\d{1,20}$/.test(sessionId) || sessionVersion === undefined) {
    throw malformed('it has no origin line (o=), or no numbers for the session and its version in it');
  }
  const sections = session.media;
  if (sections.length > MAX_MEDIA_SECTIONS) {
    throw malformed(`it has ${sections.length} m-sections, more than ${MAX_MEDIA_SECTIONS}`);
  }
  const mids = sections.map(({ mid }) => String(mid ?? '')).filter((mid) => mid !== '');
  if (new Set(mids).size !== mids.length) throw malformed('two m-sections have the same mid');
  const bundles = parseBundles(session.groups, new Set(mids));
  const bundled = new Set(bundles.flat());
  const sharedUris = parseExtmaps(session.ext, new Map(), 'the session');
  const extmaps = sections.map(({ ext }, i) => parseExtmaps(ext, sharedUris, nameOf(i)));
  const shared = { direction: session.direction, transport: parseSharedTransport(session) };
  const media = sections.map((section, i) =>
    parseSection(section, shared, bundled, extensionIds(extmaps[i] ?? new Map()), nameOf(i)),
  );
  checkBundles(bundles, media, extmaps);
  const msidSemantic = verbatim(session, 'msid-semantic')[0]?.trim();
  const allowMixed = (block: Block) => block.extmapAllowMixed !== undefined;
  return {
    sessionId,
    sessionVersion,
    bundles,
    extmapAllowMixed: allowMixed(session) || (sections.length > 0 && sections.every(allowMixed)),
    iceLite: session.icelite !== undefined,
    ...(msidSemantic && { msidSemantic }),
    media,
  };
}

function nameOf(index: number): string {
  return `m-section ${index}`;
}

function parseSection(
  section: MediaBlock,
  shared: Shared,
  bundled: ReadonlySet<string>,
  extensions: MediaDescription['extensions'],
  where: string,
): Section {
  const port = readInteger(section.port, MAX_PORT);
  if (!section.type || port === undefined || !section.protocol) {
    throw malformed(`${where} has no media type, port and protocol`);
  }
  const mid = String(section.mid ?? '');
  const protocol = String(section.protocol);
  const bundleOnly = port === 0 && section.bundleOnly !== undefined && bundled.has(mid);
  const common = { mid, protocol, rejected: port === 0 && !bundleOnly, bundleOnly };
  const kind = section.type;
  const formats = words(section.payloads);
  if ((kind !== 'audio' && kind !== 'video') || !/(^|\/)RTP\//.test(protocol)) {
    return { kind: 'unsupported', media: String(kind), formats, ...common };
  }
  const payloadTypes = formats.map((format) => readPayloadType(format, where));
  const rids = parseRids(verbatim(section, 'rid'), new Set(payloadTypes));
  const simulcast = parseSimulcast(section.simulcast, rids);
  const msid = parseMsid(section);
  const transport = parseTransport(section, shared.transport);
  return {
    kind,
    ...common,
    direction: section.direction ?? shared.direction ?? 'sendrecv',
    codecs: parseCodecs(kind, [...new Set(payloadTypes)], section, where),
    extensions,
    rids,
    ...(simulcast && { simulcast }),
    ...parseSsrcs(section),
    ...(msid && { msid }),
    rtcpMux: section.rtcpMux !== undefined,
    rtcpReducedSize: section.rtcpRsize !== undefined,
    ...(section.rtcpFb?.some(isCongestionFeedback) && { congestionFeedback: true as const }),
    ...(transport && { transport }),
  };
}

function readPayloadType(format: string, where: string): number {
  const payloadType = readInteger(format, MAX_PAYLOAD_TYPE);
  if (payloadType === undefined) throw malformed(`${where} has payload type "${format}"`);
  return payloadType;
}

/** Before there was a=msid, an attribute of the SSRC said the same. */
function parseMsid(section: MediaBlock): MediaDescription['msid'] {
  const older = section.ssrcs?.find(({ attribute }) => attribute === 'msid')?.value;
  const [stream, track = ''] = words(verbatim(section, 'msid')[0] ?? older);
  return stream === undefined ? undefined : { stream: stream === '-' ? '' : stream, track };
}

function parseCodecs(
  kind: 'audio' | 'video',
  payloadTypes: readonly number[],
  section: MediaBlock,
  where: string,
): CodecDescription[] {
  const maps = byPayloadType(section.rtp);
  const parameters = byPayloadType(section.fmtp);
  const feedback = byPayloadType(section.rtcpFb ?? []);
  const everyone =
    section.rtcpFb
      ?.filter((line) => line.payload === '*' && !isCongestionFeedback(line))
      .slice(0, MAX_COMMON_FEEDBACK) ?? [];
  const rtxOf = new Map<number, number>();
  const codecs: (CodecDescription & { rtxPayloadType?: number })[] = [];
  for (const payloadType of payloadTypes) {
    const map = maps.get(payloadType)?.[0];
    const format = map === undefined ? staticPayloadType(kind, payloadType) : parseRtpmap(map, where);
    if (format === undefined) continue;
    // Several lines say as much as one with everything.
    const configs = (parameters.get(payloadType) ?? []).map(({ config }) => String(config).trim());
    const config = configs.filter((each) => each !== '').join(';');
    if (format.name.toLowerCase() === 'rtx') {
      const apt = readInteger(parseParameters(config).get('apt'), MAX_PAYLOAD_TYPE);
      if (apt !== undefined && !rtxOf.has(apt)) rtxOf.set(apt, payloadType);
      continue;
    }
    const asked = [...(feedback.get(payloadType) ?? []), ...everyone];
    codecs.push({
      payloadType,
      ...format,
      ...(config && { parameters: config }),
      feedback: [...new Set(asked.map(({ type, subtype = '' }) => `${type} ${subtype}`.trim()))].filter(Boolean),
    });
  }
  for (const codec of codecs) {
    const rtxPayloadType = rtxOf.get(codec.payloadType);
    if (rtxPayloadType !== undefined) codec.rtxPayloadType = rtxPayloadType;
  }
  return codecs;
}

/** It is of the whole section, and no payload type's (RFC 8888 §6). */
function isCongestionFeedback({ payload, type, subtype }: NonNullable<MediaBlock['rtcpFb']>[number]): boolean {
  return payload === '*' && type === 'ack' && subtype === 'ccfb';
}

function parseRtpmap(
  { codec, rate, encoding }: MediaBlock['rtp'][number],
  where: string,
): Pick<CodecDescription, 'name' | 'clockRate' | 'channels'> {
  const name = String(codec);
  const clockRate = readInteger(rate, MAX_CLOCK_RATE);
  if (name === '' || !clockRate) throw malformed(`${where} gives no clock rate for ${name || 'a codec'}`);
  const channels = readInteger(encoding, MAX_CHANNELS);
  return { name, clockRate, ...(channels && { channels }) };
}

function byPayloadType<Line extends { readonly payload: number | string }>(lines: readonly Line[]) {
  const found = new Map<number, Line[]>();
  for (const line of lines) {
    const payloadType = readInteger(line.payload, MAX_PAYLOAD_TYPE);
    if (payloadType === undefined) continue;
    const known = found.get(payloadType);
    if (known === undefined) found.set(payloadType, [line]);
    else known.push(line);
  }
  return found;
}
