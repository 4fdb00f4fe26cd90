// A picture for those without a camera: a sluice with water running through it. The frame number is burnt in, and the
// water is rough enough to cost bits.

const WIDTH = 1280;
const HEIGHT = 720;
const FRAME_RATE = 30;
const HORIZON = 330;
const STRIP_HEIGHT = 26;
const FLOATS = ['#f2b384', '#ffffff', '#f7d774', '#e2725b', '#9be0ea'];

/** Draws itself on a canvas, 30 times a second while the page is visible. */
export class GeneratedPicture {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #backdrop: HTMLCanvasElement;
  readonly #water: HTMLCanvasElement;
  #frame = 0;
  #due = 0;
  #running: number | undefined;

  /** @throws Error where there is no 2D canvas */
  constructor(canvas: HTMLCanvasElement) {
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    this.#canvas = canvas;
    this.#context = contextOf(canvas);
    this.#backdrop = paintBackdrop();
    this.#water = paintWater();
    this.#draw();
  }

  /** Starts moving; answers the picture as a track, whose `stop()` ends nothing but the track. */
  start(): MediaStreamTrack {
    this.stop();
    const [track] = this.#canvas.captureStream(FRAME_RATE).getVideoTracks();
    if (track === undefined) throw new Error('The canvas gave no video track.');
    this.#running = requestAnimationFrame(this.#onAnimationFrame);
    return track;
  }

  /** Stands still. */
  stop(): void {
    if (this.#running !== undefined) cancelAnimationFrame(this.#running);
    this.#running = undefined;
  }

  readonly #onAnimationFrame = (now: number): void => {
    this.#running = requestAnimationFrame(this.#onAnimationFrame);
    // Displays refresh more often than this picture; a few milliseconds of tolerance keep the rhythm even.
    if (now < this.#due - 4) return;
    this.#due = Math.max(this.#due, now - 1000 / FRAME_RATE) + 1000 / FRAME_RATE;
    this.#frame += 1;
    this.#draw();
  };

  #draw(): void {
    const context = this.#context;
    const time = this.#frame / FRAME_RATE;
    context.drawImage(this.#backdrop, 0, 0);
    context.imageSmoothingEnabled = false;
    this.#drawWater(time);
    this.#drawFloats(time);
    this.#drawGate(time);
    context.font = '700 150px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace';
    context.textAlign = 'left';
    context.textBaseline = 'alphabetic';
    context.fillStyle = '#ffffff';
    context.fillText(String(this.#frame).padStart(6, '0'), 56, 190);
    context.font = '600 34px system-ui, sans-serif';
    context.fillStyle = '#bfeaf1';
    context.fillText('frame', 64, 244);
  }

  /** Strips of one rough texture, the nearer the faster. */
  #drawWater(time: number): void {
    const { width } = this.#water;
    for (let y = HORIZON, i = 0; y < HEIGHT; y += STRIP_HEIGHT, i++) {
      const speed = 60 + 22 * i;
      const offset = Math.floor((time * speed + 211 * i) % width);
      const top = (i * STRIP_HEIGHT) % (this.#water.height - 2 * STRIP_HEIGHT);
      const lift = Math.round(4 * Math.sin(time * 2 + i * 0.8));
      for (let x = -offset; x < WIDTH; x += width) {
        // Neither scaled nor between pixels: drawing has to leave time for encoding. Each strip laps over the next.
        this.#context.drawImage(this.#water, 0, top, width, STRIP_HEIGHT + 8, x, y + lift, width, STRIP_HEIGHT + 8);
      }
    }
  }

  #drawFloats(time: number): void {
    const context = this.#context;
    FLOATS.forEach((colour, i) => {
      const radius = 20 + 7 * i;
      const x = ((time * (90 + 35 * i) + i * 330) % (WIDTH + 2 * radius)) - radius;
      const y = HORIZON + 60 + 66 * i + 10 * Math.sin(time * 2.4 + i);
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = colour;
      context.fill();
      context.beginPath();
      context.arc(x, y, radius, time * 2 + i, time * 2 + i + Math.PI);
      context.fillStyle = '#0e2a3099';
      context.fill();
    });
  }

  /** A gate that opens and closes. */
  #drawGate(time: number): void {
    const context = this.#context;
    const lift = 110 * (0.5 + 0.5 * Math.sin(time * 0.7));
    context.fillStyle = '#c46a34';
    context.fillRect(880, 250 - lift, 300, 190);
    context.fillStyle = '#8c4520';
    for (let i = 0; i < 4; i++) context.fillRect(880, 290 - lift + 44 * i, 300, 6);
    context.fillStyle = '#3c555b';
    context.fillRect(850, 60, 34, 430);
    context.fillRect(1176, 60, 34, 430);
    context.fillRect(830, 48, 400, 26);
  }
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) throw new Error('This browser gives no 2D canvas.');
  return context;
}

function paint(width: number, height: number, draw: (context: CanvasRenderingContext2D) => void): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  draw(contextOf(canvas));
  return canvas;
}

function paintBackdrop(): HTMLCanvasElement {
  return paint(WIDTH, HORIZON + STRIP_HEIGHT, (context) => {
    const sky = context.createLinearGradient(0, 0, 0, HORIZON);
    sky.addColorStop(0, '#0b2f3a');
    sky.addColorStop(1, '#1d6573');
    context.fillStyle = sky;
    context.fillRect(0, 0, WIDTH, HORIZON + STRIP_HEIGHT);
    context.fillStyle = '#123f49';
    context.beginPath();
    context.moveTo(0, HORIZON);
    for (let x = 0; x <= WIDTH; x += 16) {
      context.lineTo(x, HORIZON - 24 - 14 * Math.sin(x / 97) - 9 * Math.sin(x / 31));
    }
    context.lineTo(WIDTH, HORIZON);
    context.fill();
  });
}

/** Ripples of many sizes and shades; the width repeats without a seam that shows in motion. */
function paintWater(): HTMLCanvasElement {
  return paint(1024, 416, (context) => {
    context.fillStyle = '#0f6272';
    context.fillRect(0, 0, 1024, 416);
    const shades = ['#1a8094', '#0b4d5b', '#2f9db1', '#0d5564', '#7cc9d6'];
    for (let i = 0; i < 2600; i++) {
      // The golden ratio scatters evenly and the same way each time.
      const x = (i * 0.618034 * 1024) % 1024;
      const y = (i * 0.754878 * 416) % 416;
      context.fillStyle = shades[i % shades.length] ?? '#1a8094';
      context.fillRect(x, y, 6 + ((i * 37) % 40), 1 + ((i * 13) % 4));
    }
  });
}
