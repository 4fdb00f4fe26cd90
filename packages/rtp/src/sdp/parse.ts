// Session descriptions from text (RFC 8866). Calm about what it does not know, exact about what it takes.

import {
  type CodecDescription,
  type Description,
  type Direction,
  MAX_MEDIA_SECTIONS,
  type MediaDescription,
  type Section,
} from './description.ts';
import { addExtmap, extensionIds, parseExtmaps } from './extensions.ts';
import { type Block, readInteger, splitText, words } from './lines.ts';
import { malformed } from './malformed.ts';
import { parseParameters } from './parameters.ts';
import { parseRids, parseSimulcast } from './simulcast.ts';
import { parseSsrcs, ssrcMsid } from './ssrcs.ts';
import { staticPayloadType } from './static-payload-types.ts';
import { parseTransport } from './transport.ts';

const MAX_PAYLOAD_TYPE = 127;
const MAX_CLOCK_RATE = 0xffffffff;
const MAX_CHANNELS = 255;
const MAX_PORT = 65_535;
/** How much feedback a section may ask for with all its payload types at once. */
const MAX_COMMON_FEEDBACK = 64;
const DIRECTIONS: readonly Direction[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

/** The parts of an m= line (RFC 8866 §5.14). */
interface MediaLine {
  readonly media: string;
  readonly port: number;
  readonly protocol: string;
  readonly formats: readonly string[];
}

/**
 * Reads a description from SDP. Attributes that Sluice does not use are ignored; sections that it has no use for are
 * told apart. Takes time in proportion to the text.
 *
 * @throws SignallingError with reason `malformed-sdp`, naming what is wrong
 */
export function parseDescription(sdp: string): Description {
  if (!/^v=0[\r\n]/.test(sdp)) throw malformed('it does not begin with v=0');
  const { origin, session, sections } = splitText(sdp);
  if (origin === undefined) throw malformed('it has no origin line (o=)');
  const [, sessionId = '', version] = words(origin);
  const sessionVersion = readInteger(version, Number.MAX_SAFE_INTEGER);
  if (!/^\d{1,20}$/.test(sessionId) || sessionVersion === undefined) {
    throw malformed('its origin line (o=) has no numbers for the session and its version');
  }
  if (sections.length > MAX_MEDIA_SECTIONS) {
    throw malformed(`it has ${sections.length} m-sections, more than ${MAX_MEDIA_SECTIONS}`);
  }
  const lines = sections.map(({ media }, i) => parseMediaLine(media, nameOf(i)));
  const mids = sections.map((section) => section.first('mid') ?? '');
  const named = mids.filter((mid) => mid !== '');
  if (new Set(named).size !== named.length) throw malformed('two m-sections have the same mid');
  const bundles = parseBundles(session, new Set(named));
  const shared = parseExtmaps(session.all('extmap'), new Map(), 'the session');
  const extmaps = sections.map((section, i) => parseExtmaps(section.all('extmap'), shared, nameOf(i)));
  checkBundledExtensions(bundles, mids, extmaps);
  const bundled = new Set(bundles.flat());
  const msidSemantic = session.first('msid-semantic');
  return {
    sessionId,
    sessionVersion,
    bundles,
    extmapAllowMixed:
      session.has('extmap-allow-mixed') ||
      (sections.length > 0 && sections.every((section) => section.has('extmap-allow-mixed'))),
    iceLite: session.has('ice-lite'),
    ...(msidSemantic && { msidSemantic }),
    media: lines.map((line, i) => {
      const section = sections[i] ?? session;
      const mid = mids[i] ?? '';
      const bundleOnly = line.port === 0 && section.has('bundle-only') && bundled.has(mid);
      const common = { mid, protocol: line.protocol, rejected: line.port === 0 && !bundleOnly, bundleOnly };
      const extensions = extensionIds(extmaps[i] ?? new Map());
      return parseSection(line, section, session, { ...common, extensions }, nameOf(i));
    }),
  };
}

function nameOf(index: number): string {
  return `m-section ${index}`;
}

function parseMediaLine(text: string, where: string): MediaLine {
  const [media, range, protocol, ...formats] = words(text);
  // Several ports in a row are the first one here (RFC 8866 §5.14).
  const port = readInteger(range?.split('/')[0], MAX_PORT);
  if (media === undefined || port === undefined || protocol === undefined) {
    throw malformed(`${where} has no media type, port and protocol`);
  }
  return { media, port, protocol, formats };
}

/** The groups of sections that exist; one that is in two groups counts for the first (RFC 9143 §7). */
function parseBundles(session: Block, mids: ReadonlySet<string>): string[][] {
  const free = new Set(mids);
  return session
    .all('group')
    .map(words)
    .filter(([semantics]) => semantics === 'BUNDLE')
    .map(([, ...group]) => group.filter((mid) => free.delete(mid)))
    .filter((group) => group.length > 0);
}

/** In a bundle an identifier means the same in each section (RFC 9143 §9.1). */
function checkBundledExtensions(
  bundles: readonly (readonly string[])[],
  mids: readonly string[],
  extmaps: readonly Map<number, string>[],
): void {
  const indexOf = new Map(mids.map((mid, i) => [mid, i]));
  for (const bundle of bundles) {
    const uris = new Map<number, string>();
    for (const mid of bundle) {
      for (const [id, uri] of extmaps[indexOf.get(mid) ?? -1] ?? []) {
        addExtmap(uris, id, uri, 'two m-sections of a bundle');
      }
    }
  }
}

function parseSection(
  { media, protocol, formats }: MediaLine,
  section: Block,
  session: Block,
  common: Pick<MediaDescription, 'mid' | 'protocol' | 'rejected' | 'bundleOnly' | 'extensions'>,
  where: string,
): Section {
  if ((media !== 'audio' && media !== 'video') || !/(^|\/)RTP\//.test(protocol)) {
    const { extensions: _, ...unsupported } = common;
    return { kind: 'unsupported', media, formats, ...unsupported };
  }
  const payloadTypes = formats.map((format) => readPayloadType(format, where));
  const rids = parseRids(section.all('rid'), new Set(payloadTypes));
  const simulcast = parseSimulcast(section.first('simulcast'), rids);
  const msid = parseMsid(section.first('msid') ?? ssrcMsid(section));
  const transport = parseTransport(section, session);
  return {
    kind: media,
    ...common,
    direction: directionOf(section) ?? directionOf(session) ?? 'sendrecv',
    codecs: parseCodecs(media, [...new Set(payloadTypes)], section, where),
    rids,
    ...(simulcast && { simulcast }),
    ...parseSsrcs(section),
    ...(msid && { msid }),
    rtcpMux: section.has('rtcp-mux'),
    rtcpReducedSize: section.has('rtcp-rsize'),
    ...(transport && { transport }),
  };
}

function readPayloadType(format: string, where: string): number {
  const payloadType = readInteger(format, MAX_PAYLOAD_TYPE);
  if (payloadType === undefined) throw malformed(`${where} has payload type "${format}"`);
  return payloadType;
}

function directionOf(block: Block): Direction | undefined {
  return DIRECTIONS.find((direction) => block.has(direction));
}

function parseMsid(value: string | undefined): MediaDescription['msid'] {
  const [stream, track = ''] = words(value ?? '');
  return stream === undefined ? undefined : { stream: stream === '-' ? '' : stream, track };
}

function parseCodecs(
  kind: 'audio' | 'video',
  payloadTypes: readonly number[],
  section: Block,
  where: string,
): CodecDescription[] {
  const maps = byPayloadType(section.all('rtpmap'));
  const parameters = byPayloadType(section.all('fmtp'));
  const feedback = byPayloadType(section.all('rtcp-fb'));
  const everyone = section
    .all('rtcp-fb')
    .filter((value) => value.startsWith('* '))
    .slice(0, MAX_COMMON_FEEDBACK)
    .map((value) => value.slice(2).trim());
  const rtxOf = new Map<number, number>();
  const codecs: (CodecDescription & { rtxPayloadType?: number })[] = [];
  for (const payloadType of payloadTypes) {
    const map = maps.get(payloadType)?.[0];
    const format = map === undefined ? staticPayloadType(kind, payloadType) : parseRtpmap(map, where);
    if (format === undefined) continue;
    // Several lines say as much as one with everything.
    const config = parameters.get(payloadType)?.join(';');
    if (format.name.toLowerCase() === 'rtx') {
      const apt = readInteger(parseParameters(config).get('apt'), MAX_PAYLOAD_TYPE);
      if (apt !== undefined && !rtxOf.has(apt)) rtxOf.set(apt, payloadType);
      continue;
    }
    codecs.push({
      payloadType,
      ...format,
      ...(config && { parameters: config }),
      feedback: [...new Set([...(feedback.get(payloadType) ?? []), ...everyone])],
    });
  }
  for (const codec of codecs) {
    const rtxPayloadType = rtxOf.get(codec.payloadType);
    if (rtxPayloadType !== undefined) codec.rtxPayloadType = rtxPayloadType;
  }
  return codecs;
}

function parseRtpmap(value: string, where: string): Pick<CodecDescription, 'name' | 'clockRate' | 'channels'> {
  const [name = '', rate, channels] = value.split('/');
  const clockRate = readInteger(rate, MAX_CLOCK_RATE);
  if (name === '' || !clockRate) throw malformed(`${where} gives no clock rate for ${name || 'a codec'}`);
  const count = readInteger(channels, MAX_CHANNELS);
  return { name, clockRate, ...(count && { channels: count }) };
}

/** Values of the form `96 something`. */
function byPayloadType(values: readonly string[]): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const value of values) {
    const blank = value.indexOf(' ');
    const payloadType = readInteger(value.slice(0, Math.max(0, blank)), MAX_PAYLOAD_TYPE);
    const rest = value.slice(blank + 1).trim();
    if (payloadType === undefined || rest === '') continue;
    const known = found.get(payloadType);
    if (known === undefined) found.set(payloadType, [rest]);
    else known.push(rest);
  }
  return found;
}
