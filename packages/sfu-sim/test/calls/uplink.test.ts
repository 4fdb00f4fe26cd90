// Behaviour 28a in virtual time: a publisher makes of its uplink what it can, audio first, and asks for no more.

import type { CongestionOptions } from '@sluice/client';
import { GoogleCongestionControl } from '@sluice/rtp';
import type { SimulatedTransportOptions } from '@sluice/sfu-sim';
import { expect, test } from 'vitest';
import { VirtualCall } from './virtual-call.ts';

type Uplink = NonNullable<SimulatedTransportOptions['uplink']>;

/** Ada with a microphone and a camera behind that uplink, Bob who sees and hears her. */
async function call(uplink: Uplink, { camera = true }: { camera?: boolean } = {}) {
  const virtual = new VirtualCall({ seed: 3 });
  const ada = await virtual.join('ada', { uplink });
  const bob = await virtual.join('bob');
  const microphone = await virtual.settle(ada.room.localParticipant.publishTrack(virtual.microphone()));
  const video = camera
    ? await virtual.settle(ada.room.localParticipant.publishTrack(virtual.camera()))
    : await virtual.settle(
        ada.room.localParticipant.publishTrack(virtual.camera({ width: 1920, height: 1080, frameRate: 10 }), {
          source: 'screen',
          encodings: [{ rid: 'f', maxBitrate: 2_500_000 }],
        }),
      );
  const setRate = (rate: number) => virtual.sfu.participant('ada').uplink.set({ rate });
  const { events } = virtual.trace;
  /** What the encodings of the video track were told, in order, e.g. `f 20` or `q off`. */
  const allocated = (from = 0) =>
    events
      .filter(({ type, at, track }) => type === 'encoding-allocated' && at >= from && track === video.trackId)
      .map(({ rid, frameRate }) => `${String(rid)} ${frameRate === 0 ? 'off' : String(frameRate)}`);
  const estimate = () =>
    Number(events.findLast(({ type, direction }) => type === 'estimate' && direction === 'uplink')?.['target']);
  return { virtual, ada, bob, microphone, video, setRate, allocated, estimate, events };
}

test('row 28a: as an uplink gets thinner layers go off from the top, each slowed down first', async () => {
  const { virtual, bob, video, setRate, allocated } = await call({ rate: 3_000_000, delay: 20 });
  await virtual.clock.run(6000);
  expect(video.stats.map(({ active }) => active)).toEqual([true, true, true]);
  for (let rate = 2_600_000; rate > 150_000; rate *= 0.9) {
    setRate(rate);
    await virtual.clock.run(1500);
  }
  const down = allocated(6000);
  const at = (state: string) => down.indexOf(state);
  expect(at('f 20')).toBeGreaterThan(-1);
  expect(at('f off')).toBeGreaterThan(at('f 20'));
  expect(at('h off')).toBeGreaterThan(at('f off'));
  expect(video.stats[2]).toMatchObject({ active: false, targetBitrate: 0, qualityLimitationReason: 'bandwidth' });
  const heard = bob.heard.length;
  await virtual.clock.run(2000);
  expect(bob.heard.length - heard).toBeGreaterThan(95);
}, 60_000);

test('row 28a: 3 M → 300 k → 60 k → 3 M: video goes, audio goes on, all layers come back with key frames', async () => {
  const { virtual, bob, video, microphone, setRate, events } = await call({ rate: 3_000_000, delay: 20 });
  await virtual.clock.run(6000);
  setRate(300_000);
  await virtual.clock.run(14_000);
  expect(video.stats[2]?.active).toBe(false);

  setRate(60_000);
  await virtual.clock.run(15_000);
  expect(video.stats.map(({ active }) => active)).toEqual([false, false, false]);
  expect(microphone.stats[0]).toMatchObject({ active: true, targetBitrate: 24_000 });
  const heard = bob.heard.length;
  const shown = bob.shown.length;
  await virtual.clock.run(5000);
  expect(bob.heard.length - heard).toBeGreaterThan(240);
  expect(bob.shown.length).toBe(shown);

  setRate(3_000_000);
  const returned = virtual.clock.now();
  await virtual.clock.run(15_000);
  expect(video.stats.map(({ active }) => active)).toEqual([true, true, true]);
  expect(microphone.stats[0]).toMatchObject({ targetBitrate: 32_000 });
  for (const rid of ['q', 'h', 'f']) {
    const first = events.find((event) => event.type === 'frame-encoded' && event['rid'] === rid && event.at > returned);
    expect(first?.['keyFrame']).toBe(true);
  }
  expect(bob.shown.at(-1)?.width).toBe(1280);
  expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
}, 60_000);

test('row 28a: on 20 kbit/s, which not even audio fits into, audio is all that is sent', async () => {
  const { virtual, bob, video, microphone, setRate } = await call({ rate: 1_000_000, delay: 20 });
  await virtual.clock.run(4000);
  setRate(20_000);
  await virtual.clock.run(10_000);
  const heard = bob.heard.length;
  const sent = video.stats.reduce((sum, { framesEncoded }) => sum + framesEncoded, 0);
  await virtual.clock.run(5000);
  expect(video.stats.reduce((sum, { framesEncoded }) => sum + framesEncoded, 0)).toBe(sent);
  expect(microphone.stats[0]).toMatchObject({ active: true, targetBitrate: 24_000 });
  expect(bob.heard.length - heard).toBeGreaterThan(80);
}, 60_000);

