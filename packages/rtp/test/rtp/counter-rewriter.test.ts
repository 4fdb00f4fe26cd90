import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CounterRewriter } from '../../src/rtp/counter-rewriter.ts';

/** What the rewriter promises, at the price of remembering everything and of counters that never wrap. */
class Reference {
  #first = Number.POSITIVE_INFINITY;
  #base: number;
  #highestInput = Number.NEGATIVE_INFINITY;
  #highestOutput: number;
  readonly #drops = new Set<number>();

  constructor(firstOutput: number) {
    this.#base = firstOutput;
    this.#highestOutput = firstOutput - 1;
  }

  splice(first: number): void {
    this.#first = first;
    this.#base = this.#highestOutput + 1;
    this.#highestInput = first - 1;
    this.#drops.clear();
  }

  drop(input: number): boolean {
    if (input < this.#first) return false;
    if (input <= this.#highestInput) return this.#drops.has(input);
    this.#highestInput = input;
    this.#drops.add(input);
    return true;
  }

  map(input: number): number | undefined {
    if (input < this.#first || this.#drops.has(input)) return undefined;
    this.#highestInput = Math.max(this.#highestInput, input);
    let output = this.#base + input - this.#first;
    for (const dropped of this.#drops) if (dropped < input) output -= 1;
    this.#highestOutput = Math.max(this.#highestOutput, output);
    return output;
  }
}

type Operation =
  | { readonly type: 'splice'; readonly first: number }
  | { readonly type: 'next'; readonly step: number; readonly drop: boolean }
  | { readonly type: 'straggler'; readonly behind: number; readonly drop: boolean };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ type: fc.constant('splice' as const), first: fc.nat() }) },
  {
    weight: 20,
    arbitrary: fc.record({
      type: fc.constant('next' as const),
      step: fc.oneof(
        { weight: 8, arbitrary: fc.constant(1) },
        { weight: 1, arbitrary: fc.integer({ min: 2, max: 9 }) },
      ),
      drop: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('straggler' as const),
      behind: fc.integer({ min: 1, max: 12 }),
      drop: fc.boolean(),
    }),
  },
);

test.each([15, 16, 8])(
  '%i bits: any splices, drops, holes and stragglers give what a naive reference gives',
  (bits) => {
    fc.assert(
      fc.property(
        fc.array(operation, { minLength: 1, maxLength: 400 }),
        fc.nat(2 ** bits - 1),
        (operations, firstOutput) => {
          const modulus = 2 ** bits;
          const rewriter = new CounterRewriter(bits, firstOutput);
          const reference = new Reference(firstOutput);
          let input = modulus - 5;
          rewriter.splice(input);
          reference.splice(input);
          for (const step of operations) {
            if (step.type === 'splice') {
              input = step.first % modulus;
              rewriter.splice(input);
              reference.splice(input);
              continue;
            }
            if (step.type === 'next') input += step.step;
            const value = step.type === 'next' ? input : input - step.behind;
            const wrapped = ((value % modulus) + modulus) % modulus;
            if (step.drop) {
              expect(rewriter.drop(wrapped)).toBe(reference.drop(value));
            } else {
              const expected = reference.map(value);
              expect(rewriter.map(wrapped)).toBe(expected === undefined ? undefined : expected % modulus);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  },
);

describe('the output', () => {
  test('has no holes of our making, over many turns of the counter and more drops than are remembered', () => {
    const rewriter = new CounterRewriter(8, 250);
    rewriter.splice(7);
    let expected = 250;
    for (let i = 0; i < 10_000; i++) {
      const input = (7 + i) & 0xff;
      if (i % 3 === 1) {
        expect(rewriter.drop(input)).toBe(true);
      } else {
        expect(rewriter.map(input)).toBe(expected);
        expected = (expected + 1) & 0xff;
      }
    }
    expect(rewriter.highestOutput).toBe((expected - 1) & 0xff);
  });

  test('keeps a place for what is missing from the input', () => {
    const rewriter = new CounterRewriter(16, 100);
    rewriter.splice(65_534);
    expect(rewriter.map(65_534)).toBe(100);
    expect(rewriter.map(1)).toBe(103);
    expect(rewriter.map(65_535)).toBe(101);
    expect(rewriter.drop(0)).toBe(false);
    expect(rewriter.map(0)).toBe(102);
  });

  test('is nothing before the first source, and for what is older than the source', () => {
    const rewriter = new CounterRewriter(16);
    expect(rewriter.map(5)).toBeUndefined();
    expect(rewriter.drop(5)).toBe(false);
    rewriter.splice(3);
    expect(rewriter.map(2)).toBeUndefined();
    expect(rewriter.map(65_535)).toBeUndefined();
    expect(rewriter.map(3)).toBe(0);
  });
});
