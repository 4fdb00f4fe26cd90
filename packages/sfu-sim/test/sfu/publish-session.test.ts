// What a publisher is asked when packets are lost for good.

import {
  createOffer,
  offerMedia,
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
import { PublishSession } from '../../src/sfu/publish-session.ts';
import { resolveSfuOptions } from '../../src/sfu/sfu-options.ts';

const SSRC = 7;

/** One video track with a key frame and, behind a gap that nobody fills, a delta frame; the reasons for key frame requests. */
function loseMany(watched: boolean) {
  const reasons: string[] = [];
  const sent: RtcpPacket[] = [];
  const session = new PublishSession({
    clock: systemClock,
    random: seededRandom(1),
    owner: { participantId: 'p', identity: 'ada' },
    sfu: resolveSfuOptions(),
    sendRtcp: (packets) => sent.push(...packets),
    onKeyFrameRequest: (_layer, _producer, reason) => reasons.push(reason),
    onKeyFrameExhausted: () => {},
    onNack: () => {},
    onAudioLevel: () => {},
    onLayersWanted: () => {},
    onVideoJudged: () => {},
  });
  const media = offerMedia({
    mid: '0',
    kind: 'video',
    codecs: ['VP8'],
    rids: [],
    ssrcs: [{ ssrc: SSRC, cname: 'c' }],
  });
  const offer = writeDescription(createOffer({ sessionVersion: 1, media: [media] }));
  const track = { mid: '0', source: 'camera', name: '', muted: false, layers: [] } as const;
  const producer = session.publish(offer, [track]).producers.get('0')!;
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

test('row 25: packets that are given up are made good by a key frame, asked for before any subscriber does', () => {
  const { reasons, plis } = loseMany(true);
  expect(reasons).toEqual(['packet-loss']);
  expect(plis).toMatchObject([{ type: 'pli', mediaSsrc: SSRC }]);
});

test('row 25: of a layer that nobody gets no key frame is asked for', () => {
  expect(loseMany(false)).toEqual({ reasons: [], plis: [] });
});
