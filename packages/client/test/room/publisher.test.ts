// What a publisher puts on the wire follows from the SFU's answer.

import { answer, parseDescription, RtpPacket, seededRandom, systemClock, writeDescription } from '@sluice/rtp';
import { describe, expect, test } from 'vitest';
import { Publisher } from '../../src/room/publisher.ts';

/** A VP8 key frame of 4 kB: four packets. */
const frame = {
  rid: undefined,
  data: Uint8Array.from({ length: 4000 }, (_, i) => (i === 0 ? 0 : i)),
  timestamp: 0,
  keyFrame: true,
  temporalLayer: undefined,
  colorSpace: undefined,
};

/** A single encoding with repair packets asked for, answered by an SFU with those options. */
function published(options: { forwardErrorCorrection: boolean }) {
  const sent: RtpPacket[] = [];
  const publisher = new Publisher({
    clock: { ...systemClock, now: () => 0 },
    random: seededRandom(1),
    send: (bytes) => {
      const packet = RtpPacket.parse(bytes);
      if (packet !== undefined) sent.push(packet);
    },
  });
  const { track, offer } = publisher.add({
    kind: 'video',
    codec: 'VP8',
    rids: [],
    forwardErrorCorrection: { ratio: 0.5, keyFrameRatio: 0.5 },
    onKeyFrameRequest: () => {},
  });
  expect(publisher.accept(track, writeDescription(answer(parseDescription(offer), options)))).toBe(true);
  const [media] = parseDescription(offer).media;
  if (media === undefined || media.kind === 'unsupported') throw new Error('The offer has no media.');
  return { publisher, track, sent, ssrcs: media.ssrcs[0]! };
}

describe('forward error correction', () => {
  test('is sent where the answer takes it, in the stream that was announced', () => {
    const { track, sent, ssrcs } = published({ forwardErrorCorrection: true });
    track.send(frame, 0);
    expect(sent.map(({ ssrc }) => ssrc)).toEqual([...Array(4).fill(ssrcs.ssrc), ssrcs.fecSsrc, ssrcs.fecSsrc]);
  });

  test('is not sent where it does not', () => {
    const { track, sent, ssrcs } = published({ forwardErrorCorrection: false });
    track.send(frame, 0);
    expect(sent.map(({ ssrc }) => ssrc)).toEqual(Array(4).fill(ssrcs.ssrc));
  });
});

test('a single encoding is retransmitted in the stream that was announced', () => {
  const { publisher, track, sent, ssrcs } = published({ forwardErrorCorrection: false });
  track.send(frame, 0);
  const lost = sent[1]!;
  sent.length = 0;
  publisher.onRtcp({ type: 'nack', senderSsrc: 1, mediaSsrc: ssrcs.ssrc, sequenceNumbers: [lost.sequenceNumber] });
  expect(sent.map(({ ssrc }) => ssrc)).toEqual([ssrcs.rtxSsrc]);
  expect([...sent[0]!.payload.subarray(2)]).toEqual([...lost.payload]);
});
