// Pictures that carry their number, readable after any codec and scaling, and telling when a part of them is from another
// picture: black and white columns in six bands over the whole area, every other band inverted.

import type { VideoSource } from '@sluice/client';
import { type Clock, every, type Milliseconds } from '@sluice/rtp';
import type { Picture, SourceRequest } from '../scenario/stage.ts';

const BITS = 16;
const BANDS = 6;
/** Luma below this share of the range is a 0, above the other a 1; between them the picture is damaged. */
const DARK = 0.35;
const BRIGHT = 0.65;

/** A camera whose pictures are numbered, the first one 0. */
export class NumberedCamera implements VideoSource {
  readonly kind = 'video';
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  readonly #clock: Clock;
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #captureTimes: Milliseconds[] = [];
  #stop: (() => void) | undefined;

  constructor({ clock, width, height, frameRate }: SourceRequest) {
    this.#clock = clock;
    this.width = width;
    this.height = height;
    this.frameRate = frameRate;
    this.#context = context2d(width, height, false);
  }

  /** When it made the picture of that number; `undefined`: not yet. */
  captureTime(frameNumber: number): Milliseconds | undefined {
    return this.#captureTimes[frameNumber];
  }

  start(onFrame: (frame: VideoFrame) => void): void {
    this.#stop = every(this.#clock, 1000 / this.frameRate, () => {
      const now = this.#clock.now();
      paint(this.#context, this.#captureTimes.length);
      this.#captureTimes.push(now);
      onFrame(new VideoFrame(this.#context.canvas, { timestamp: Math.round(now * 1000) }));
    });
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}

/** Reads the pictures' numbers. */
export class PictureReader {
  readonly #context = context2d(160, 90, true);

  /** Looks at a frame of that camera, which stays open. */
  read(frame: VideoFrame, camera: NumberedCamera): Picture {
    const { canvas } = this.#context;
    this.#context.drawImage(frame, 0, 0, canvas.width, canvas.height);
    const frameNumber = read(this.#context);
    const captureTime = frameNumber === undefined ? undefined : camera.captureTime(frameNumber);
    // A number that the camera has not come to is damage, too.
    return captureTime === undefined
      ? { frameNumber: undefined, corrupt: true, captureTime: undefined }
      : { frameNumber, corrupt: false, captureTime };
  }
}

function context2d(width: number, height: number, willReadFrequently: boolean): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently });
  if (context === null) throw new Error('This browser has no 2D canvas.');
  return context;
}

function paint(context: OffscreenCanvasRenderingContext2D, number: number): void {
  const { width, height } = context.canvas;
  for (let band = 0; band < BANDS; band++) {
    const [top, bottom] = [Math.floor((height * band) / BANDS), Math.floor((height * (band + 1)) / BANDS)];
    for (let bit = 0; bit < BITS; bit++) {
      const isOne = ((number >> bit) & 1) === 1;
      context.fillStyle = isOne === (band % 2 === 0) ? '#fff' : '#000';
      const [left, right] = [Math.floor((width * bit) / BITS), Math.floor((width * (bit + 1)) / BITS)];
      context.fillRect(left, top, right - left, bottom - top);
    }
  }
}

function read(context: OffscreenCanvasRenderingContext2D): number | undefined {
  const { width, height } = context.canvas;
  const { data } = context.getImageData(0, 0, width, height);
  let number: number | undefined;
  for (let band = 0; band < BANDS; band++) {
    const y = Math.floor((height * (band + 0.5)) / BANDS);
    let inBand = 0;
    for (let bit = 0; bit < BITS; bit++) {
      const x = Math.floor((width * (bit + 0.5)) / BITS);
      const luma = (data[4 * (y * width + x) + 1] ?? 0) / 255;
      if (luma > DARK && luma < BRIGHT) return undefined;
      if (luma >= BRIGHT === (band % 2 === 0)) inBand |= 1 << bit;
    }
    number ??= inBand;
    if (inBand !== number) return undefined;
  }
  return number;
}
