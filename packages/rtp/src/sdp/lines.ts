// The outermost grammar of SDP (RFC 8866 §5): lines of a type and a value, those of the session first, then those of
// each m-section. Every step costs time in proportion to the text, whatever the text is.

/** Everything said for the session, or in one m-section. */
export class Block {
  /** The value of its m= line; empty for the session. */
  readonly media: string;
  readonly #attributes = new Map<string, string[]>();

  constructor(media: string) {
    this.media = media;
  }

  /** Takes what stands behind `a=`. */
  add(line: string): void {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1);
    const values = this.#attributes.get(name);
    if (values === undefined) this.#attributes.set(name, [value]);
    else values.push(value);
  }

  /** Whether there is an attribute of that name. */
  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  /** The values of every attribute of that name, in order. */
  all(name: string): readonly string[] {
    return this.#attributes.get(name) ?? [];
  }

  /** The value of the first attribute of that name, without the blanks around it. */
  first(name: string): string | undefined {
    return this.#attributes.get(name)?.[0]?.trim();
  }
}

/** A text taken apart. */
export interface SplitText {
  /** The value of the o= line. */
  readonly origin: string | undefined;
  readonly session: Block;
  readonly sections: readonly Block[];
}

/** Takes a text apart. Lines that are none, and lines of types that nothing here depends on, are left out. */
export function splitText(text: string): SplitText {
  let origin: string | undefined;
  const session = new Block('');
  const sections: Block[] = [];
  let current = session;
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line[1] !== '=') continue;
    const value = line.slice(2);
    switch (line[0]) {
      case 'a':
        current.add(value);
        break;
      case 'm':
        current = new Block(value);
        sections.push(current);
        break;
      case 'o':
        if (sections.length === 0) origin ??= value;
        break;
    }
  }
  return { origin, session, sections };
}

/** The words of a value. */
export function words(value: string): string[] {
  return value.split(' ').filter((word) => word !== '');
}

/** The number that a word is, if it is one of at most that many; no signs, fractions or exponents. */
export function readInteger(word: string | undefined, max: number): number | undefined {
  if (word === undefined || !/^\d{1,16}$/.test(word)) return undefined;
  const value = Number(word);
  return value <= max ? value : undefined;
}
