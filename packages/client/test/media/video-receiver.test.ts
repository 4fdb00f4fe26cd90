// What a receiver does about packets that will not come any more.

import { payloadFormatOf, RtpPacket, RtpReceiveStream, seededRandom, serializeRtp, systemClock } from '@sluice/rtp';
import { expect, test } from 'vitest';
import type { MediaCodecs } from '../../src/media/media-codecs.ts';
import { VideoReceiver } from '../../src/media/video-receiver.ts';

/** Takes everything and shows nothing. */
class NullDecoder {
  readonly state = 'configured';
  configure() {}
  decode() {}
  close() {}
}

class NullChunk {}

const format = payloadFormatOf('VP8')!;

function receiverOf(stream: RtpReceiveStream) {
  const asked: number[] = [];
  let now = 0;
  const receiver = new VideoReceiver({
    clock: { ...systemClock, now: () => now },
    codecs: { VideoDecoder: NullDecoder, EncodedVideoChunk: NullChunk } as unknown as MediaCodecs,
    format,
    codec: 'vp8',
    stream,
    name: 'camera',
    participant: 'bob',
    tracer: undefined,
    subscribedAt: 0,
    sendPli: () => asked.push(now),
    onFirstFrame: () => {},
    onFrame: (frame) => frame.close(),
    onError: () => {},
  });
  const packetizer = format.createPacketizer(seededRandom(1));
  return {
    asked,
    /** A frame in one packet; the lowest bit of a VP8 frame is clear in a key frame. */
    receive(sequenceNumber: number, key: boolean) {
      const [payload] = packetizer.packetize(Uint8Array.of(key ? 0 : 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 1000);
      const bytes = serializeRtp({
        payloadType: 96,
        sequenceNumber,
        timestamp: 3000 * sequenceNumber,
        ssrc: 7,
        marker: true,
        payload: payload!,
      });
      const received = stream.receive(RtpPacket.parse(bytes)!, now);
      if (received !== undefined) receiver.receive(received);
    },
    tick(at: number) {
      now = at;
      stream.dueNacks(at);
      receiver.tick(at);
    },
  };
}

test('a gap that is given up at once is not waited for: a key frame is asked for at the next look', () => {
  const stream = new RtpReceiveStream({ ssrc: 7, clockRate: 90_000, nack: {} });
  const { asked, receive, tick } = receiverOf(stream);
  receive(0, true);
  tick(5);
  receive(1500, false);
  tick(10);
  expect(stream.packetsAbandoned).toBe(1499);
  expect(asked).toEqual([10]);
});

test('a gap that may still be filled is waited for first', () => {
  const { asked, receive, tick } = receiverOf(new RtpReceiveStream({ ssrc: 7, clockRate: 90_000, nack: {} }));
  receive(0, true);
  tick(5);
  receive(3, false);
  for (let at = 10; at <= 240; at += 10) tick(at);
  expect(asked).toEqual([]);
});
