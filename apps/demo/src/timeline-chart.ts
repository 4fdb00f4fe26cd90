// The last 30 seconds of Bob's downlink: what comes in and how long it waits, over one time axis.

const SPAN = 30_000;
const GRID = [0, -10, -20] as const;
const PAD = { left: 4, right: 4, bottom: 18, gap: 12 };

/** What is drawn of one moment. */
export interface TimelineSample {
  readonly at: number;
  /** Received video, in bit/s; `undefined` while there is none. */
  readonly bitrate: number | undefined;
  /** In ms. */
  readonly queueDelay: number | undefined;
  /** What the SFU believes it may send, in bit/s. */
  readonly estimate: number | undefined;
  /** Capacity of the link in bit/s. */
  readonly rate: number;
  /** The layer that is forwarded. */
  readonly rid: string | undefined;
}

interface Lane {
  readonly title: string;
  readonly note: string;
  readonly top: number;
  readonly height: number;
  readonly max: number;
  readonly maxText: string;
  readonly colour: string;
  readonly value: (sample: TimelineSample) => number | undefined;
}

/** Draws two lanes on a canvas, in the page's own colours and size. */
export class TimelineChart {
  readonly #canvas: HTMLCanvasElement;
  #samples: TimelineSample[] = [];
  #width = 0;
  #height = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#resize()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  /** Takes one more moment. */
  add(sample: TimelineSample): void {
    this.#samples.push(sample);
    while ((this.#samples[1]?.at ?? sample.at) < sample.at - SPAN) this.#samples.shift();
    this.#draw();
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#canvas.width = Math.round(clientWidth * devicePixelRatio);
    this.#canvas.height = Math.round(clientHeight * devicePixelRatio);
    this.#draw();
  }

  #draw(): void {
    const context = this.#canvas.getContext('2d');
    if (context === null || this.#width === 0) return;
    const style = getComputedStyle(this.#canvas);
    const colour = (name: string) => style.getPropertyValue(`--${name}`);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.#width, this.#height);
    context.font = `12px ${style.fontFamily}`;
    const now = this.#samples.at(-1)?.at ?? 0;
    const x = (at: number) => {
      const width = this.#width - PAD.left - PAD.right;
      return PAD.left + width * (1 - (now - at) / SPAN);
    };
    const lanes = this.#lanes(colour('water'), colour('gate'));
    for (const lane of lanes) {
      this.#drawGrid(context, lane, now, x, colour('line'));
      this.#drawLane(context, lane, x);
      this.#drawTitle(context, lane, colour('ink'), colour('ink-soft'));
    }
    const [first] = lanes;
    if (first !== undefined) {
      context.strokeStyle = colour('ink-soft');
      this.#drawLimit(context, first, x, ({ estimate }) => estimate);
      context.setLineDash([4, 4]);
      this.#drawLimit(context, first, x, ({ rate }) => rate);
      context.setLineDash([]);
      this.#drawLayerChanges(context, first, x, colour('ink'), colour('surface'));
    }
    this.#drawAxis(context, now, x, colour('ink-soft'));
  }

  #lanes(water: string, gate: string): Lane[] {
    const height = (this.#height - PAD.bottom - PAD.gap) / 2;
    const highest = (value: Lane['value'], least: number) => {
      const values = this.#samples.map((sample) => value(sample) ?? 0).filter(Number.isFinite);
      return niceCeiling(Math.max(least, ...values));
    };
    const bitrate: Lane['value'] = (sample) => sample.bitrate;
    const queueDelay: Lane['value'] = (sample) => sample.queueDelay;
    const maxBitrate = highest(bitrate, 500_000);
    const maxDelay = highest(queueDelay, 50);
    return [
      {
        title: 'Received',
        note: 'line: estimate, dashes: limit',
        top: 0,
        height,
        max: maxBitrate,
        maxText: `${maxBitrate / 1e6} Mbit/s`,
        colour: water,
        value: bitrate,
      },
      {
        title: 'Queue delay',
        note: '',
        top: height + PAD.gap,
        height,
        max: maxDelay,
        maxText: `${maxDelay} ms`,
        colour: gate,
        value: queueDelay,
      },
    ];
  }

  #drawGrid(context: CanvasRenderingContext2D, lane: Lane, now: number, x: (at: number) => number, line: string): void {
    context.strokeStyle = line;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(PAD.left, lane.top + lane.height + 0.5);
    context.lineTo(this.#width - PAD.right, lane.top + lane.height + 0.5);
    for (const seconds of GRID.slice(1)) {
      const at = Math.round(x(now + seconds * 1000)) + 0.5;
      context.moveTo(at, lane.top);
      context.lineTo(at, lane.top + lane.height);
    }
    context.stroke();
  }

  #drawLane(context: CanvasRenderingContext2D, lane: Lane, x: (at: number) => number): void {
    const base = lane.top + lane.height;
    const y = (value: number) => base - (lane.height - 16) * Math.min(1, value / lane.max);
    const points = this.#samples.flatMap((sample) => {
      const value = lane.value(sample);
      return value === undefined ? [] : [{ x: x(sample.at), y: y(value) }];
    });
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return;
    const path = new Path2D();
    for (const point of points) path.lineTo(point.x, point.y);
    const area = new Path2D(path);
    area.lineTo(last.x, base);
    area.lineTo(first.x, base);
    context.save();
    context.beginPath();
    context.rect(PAD.left, lane.top, this.#width - PAD.left - PAD.right, lane.height);
    context.clip();
    context.fillStyle = lane.colour;
    context.globalAlpha = 0.18;
    context.fill(area);
    context.globalAlpha = 1;
    context.strokeStyle = lane.colour;
    context.lineWidth = 2;
    context.lineJoin = 'round';
    context.stroke(path);
    context.restore();
  }

  #drawTitle(context: CanvasRenderingContext2D, lane: Lane, ink: string, soft: string): void {
    context.textBaseline = 'top';
    context.textAlign = 'left';
    context.fillStyle = ink;
    context.fillText(lane.title, PAD.left, lane.top + 1);
    context.fillStyle = soft;
    context.fillText(lane.note, PAD.left + context.measureText(`${lane.title}  `).width, lane.top + 1);
    context.textAlign = 'right';
    context.fillText(lane.maxText, this.#width - PAD.right, lane.top + 1);
  }

  /** A limit in bit/s as a thin line, as far as the lane reaches. */
  #drawLimit(context: CanvasRenderingContext2D, lane: Lane, x: (at: number) => number, limit: Lane['value']): void {
    context.lineWidth = 1;
    context.beginPath();
    let open = false;
    for (const sample of this.#samples) {
      const value = limit(sample) ?? Number.POSITIVE_INFINITY;
      const left = x(sample.at);
      const inside = value <= lane.max && left >= PAD.left;
      const y = lane.top + lane.height - ((lane.height - 16) * value) / lane.max;
      if (inside && open) context.lineTo(left, y);
      else if (inside) context.moveTo(left, y);
      open = inside;
    }
    context.stroke();
  }

