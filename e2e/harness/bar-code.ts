// Pictures that carry their frame number, readable after any codec and scaling, and telling when a part of them is from
// another frame.

import type { VideoSource } from '@sluice/client';

const BITS = 16;
const BANDS = 6;
/** Luma below this share of the range is a 0, above the other a 1; between them the picture is damaged. */
const DARK = 0.35;
const BRIGHT = 0.65;

type Context = OffscreenCanvasRenderingContext2D;

/** Paints the number into every band, in every other one inverted, so that the whole picture carries it. */
function paint(context: Context, number: number): void {
  const { width, height } = context.canvas;
  for (let band = 0; band < BANDS; band++) {
    for (let bit = 0; bit < BITS; bit++) {
      const one = ((number >> bit) & 1) === 1;
      context.fillStyle = one === (band % 2 === 0) ? '#fff' : '#000';
      const [left, right] = [Math.floor((width * bit) / BITS), Math.floor((width * (bit + 1)) / BITS)];
      const [top, bottom] = [Math.floor((height * band) / BANDS), Math.floor((height * (band + 1)) / BANDS)];
      context.fillRect(left, top, right - left, bottom - top);
    }
  }
}

/** The number in a picture; `undefined` where its bands disagree or a bit cannot be told. */
function read(context: Context): number | undefined {
  const { width, height } = context.canvas;
  const { data } = context.getImageData(0, 0, width, height);
  let number: number | undefined;
  for (let band = 0; band < BANDS; band++) {
    let inBand = 0;
    for (let bit = 0; bit < BITS; bit++) {
      const x = Math.floor((width * (bit + 0.5)) / BITS);
      const y = Math.floor((height * (band + 0.5)) / BANDS);
      const luma = (data[4 * (y * width + x) + 1] ?? 0) / 255;
      if (luma > DARK && luma < BRIGHT) return undefined;
      if (luma >= BRIGHT === (band % 2 === 0)) inBand |= 1 << bit;
    }
    number ??= inBand;
    if (inBand !== number) return undefined;
  }
  return number;
}

/** Makes numbered pictures, the first one 0. */
export class BarCodeSource implements VideoSource {
  readonly kind = 'video';
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  readonly #context: Context;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #made = 0;

  constructor(options: { width?: number; height?: number; frameRate?: number } = {}) {
    this.width = options.width ?? 640;
    this.height = options.height ?? 360;
    this.frameRate = options.frameRate ?? 30;
    const context = new OffscreenCanvas(this.width, this.height).getContext('2d');
    if (context === null) throw new Error('No 2D canvas.');
    this.#context = context;
  }

  /** How many pictures were made. */
  get framesMade(): number {
    return this.#made;
  }

  start(onFrame: (frame: VideoFrame) => void): void {
    const period = 1000 / this.frameRate;
    const origin = performance.now();
    const next = () => {
      paint(this.#context, this.#made);
      onFrame(new VideoFrame(this.#context.canvas, { timestamp: Math.round(this.#made * period * 1000) }));
      this.#made += 1;
      this.#timer = setTimeout(next, Math.max(0, origin + this.#made * period - performance.now()));
    };
    next();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** A picture that was shown to a subscriber. */
export interface SeenFrame {
  /** `undefined` for a damaged picture. */
  readonly number: number | undefined;
  readonly width: number;
  readonly height: number;
  /** In ms, `performance.now()`. */
  readonly at: number;
}

/** Reads the numbers of decoded pictures. */
export class BarCodeReader {
  readonly seen: SeenFrame[] = [];
  readonly #context: Context;

  constructor() {
    const context = new OffscreenCanvas(160, 90).getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('No 2D canvas.');
    this.#context = context;
  }

  write(frame: VideoFrame): void {
    const { canvas } = this.#context;
    this.#context.drawImage(frame, 0, 0, canvas.width, canvas.height);
    const { displayWidth: width, displayHeight: height } = frame;
    frame.close();
    this.seen.push({ number: read(this.#context), width, height, at: performance.now() });
  }
}
