// Bad input, from every side: a clear typed error or a counted drop, and the room goes on.

import {
  type ConnectionError,
  type PublishError,
  Room,
  type SignallingError,
  type SubscribeError,
} from '@sluice/client';
import type { Transport, TransportHandler } from '@sluice/rtp';
import { expect, test } from 'vitest';
import { VirtualCall, videoPublication } from './virtual-call.ts';

/** A call in which Bob sees Ada, and goes on seeing her whatever happens in between. */
async function runningCall() {
  const call = new VirtualCall({ seed: 7 });
  const ada = await call.join('ada');
  const bob = await call.join('bob');
  await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  await call.clock.run(1000);
  const goesOn = async () => {
    const { length } = bob.shown;
    await call.clock.run(1000);
    expect(bob.shown.length).toBeGreaterThanOrEqual(length + 25);
    expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
  };
  return { call, ada, bob, goesOn };
}

/** A participant that speaks the wire by hand. */
function rawParticipant(call: VirtualCall, identity: string) {
  const transport = call.sfu.transport({ identity });
  const messages: { type: string; requestId?: number; reason?: string; message?: string }[] = [];
  transport.open({
    onPacket: () => {},
    onMessage: (message) => messages.push(JSON.parse(message)),
    onClose: () => {},
  });
  const send = async (message: unknown) => {
    transport.sendMessage(typeof message === 'string' ? message : JSON.stringify(message));
    await call.clock.run(5);
    return messages.at(-1);
  };
  const join = () => send({ type: 'join', requestId: 1, protocol: 1, autoSubscribe: true, codecs: ['VP8'] });
  return { transport, messages, send, join };
}

/** Everything that passes between a room and its SFU, with a hand in between. */
function tampered(inner: Transport, tamper: (message: string) => string): Transport {
  return {
    open: (handler: TransportHandler) =>
      inner.open({
        onPacket: (packet, arrival) => handler.onPacket(packet, arrival),
        onMessage: (message) => handler.onMessage(tamper(message)),
        onClose: (reason) => handler.onClose(reason),
      }),
    sendPacket: (packet) => inner.sendPacket(packet),
    sendMessage: (message) => inner.sendMessage(message),
    close: (reason) => inner.close(reason),
  };
}

test('row 37: the SFU refuses unknown and malformed messages, saying which and why', async () => {
  const { call, goesOn } = await runningCall();
  const raw = rawParticipant(call, 'mallory');
  expect(await raw.send({ type: 'publish', requestId: 3, offer: '', tracks: [] })).toMatchObject({
    type: 'refused',
    requestId: 3,
    reason: 'malformed-message',
  });
  expect(await raw.send({ type: 'subscribe', requestId: 4, trackId: 'x' })).toMatchObject({ reason: 'not-joined' });
  await raw.join();
  expect(raw.messages.map(({ type }) => type)).toEqual(['refused', 'refused', 'joined', 'offer', 'layers-changed']);
  expect(await raw.join()).toMatchObject({ reason: 'already-joined' });
  expect(await raw.send({ type: 'teleport', requestId: 5 })).toMatchObject({ requestId: 5, reason: 'unknown-message' });
  expect(await raw.send('not json')).toMatchObject({ type: 'refused', reason: 'malformed-message' });
  expect(await raw.send({ type: 'subscribe', requestId: 6, trackId: 'none' })).toMatchObject({
    reason: 'unknown-track',
  });
  const track = { mid: '0', source: 'camera', name: '', muted: false };
  for (const offer of [
    'v=0',
    'rubbish',
    'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 RTP/AVP 96\r\n',
  ]) {
    expect(await raw.send({ type: 'publish', requestId: 7, offer, tracks: [track] })).toMatchObject({
      requestId: 7,
      reason: 'malformed-sdp',
    });
  }
  expect(call.sfu.participant('mallory').stats().drops.refusedMessages).toBe(9);
  await goesOn();
});