  /** The letter of each layer where it began to flow. */
  #drawLayerChanges(
    context: CanvasRenderingContext2D,
    lane: Lane,
    x: (at: number) => number,
    ink: string,
    surface: string,
  ): void {
    context.textBaseline = 'bottom';
    context.textAlign = 'center';
    let before = this.#samples[0]?.rid;
    for (const { at, rid } of this.#samples) {
      if (rid !== before && rid !== undefined && x(at) > PAD.left + 8) {
        const left = Math.min(x(at), this.#width - PAD.right - 8);
        context.fillStyle = ink;
        context.beginPath();
        context.arc(left, lane.top + lane.height - 10, 8, 0, 2 * Math.PI);
        context.fill();
        context.fillStyle = surface;
        context.fillText(rid, left, lane.top + lane.height - 4);
      }
      before = rid;
    }
  }

  #drawAxis(context: CanvasRenderingContext2D, now: number, x: (at: number) => number, soft: string): void {
    context.textBaseline = 'bottom';
    context.fillStyle = soft;
    for (const seconds of GRID) {
      context.textAlign = seconds === 0 ? 'right' : 'center';
      context.fillText(seconds === 0 ? 'now' : `${seconds} s`, x(now + seconds * 1000), this.#height - 1);
    }
  }
}

/** The next of 1, 2, 5, 10, 20, 50 … */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((digit) => digit * power >= value) ?? 10) * power;
}