test('row 28a: a screen keeps its size and becomes slides', async () => {
  const { virtual, bob, video, setRate, allocated } = await call({ rate: 4_000_000, delay: 20 }, { camera: false });
  await virtual.clock.run(6000);
  expect(video.stats[0]).toMatchObject({ active: true, frameWidth: 1920 });
  expect(video.stats[0]?.framesPerSecond).toBeGreaterThanOrEqual(9);
  setRate(200_000);
  await virtual.clock.run(25_000);
  const slow = allocated(6000).map((state) => Number(state.split(' ')[1]));
  expect(slow.filter((frameRate) => frameRate < 5).length).toBeGreaterThan(0);
  expect(video.stats[0]?.framesPerSecond).toBeLessThanOrEqual(5);
  const shown = bob.shown.length;
  await virtual.clock.run(10_000);
  expect(bob.shown.length).toBeGreaterThan(shown);
  expect(bob.shown.every(({ width }) => width === 1920)).toBe(true);
}, 60_000);

test.each([
  [300_000, 2000],
  [1_000_000, 500],
])('an uplink of %i bit/s from the start has no queue of seconds, and soon none to speak of', async (rate, longest) => {
  const { virtual, bob, video } = await call({ rate, delay: 20 });
  await virtual.clock.run(6000);
  const beginning = bob.shown.length;
  await virtual.clock.run(8000);
  const delays = bob.shown.map(({ delay }) => delay);
  expect(Math.max(...delays)).toBeLessThan(longest);
  const late = delays.slice(beginning).filter((delay) => delay > 300);
  expect(late).toEqual([]);
  expect(delays.length - beginning).toBeGreaterThan(200);
  expect(video.stats[0]?.active).toBe(true);
  expect(video.stats[2]?.active).toBe(false);
});

test('on a good uplink the top layer is on within half a second', async () => {
  const { virtual, events, allocated } = await call({ rate: 5_000_000, delay: 20 });
  await virtual.clock.run(1000);
  expect(allocated()).toEqual(['q 30', 'h 30', 'f 30']);
  const published = events.find(({ type, kind }) => type === 'track-published' && kind === 'video')?.at ?? 0;
  const last = events.findLast(({ type }) => type === 'encoding-allocated')?.at ?? Number.NaN;
  expect(last - published).toBeLessThan(500);
});

test('the SFU leaves a layer within a second of when its publisher turns it off', async () => {
  const controllers: GoogleCongestionControl[] = [];
  const virtual = new VirtualCall();
  const ada = virtual.participant('ada', {
    congestionController: (options) => {
      const controller = new GoogleCongestionControl(options);
      controllers.push(controller);
      return controller;
    },
  });
  await virtual.settle(ada.room.connect(virtual.sfu.transport({ identity: 'ada' })));
  const bob = await virtual.join('bob');
  const video = await virtual.settle(ada.room.localParticipant.publishTrack(virtual.camera()));
  await virtual.until(() => bob.shown.at(-1)?.width === 1280);
  const now = virtual.clock.now();
  controllers[0]?.setMaxBitrate(600_000, now);
  await virtual.until(() => (bob.shown.at(-1)?.width ?? 1280) < 1280);
  expect(video.stats.map(({ active }) => active)).toEqual([true, true, false]);
  expect(virtual.clock.now() - now).toBeLessThan(1000);
  expect(bob.shown.at(-1)?.width).toBe(640);
});

test('frames above an encoding’s rate are left out at an even pace', async () => {
  const virtual = new VirtualCall();
  const ada = await virtual.join('ada');
  const encodings = [{ rid: 'f', maxBitrate: 500_000, maxFramerate: 20 }];
  const track = virtual.camera({ width: 640, height: 360 });
  const video = await virtual.settle(ada.room.localParticipant.publishTrack(track, { encodings }));
  await virtual.clock.run(3000);
  expect(video.stats[0]?.framesPerSecond).toBeGreaterThanOrEqual(19);
  expect(video.stats[0]?.framesPerSecond).toBeLessThanOrEqual(21);
});

test('two publications share one uplink: the screen first, and the camera is not forgotten', async () => {
  const { virtual, ada, video } = await call({ rate: 1_200_000, delay: 20 }, { camera: false });
  const camera = await virtual.settle(ada.room.localParticipant.publishTrack(virtual.camera()));
  await virtual.clock.run(20_000);
  expect(video.stats[0]?.targetBitrate).toBeGreaterThan(600_000);
  expect(camera.stats[0]).toMatchObject({ rid: 'q', active: true });
  expect(camera.stats[2]).toMatchObject({ rid: 'f', active: false });
  await virtual.settle(ada.room.localParticipant.unpublishTrack(video));
  await virtual.clock.run(5000);
  expect(camera.stats[1]).toMatchObject({ rid: 'h', active: true });
});

test('the controller can be chosen at both ends, and gets the options', async () => {
  const made: CongestionOptions[] = [];
  const congestionController = (options: CongestionOptions) => {
    made.push(options);
    return new GoogleCongestionControl(options);
  };
  const virtual = new VirtualCall({ congestionController, congestion: { maxBitrate: 2_000_000 } });
  const ada = virtual.participant('ada', { congestionController, congestion: { maxBitrate: 400_000 } });
  await virtual.settle(ada.room.connect(virtual.sfu.transport({ identity: 'ada' })));
  const video = await virtual.settle(ada.room.localParticipant.publishTrack(virtual.camera()));
  expect(made).toMatchObject([
    { startBitrate: 300_000, maxBitrate: 400_000 },
    { startBitrate: 600_000, maxBitrate: 2_000_000 },
  ]);
  await virtual.clock.run(5000);
  expect(video.stats.map(({ active }) => active)).toEqual([true, true, false]);
});
