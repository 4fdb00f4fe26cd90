// From packets to whole frames in decoding order, with the decode gate: a frame comes out only if everything it refers to
// came out before it.

import type { PayloadFormat, PayloadInfo } from '../payload/payload-format.ts';
import type { Resolution } from '../payload/vp8.ts';
import type { Milliseconds } from '../units.ts';
import { type ColorSpace, readCaptureLag, readColorSpace } from './media-extensions.ts';
import type { ReceivedPacket } from './receive-stream.ts';

/** A whole encoded frame. */
export interface AssembledFrame {
  /** RTP timestamp, 32 bit. */
  readonly timestamp: number;
  readonly keyFrame: boolean;
  readonly temporalLayer: number;
  /** In pixels, on key frames that say it. */
  readonly resolution: Resolution | undefined;
  /** How to read its colours, where the sender says it, on key frames. */
  readonly colorSpace: ColorSpace | undefined;
  /** How much earlier than its timestamp says it was captured, in ticks: 0 unless the sender says otherwise. */
  readonly captureLag: number;
  readonly data: Uint8Array;
  /** When its last missing packet arrived. */
  readonly completedAt: Milliseconds;
}

/** How many packets wait at most; beyond, the gate closes and everything before the next key frame is dropped. */
const MAX_WAITING_PACKETS = 2048;

interface Waiting {
  readonly packet: ReceivedPacket;
  /** `undefined` for a packet of padding alone. */
  readonly info: PayloadInfo | undefined;
}

/**
 * Puts one stream's packets together. The gate is closed at first and after `close()`: then only a whole key frame
 * opens it. While open, frames come out without a gap in the sequence; behind a gap they wait for the missing packets, or
 * for a whole key frame, which makes the gap irrelevant.
 */
export class FrameAssembler {
  readonly #format: PayloadFormat;
  readonly #waiting = new Map<number, Waiting>();
  /** Where key frames start among the waiting packets, ascending. */
  #keyFrameStarts: number[] = [];
  /** The sequence of the next packet to come out; `undefined` while the gate is closed. */
  #next: number | undefined;
  /** Nothing before this is of use. */
  #floor = Number.NEGATIVE_INFINITY;
  #blockedSince: Milliseconds | undefined;
  #malformed = 0;
  #discarded = 0;

  constructor(format: PayloadFormat) {
    this.#format = format;
  }

  /** Whether the next frame out has to be a key frame. */
  get closed(): boolean {
    return this.#next === undefined;
  }

  /** Since when an open gate waits for a missing packet; `undefined` while none is missing. */
  get blockedSince(): Milliseconds | undefined {
    return this.#blockedSince;
  }

  /** Packets dropped because their payload cannot be read. */
  get packetsMalformed(): number {
    return this.#malformed;
  }

  /** Packets dropped because what they refer to is missing. */
  get packetsDiscarded(): number {
    return this.#discarded;
  }

  /** The first sequence still of use: nothing before it needs to be recovered. */
  get floor(): number {
    return this.#floor;
  }

