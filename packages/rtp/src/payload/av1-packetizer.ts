// Splits AV1 temporal units into RTP payloads (RTP Payload Format For AV1 §4.4 and §5).

import { isAv1KeyFrame, isLeftOut, leb128Size, OBU_TYPE, type Obu, splitObus, writeLeb128 } from './av1.ts';
import { concatenate } from './concatenate.ts';
import type { Packetizer } from './payload-format.ts';

/** W can tell this many elements; with more, each has its size. */
const MAX_COUNTED = 3;
/** Less room than this at the end of a packet is left free. */
const MIN_FRAGMENT = 16;

/** One packet in the making. */
interface Draft {
  readonly elements: Uint8Array[];
  /** Bytes of the aggregation header and of all elements with their sizes. */
  size: number;
  continues: boolean;
  continued: boolean;
}

/**
 * Takes temporal units in the low-overhead format (AV1 §5.2). Temporal delimiters, tile lists, padding and the sizes of
 * the units don't travel; small units share packets, never across layers.
 */
export class Av1Packetizer implements Packetizer {
  packetize(frame: Uint8Array, maxPayloadSize: number): Uint8Array[] {
    if (!(maxPayloadSize >= 2)) {
      throw new RangeError(`${maxPayloadSize} bytes leave no room for AV1 data; allow at least 32.`);
    }
    const obus = (splitObus(frame) ?? []).filter((obu) => !isLeftOut(obu));
    const limit = evenLimit(obus, maxPayloadSize);
    const drafts: Draft[] = [];
    let draft = newDraft(false);
    let layers: number | undefined;
    const flush = (continued: boolean): void => {
      draft.continued = continued;
      if (draft.elements.length > 0) drafts.push(draft);
      draft = newDraft(continued);
    };
    for (const obu of obus) {
      const own = obu.header[1];
      // A sequence header stands first in its packet, and a packet belongs to one layer.
      const apart = own !== undefined && layers !== undefined && own !== layers;
      if (apart || obu.type === OBU_TYPE.sequenceHeader) {
        flush(false);
        layers = undefined;
      }
      layers = own ?? layers;
      let rest = obu.data.length === 0 ? obu.header : concatenate([obu.header, obu.data]);
      for (;;) {
        const counted = draft.elements.length < MAX_COUNTED;
        const room = limit - draft.size - (counted ? 0 : leb128Size(Math.min(rest.length, limit)));
        if (rest.length <= room) {
          add(draft, rest);
          break;
        }
        if (draft.elements.length > 0 && room < MIN_FRAGMENT) {
          flush(false);
          continue;
        }
        add(draft, rest.subarray(0, room));
        rest = rest.subarray(room);
        flush(true);
      }
    }
    flush(false);
    return drafts.map((each, i) => write(each, i === 0 && startsSequence(obus)));
  }
}

function newDraft(continues: boolean): Draft {
  return { elements: [], size: 1, continues, continued: false };
}

function add(draft: Draft, element: Uint8Array): void {
  draft.elements.push(element);
  draft.size += leb128Size(element.length) + element.length;
}

/** The most a packet shall hold so that the packets come out about even: no tiny last packet. */
function evenLimit(obus: readonly Obu[], maxPayloadSize: number): number {
  let size = 0;
  for (const { header, data } of obus) size += header.length + data.length + leb128Size(header.length + data.length);
  const count = Math.ceil(size / (Math.floor(maxPayloadSize) - 1));
  return Math.min(Math.floor(maxPayloadSize), Math.ceil(size / Math.max(1, count)) + MIN_FRAGMENT);
}

/** Whether a coded video sequence begins with the units: a key frame behind a sequence header (AV1 §7.5). */
function startsSequence(obus: readonly Obu[]): boolean {
  if (!obus.some(({ type }) => type === OBU_TYPE.sequenceHeader)) return false;
  const frame = obus.find(({ type }) => type === OBU_TYPE.frame || type === OBU_TYPE.frameHeader);
  return frame !== undefined && isAv1KeyFrame(frame.data);
}

function write({ elements, continues, continued }: Draft, sequenceStart: boolean): Uint8Array {
  const counted = elements.length <= MAX_COUNTED;
  const last = elements.length - 1;
  let size = 1;
  elements.forEach((element, i) => {
    size += element.length + (counted && i === last ? 0 : leb128Size(element.length));
  });
  const payload = new Uint8Array(size);
  const flags = (continues ? 0x80 : 0) | (continued ? 0x40 : 0) | (sequenceStart ? 0x08 : 0);
  payload[0] = flags | (counted ? elements.length << 4 : 0);
  let offset = 1;
  elements.forEach((element, i) => {
    if (!counted || i < last) offset = writeLeb128(payload, offset, element.length);
    payload.set(element, offset);
    offset += element.length;
  });
  return payload;
}
