// Pictures that no encoder finds easy: coarse noise that changes with every frame, the same in every run.

import type { VideoSource } from '@sluice/client';
import { seededRandom } from '@sluice/rtp';

/** How many different pictures there are; they come in turn. */
const PICTURES = 16;

/** Edge of a square of one brightness, in pixels: finer noise could not be encoded in few bits at all. */
const GRAIN = 8;

/** Makes noise of one size. */
export class NoiseSource implements VideoSource {
  readonly kind = 'video';
  readonly width: number;
  readonly height: number;
  readonly frameRate = 30;
  readonly #pictures: Uint8Array[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    const random = seededRandom(1);
    for (let i = 0; i < PICTURES; i++) {
      const picture = new Uint8Array((width * height * 3) / 2).fill(128);
      for (let y = 0; y < height; y += GRAIN) {
        for (let x = 0; x < width; x += GRAIN) {
          const luma = 64 + random.integer(0, 127);
          for (let row = y; row < Math.min(y + GRAIN, height); row++) {
            picture.fill(luma, row * width + x, row * width + Math.min(x + GRAIN, width));
          }
        }
      }
      this.#pictures.push(picture);
    }
  }

  start(onFrame: (frame: VideoFrame) => void): void {
    const { width: codedWidth, height: codedHeight } = this;
    const origin = performance.now();
    let made = 0;
    const next = () => {
      const picture = this.#pictures[made % PICTURES];
      const due = (made * 1000) / this.frameRate;
      if (picture === undefined) return;
      onFrame(new VideoFrame(picture, { format: 'I420', codedWidth, codedHeight, timestamp: Math.round(due * 1000) }));
      // On a busy machine pictures are left out rather than made late.
      made = Math.max(made + 1, Math.floor(((performance.now() - origin) * this.frameRate) / 1000));
      this.#timer = setTimeout(next, Math.max(0, origin + (made * 1000) / this.frameRate - performance.now()));
    };
    next();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
