// Behaviour 34 in whole calls: messages of the app, reliable and lossy, to all or to some.

import { DataError, type DataPublishOptions, type Room } from '@sluice/client';
import type { LinkOptions, SimulatedSfuOptions } from '@sluice/sfu-sim';
import { expect, test } from 'vitest';
import { VirtualCall } from './virtual-call.ts';

interface Received {
  readonly number: number;
  readonly from: string;
  readonly topic: string | undefined;
  readonly reliable: boolean;
  readonly at: number;
}

const bytesOf = (number: number, size = 2) => {
  const bytes = new Uint8Array(size);
  bytes.set([number >> 8, number]);
  return bytes;
};

function listen(call: VirtualCall, room: Room): Received[] {
  const received: Received[] = [];
  room.on('dataReceived', ({ payload, participant, topic, reliable }) => {
    const number = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
    received.push({ number, from: participant.identity, topic, reliable, at: call.clock.now() });
  });
  return received;
}

/** Ada, Bob and Carla in a room; what each of them has received. */
async function gathered(options: SimulatedSfuOptions = {}, uplink: LinkOptions = {}, downlink: LinkOptions = {}) {
  const call = new VirtualCall({ seed: 7, ...options });
  const ada = await call.join('ada', { uplink });
  const bob = await call.join('bob', { downlink });
  const carla = await call.join('carla');
  const [atAda, atBob, atCarla] = [ada, bob, carla].map(({ room }) => listen(call, room)) as [
    Received[],
    Received[],
    Received[],
  ];
  const publish = (number: number, how: DataPublishOptions = {}, size = 2) =>
    ada.room.localParticipant.publishData(bytesOf(number, size), how);
  return { call, ada, bob, carla, atAda, atBob, atCarla, publish };
}

const numbers = (received: readonly Received[]) => received.map(({ number }) => number);

test.each([true, false])('row 34: to all, or to some, and never to oneself: reliable %s', async (reliable) => {
  const { call, atAda, atBob, atCarla, publish } = await gathered();
  await call.settle(publish(1, { reliable, topic: 'chat' }));
  await call.settle(publish(2, { reliable, destinationIdentities: ['carla', 'nobody'] }));
  await call.settle(publish(3, { reliable }, 65_536));
  await call.clock.run(1000);
  expect(atAda).toEqual([]);
  expect(atBob.map(({ at: _, ...rest }) => rest)).toEqual([
    { number: 1, from: 'ada', topic: 'chat', reliable },
    { number: 3, from: 'ada', topic: undefined, reliable },
  ]);
  expect(numbers(atCarla)).toEqual([1, 2, 3]);
  expect(call.sfu.participant('ada').stats().data).toMatchObject({ messagesReceived: 3, messagesSent: 0 });
  expect(call.sfu.participant('carla').stats().data).toMatchObject({ messagesSent: 3, bytesSent: 65_540 });
});

const LOSSY_PATH = { delay: 30, loss: 0.1 };

test('row 34: at 10 % loss each way reliable messages all arrive in order, lossy ones as far as they are sent again', async () => {
  const { call, atBob, publish } = await gathered({}, LOSSY_PATH, LOSSY_PATH);
  const arrived = async (how: DataPublishOptions) => {
    atBob.length = 0;
    for (let number = 0; number < 300; number++) {
      void publish(number, how);
      await call.clock.run(20);
    }
    await call.clock.run(3000);
    return numbers(atBob);
  };
  const reliable = await arrived({ reliable: true });
  expect(reliable).toEqual(Array.from({ length: 300 }, (_, i) => i));
  const plain = await arrived({});
  const again = await arrived({ maxRetransmits: 3 });
  const ordered = await arrived({ maxRetransmits: 3, ordered: true });
  const brief = await arrived({ maxPacketLifeTime: 150, ordered: true });
  const counts = [plain, again, ordered, brief].map(({ length }) => length);
  console.log(
    `of 300 at 10 % loss each way: plain ${counts[0]}, sent again ${counts[1]}, in order ${counts[2]}, 150 ms ${counts[3]}`,
  );
  expect(plain.length).toBeGreaterThan(210);
  expect(plain.length).toBeLessThan(275);
  expect(again.length).toBeGreaterThanOrEqual(298);
  expect(ordered.length).toBeGreaterThanOrEqual(297);
  expect(brief.length).toBeGreaterThan(plain.length);
  for (const each of [ordered, brief]) expect(each).toEqual(each.toSorted((a, b) => a - b));
  for (const each of [plain, again, ordered, brief]) expect(new Set(each).size).toBe(each.length);
});

