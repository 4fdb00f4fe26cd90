// Behaviour 30 in virtual time: whole calls, scored on the way of their packets.

import type { RoomOptions } from '@sluice/client';
import { GoogleCongestionControl, seededRandom } from '@sluice/rtp';
import type { SimulatedSfuOptions, SimulatedTransportOptions } from '@sluice/sfu-sim';
import { CallMetrics } from '@sluice/sfu-sim';
import { syntheticCodecs } from '@sluice/sfu-sim/bench';
import { expect, test } from 'vitest';
import { VirtualCall } from './virtual-call.ts';

type Uplink = SimulatedTransportOptions['uplink'];

/** A call with Ada, who can be made to misbehave, and Bob, who watches. */
class ScoredCall extends VirtualCall {
  /** Ada, not connected yet: each frame of hers is a key frame while `abusive()` says so. */
  ada(abusive: () => boolean, options: Partial<RoomOptions> = {}) {
    const codecs = syntheticCodecs({ clock: this.clock, random: seededRandom(5), openFrames: this.openFrames });
    class KeyFrameEncoder extends codecs.VideoEncoder {
      override encode(frame: VideoFrame, encode?: VideoEncoderEncodeOptions): void {
        super.encode(frame, abusive() ? { keyFrame: true } : encode);
      }
    }
    return this.participant('ada', { codecs: { ...codecs, VideoEncoder: KeyFrameEncoder }, ...options });
  }

  async connect(participant: ReturnType<VirtualCall['participant']>, identity: string, uplink?: Uplink) {
    await this.settle(participant.room.connect(this.sfu.transport({ identity, ...(uplink && { uplink }) })));
    return participant;
  }

  get layers() {
    return this.sfu.participant('ada').stats().producers[0]?.layers ?? [];
  }

  get judgements() {
    return this.trace.events.filter(({ type }) => type === 'video-judged');
  }
}

/** Ada sends key frames alone to Bob, and Carol sends Bob what she should. */
async function abusiveCall(options: SimulatedSfuOptions, abusive: () => boolean = () => true) {
  const call = new ScoredCall({ seed: 4, ...options });
  const ada = await call.connect(call.ada(abusive, { congestion: { startBitrate: 3_000_000 } }), 'ada');
  const bob = await call.join('bob');
  const carol = await call.join('carol');
  const encodings = [{ rid: 'f', maxBitrate: 1_000_000 }];
  const track = call.camera({ width: 640, height: 360 });
  const publication = await call.settle(ada.room.localParticipant.publishTrack(track, { encodings }));
  const ended: unknown[] = [];
  ada.room.on('localTrackUnpublished', ({ reason }) => ended.push(['publisher', reason]));
  bob.room.on('trackUnpublished', ({ reason }) => ended.push(['subscriber', reason]));
  const published = call.clock.now();
  return { call, ada, bob, carol, publication, published, ended };
}

test('row 30: a real encoder is legitimate through mute, layers switched off and on, and a link that drops', async () => {
  const controllers: GoogleCongestionControl[] = [];
  const call = new ScoredCall({ seed: 2 });
  const ada = call.ada(() => false, {
    congestionController: (options) => {
      const controller = new GoogleCongestionControl(options);
      controllers.push(controller);
      return controller;
    },
  });
  await call.connect(ada, 'ada', { rate: 3_000_000, delay: 20 });
  await call.join('bob');
  const video = await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  await call.clock.run(8000);
  for (let i = 0; i < 3; i++) {
    await call.settle(video.mute());
    await call.clock.run(700);
    await call.settle(video.unmute());
    await call.clock.run(1500);
  }
  for (const bitrate of [300_000, 3_000_000, 700_000, 3_000_000]) {
    controllers[0]?.setMaxBitrate(bitrate, call.clock.now());
    await call.clock.run(4000);
  }
  call.sfu.participant('ada').uplink.set({ rate: 300_000 });
  await call.clock.run(10_000);
  call.sfu.participant('ada').uplink.set({ rate: 3_000_000 });
  await call.clock.run(10_000);
  expect(call.judgements).toEqual([]);
  expect(call.layers.map(({ verdict }) => verdict)).toEqual(['legitimate', 'legitimate', 'legitimate']);
}, 60_000);

test('row 30: a real encoder that makes key frames on request only is legitimate', async () => {
  const call = new ScoredCall({ seed: 2 });
  const ada = await call.connect(
    call.ada(() => false),
    'ada',
  );
  await call.join('bob');
  await call.settle(
    ada.room.localParticipant.publishTrack(call.camera(), { keyframeInterval: Number.POSITIVE_INFINITY }),
  );
  for (const name of ['carol', 'dave', 'eve']) {
    await call.clock.run(6000);
    await call.join(name, { keyframeCache: false });
  }
  await call.clock.run(6000);
  expect(call.judgements).toEqual([]);
  for (const { legitimacy } of call.layers) expect(legitimacy).toBeGreaterThanOrEqual(0.7);
}, 60_000);

