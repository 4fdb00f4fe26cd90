// AV1 behind the `PayloadFormat` interface: OBUs into RTP payloads and back (RTP Payload Format For AV1 §4 and §5).

import {
  type Av1Sequence,
  isAv1KeyFrame,
  isIgnored,
  OBU_TYPE,
  type Obu,
  parseAv1Payload,
  readAv1Sequence,
  readLeb128,
  readObu,
  writeObus,
} from './av1.ts';
import { Av1Packetizer } from './av1-packetizer.ts';
import { concatenate } from './concatenate.ts';
import { type PayloadFormat, type PayloadInfo, UNCHANGED } from './payload-format.ts';

/** Bytes of an OBU's header with extension and size, and the first of its data. */
const HEAD_SIZE = 11;

/** The AV1 payload format. A frame is a temporal unit. */
export const av1Format: PayloadFormat = {
  codec: 'AV1',
  marksFrameStart: false,
  inspect,
  depacketize(payloads) {
    const obus: Obu[] = [];
    let begun: Uint8Array[] = [];
    for (const payload of payloads) {
      const parsed = parseAv1Payload(payload);
      if (parsed === undefined || parsed.continues !== begun.length > 0) return undefined;
      const last = parsed.elements.length - 1;
      for (let i = 0; i <= last; i++) {
        const element = parsed.elements[i];
        if (element === undefined) continue;
        begun.push(element);
        if (i === last && parsed.continued) continue;
        const whole = begun.length === 1 ? element : concatenate(begun);
        begun = [];
        if (whole.length === 0) continue;
        const read = readObu(whole);
        if (read === undefined || read.end !== whole.length) return undefined;
        if (!isIgnored(read.obu)) obus.push(read.obu);
      }
    }
    return obus.length === 0 || begun.length > 0 ? undefined : writeObus(obus);
  },
  createPacketizer: () => new Av1Packetizer(),
  createRewriter: () => UNCHANGED,
};

const PLAIN: PayloadInfo = { frameStart: true, keyFrameStart: false, temporalLayer: 0, layerSync: false };
const CONTINUED: PayloadInfo = { ...PLAIN, frameStart: false, continued: true };

/** Walks over the elements where they are: a forwarder asks this of every packet. */
function inspect(payload: Uint8Array): PayloadInfo | undefined {
  const head = payload[0] ?? 0;
  const continues = (head & 0x80) !== 0;
  const sequenceStart = (head & 0x08) !== 0;
  if (payload.length < 2 || (continues && sequenceStart)) return undefined;
  const count = (head >> 4) & 0x03;
  let temporalLayer: number | undefined;
  let sequence: Av1Sequence | undefined;
  let sequenceHeader = false;
  /** The first frame in the packet is a key frame, and there is none behind it that is not. */
  let keyFrame: boolean | undefined;
  let tilesFirst = false;
  let offset = 1;
  for (let i = 0; count > 0 ? i < count : offset < payload.length; i++) {
    let end = payload.length;
    if (count === 0 || i < count - 1) {
      const size = readLeb128(payload, offset);
      if (size === undefined) return undefined;
      offset += size.size;
      end = offset + size.value;
      if (end > payload.length) return undefined;
    }
    const start = offset;
    offset = end;
    if ((continues && i === 0) || start === end) continue;
    const first = payload[start] ?? 0;
    const extended = (first & 0x04) !== 0;
    if (first & 0x80 || (extended && start + 1 === end)) continue;
    const extension = extended ? (payload[start + 1] ?? 0) : 0;
    if (extended) temporalLayer ??= extension >> 5;
    const type = (first >> 3) & 0x0f;
    if (type === OBU_TYPE.sequenceHeader) {
      sequenceHeader = true;
      const data = readObu(payload.subarray(start, end), 0, true)?.obu.data;
      sequence ??= data && readAv1Sequence(data);
    } else if (type === OBU_TYPE.frame || type === OBU_TYPE.frameHeader) {
      const data = readObu(payload.subarray(start, Math.min(end, start + HEAD_SIZE)), 0, true)?.obu.data;
      const isKey = data !== undefined && isAv1KeyFrame(data) && ((extension >> 3) & 0x03) === 0;
      keyFrame = isKey && keyFrame !== false;
    } else if (type === OBU_TYPE.tileGroup && i === 0) {
      tilesFirst = true;
    }
  }
  // Nobody can begin at a sequence header that is repeated ahead of a frame which refers to others, nor at an upper
  // spatial layer, nor where only N could tell what the frame is that follows.
  const keyFrameStart = sequenceStart || (!continues && sequenceHeader && keyFrame === true);
  const frameStart = !continues && !tilesFirst;
  if (!keyFrameStart && !sequenceHeader && (temporalLayer ?? 0) === 0) {
    if (frameStart) return PLAIN;
    if (continues && temporalLayer === undefined) return CONTINUED;
  }
  return {
    frameStart,
    keyFrameStart,
    temporalLayer: temporalLayer ?? 0,
    layerSync: false,
    ...sequence,
    ...(sequenceHeader && { parameterSets: true }),
    ...(continues && temporalLayer === undefined && { continued: true }),
  };
}
