// Redundant audio: each packet carries earlier frames beside its own, so that a lost packet costs nothing (RFC 2198).

/** Timestamp offsets have 14 bits: a frame may be this many clock ticks old. */
export const MAX_RED_OFFSET = 0x3fff;
/** Lengths have 10 bits: a redundant frame may have this many bytes. The packet's own frame has no such limit. */
export const MAX_RED_SIZE = 0x3ff;
/** A packet with more blocks than this is not taken apart. */
const MAX_BLOCKS = 32;

/** One frame in a packet. */
export interface RedBlock {
  /** 7 bit: what the frame would have been sent as without RED. */
  readonly payloadType: number;
  /** How much older than the packet's timestamp the frame is, in clock ticks: 0 for the packet's own, else 0–16383. */
  readonly timestampOffset: number;
  readonly data: Uint8Array;
}

/** The frames in a payload, oldest as sent first, the packet's own last: views. `undefined` where it is malformed. */
export function parseRed(payload: Uint8Array): RedBlock[] | undefined {
  const headers: { payloadType: number; timestampOffset: number; size: number }[] = [];
  let offset = 0;
  let redundant = 0;
  for (;;) {
    const head = payload[offset];
    if (head === undefined) return undefined;
    if (head < 0x80) break;
    if (headers.length + 1 >= MAX_BLOCKS || offset + 4 > payload.length) return undefined;
    const [second = 0, third = 0, fourth = 0] = payload.subarray(offset + 1, offset + 4);
    const size = ((third & 0x03) << 8) | fourth;
    headers.push({ payloadType: head & 0x7f, timestampOffset: (second << 6) | (third >> 2), size });
    redundant += size;
    offset += 4;
  }
  const payloadType = payload[offset++] ?? 0;
  if (offset + redundant > payload.length) return undefined;
  const blocks: RedBlock[] = [];
  for (const header of headers) {
    const { size } = header;
    const data = payload.subarray(offset, offset + size);
    blocks.push({ payloadType: header.payloadType, timestampOffset: header.timestampOffset, data });
    offset += size;
  }
  blocks.push({ payloadType, timestampOffset: 0, data: payload.subarray(offset) });
  return blocks;
}

/**
 * The payload of a packet.
 *
 * @param blocks - redundant frames, oldest first, then the packet's own
 * @throws RangeError where there is none, or a redundant frame is too old or too large
 */
export function writeRed(blocks: readonly RedBlock[]): Uint8Array {
  const own = blocks.at(-1);
  if (own === undefined || blocks.length > MAX_BLOCKS) {
    throw new RangeError(`A RED packet holds 1 to ${MAX_BLOCKS} frames, not ${blocks.length}.`);
  }
  let size = 4 * (blocks.length - 1) + 1;
  for (const block of blocks) {
    if (block !== own && !fits(block.timestampOffset, block.data)) {
      const what = `${block.data.length} bytes at offset ${block.timestampOffset}`;
      throw new RangeError(`A redundant frame of ${what} is beyond ${MAX_RED_SIZE} bytes or ${MAX_RED_OFFSET} ticks.`);
    }
    size += block.data.length;
  }
  const payload = new Uint8Array(size);
  let offset = 0;
  for (const { payloadType, timestampOffset, data } of blocks.slice(0, -1)) {
    payload[offset++] = 0x80 | payloadType;
    payload[offset++] = timestampOffset >> 6;
    payload[offset++] = ((timestampOffset & 0x3f) << 2) | (data.length >> 8);
    payload[offset++] = data.length & 0xff;
  }
  payload[offset++] = own.payloadType & 0x7f;
  for (const { data } of blocks) {
    payload.set(data, offset);
    offset += data.length;
  }
  return payload;
}

function fits(timestampOffset: number, data: Uint8Array): boolean {
  return timestampOffset >= 0 && timestampOffset <= MAX_RED_OFFSET && data.length <= MAX_RED_SIZE;
}

/** What goes into RED packets. */
export interface RedPacketizerOptions {
  /** Of the frames inside, 7 bit. */
  readonly payloadType: number;
  /** Earlier frames beside each packet's own, 0–8. Default 1: repairs any single loss. */
  readonly distance?: number;
}

interface SentFrame {
  readonly timestamp: number;
  readonly data: Uint8Array;
}

/** Adds the last frames to each new one, as far as limits and the packet size allow; newer ones go before older ones. */
export class RedPacketizer {
  readonly #payloadType: number;
  readonly #distance: number;
  /** Oldest first. */
  #sent: SentFrame[] = [];

  /** @throws TypeError where an option is out of its range */
  constructor({ payloadType, distance = 1 }: RedPacketizerOptions) {
    if (!Number.isInteger(payloadType) || payloadType < 0 || payloadType > 127) {
      throw new TypeError(`payloadType is ${payloadType}; it has to be a number of 7 bits.`);
    }
    if (!Number.isInteger(distance) || distance < 0 || distance > 8) {
      throw new TypeError(`distance is ${distance}; it has to be 0 to 8.`);
    }
    this.#payloadType = payloadType;
    this.#distance = distance;
  }

  /**
   * The payload of the next packet. A frame that alone leaves no room for others goes alone.
   *
   * @param timestamp - RTP, 32 bit
   * @param maxPayloadSize - in bytes
   */
  packetize(frame: Uint8Array, timestamp: number, maxPayloadSize: number): Uint8Array {
    const blocks: RedBlock[] = [{ payloadType: this.#payloadType, timestampOffset: 0, data: frame }];
    let size = 1 + frame.length;
    for (let i = this.#sent.length - 1; i >= 0; i--) {
      const sent = this.#sent[i];
      if (sent === undefined) break;
      const timestampOffset = (timestamp - sent.timestamp) >>> 0;
      size += 4 + sent.data.length;
      if (size > maxPayloadSize || !fits(timestampOffset, sent.data)) break;
      blocks.unshift({ payloadType: this.#payloadType, timestampOffset, data: sent.data });
    }
    if (this.#distance > 0) {
      this.#sent.push({ timestamp, data: frame.slice() });
      if (this.#sent.length > this.#distance) this.#sent.shift();
    }
    return writeRed(blocks);
  }
}
