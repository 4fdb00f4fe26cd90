// Behaviours 11, 20, 23, 24, 25 and 25a: layer switches, lost packets, key frame requests.

import { isRtcp, parseRtcp, seededRandom, serializeRtcp, type Transport } from '@sluice/rtp';
import { syntheticCodecs } from '@sluice/sfu-sim/bench';
import { expect, test } from 'vitest';
import { VirtualCall, videoPublication, videoTrack } from './virtual-call.ts';

async function onAir(downlink = {}, uplink = {}, publish = {}) {
  const call = new VirtualCall({ seed: 7 });
  const ada = await call.join('ada', { uplink });
  const publication = await call.settle(ada.room.localParticipant.publishTrack(call.camera(), publish));
  await call.clock.run(500);
  const bob = await call.join('bob', { downlink });
  await call.until(() => bob.shown.length > 10);
  return { call, ada, bob, publication };
}

const isSorted = (numbers: readonly number[]) =>
  numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0));

test('row 20: q → f → q: the size changes at a key frame, in order, without an error or a freeze', async () => {
  const { call, bob } = await onAir();
  for (const [rid, width] of [
    ['q', 320],
    ['f', 1280],
    ['q', 320],
  ] as const) {
    await call.settle(videoPublication(bob.room).setPreferredLayers({ rid }));
    await call.until(() => bob.shown.at(-1)?.width === width, 2500);
    expect(videoPublication(bob.room).layers.rid).toBe(rid);
    await call.clock.run(500);
  }
  // All of its pictures, until it is left.
  expect(call.trace.ofType('layer-switch').map(({ temporalLayer }) => temporalLayer)).not.toContain(0);
  expect(isSorted(bob.shown.map(({ frameNumber }) => frameNumber))).toBe(true);
  expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
  expect(videoTrack(bob.room).stats).toMatchObject({ decoderErrors: 0, packetsDiscarded: 0, packetsLost: 0 });
  const gaps = bob.shown.map(({ at }, i) => at - (bob.shown[i - 1]?.at ?? at));
  // A freeze, as webrtc-stats defines it: three frames, or 150 ms more than one.
  expect(Math.max(...gaps)).toBeLessThan(33 + 150);
});

