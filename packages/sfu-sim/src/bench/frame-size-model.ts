// How many bytes an encoder makes of each frame: the synthetic video codec model of RFC 8593 §5.
//
// Sizes are counted in mean frames (bitrate / framerate), so that a new bitrate rescales what is still owed. What a key
// frame takes beyond its share is paid back in equal parts by the next 8 frames (K_d), and an eighth of what noise has
// added or spared by each frame after it. The rate therefore holds over any second.

import type { BitsPerSecond, Bytes, Random } from '@sluice/rtp';

/** K_d of RFC 8593: over how many frames the excess of a key frame is paid back. */
const PAYBACK_FRAMES = 8;

/** Scale of the Laplacian noise on the size of delta frames: RFC 8593 §5.2. */
const NOISE_SCALE = 0.15;

/** A key frame is between these many mean frames large, drawn uniformly. */
const KEY_RATIO = { min: 5, max: 8 };

/** However much is owed, a delta frame is at least this part of its share. */
const LEAST_FACTOR = 0.1;

/** What a frame's size depends on. */
export interface FrameBudget {
  readonly bitrate: BitsPerSecond;
  /** Hz. */
  readonly framerate: number;
  /** The frame's share in mean frames: 1 without temporal layers. */
  readonly weight: number;
  /** No frame can be smaller than this. */
  readonly minimum: Bytes;
}

export class FrameSizeModel {
  readonly #random: Random;
  /** What each of the next `#installments` frames pays back for key frames, in mean frames. */
  #installment = 0;
  #installments = 0;
  /** What delta frames have taken beyond their share so far, in mean frames. */
  #debt = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The size of the next frame. */
  next(isKey: boolean, { bitrate, framerate, weight, minimum }: FrameBudget): Bytes {
    const mean = bitrate / framerate / 8;
    if (isKey) {
      const size = Math.round(Math.max(this.#keyRatio() * mean, minimum));
      // No encoder owes more than a second, in all: its rate control is a buffer of that size.
      const owed = this.#installment * this.#installments + size / mean - weight;
      this.#installment = Math.min(owed, framerate) / PAYBACK_FRAMES;
      this.#installments = PAYBACK_FRAMES;
      return size;
    }
    const share = weight * (1 - (this.#installments > 0 ? this.#installment : 0));
    const wanted = share - (weight * this.#debt) / PAYBACK_FRAMES;
    const size = Math.round(Math.max(Math.max(wanted, LEAST_FACTOR * weight) * (1 + this.#noise()) * mean, minimum));
    this.#debt = Math.min(this.#debt + size / mean - share, framerate);
    if (this.#installments > 0) this.#installments--;
    return size;
  }

  #keyRatio(): number {
    return KEY_RATIO.min + (KEY_RATIO.max - KEY_RATIO.min) * this.#random.next();
  }

  /** Laplacian, cut off at three scales, so that no frame is less than half or more than one and a half of its mean. */
  #noise(): number {
    const uniform = this.#random.next() - 0.5;
    const size = -NOISE_SCALE * Math.log(1 - 2 * Math.abs(uniform));
    return Math.sign(uniform) * Math.min(size, 3 * NOISE_SCALE);
  }
}
