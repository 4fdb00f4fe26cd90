// What is left of an encoding that is throttled: one key frame per second, whole. A key frame needs no other frame, so
// whatever is left out around it no decoder misses a reference, with any codec.

import type { Milliseconds, ReceivedPacket } from '@sluice/rtp';
import type { FramePosition } from './frame-boundaries.ts';

/** Least time between two key frames that pass. */
const INTERVAL: Milliseconds = 1000;

/** A range of sequence numbers, its end excluded. */
interface Range {
  readonly from: number;
  to: number;
}

/** Says of each packet of a stream whether it is forwarded. */
export class VideoThrottle {
  /** What is throttled; open-ended while it is, `undefined` before. What repairs frames of before it passes. */
  #throttled: Range | undefined;
  #releasing = false;
  /** The key frame that passed last. */
  #admitted: Range | undefined;
  #admittedAt: Milliseconds = Number.NEGATIVE_INFINITY;

  /** Whether frames are left out, or are until the next key frame. */
  get isActive(): boolean {
    return this.#throttled?.to === Number.POSITIVE_INFINITY;
  }

  /** From this packet on, the first of a frame, frames are left out. */
  begin(sequence: number): void {
    if (!this.isActive) {
      this.#throttled = { from: sequence, to: Number.POSITIVE_INFINITY };
      this.#admitted = undefined;
    }
    this.#releasing = false;
  }

  /** From the next key frame on everything passes. */
  release(): void {
    this.#releasing = this.isActive;
  }

  /** Another stream follows, with sequence numbers of its own: it is throttled as the one before it was. */
  restart(): void {
    this.#throttled = this.isActive ? { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY } : undefined;
    this.#admitted = undefined;
  }

  /** Whether a packet passes. */
  admits(
    { sequence, arrival }: Pick<ReceivedPacket, 'sequence' | 'arrival'>,
    position: FramePosition,
    keyFrameStart: boolean,
  ): boolean {
    const throttled = this.#throttled;
    if (throttled === undefined) return true;
    if (position === 'begins') {
      if (this.#admitted?.to === Number.POSITIVE_INFINITY) this.#admitted.to = sequence;
      if (this.isActive && keyFrameStart) this.#considerKeyFrame(throttled, sequence, arrival);
    }
    if (sequence < throttled.from || sequence >= throttled.to) return true;
    return this.#admitted !== undefined && sequence >= this.#admitted.from && sequence < this.#admitted.to;
  }

  #considerKeyFrame(throttled: Range, sequence: number, arrival: Milliseconds): void {
    if (this.#releasing) {
      throttled.to = sequence;
      this.#releasing = false;
    } else if (arrival - this.#admittedAt >= INTERVAL) {
      this.#admitted = { from: sequence, to: Number.POSITIVE_INFINITY };
      this.#admittedAt = arrival;
    }
  }
}