test('the SFU says of each codec that it does not take why', async () => {
  const { call, goesOn } = await runningCall();
  const raw = rawParticipant(call, 'mallory');
  await raw.join();
  const track = { mid: '0', source: 'camera', name: '', muted: false };
  const head = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
  const publish = (section: string) =>
    raw.send({ type: 'publish', requestId: 2, offer: `${head}${section}a=mid:0\r\na=sendonly\r\n`, tracks: [track] });
  const codecs = [
    'rtpmap:96 H264/90000',
    'fmtp:96 profile-level-id=42e01f;packetization-mode=0',
    'rtpmap:97 VP7/90000',
  ];
  const lines = codecs.map((line) => `a=${line}\r\n`).join('');
  const refused = await publish(`m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n${lines}`);
  expect(refused).toMatchObject({ type: 'refused', requestId: 2, reason: 'codec-unsupported' });
  expect(refused?.message).toContain('H264/90000 is refused: packetization-mode is 0, and key frames are sent in');
  expect(refused?.message).toContain('VP7/90000 is refused: it is not spoken here.');
  expect((await publish('m=video 9 UDP/TLS/RTP/SAVPF 98\r\n'))?.message).toMatch(/offers none\.$/);
  expect(call.sfu.participant('mallory').stats().producers).toEqual([]);
  await goesOn();
});

test('row 37: another version of the protocol is a typed error that names both', async () => {
  const { call, goesOn } = await runningCall();
  const raw = rawParticipant(call, 'future');
  const refused = await raw.send({ type: 'join', requestId: 1, protocol: 2, autoSubscribe: true, codecs: [] });
  expect(refused).toMatchObject({ reason: 'version-mismatch' });
  expect(refused?.message).toMatch(/version 1.*version 2/);

  const room = call.participant('carol').room;
  const transport = call.sfu.transport({ identity: 'carol' });
  const outdated: Transport = {
    ...tampered(transport, (message) => message),
    sendMessage: (message) => transport.sendMessage(message.replace('"protocol":1', '"protocol":9')),
  };
  const error = await call.settle(room.connect(outdated).catch((reason: ConnectionError) => reason));
  expect(error).toMatchObject({ code: 'connection', reason: 'version-mismatch' });
  expect(room.state).toBe('disconnected');
  await goesOn();
});

test('the client reports unknown messages and offers it cannot read, and goes on', async () => {
  const { call, goesOn } = await runningCall();
  let change = (message: string) => message;
  const carol = call.participant('carol');
  await call.settle(carol.room.connect(tampered(call.sfu.transport({ identity: 'carol' }), (m) => change(m))));
  await call.clock.run(500);
  expect(carol.shown.length).toBeGreaterThan(0);

  change = (message) => message.replace('"participant-joined"', '"participant-teleported"');
  await call.join('dave');
  change = (message) => (message.includes('"offer"') ? message.replace('v=0', 'v=1') : message);
  const eve = await call.join('eve');
  await call.settle(eve.room.localParticipant.publishTrack(call.camera()));
  await call.clock.run(100);
  const reasons = carol.errors.map((error) => (error as SignallingError).reason);
  expect(reasons).toEqual(['unknown-message', 'malformed-sdp']);
  const { length } = carol.shown;
  await call.clock.run(1000);
  expect(carol.shown.length).toBeGreaterThan(length + 20);
  await goesOn();
});

test('garbage packets are counted and dropped, at both ends', async () => {
  const { call, bob, goesOn } = await runningCall();
  const raw = rawParticipant(call, 'mallory');
  await raw.join();
  const garbage = [
    new Uint8Array(0),
    Uint8Array.of(0x80),
    new Uint8Array(200).fill(0xff),
    Uint8Array.of(0x80, 200, 0, 99, 1, 2, 3, 4),
    Uint8Array.of(0xbf, 0x60, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1),
  ];
  for (const packet of garbage) raw.transport.sendPacket(packet.slice());
  const unroutable = new Uint8Array(100);
  unroutable.set([0x80, 0x60]);
  raw.transport.sendPacket(unroutable);
  await call.clock.run(10);
  expect(call.sfu.participant('mallory').stats().drops).toMatchObject({
    malformedPackets: garbage.length,
    unroutablePackets: 1,
  });

  const downlink = call.sfu.participant('bob').downlink;
  for (const packet of garbage) downlink.send(packet.slice());
  downlink.send(unroutable.slice());
  await call.clock.run(3000);
  expect(bob.room.drops).toEqual({ malformedPackets: garbage.length, unroutablePackets: 1 });
  await goesOn();
});

