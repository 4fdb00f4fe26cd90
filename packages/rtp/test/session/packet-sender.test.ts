// Two ends of a transport: what leaves is paced and counted, what arrives is reported, and the report finds its way back.

import {
  type Clock,
  FeedbackReporter,
  GoogleCongestionControl,
  PacketSender,
  parseRtcp,
  type RtpFields,
  RtpPacket,
  RtpSendStream,
  readTransportSequence,
  serializeRtcp,
} from '@sluice/rtp';
import { expect, test } from 'vitest';

/** A clock that a test moves by hand. */
class HandClock implements Clock {
  #now = 0;
  #timers: { due: number; callback: () => void }[] = [];

  now() {
    return this.#now;
  }

  setTimeout(callback: () => void, delay: number) {
    const timer = { due: this.#now + Math.max(0, delay), callback };
    this.#timers.push(timer);
    return timer;
  }

  clearTimeout(handle: unknown) {
    this.#timers = this.#timers.filter((timer) => timer !== handle);
  }

  get pending() {
    return this.#timers.length;
  }

  advance(duration: number) {
    const end = this.#now + duration;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.due - b.due)[0];
      if (next === undefined || next.due > end) break;
      this.clearTimeout(next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
    }
    this.#now = end;
  }
}

const IDS = { absSendTime: 4, transportSequence: 5 };

function media(sequenceNumber: number, size = 1000): RtpFields {
  const payload = new Uint8Array(size);
  return { payloadType: 96, sequenceNumber, timestamp: 0, ssrc: 7, marker: false, payload };
}

test('without congestion control packets leave at once, numbered over all streams', () => {
  const sent: RtpPacket[] = [];
  const sender = new PacketSender({ clock: new HandClock(), send: (bytes) => sent.push(RtpPacket.parse(bytes)!) });
  for (const ssrc of [1, 2, 1]) sender.send({ ...media(10), ssrc }, IDS, 'video');
  expect(sent.map((packet) => readTransportSequence(packet.extension(5)!))).toEqual([0, 1, 2]);
  expect(sent.map((packet) => packet.extension(4)?.length)).toEqual([3, 3, 3]);
  sender.send(media(11), {}, 'video');
  expect(sent[3]?.extensions).toEqual([]);
});

test('with it they are spread over time, audio first, and nothing is left behind', () => {
  const clock = new HandClock();
  const sent: { at: number; type: number }[] = [];
  const sender = new PacketSender({
    clock,
    send: (bytes) => sent.push({ at: clock.now(), type: RtpPacket.parse(bytes)!.payloadType }),
    congestion: new GoogleCongestionControl({ startBitrate: 400_000 }),
  });
  for (let i = 0; i < 50; i++) sender.send(media(i), IDS, 'video');
  sender.send({ ...media(0, 80), payloadType: 111 }, IDS, 'audio');
  expect(sent.at(-1)).toEqual({ at: 0, type: 111 });
  clock.advance(1000);
  expect(sent.length).toBe(51);
  // 50 packets of a good 1000 bytes at 2.5 × 400 kbit/s, the factor before the first feedback.
  expect(sent.at(-1)?.at).toBeGreaterThan(350);
  expect(sent.at(-1)?.at).toBeLessThan(450);
  expect(sender.statistics.queueSize).toBe(0);
});

test('feedback closes the loop: on a wide link the estimate rises far above its start', () => {
  const clock = new HandClock();
  const reporter = new FeedbackReporter();
  const congestion = new GoogleCongestionControl({ startBitrate: 300_000 });
  const sender: PacketSender = new PacketSender({
    clock,
    congestion,
    send: (bytes) => {
      const arrival = clock.now() + 20;
      clock.setTimeout(() => reporter.onPacket(RtpPacket.parse(bytes)!, 5, arrival), 20);
    },
  });
  const rtx = { ssrc: 8, payloadType: 97, firstSequenceNumber: 0 };
  const stream = new RtpSendStream({ ssrc: 7, payloadType: 96, rtx });
  sender.add({
    kind: 'video',
    stream,
    extensionIds: IDS,
    cname: 'test',
    onKeyFrameRequest: () => {},
    dueSenderReport: () => undefined,
  });
  for (let i = 0; i < 200; i++) {
    sender.send(stream.send(i, 0, false, new Uint8Array(1000), clock.now()), IDS, 'video');
    sender.tick(clock.now());
    const feedback = reporter.due(clock.now(), 1);
    if (feedback.length > 0) {
      for (const packet of parseRtcp(serializeRtcp(feedback)).packets) {
        sender.onRtcp(packet);
      }
    }
    clock.advance(20);
  }
  expect(congestion.rtt).toBeGreaterThanOrEqual(20);
  expect(congestion.targetBitrate).toBeGreaterThan(2_000_000);
});

test('close: nothing more is sent, and no timer is left', () => {
  const clock = new HandClock();
  let sent = 0;
  const sender = new PacketSender({
    clock,
    send: () => {
      sent += 1;
    },
    congestion: new GoogleCongestionControl(),
  });
  for (let i = 0; i < 20; i++) sender.send(media(i), IDS, 'video');
  const before = sent;
  sender.close();
  expect(clock.pending).toBe(0);
  clock.advance(5000);
  expect(sent).toBe(before);
});
