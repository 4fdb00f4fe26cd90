// Bytes to fuzz with: good ones that were changed a little, and random ones. All of them lie at the end of one buffer with
// other bytes in front, so that code which reads beyond its input, or forgets where it begins, is found out.

import type { Random } from '../src/random.ts';

const scratch = new Uint8Array(0x8000).fill(0xa5);
const MARGIN = 64;
/** An input is never longer than this. */
export const MAX_INPUT_SIZE = 8192;
/** Most of the changes go here, where the structure is. */
const HEAD_SIZE = 32;

const BOUNDARIES = [
  0, 1, 2, 3, 0x7f, 0x80, 0xfe, 0xff, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x7fffffff, 0x80000000,
] as const;

/** That many random bytes. */
export function randomBytes(random: Random, size: number): Uint8Array {
  fillRandom(random, 0, size);
  return view(size);
}

/** Mostly a good input with one or a few changes, sometimes a good one as it is, sometimes random bytes. */
export function hostile(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  const size = put(random, corpus, 0);
  return view(size);
}

/** Several inputs of `hostile` one behind the other, each with a random byte and its size in two bytes in front. */
export function hostileSequence(random: Random, corpus: readonly Uint8Array[], count: number): Uint8Array {
  let offset = 0;
  // Neighbours in the corpus mostly belong together.
  const first = random.integer(0, corpus.length - 1);
  for (let i = 0; i < count && offset < MAX_INPUT_SIZE / 2; i++) {
    const start = offset + 3;
    const size = Math.min(put(random, corpus, start, (first + i) % corpus.length), MAX_INPUT_SIZE - start);
    scratch[MARGIN + offset] = random.integer(0, 255);
    scratch[MARGIN + offset + 1] = size >> 8;
    scratch[MARGIN + offset + 2] = size;
    offset = start + size;
  }
  return view(offset);
}

/** Puts one input at `offset` of the buffer, and answers its size. */
function put(random: Random, corpus: readonly Uint8Array[], offset: number, index?: number): number {
  const choice = random.integer(0, 15);
  if (choice === 0 || corpus.length === 0) {
    const size = random.integer(0, random.integer(0, 7) === 0 ? 1500 : 48);
    fillRandom(random, offset, size);
    return size;
  }
  const good = pick(random, corpus, index);
  const size = Math.min(good.length, MAX_INPUT_SIZE - offset);
  scratch.set(size === good.length ? good : good.subarray(0, size), MARGIN + offset);
  if (choice === 1) return size;
  let mutated = size;
  do mutated = mutate(random, corpus, offset, mutated);
  while (random.integer(0, 2) === 0);
  return mutated;
}

/** Changes the `size` bytes at `offset` once, and answers their new number. */
function mutate(random: Random, corpus: readonly Uint8Array[], offset: number, size: number): number {
  const start = MARGIN + offset;
  const room = MAX_INPUT_SIZE - offset;
  if (size === 0) return insert(random, start, 0, 0, room);
  const head = random.integer(0, 9) < 7 ? Math.min(size, HEAD_SIZE) : size;
  const at = random.integer(0, head - 1);
  switch (random.integer(0, 11)) {
    case 0:
    case 1:
      scratch[start + at] = (scratch[start + at] ?? 0) ^ (1 << random.integer(0, 7));
      return size;
    case 2:
      scratch[start + at] = random.integer(0, 255);
      return size;
    case 3:
    case 4:
    case 5:
      writeBoundary(random, start, at, size);
      return size;
    case 6:
      scratch[start + at] = (scratch[start + at] ?? 0) + random.integer(-4, 4);
      return size;
    case 7:
      return random.integer(0, 1) === 0 ? at : random.integer(0, size);
    case 8:
      return insert(random, start, at, size, room);
    case 9: {
      const removed = Math.min(random.integer(1, 8), size - at);
      scratch.copyWithin(start + at, start + at + removed, start + size);
      return size - removed;
    }
    case 10: {
      // Another input's end behind this one's beginning.
      const other = pick(random, corpus);
      const from = random.integer(0, other.length);
      const copied = Math.min(other.length - from, room - at);
      scratch.set(other.subarray(from, from + copied), start + at);
      return at + copied;
    }
    default: {
      const copied = Math.min(size - at, room - size);
      scratch.copyWithin(start + size, start + at, start + at + copied);
      return size + copied;
    }
  }
}

/** Writes a number at the edge of its range in one, two or four bytes: what lengths and counts are attacked with. */
function writeBoundary(random: Random, start: number, at: number, size: number): void {
  const value = BOUNDARIES[random.integer(0, BOUNDARIES.length - 1)] ?? 0;
  const width = 1 << random.integer(0, 2);
  for (let i = 0; i < width && at + i < size; i++) scratch[start + at + i] = value >>> (8 * (width - 1 - i));
}

function insert(random: Random, start: number, at: number, size: number, room: number): number {
  const added = Math.min(random.integer(1, 8), room - size);
  scratch.copyWithin(start + at + added, start + at, start + size);
  for (let i = 0; i < added; i++) scratch[start + at + i] = random.integer(0, 255);
  return size + added;
}

function fillRandom(random: Random, offset: number, size: number): void {
  let i = 0;
  for (; i + 4 <= size; i += 4) {
    const word = random.integer(-0x80000000, 0x7fffffff);
    const at = MARGIN + offset + i;
    scratch[at] = word;
    scratch[at + 1] = word >> 8;
    scratch[at + 2] = word >> 16;
    scratch[at + 3] = word >> 24;
  }
  for (; i < size; i++) scratch[MARGIN + offset + i] = random.integer(0, 255);
}

function pick(random: Random, corpus: readonly Uint8Array[], index?: number): Uint8Array {
  const chosen = index === undefined || random.integer(0, 7) === 0 ? random.integer(0, corpus.length - 1) : index;
  return corpus[chosen] ?? new Uint8Array(0);
}

/** The bytes at the beginning, moved to the end. */
function view(size: number): Uint8Array {
  const start = scratch.length - size;
  scratch.copyWithin(start, MARGIN, MARGIN + size);
  return scratch.subarray(start);
}

/** Reads an input as a series of numbers: what a stateful target is to do, step by step. Behind the end all are 0. */
export class Script {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  uint8(): number {
    return this.#bytes[this.#offset++] ?? 0;
  }

  uint16(): number {
    return (this.uint8() << 8) | this.uint8();
  }

  uint32(): number {
    return ((this.uint16() << 16) | this.uint16()) >>> 0;
  }

  /** The next bytes, a view: as many as wanted or as are left. */
  bytes(size: number): Uint8Array {
    const start = this.#offset;
    this.#offset = Math.min(this.#bytes.length, start + size);
    return this.#bytes.subarray(start, this.#offset);
  }
}

/** The parts of a `hostileSequence`, each with the byte in front of it. */
export function* partsOf(input: Uint8Array): Generator<{ tag: number; bytes: Uint8Array }> {
  const script = new Script(input);
  while (!script.done) yield { tag: script.uint8(), bytes: script.bytes(script.uint16()) };
}