test('a track that has ended, a second publication, a codec nobody has: typed errors, and nothing changes', async () => {
  const { call, ada, goesOn } = await runningCall();
  const { localParticipant } = ada.room;
  const refused = (publishing: Promise<unknown>) => call.settle(publishing.catch((reason: PublishError) => reason));
  const ended = { ...call.camera(), ended: true };
  expect(await refused(localParticipant.publishTrack(ended))).toMatchObject({ code: 'publish', reason: 'track-ended' });
  const camera = call.camera();
  await call.settle(localParticipant.publishTrack(camera));
  expect(await refused(localParticipant.publishTrack(camera))).toMatchObject({ reason: 'already-published' });
  for (const codec of ['H265', 'toString']) {
    expect(await refused(localParticipant.publishTrack(call.camera(), { codec }))).toMatchObject({
      reason: 'codec-unsupported',
    });
  }
  const badOptions = [
    { encodings: [] },
    { encodings: [{ rid: 'no spaces', maxBitrate: 1e5 }] },
    { encodings: [{ rid: 'q', maxBitrate: Number.NaN }] },
    { encodings: [{ rid: 'q', maxBitrate: 1e5, scaleResolutionDownBy: 0 }] },
    { keyframeInterval: 0 },
  ];
  for (const options of badOptions) {
    expect(await refused(localParticipant.publishTrack(call.camera(), options))).toMatchObject({ code: 'argument' });
  }
  expect(await refused(localParticipant.publishTrack({} as never))).toMatchObject({ code: 'argument' });
  expect(localParticipant.trackPublications.size).toBe(2);
  await goesOn();
});

test('an SFU without the codec, or with an answer that cannot be read: the publication fails, the room goes on', async () => {
  const { call, goesOn } = await runningCall();
  let change = (message: string) => message;
  const carol = call.participant('carol');
  const transport = call.sfu.transport({ identity: 'carol' });
  const between: Transport = {
    ...tampered(transport, (message) => change(message)),
    sendMessage: (message) => transport.sendMessage(message.replaceAll('rtpmap:96 VP8', 'rtpmap:96 VP7')),
  };
  await call.settle(carol.room.connect(between));
  const publish = () =>
    call.settle(carol.room.localParticipant.publishTrack(call.camera()).catch((reason: PublishError) => reason));
  expect(await publish()).toMatchObject({ code: 'publish', reason: 'codec-unsupported' });
  between.sendMessage = (message) => transport.sendMessage(message);
  change = (message) => message.replace('"answer":"v=0', '"answer":"rubbish');
  expect(await publish()).toMatchObject({ code: 'publish', reason: 'malformed-sdp' });
  await call.clock.run(10);
  change = (message) => message;
  expect(call.sfu.participant('carol').stats().producers, 'nothing is left at the SFU').toEqual([]);
  await call.settle(carol.room.localParticipant.publishTrack(call.camera()));
  await goesOn();
});

test('row 13: a camera that goes away is unpublished, and everybody is told', async () => {
  const { call, bob, goesOn } = await runningCall();
  const carol = await call.join('carol');
  const camera = call.camera();
  await call.settle(carol.room.localParticipant.publishTrack(camera));
  const told: string[] = [];
  bob.room.on('trackUnpublished', ({ participant }) => told.push(participant.identity));
  camera.end();
  await call.clock.run(100);
  expect(told).toEqual(['carol']);
  expect(carol.room.localParticipant.trackPublications.size).toBe(0);
  await goesOn();
});

test('calls on a room that is not connected, or connected already', async () => {
  const { call, bob } = await runningCall();
  const lonely = new Room({ clock: call.clock });
  const error = (promise: Promise<unknown>) => call.settle(promise.catch((reason: ConnectionError) => reason));
  const { room } = call.participant('nobody');
  expect(await error(room.localParticipant.publishTrack(call.camera()))).toMatchObject({ reason: 'not-connected' });
  expect(await error(bob.room.connect(call.sfu.transport()))).toMatchObject({ reason: 'already-connected' });
  expect(await error(lonely.connect(call.sfu.transport()))).toMatchObject({ code: 'unsupported', reason: 'webcodecs' });
  const publication = videoPublication(bob.room);
  await call.settle(publication.setSubscribed(false));
  const layers = publication.setPreferredLayers({ rid: 'q' }).catch((reason: SubscribeError) => reason);
  expect(await call.settle(layers)).toMatchObject({ code: 'subscribe', reason: 'unknown-track' });
});
