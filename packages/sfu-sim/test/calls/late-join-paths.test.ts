// Late joiners on paths that get in the way of a replay, and beside media that does.

import { isRtcp, RtpPacket } from '@sluice/rtp';
import { PacketCapture, type SimulatedSfuOptions, type SimulatedTransportOptions } from '@sluice/sfu-sim';
import { expect, test } from 'vitest';
import { VirtualCall, type VirtualParticipant, videoPublication, videoTrack } from './virtual-call.ts';

/** Every RTP packet that the SFU sends to Bob. */
class DownlinkCapture extends PacketCapture {
  readonly sent: RtpPacket[] = [];

  override record(captured: Parameters<PacketCapture['record']>[0]): void {
    const { direction, participant, packet } = captured;
    if (direction !== 'downlink' || participant !== 'bob' || isRtcp(packet)) return;
    const parsed = RtpPacket.parse(packet.slice());
    if (parsed !== undefined) this.sent.push(parsed);
  }
}

/** Ada has been on air for five and a half seconds, with a key frame every four. */
async function onAir(options: SimulatedSfuOptions = {}, uplink: SimulatedTransportOptions['uplink'] = { delay: 20 }) {
  const call = new VirtualCall({ seed: 7, ...options });
  const ada = await call.join('ada', { uplink, downlink: { delay: 20 } });
  await call.settle(ada.room.localParticipant.publishTrack(call.microphone()));
  await call.settle(ada.room.localParticipant.publishTrack(call.camera(), { keyframeInterval: 4000 }));
  await call.clock.run(5500);
  const layers = () =>
    call.sfu
      .participant('ada')
      .stats()
      .producers.find(({ kind }) => kind === 'video')?.layers ?? [];
  const keyFramesRequested = () => layers().reduce((sum, layer) => sum + layer.keyFramesRequested, 0);
  return { call, ada, layers, keyFramesRequested };
}

const video = (call: VirtualCall, name: string) => {
  const consumer = call.sfu
    .participant(name)
    .stats()
    .consumers.find(({ kind }) => kind === 'video');
  if (consumer === undefined) throw new Error(`${name} gets no video.`);
  return consumer;
};

function everythingWasWhole({ shown, errors }: VirtualParticipant): void {
  expect(errors).toEqual([]);
  expect(shown.every(({ corrupt }) => !corrupt)).toBe(true);
  const numbers = shown.map(({ frameNumber }) => frameNumber);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
}

test('row 7: audio, retransmissions and repair packets between the fragments of a key frame change nothing', async () => {
  const uplink = { delay: 20, loss: 0.03 };
  const { call, layers } = await onAir({ forwardErrorCorrection: { ratio: 0.2 } }, uplink);
  let warm = 0;
  const viewers: VirtualParticipant[] = [];
  for (let i = 0; i < 8; i++) {
    const viewer = await call.join(`viewer-${i}`, { uplink: { delay: 20 }, downlink: { delay: 20 } });
    await call.until(() => videoTrack(viewer.room).stats.timeToFirstFrame !== undefined);
    if (video(call, `viewer-${i}`).packetsReplayed > 0) warm += 1;
    viewers.push(viewer);
    await call.clock.run(730);
  }
  expect(layers().some(({ packetsRecovered }) => packetsRecovered > 10)).toBe(true);
  // A joiner who comes while a hole is being repaired is the exception.
  expect(warm).toBeGreaterThanOrEqual(6);
  for (const viewer of viewers) everythingWasWhole(viewer);
});

test('row 8: who leaves takes what was cached along, also under the same identity', async () => {
  const { call, ada } = await onAir();
  ada.room.disconnect();
  await call.clock.run(100);
  const bob = await call.join('bob');
  const again = await call.join('ada', { uplink: { delay: 20 }, downlink: { delay: 20 } });
  await call.clock.run(1000);
  expect(bob.shown).toEqual([]);
  await call.settle(again.room.localParticipant.publishTrack(call.camera()));
  await call.until(() => bob.shown.length > 0, 2000);
  expect(bob.shown[0]?.frameNumber, 'the first picture of the new track').toBeLessThan(10);
});

test('row 10: where a queue takes only a part of the replay, nothing is decoded that refers to what was dropped', async () => {
  const { call } = await onAir();
  // Ten packets, where a replay has some fifty.
  const bob = await call.join('bob', {
    uplink: { delay: 20 },
    downlink: { rate: 600_000, delay: 20, queue: { bytes: 12_000 } },
  });
  await call.until(() => bob.shown.length > 30, 15_000);
  const { dropped } = call.sfu.participant('bob').downlink.stats;
  expect(dropped.queue.packets).toBeGreaterThan(0);
  expect(videoTrack(bob.room).stats.decoderErrors).toBe(0);
  everythingWasWhole(bob);
});

test('row 10b: a joiner is replayed the layer it will get, and no other', async () => {
  const capture = new DownlinkCapture();
  const { call, layers } = await onAir({ capture });
  const bob = call.participant('bob');
  await call.settle(
    bob.room.connect(call.sfu.transport({ identity: 'bob', downlink: { rate: 8e6, delay: 20 } }), {
      autoSubscribe: false,
    }),
  );
  const publication = videoPublication(bob.room);
  const cached = layers().map(({ rid, cache }) => ({ rid, packets: cache.packets }));
  const subscribed = publication.setSubscribed(true);
  await call.settle(subscribed);
  const { rid, packetsReplayed } = video(call, 'bob');
  const own = cached.find((layer) => layer.rid === rid);
  expect(packetsReplayed).toBeGreaterThan(0);
  // What came in between asking and getting is replayed, too.
  expect(packetsReplayed - (own?.packets ?? 0)).toBeLessThan(20);
  const others = cached.filter((layer) => layer.rid !== rid).reduce((sum, { packets }) => sum + packets, 0);
  expect(others).toBeGreaterThan(20);
  await call.clock.run(200);
  const media = capture.sent.filter(({ payload }) => payload.length > 0);
  expect(
    new Set(media.map(({ ssrc }) => ssrc)).size,
    'streams, that of retransmissions and padding among them',
  ).toBeLessThanOrEqual(2);
  everythingWasWhole(bob);
});