  /** Takes a packet, and answers the frames that are now whole and decodable, in order. */
  push(packet: ReceivedPacket): AssembledFrame[] {
    if (packet.sequence < this.#floor || this.#waiting.has(packet.sequence)) return [];
    const padding = packet.payload.length === 0;
    const info = padding ? undefined : this.#format.inspect(packet.payload);
    if (!padding && info === undefined) {
      this.#malformed += 1;
      return [];
    }
    this.#waiting.set(packet.sequence, { packet, info });
    if (info?.keyFrameStart) {
      this.#keyFrameStarts.push(packet.sequence);
      this.#keyFrameStarts.sort((a, b) => a - b);
    }
    if (this.#waiting.size > MAX_WAITING_PACKETS) this.close();

    const frames: AssembledFrame[] = [];
    this.#drain(frames, packet.arrival);
    this.#jumpToKeyFrame(frames, packet.arrival);
    if (!this.#hasGap()) this.#blockedSince = undefined;
    else if (frames.length > 0) this.#blockedSince = packet.arrival;
    else this.#blockedSince ??= packet.arrival;
    return frames;
  }

  /** Closes the gate: the next frame out will be a key frame that has not begun to come out yet. */
  close(): void {
    this.#next = undefined;
    this.#blockedSince = undefined;
    const firstKeyFrame = this.#keyFrameStarts[0];
    for (const sequence of [...this.#waiting.keys()].sort((a, b) => a - b)) {
      if (firstKeyFrame !== undefined && sequence >= firstKeyFrame) break;
      this.#waiting.delete(sequence);
      this.#discarded += 1;
      this.#floor = Math.max(this.#floor, sequence + 1);
    }
    if (this.#waiting.size > MAX_WAITING_PACKETS) {
      this.#discarded += this.#waiting.size;
      this.#floor = Math.max(this.#floor, ...[...this.#waiting.keys()].map((sequence) => sequence + 1));
      this.#waiting.clear();
      this.#keyFrameStarts = [];
    }
  }

  #drain(frames: AssembledFrame[], now: Milliseconds): void {
    while (this.#next !== undefined) {
      const head = this.#waiting.get(this.#next);
      if (head === undefined) return;
      if (head.info === undefined) {
        this.#release(this.#next, this.#next);
        continue;
      }
      if (!head.info.frameStart) {
        // The stream continues in the middle of a frame: its beginning never was in the sequence.
        this.close();
        return;
      }
      const last = this.#lastOf(this.#next);
      if (last === undefined) return;
      if (last === 'never') {
        this.close();
        return;
      }
      const frame = this.#frame(this.#next, last, now);
      const packets = last - this.#next + 1;
      this.#release(this.#next, last);
      if (frame === undefined) {
        this.#malformed += packets;
        this.close();
        return;
      }
      frames.push(frame);
    }
  }

  /** The newest whole key frame ends the wait for everything before it. */
  #jumpToKeyFrame(frames: AssembledFrame[], now: Milliseconds): void {
    for (let i = this.#keyFrameStarts.length - 1; i >= 0; i--) {
      const start = this.#keyFrameStarts[i];
      if (start === undefined || typeof this.#lastOf(start) !== 'number') continue;
      // Where several packets of a key frame may begin it, as parameter sets and a picture may, it is the first of them.
      const earlier = this.#keyFrameStarts[i - 1];
      if (earlier !== undefined && this.#lastOf(earlier) === this.#lastOf(start)) continue;
      if (start === this.#next) continue;
      for (const sequence of this.#waiting.keys()) {
        if (sequence >= start) continue;
        this.#waiting.delete(sequence);
        this.#discarded += 1;
      }
      this.#keyFrameStarts = this.#keyFrameStarts.slice(i);
      this.#next = start;
      this.#floor = start;
      this.#drain(frames, now);
      return;
    }
  }

  /**
   * Where the frame that starts at `start` ends: `undefined` while packets of it are missing, `never` where another frame
   * follows without an end of this one.
   */
  #lastOf(start: number): number | 'never' | undefined {
    const timestamp = this.#waiting.get(start)?.packet.timestamp;
    for (let sequence = start; ; sequence++) {
      const waiting = this.#waiting.get(sequence);
      if (waiting === undefined) return undefined;
      const another = this.#format.marksFrameStart && waiting.info?.frameStart && sequence > start;
      if (waiting.packet.timestamp !== timestamp || another) return 'never';
      if (waiting.packet.marker) return sequence;
    }
  }

  /** The frame of these packets; `undefined` where they do not make one. */
  #frame(start: number, last: number, now: Milliseconds): AssembledFrame | undefined {
    const payloads: Uint8Array[] = [];
    let first: Waiting | undefined;
    // Which packet says that it is a key frame, and of what size, depends on the codec.
    let keyFrame = false;
    let resolution: Resolution | undefined;
    let colorSpace: Uint8Array | undefined;
    let captureLag: Uint8Array | undefined;
    for (let sequence = start; sequence <= last; sequence++) {
      const waiting = this.#waiting.get(sequence);
      if (waiting?.info === undefined) continue;
      const { packet, info } = waiting;
      payloads.push(packet.payload);
      first ??= waiting;
      keyFrame ||= info.keyFrameStart;
      resolution ??= info.resolution;
      colorSpace = packet.colorSpace ?? colorSpace;
      captureLag = packet.captureLag ?? captureLag;
    }
    const data = this.#format.depacketize(payloads);
    if (first === undefined || data === undefined) return undefined;
    return {
      timestamp: first.packet.timestamp,
      keyFrame,
      temporalLayer: first.info?.temporalLayer ?? 0,
      resolution,
      colorSpace: colorSpace && readColorSpace(colorSpace),
      captureLag: (captureLag && readCaptureLag(captureLag)) ?? 0,
      data,
      completedAt: now,
    };
  }

  #release(first: number, last: number): void {
    for (let sequence = first; sequence <= last; sequence++) this.#waiting.delete(sequence);
    while ((this.#keyFrameStarts[0] ?? Number.POSITIVE_INFINITY) <= last) this.#keyFrameStarts.shift();
    this.#next = last + 1;
    this.#floor = last + 1;
  }

  /** Whether something newer waits behind a missing packet. */
  #hasGap(): boolean {
    let sequence = this.#next;
    if (sequence === undefined) return false;
    let contiguous = 0;
    while (this.#waiting.has(sequence)) {
      sequence += 1;
      contiguous += 1;
    }
    return contiguous < this.#waiting.size;
  }
}
