// Plots as SVG. They are read on light and on dark ground, and need nothing but themselves.

/** So many lines have a colour of their own: the classes `f0`, `f1` and so on. */
export const LINE_COLOURS = 5;

const STYLE = `
text { font: 11px system-ui, sans-serif; fill: #444 }
.title { font-size: 13px; font-weight: 600; fill: #111 }
.ground { fill: #fff } .grid { stroke: #ddd; stroke-width: 1 }
polyline { fill: none; stroke-width: 1.3; stroke-linejoin: round }
.f0 { stroke: #1769c4 } .f1 { stroke: #c4590c } .f2 { stroke: #2a8a3e } .f3 { stroke: #8a5cc4 } .f4 { stroke: #a08600 }`;

const DARK_STYLE = `
text { fill: #bbb } .title { fill: #eee } .ground { fill: #15181c } .grid { stroke: #333 }
.f0 { stroke: #6bb0ff } .f1 { stroke: #ff9d57 } .f2 { stroke: #6cd184 } .f3 { stroke: #bd97f5 } .f4 { stroke: #e0c542 }`;

/** A whole picture. */
export interface SvgDocument {
  /** What it shows, for who cannot see it. */
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly body: string;
  /** Rules for the plot's own classes, and what is different on dark ground. Default none. */
  readonly style?: string;
  readonly darkStyle?: string;
}

/** The picture as a file. */
export function svgDocument({ title, width, height, body, style = '', darkStyle = '' }: SvgDocument): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${title}</title>
<style>${STYLE}${style}
@media (prefers-color-scheme: dark) {${DARK_STYLE}${darkStyle}
}</style>
<rect class="ground" width="${width}" height="${height}"/>
${body}
</svg>
`;
}

/** Where a pair of axes stands, in pixels, and up to which values it goes; both begin at 0. */
export interface PanelOptions {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly maxX: number;
  readonly maxY: number;
}

/** A pair of axes. */
export class Panel {
  readonly #options: PanelOptions;

  constructor(options: PanelOptions) {
    this.#options = options;
  }

  /** Lines across at quarters of the height. */
  axes(label: (value: number) => string): string {
    const { left, width, maxY } = this.#options;
    return [0, 0.25, 0.5, 0.75, 1]
      .map((share) => {
        const y = this.#y(share * maxY);
        return `<line class="grid" x1="${left}" x2="${left + width}" y1="${y}" y2="${y}"/><text text-anchor="end" x="${left - 6}" y="${y + 4}">${label(share * maxY)}</text>`;
      })
      .join('');
  }

  /** What stands below, some eight of them. */
  labels(label: (value: number) => string): string {
    const { top, height, maxX } = this.#options;
    const step = niceCeiling(maxX / 8);
    const labels: string[] = [];
    for (let at = 0; at <= maxX; at += step) {
      labels.push(`<text text-anchor="middle" x="${this.#x(at)}" y="${top + height + 16}">${label(at)}</text>`);
    }
    return labels.join('');
  }

  /** A line from point to point. */
  line(style: string, points: readonly (readonly [x: number, y: number])[]): string {
    const coordinates = points.map(([x, y]) => `${this.#x(Math.min(this.#options.maxX, x))},${this.#y(y)}`);
    return `<polyline class="${style}" points="${coordinates.join(' ')}"/>`;
  }

  /** Dots. */
  dots(style: string, points: readonly (readonly [x: number, y: number])[]): string {
    return points
      .map(([x, y]) => `<circle class="${style}" cx="${this.#x(x)}" cy="${this.#y(y)}" r="3.5" fill="none"/>`)
      .join('');
  }

  #x(value: number): number {
    const { left, width, maxX } = this.#options;
    return tenths(left + (value / maxX) * width);
  }

  #y(value: number): number {
    const { top, height, maxY } = this.#options;
    return tenths(top + height * (1 - Math.min(1, Math.max(0, value / maxY))));
  }
}

/** The next of 1, 2, 4, 5, 8 and 10 times a power of ten. */
export function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return ([1, 2, 4, 5, 8, 10].find((factor) => factor * power >= value) ?? 10) * power;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
