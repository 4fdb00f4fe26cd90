// What a publisher offers, what is made of its packets, and what it is asked when some are lost for good.

import {
  createOffer,
  mediaOf,
  offerMedia,
  parseDescription,
  payloadFormatOf,
  type RtcpPacket,
  RtpPacket,
  seededRandom,
  serializeRtp,
  systemClock,
  writeDescription,
} from '@sluice/rtp';
import { expect, test } from 'vitest';
import type { Consumer } from '../../src/sfu/consumer.ts';
import { PublishSession, type PublishSessionOptions } from '../../src/sfu/publish-session.ts';
import { resolveSfuOptions } from '../../src/sfu/sfu-options.ts';
import { SourceEncoding } from './simulcast-source.ts';

const SSRC = 7;

function createSession(options: Partial<PublishSessionOptions> = {}): PublishSession {
  return new PublishSession({
    clock: systemClock,
    random: seededRandom(1),
    owner: { participantId: 'p', identity: 'ada' },
    sfu: resolveSfuOptions(),
    sendRtcp: () => {},
    onKeyFrameRequest: () => {},
    onKeyFrameExhausted: () => {},
    onNack: () => {},
    onAudioLevel: () => {},
    onLayersWanted: () => {},
    onData: () => {},
    onVideoJudged: () => {},
    ...options,
  });
}

/** Publishes a video track that offers these codecs. */
function publish(session: PublishSession, codecs: readonly string[]) {
  const media = offerMedia({ mid: '0', kind: 'video', codecs, rids: [], ssrcs: [{ ssrc: SSRC, cname: 'c' }] });
  const offer = writeDescription(createOffer({ sessionVersion: 1, media: [media] }));
  const track = { mid: '0', source: 'camera', name: '', muted: false, layers: [] } as const;
  const { answer, producers } = session.publish(offer, [track]);
  const producer = producers.get('0');
  if (producer === undefined) throw new Error('Nothing was published.');
  return { answer, producer };
}

/** One video track with a key frame and, behind a gap that nobody fills, a delta frame; the reasons for key frame requests. */
function loseMany(watched: boolean) {
  const reasons: string[] = [];
  const sent: RtcpPacket[] = [];
  const session = createSession({
    sendRtcp: (packets) => sent.push(...packets),
    onKeyFrameRequest: (_layer, _producer, reason) => reasons.push(reason),
  });
  const { producer } = publish(session, ['VP8']);
  const [layer] = producer.layers;
  if (watched)
    producer.consumers.add({ currentLayer: layer, targetLayer: layer, onPacket: () => {} } as unknown as Consumer);
  const packetizer = payloadFormatOf('VP8')!.createPacketizer(seededRandom(1));
  const receive = (sequenceNumber: number, key: boolean, now: number) => {
    const [payload] = packetizer.packetize(Uint8Array.of(key ? 0 : 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 1000);
    const fields = { payloadType: 96, sequenceNumber, timestamp: 3000 * sequenceNumber, ssrc: SSRC, marker: true };
    session.receive(RtpPacket.parse(serializeRtp({ ...fields, payload: payload! }))!, now);
  };
  receive(0, true, 0);
  session.tick(20);
  receive(1500, false, 30);
  session.tick(40);
  return { reasons, plis: sent.filter(({ type }) => type === 'pli') };
}

test.each([
  ['VP8', undefined],
  ['VP9', 'profile-id=0'],
  ['H264', 'profile-level-id=42e01f'],
  ['AV1', 'level-idx=0;profile=0;tier=0'],
] as const)(
  'row 29: of several codecs one is taken; that %s is sent as %s is told by its packets',
  (codec, parameters) => {
    const session = createSession();
    const others = ['VP8', 'VP9', 'H264', 'AV1'].filter((name) => name !== codec);
    const { answer, producer } = publish(session, [codec, ...others]);
    expect(new Set(mediaOf(parseDescription(answer)).flatMap(({ codecs }) => codecs.map(({ name }) => name)))).toEqual(
      new Set([codec]),
    );
    const encoding = new SourceEncoding({
      codec,
      rid: 'f',
      layer: 1,
      ssrc: SSRC,
      firstSequence: 0,
      firstTimestamp: 0,
      firstPictureId: 0,
    });
    expect(producer.layers[0]?.parameters).toBeUndefined();
    for (const packet of encoding.encode(0, 0, true, 300)) session.receive(packet, 0);
    expect(producer.codec.name).toBe(codec);
    expect(producer.layers[0]?.parameters).toBe(parameters);
  },
);

test('row 25: packets that are given up are made good by a key frame, asked for before any subscriber does', () => {
  const { reasons, plis } = loseMany(true);
  expect(reasons).toEqual(['packet-loss']);
  expect(plis).toMatchObject([{ type: 'pli', mediaSsrc: SSRC }]);
});

test('row 25: of a layer that nobody gets no key frame is asked for', () => {
  expect(loseMany(false)).toEqual({ reasons: [], plis: [] });
});
