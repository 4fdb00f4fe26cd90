// Behaviour 34 on one hop: a sender and a receiver of data messages, and a path between them that loses and reorders.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDataFragment, writeDataFragment } from '../../src/data/data-fragment.ts';
import { type DataMessage, MAX_DATA_SIZE, readDataMessage, writeDataMessage } from '../../src/data/data-message.ts';
import { DataReceiver } from '../../src/data/data-receiver.ts';
import { DataSender } from '../../src/data/data-sender.ts';
import { seededRandom } from '../../src/random.ts';

const STEP = 10;

interface PathOptions {
  /** What becomes of the n-th packet. */
  readonly isLost?: (packet: number) => boolean;
  readonly delay?: (packet: number) => number;
  /** Whether feedback comes on the n-th packet. Default: on all. */
  readonly isReported?: (packet: number) => boolean;
}

/** One hop in time. */
class Hop {
  readonly delivered: DataMessage[] = [];
  readonly receiver = new DataReceiver();
  readonly sender: DataSender;
  packets = 0;
  now = 0;
  readonly #due: { at: number; run: () => void }[] = [];

  constructor({ isLost = () => false, delay = () => 50, isReported = () => true }: PathOptions = {}) {
    this.sender = new DataSender({
      random: seededRandom(3),
      send: ({ payload }, watcher) => {
        const packet = this.packets++;
        watcher.onDeparted(this.now);
        const arrives = this.now + delay(packet);
        const lost = isLost(packet);
        if (!lost) this.at(arrives, () => this.delivered.push(...this.receiver.receive(payload, this.now)));
        if (isReported(packet)) this.at(arrives + 50, () => watcher.onReported?.(!lost, this.now));
      },
    });
  }

  at(at: number, run: () => void): void {
    this.#due.push({ at, run });
  }

  run(time: number): void {
    for (const end = this.now + time; this.now < end; this.now += STEP) {
      const due = this.#due.filter(({ at }) => at <= this.now).sort((a, b) => a.at - b.at);
      for (const each of due) {
        this.#due.splice(this.#due.indexOf(each), 1);
        each.run();
      }
      this.sender.tick(this.now);
      this.delivered.push(...this.receiver.tick(this.now));
    }
  }

  send(number: number, message: Partial<DataMessage> = {}): void {
    void this.sender.send({ payload: Uint8Array.of(number >> 8, number), ...message }, this.now);
  }

  get numbers(): number[] {
    return this.delivered.map(({ payload }) => ((payload[0] ?? 0) << 8) | (payload[1] ?? 0));
  }
}

const bytes = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 31) & 0xff);

const message = fc.record(
  {
    from: fc.string({ minLength: 1, maxLength: 20 }),
    to: fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 5 }),
    topic: fc.string({ maxLength: 20 }),
    ordered: fc.boolean(),
    maxRetransmits: fc.nat(20),
    maxPacketLifeTime: fc.nat(10_000),
    order: fc.nat(),
    floor: fc.nat(),
    payload: fc.uint8Array({ maxLength: 400 }),
  },
  { requiredKeys: ['payload'] },
);

describe('on the wire', () => {
  test('what is written is read', () => {
    fc.assert(
      fc.property(message, (each) => {
        expect(readDataMessage(writeDataMessage(each))).toEqual(each);
      }),
    );
  });

  test('whatever comes is read or refused, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (wire) => {
        readDataMessage(wire);
        new DataReceiver().receive(wire, 0);
      }),
    );
    const receiver = new DataReceiver();
    expect(receiver.receive(Uint8Array.of(1, 2, 3), 0)).toEqual([]);
    const garbage = writeDataFragment({ messageId: 1, index: 0, count: 1, bytes: Uint8Array.of(0, 0, 0, 1, 65) });
    expect(receiver.receive(garbage, 0)).toEqual([]);
    expect(receiver.malformed).toBe(2);
    expect(readDataMessage(writeDataMessage({ payload: new Uint8Array(MAX_DATA_SIZE + 1) }))).toBeUndefined();
    for (const [index, count] of [
      [1, 1],
      [0, 0],
      [0, 60_000],
    ] as const) {
      expect(readDataFragment(writeDataFragment({ messageId: 1, index, count, bytes: bytes(1) }))).toBeUndefined();
    }
  });
});

test('row 34: the largest message arrives whole, and its sender hears when it has left', async () => {
  const hop = new Hop();
  const sent = hop.sender.send({ payload: bytes(MAX_DATA_SIZE), topic: 'file' }, 0);
  expect(hop.sender.bufferedAmount).toBe(0);
  await sent;
  hop.run(200);
  expect(hop.delivered).toEqual([{ payload: bytes(MAX_DATA_SIZE), topic: 'file' }]);
  expect(hop.receiver).toMatchObject({ messagesReceived: 1, bytesReceived: MAX_DATA_SIZE, malformed: 0 });
});