test('row 30: key frames alone are abusive within 2 s, which is told and by default nothing else', async () => {
  const { call, bob, published } = await abusiveCall({});
  await call.clock.run(3000);
  const judgement = call.judgements.at(-1);
  expect(judgement).toMatchObject({ participant: 'ada', rid: 'f', verdict: 'abusive', action: 'allow' });
  expect(judgement?.['reason']).toMatch(/\d+ key frames in a row/);
  expect((judgement?.at ?? Number.NaN) - published).toBeLessThan(2000);
  expect(call.layers[0]).toMatchObject({ verdict: 'abusive', action: 'allow', framesWithheld: 0 });
  const metrics = new CallMetrics();
  metrics.add(call.trace.events);
  expect(metrics.toPrometheus()).toMatch(/^sluice_video_verdicts_total\{.*verdict="abusive",action="allow"\} 1$/m);
  expect(bob.shown.length).toBeGreaterThan(45);
});

test('row 30: whoever ignores its estimate scores at most 0.60', async () => {
  const call = new ScoredCall({ seed: 2 });
  const deaf = { minBitrate: 2_500_000, startBitrate: 2_500_000, maxBitrate: 2_500_000 };
  const ada = call.ada(() => false, { congestion: deaf });
  await call.connect(ada, 'ada', { rate: 4_000_000, delay: 20 });
  await call.join('bob');
  await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  await call.clock.run(8000);
  expect(call.judgements).toEqual([]);
  call.sfu.participant('ada').uplink.set({ rate: 1_000_000 });
  await call.clock.run(12_000);
  const scored = call.layers.filter(({ packetsReceived }) => packetsReceived > 100);
  expect(scored.length).toBeGreaterThan(0);
  for (const { legitimacy } of scored) expect(legitimacy).toBeLessThanOrEqual(0.6);
  expect(call.judgements[0]).toMatchObject({ verdict: 'suspect', reason: 'ignores a lower estimate' });
}, 60_000);

test('row 30: throttled, one whole key frame per second is left, and all comes back when the encoder behaves', async () => {
  let abusive = true;
  const { call, bob } = await abusiveCall({ videoPolicy: 'throttle' }, () => abusive);
  await call.until(() => call.layers[0]?.action === 'throttle');
  // What waited for the pacer by then is on its way still.
  await call.clock.run(3000);
  const before = bob.shown.length;
  await call.clock.run(10_000);
  const throttled = bob.shown.length - before;
  expect(throttled).toBeGreaterThanOrEqual(8);
  expect(throttled).toBeLessThanOrEqual(11);
  expect(call.layers[0]).toMatchObject({ action: 'throttle' });
  expect(call.layers[0]?.framesWithheld).toBeGreaterThan(250);

  const late = await call.join('dave');
  await call.until(() => late.shown.length > 0, 1500);
  const nacks = () =>
    call.trace.events.filter((event) => event.type === 'nack-sent' && event['direction'] === 'downlink');
  expect(nacks()).toEqual([]);

  abusive = false;
  await call.until(() => call.layers[0]?.action === 'allow', 25_000);
  await call.clock.run(2500);
  const { length } = bob.shown;
  await call.clock.run(1000);
  expect(bob.shown.length - length).toBeGreaterThanOrEqual(28);
  expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
  expect(late.shown.every(({ corrupt }) => !corrupt)).toBe(true);
  expect([...bob.errors, ...late.errors, ...nacks()]).toEqual([]);
}, 60_000);

test('row 30: closed, the track is over for publisher and subscribers, who are told why, and others go on', async () => {
  const { call, ada, bob, carol, ended, publication } = await abusiveCall({ videoPolicy: 'close' });
  await call.settle(carol.room.localParticipant.publishTrack(call.camera({ width: 320, height: 180 })));
  await call.clock.run(3000);
  expect(ended).toEqual(
    expect.arrayContaining([
      ['publisher', 'abusive-video'],
      ['subscriber', 'abusive-video'],
    ]),
  );
  expect(call.judgements.at(-1)).toMatchObject({ verdict: 'abusive', action: 'close' });
  expect(call.trace.events.find(({ type }) => type === 'track-unpublished')).toMatchObject({
    track: publication.trackId,
    reason: 'abusive-video',
  });
  expect(ada.room.localParticipant.trackPublications.size).toBe(0);
  expect(ada.room.state).toBe('connected');
  const { length } = bob.shown;
  await call.clock.run(1000);
  expect(bob.shown.length - length).toBeGreaterThanOrEqual(28);
  expect(bob.errors).toEqual([]);
});

test('row 30: another policy is refused', () => {
  expect(() => new ScoredCall({ videoPolicy: 'deny' as 'allow' })).toThrow(/one of allow, throttle, close/);
});
