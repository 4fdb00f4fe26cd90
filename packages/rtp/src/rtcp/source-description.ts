// Source descriptions on the wire (RFC 3550 §6.5).

import type {
  RtcpSourceDescription,
  SourceDescriptionChunk,
  SourceDescriptionItem,
  SourceDescriptionItemType,
} from './packet-types.ts';
import type { PacketWriter } from './packet-writer.ts';
import { encodeText, readText } from './text.ts';

/** Payload type of a source description. */
export const SOURCE_DESCRIPTION = 202;

const MAX_CHUNKS = 31;
const END_OF_ITEMS = 0;

const ITEM_NUMBERS: Readonly<Record<SourceDescriptionItemType, number>> = {
  cname: 1,
  name: 2,
  email: 3,
  phone: 4,
  location: 5,
  tool: 6,
  note: 7,
  'rtp-stream-id': 12,
  'repaired-rtp-stream-id': 13,
  mid: 15,
};

const ITEM_TYPES = new Map(Object.entries(ITEM_NUMBERS).map(([type, number]) => [number, type])) as ReadonlyMap<
  number,
  SourceDescriptionItemType
>;

/** The source description in `body`, whose chunks must fill it exactly. */
export function parseSourceDescription(body: DataView, count: number): RtcpSourceDescription | undefined {
  const chunks: SourceDescriptionChunk[] = [];
  let offset = 0;
  while (chunks.length < count) {
    if (offset + 8 > body.byteLength) return undefined;
    const ssrc = body.getUint32(offset);
    const items: SourceDescriptionItem[] = [];
    const end = parseItems(body, offset + 4, items);
    if (end === undefined) return undefined;
    chunks.push({ ssrc, items });
    offset = end;
  }
  return offset === body.byteLength ? { type: 'source-description', chunks } : undefined;
}

/** Writes as many source descriptions as the chunks need, and one when there are none. */
export function writeSourceDescriptions(writer: PacketWriter, packet: RtcpSourceDescription): void {
  let start = 0;
  do {
    const chunks = packet.chunks.slice(start, start + MAX_CHUNKS);
    writer.begin(chunks.length, SOURCE_DESCRIPTION);
    for (const chunk of chunks) writeChunk(writer, chunk);
    writer.end();
    start += MAX_CHUNKS;
  } while (start < packet.chunks.length);
}

/** Adds the items from `start` on and returns where the next chunk begins; `undefined` when they have no end. */
function parseItems(body: DataView, start: number, items: SourceDescriptionItem[]): number | undefined {
  let offset = start;
  while (offset < body.byteLength) {
    const number = body.getUint8(offset);
    if (number === END_OF_ITEMS) return endOfPadding(body, offset);
    if (offset + 2 > body.byteLength) return undefined;
    const size = body.getUint8(offset + 1);
    if (offset + 2 + size > body.byteLength) return undefined;
    const type = ITEM_TYPES.get(number);
    if (type !== undefined) items.push({ type, text: readText(body, offset + 2, size) });
    offset += 2 + size;
  }
  return undefined;
}

/** One to four null octets end the items and reach the next 32-bit boundary. */
function endOfPadding(body: DataView, start: number): number | undefined {
  const end = (start + 4) & ~3;
  for (let offset = start; offset < end; offset++) {
    if (body.getUint8(offset) !== END_OF_ITEMS) return undefined;
  }
  return end;
}

function writeChunk(writer: PacketWriter, chunk: SourceDescriptionChunk): void {
  writer.uint32(chunk.ssrc, 'SSRC');
  for (const { type, text } of chunk.items) {
    const bytes = encodeText(text, `source description item ${type}`);
    writer.uint8(ITEM_NUMBERS[type], 'source description item');
    writer.uint8(bytes.length, 'source description item length');
    writer.bytes(bytes);
  }
  writer.uint8(END_OF_ITEMS, 'end of items');
  writer.align();
}