test('row 34: without retransmissions what is lost is lost, and a message without one of its pieces is never delivered', () => {
  const hop = new Hop({ isLost: (packet) => packet === 1 || packet === 4 });
  for (const number of [0, 1, 2]) hop.send(number);
  void hop.sender.send({ payload: bytes(3000) }, 0);
  hop.send(7);
  hop.run(8000);
  expect(hop.numbers).toEqual([0, 2, 7]);
  expect(hop.packets).toBe(7);
});

test('row 34: lost packets are sent again as often as was said, and no more', () => {
  const lostTimes = (maxRetransmits: number) => {
    const hop = new Hop({ isLost: () => true });
    hop.send(1, { maxRetransmits });
    hop.run(10_000);
    return hop.packets;
  };
  expect([0, 1, 3].map(lostTimes)).toEqual([1, 2, 4]);
  const hop = new Hop({ isLost: (packet) => packet < 2 });
  hop.send(1, { maxRetransmits: 2 });
  hop.run(1000);
  expect(hop.numbers).toEqual([1]);
});

test('row 34: with a life time lost packets are sent again until it is over', () => {
  const hop = new Hop({ isLost: () => true });
  hop.send(1, { maxPacketLifeTime: 450 });
  hop.run(10_000);
  // Each round takes 100 ms.
  expect(hop.packets).toBe(5);
});

test('row 34: where no feedback comes it is taken for lost after a second, and what comes twice is delivered once', () => {
  const hop = new Hop({ isReported: () => false });
  hop.send(1, { maxRetransmits: 1 });
  hop.run(5000);
  expect(hop.packets).toBe(2);
  expect(hop.numbers).toEqual([1]);
});

test('row 34: unordered messages do not wait for each other, ordered ones do, but not for what was given up', () => {
  const late = { isLost: (packet: number) => packet === 1 };
  const unordered = new Hop(late);
  const ordered = new Hop(late);
  const limited = new Hop(late);
  for (const number of [0, 1, 2, 3]) {
    unordered.send(number, { maxRetransmits: 1 });
    ordered.send(number, { maxRetransmits: 1, ordered: true });
    limited.send(number, { ordered: true });
  }
  for (const hop of [unordered, ordered]) hop.run(500);
  expect(unordered.numbers).toEqual([0, 2, 3, 1]);
  expect(ordered.numbers).toEqual([0, 1, 2, 3]);
  limited.run(300);
  expect(limited.numbers).toEqual([0]);
  // The next one says that 1 will never come.
  limited.send(4, { ordered: true });
  limited.run(100);
  expect(limited.numbers).toEqual([0, 2, 3, 4]);
});

test('row 34: an ordered message waits a second at most', () => {
  const hop = new Hop({ isLost: (packet) => packet === 0 });
  for (const number of [0, 1]) hop.send(number, { ordered: true });
  hop.run(1000);
  expect(hop.numbers).toEqual([]);
  hop.run(200);
  expect(hop.numbers).toEqual([1]);
});

test('row 34: whatever is lost, late or unreported: each message once at most, ordered ones in order, all state let go of', () => {
  const fate = fc.record({ lost: fc.boolean(), reported: fc.boolean(), delay: fc.integer({ min: 10, max: 700 }) });
  const kind = fc.record({
    ordered: fc.boolean(),
    maxRetransmits: fc.nat(3),
    from: fc.constantFrom('P1', 'P2'),
    wait: fc.nat(200),
    size: fc.constantFrom(2, 1500),
  });
  fc.assert(
    fc.property(fc.array(kind, { maxLength: 40 }), fc.array(fate, { minLength: 1, maxLength: 60 }), (kinds, fates) => {
      const of = (packet: number) => fates[packet % fates.length]!;
      const hop = new Hop({
        isLost: (packet) => of(packet).lost,
        isReported: (packet) => of(packet).reported,
        delay: (packet) => of(packet).delay,
      });
      for (const [number, { wait, size, ...rest }] of kinds.entries()) {
        const payload = new Uint8Array(size);
        payload.set([number >> 8, number]);
        hop.send(number, { payload, ...rest });
        hop.run(wait);
      }
      hop.run(20_000);
      expect(new Set(hop.numbers).size).toBe(hop.numbers.length);
      for (const from of ['P1', 'P2']) {
        const inOrder = hop.numbers.filter((number) => kinds[number]?.ordered && kinds[number]?.from === from);
        expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
      }
      expect(hop.sender.bufferedAmount).toBe(0);
    }),
    { numRuns: 60 },
  );
});