test('row 20: a top layer 2.5 s behind: no picture twice, none after a newer one, and the delay is told as it is', async () => {
  const call = new VirtualCall({ seed: 7 });
  const { clock } = call;
  const codecs = syntheticCodecs({ clock, random: seededRandom(7), openFrames: call.openFrames });
  /** What it makes of large pictures comes late. */
  class SlowEncoder extends codecs.VideoEncoder {
    #width = 0;

    constructor(init: VideoEncoderInit) {
      super({
        ...init,
        output: (chunk, metadata) => {
          if (this.#width < 1280) init.output(chunk, metadata);
          else clock.setTimeout(() => init.output(chunk, metadata), 2500);
        },
      });
    }

    override configure(config: VideoEncoderConfig) {
      this.#width = config.width;
      super.configure(config);
    }
  }
  const ada = call.participant('ada', { codecs: { ...codecs, VideoEncoder: SlowEncoder } });
  await call.settle(ada.room.connect(call.sfu.transport({ identity: 'ada' })));
  await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  const bob = await call.join('bob');
  for (const rid of ['q', 'f', 'h', 'f', 'q']) {
    await call.until(() => bob.shown.length > 0);
    await call.settle(videoPublication(bob.room).setPreferredLayers({ rid }));
    await call.until(() => videoPublication(bob.room).layers.rid === rid);
    await call.clock.run(6000);
  }
  expect(new Set(bob.shown.map(({ width }) => width))).toContain(1280);
  expect(isSorted(bob.shown.map(({ frameNumber }) => frameNumber))).toBe(true);
  const told = call.trace.ofType('frame-shown').map(({ ['delay']: delay }) => Number(delay));
  expect(told.length).toBe(bob.shown.length);
  for (const [i, { delay }] of bob.shown.entries()) {
    if (!Number.isNaN(told[i])) expect(Math.abs((told[i] ?? 0) - delay)).toBeLessThan(5);
  }
});

test('temporal layers: fewer frames, whole ones, and all of them again on request', async () => {
  const { call, bob } = await onAir();
  const shownInASecond = async (temporalLayer?: number) => {
    await call.settle(
      videoPublication(bob.room).setPreferredLayers({ ...(temporalLayer !== undefined && { temporalLayer }) }),
    );
    await call.clock.run(500);
    const { length } = bob.shown;
    await call.clock.run(2000);
    return (bob.shown.length - length) / 2;
  };
  expect(Math.abs((await shownInASecond(0)) - 7.5)).toBeLessThanOrEqual(1);
  expect(Math.abs((await shownInASecond(1)) - 15)).toBeLessThanOrEqual(1);
  expect(Math.abs((await shownInASecond()) - 30)).toBeLessThanOrEqual(1);
  expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
  expect(videoTrack(bob.room).stats).toMatchObject({ packetsLost: 0, packetsDiscarded: 0, pliCount: 0 });
});

test('row 25a: after an outage nothing damaged is shown, and a requested key frame brings the picture back', async () => {
  const { call, bob } = await onAir({ delay: 20 }, {}, { keyframeInterval: Number.POSITIVE_INFINITY });
  const { downlink } = call.sfu.participant('bob');
  const requested = call.trace.ofType('key-frame-requested').length;
  downlink.set({ loss: 1 });
  await call.clock.run(3000);
  downlink.set({ loss: 0 });
  const { length } = bob.shown;
  await call.until(() => bob.shown.length > length, 2500);
  await call.clock.run(1000);
  expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
  expect(isSorted(bob.shown.map(({ frameNumber }) => frameNumber))).toBe(true);
  expect(call.trace.ofType('key-frame-requested').length).toBeGreaterThan(requested);
});

test('row 25: 5 % loss both ways at 50 ms RTT: retransmissions do it, with less than a key frame asked in 2 s', async () => {
  const { call, bob } = await onAir({ delay: 25, loss: 0.05 }, { delay: 25, loss: 0.05 });
  const { length } = bob.shown;
  await call.clock.run(20_000);
  const { stats } = videoTrack(bob.room);
  const requested = call.trace.ofType('key-frame-requested').length;
  console.log(
    `5 % loss, 20 s: ${bob.shown.length - length} of 600 frames shown, ${stats.packetsRecovered} packets recovered, ${requested} key frames asked`,
  );
  expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
  expect(bob.shown.length - length).toBeGreaterThan(570);
  expect(stats.packetsRecovered).toBeGreaterThan(50);
  expect(requested).toBeLessThan(10);
});

/** A transport whose owner asks for nothing that was lost. */
function withoutNacks(transport: Transport): Transport {
  return {
    open: (handler) => transport.open(handler),
    sendMessage: (message) => transport.sendMessage(message),
    close: (reason) => transport.close(reason),
    sendPacket(packet) {
      const rtcp = isRtcp(packet) ? parseRtcp(packet).packets.filter(({ type }) => type !== 'nack') : undefined;
      if (rtcp === undefined) transport.sendPacket(packet);
      else if (rtcp.length > 0) transport.sendPacket(serializeRtcp(rtcp));
    },
  };
}

test('row 25: 5 % loss at 300 ms RTT: about a key frame a second without retransmissions, far fewer with them', async () => {
  const requestsPerSecond = async (retransmissions: boolean) => {
    const call = new VirtualCall({ seed: 7 });
    const ada = await call.join('ada');
    await call.settle(
      ada.room.localParticipant.publishTrack(call.camera(), { keyframeInterval: Number.POSITIVE_INFINITY }),
    );
    await call.clock.run(500);
    const bob = call.participant('bob');
    const path = { identity: 'bob', downlink: { delay: 150, loss: 0.05 }, uplink: { delay: 150 } };
    const transport = call.sfu.transport(path);
    await call.settle(bob.room.connect(retransmissions ? transport : withoutNacks(transport)));
    await call.clock.run(3000);
    const before = call.trace.ofType('key-frame-requested').length;
    const shown = bob.shown.length;
    await call.clock.run(20_000);
    expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
    return {
      requests: (call.trace.ofType('key-frame-requested').length - before) / 20,
      frames: (bob.shown.length - shown) / 20,
    };
  };
  const [without, with_] = [await requestsPerSecond(false), await requestsPerSecond(true)];
  const words = ({ requests, frames }: typeof without) => `${requests} key frames asked and ${frames} shown per second`;
  console.log(`5 % loss at 300 ms: ${words(without)} without retransmissions, ${words(with_)} with them`);
  expect(without.requests).toBeGreaterThan(0.5);
  expect(without.requests).toBeLessThanOrEqual(1.1);
  expect(with_.requests).toBeLessThan(without.requests / 2);
  expect(with_.frames).toBeGreaterThan(2 * without.frames);
});

test('row 23: eight simultaneous requests make one key frame, on that encoding only', async () => {
  const { call, publication } = await onAir({}, {}, { keyframeInterval: Number.POSITIVE_INFINITY });
  await call.clock.run(5000);
  const keyFrames = () => publication.stats.map(({ keyFramesEncoded }) => keyFramesEncoded);
  const before = keyFrames();
  const requested = call.trace.ofType('key-frame-requested').length;
  const viewers = [];
  for (let i = 0; i < 8; i++) viewers.push(call.sfu.transport({ identity: `viewer-${i}`, keyframeCache: false }));
  await Promise.all(
    viewers.map((transport, i) => call.participant(`viewer-${i}`).room.connect(transport)).concat(call.clock.run(300)),
  );
  expect(call.trace.ofType('key-frame-requested').length - requested).toBe(1);
  const made = keyFrames().map((count, i) => count - (before[i] ?? 0));
  expect(made.toSorted()).toEqual([0, 0, 1]);
});

test('row 24: a publisher that ignores requests hears at most five in ten seconds, and the trace says so', async () => {
  const { call } = await onAir();
  const { downlink } = call.sfu.participant('ada');
  downlink.set({ loss: 1 });
  const requested = call.trace.ofType('key-frame-requested').length;
  // No key frame comes by itself either: the publisher's uplink is cut for the top layer's key frames.
  call.sfu.participant('ada').uplink.set({ loss: 1 });
  const carol = call.participant('carol');
  const connecting = carol.room.connect(call.sfu.transport({ identity: 'carol', keyframeCache: false }));
  await call.settle(connecting);
  await call.clock.run(10_000);
  const since = call.trace.ofType('key-frame-requested').slice(requested);
  for (const rid of ['q', 'h', 'f'])
    expect(since.filter((event) => event['rid'] === rid).length).toBeLessThanOrEqual(5);
  await call.clock.run(2000);
  expect(call.trace.ofType('key-frame-exhausted').length).toBeGreaterThan(0);
});

test('row 11: one subscriber whose link is dead costs the others nothing', async () => {
  const { call, bob } = await onAir();
  await call.join('carol', { downlink: { rate: 100_000 } });
  const before = bob.shown.length;
  call.sfu.participant('carol').downlink.set({ rate: 0 });
  await call.clock.run(5000);
  expect(bob.shown.length - before).toBeGreaterThanOrEqual(148);
});

test('who leaves takes its tracks along, and nothing stays open', async () => {
  const { call, ada, bob } = await onAir();
  const told: string[] = [];
  bob.room.on('participantDisconnected', ({ participant, reason }) => told.push(`${participant.identity} ${reason}`));
  bob.room.on('trackUnsubscribed', ({ track }) => told.push(track.kind));
  ada.room.disconnect();
  await call.clock.run(100);
  expect(told).toEqual(['video', 'ada left']);
  expect(bob.room.remoteParticipants.size).toBe(0);
  bob.room.disconnect();
  await call.clock.run(1000);
  expect(call.openFrames).toMatchObject({ open: 0, closedTwice: 0, usedAfterClose: 0 });
  expect(call.sfu.identities).toEqual([]);
});

test('a sink that throws is reported, and the others get every frame', async () => {
  const { call, bob } = await onAir();
  const reported: unknown[] = [];
  Reflect.set(globalThis, 'reportError', (error: unknown) => reported.push(error));
  try {
    const remove = videoTrack(bob.room).addSink({
      write(frame) {
        frame.close();
        throw new Error('of the app');
      },
    });
    let behind = 0;
    videoTrack(bob.room).addSink({
      write(frame) {
        behind += 1;
        frame.close();
      },
    });
    await call.clock.run(1000);
    remove();
    expect(reported.length).toBeGreaterThan(20);
    expect(behind).toBe(reported.length);
    const { length } = reported;
    await call.clock.run(500);
    expect(reported.length).toBe(length);
    expect(bob.errors).toEqual([]);
  } finally {
    Reflect.deleteProperty(globalThis, 'reportError');
  }
});

test('row 24a: viewers without the cache who come and go do not get key frames beyond their share of the bit rate', async () => {
  const shares = async (maxShare: number) => {
    const call = new VirtualCall({ seed: 7, keyFrameArbiter: { maxShare } });
    const ada = await call.join('ada');
    const publish = { keyframeInterval: Number.POSITIVE_INFINITY };
    await call.settle(ada.room.localParticipant.publishTrack(call.camera(), publish));
    await call.clock.run(6000);
    let most = 0;
    for (let i = 0; i < 24; i++) {
      const viewer = await call.join(`viewer-${i}`, { keyframeCache: false });
      await call.clock.run(1000);
      viewer.room.disconnect();
      const [producer] = call.sfu.participant('ada').stats().producers;
      for (const { keyFrameShare } of producer?.layers ?? []) most = Math.max(most, keyFrameShare ?? 0);
    }
    return most;
  };
  const [bounded, free] = [await shares(0.1), await shares(1)];
  console.log(`key frames' share with a joiner a second: ${free.toFixed(2)}; bounded: ${bounded.toFixed(2)}`);
  expect(bounded).toBeLessThan(0.15);
  expect(free).toBeGreaterThan(0.15);
});