test('row 34: beside video on a thin path they are no later than it, and congestion control makes room for them', async () => {
  const { call, ada, bob, atBob, publish } = await gathered({}, { rate: 1e6, delay: 20 }, { rate: 600_000, delay: 20 });
  await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  await call.clock.run(8000);
  const sentAt: number[] = [];
  for (let number = 0; number < 200; number++) {
    sentAt.push(call.clock.now());
    void publish(number, { maxRetransmits: 2 }, 500);
    await call.clock.run(20);
  }
  await call.clock.run(1000);
  expect(atBob.length).toBeGreaterThanOrEqual(198);
  const delays = atBob.map(({ number, at }) => at - (sentAt[number] ?? at)).toSorted((a, b) => a - b);
  const p95 = delays[Math.floor(delays.length * 0.95)] ?? Number.NaN;
  console.log(`200 kbit/s of messages beside video: ${delays[100]} ms (median), ${Math.round(p95)} ms (p95)`);
  expect(p95).toBeLessThan(250);
  const shown = bob.shown.filter(({ at }) => at > (sentAt[0] ?? 0));
  expect(shown.length).toBeGreaterThan(90);
  expect(shown.every(({ corrupt }) => !corrupt)).toBe(true);
});

async function errorOf(call: VirtualCall, promise: Promise<unknown>): Promise<unknown> {
  return call.settle(
    promise.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
}

test('row 34: back-pressure: who waits for each message never fills the buffer, who does not is told', async () => {
  const { call, ada, publish, atBob } = await gathered({}, { rate: 1e6 });
  const { localParticipant } = ada.room;
  let sent = 0;
  let most = 0;
  const writing = (async () => {
    for (; sent < 100; sent++) {
      await publish(sent, {}, 10_000);
      most = Math.max(most, localParticipant.dataBufferedAmount);
    }
  })();
  await call.clock.run(2000);
  // A million bit/s take eight seconds for it.
  expect(sent).toBeLessThan(60);
  await call.settle(writing);
  await call.clock.run(2000);
  expect(most).toBeLessThan(20_000);
  expect(atBob.length).toBeGreaterThan(95);
  const flood = Promise.allSettled(Array.from({ length: 20 }, (_, i) => publish(i, {}, 65_536)));
  expect(localParticipant.dataBufferedAmount).toBeLessThanOrEqual(2 ** 20);
  // Who leaves waits for nothing more.
  ada.room.disconnect();
  const last = (await call.settle(flood)).at(-1);
  const error: unknown = last?.status === 'rejected' ? last.reason : undefined;
  expect(error).toBeInstanceOf(DataError);
  expect(error).toMatchObject({ code: 'data', reason: 'buffer-full' });
});

test('rows 32, 34: every refusal of a message is a typed error, and hurts nobody', async () => {
  const { call, ada, atBob, publish } = await gathered({ maxDataSize: 1000, maxMessageRate: 20 });
  expect(await errorOf(call, publish(1, {}, 65_537))).toMatchObject({ reason: 'too-large' });
  expect(await errorOf(call, publish(1, { reliable: true }, 1001))).toMatchObject({ reason: 'too-large' });
  const nobody = publish(1, { reliable: true, destinationIdentities: ['nobody'] });
  expect(await errorOf(call, nobody)).toMatchObject({ reason: 'unknown-participant' });
  for (const how of [
    { maxRetransmits: -1 },
    { maxPacketLifeTime: Number.NaN },
    { topic: 'x'.repeat(257) },
    { destinationIdentities: [''] },
    { reliable: true, ordered: true },
  ]) {
    expect(await errorOf(call, publish(1, how))).toMatchObject({ code: 'argument' });
  }
  await call.settle(publish(2, {}, 1001));
  await call.clock.run(500);
  expect(atBob).toEqual([]);
  expect(call.sfu.participant('ada').stats().data).toMatchObject({ messagesDropped: 1 });
  await call.clock.run(5000);
  const burst = Array.from({ length: 60 }, (_, i) => publish(i, { reliable: true }));
  const results = (await call.settle(Promise.allSettled(burst))).map((each) =>
    each.status === 'rejected' ? (each.reason as unknown) : undefined,
  );
  expect(results.filter((error) => error === undefined)).toHaveLength(40);
  expect(results.at(-1)).toMatchObject({ reason: 'rate-limited' });
  expect(numbers(atBob)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  await call.clock.run(1000);
  await call.settle(publish(7, { reliable: true }));
  ada.room.disconnect();
  expect(await errorOf(call, publish(1))).toMatchObject({ code: 'connection', reason: 'not-connected' });
});
