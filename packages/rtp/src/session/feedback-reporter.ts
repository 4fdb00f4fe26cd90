// The receiving end's half of congestion control: what arrived when, told in one of two ways.

import {
  CONGESTION_FEEDBACK_FIXED_SIZE,
  CONGESTION_STREAM_FIXED_SIZE,
  statusesSize,
} from '../rtcp/congestion-feedback.ts';
import { CongestionFeedbackPace } from '../rtcp/congestion-feedback-pace.ts';
import { CongestionFeedbackRecorder } from '../rtcp/congestion-feedback-recorder.ts';
import type { CongestionFeedback, CongestionFeedbackFormat } from '../rtcp/feedback-types.ts';
import type { RtcpPacket } from '../rtcp/packets.ts';
import { feedbackInterval, TransportFeedbackRecorder } from '../rtcp/transport-feedback-recorder.ts';
import type { RtpPacket } from '../rtp/packet.ts';
import { RateMeter } from '../rtp/rate-meter.ts';
import type { Bytes, Milliseconds } from '../units.ts';

/** A stream may have two more that repair it, and a subscriber gets many. */
const MAX_STREAMS = 512;
/** IPv4 and UDP. */
const NETWORK_HEADERS: Bytes = 28;

/** Records the packets of one transport and makes the feedback on them. */
export class FeedbackReporter {
  #recorder: Recorder = new TransportRecorder();
  #format: CongestionFeedbackFormat = 'transport-cc';

  /** How to tell; a change forgets what has not been told. Default `transport-cc`. */
  get format(): CongestionFeedbackFormat {
    return this.#format;
  }

  set format(format: CongestionFeedbackFormat) {
    if (format === this.#format) return;
    this.#format = format;
    this.#recorder = format === 'ccfb' ? new StreamRecorder() : new TransportRecorder();
  }

  /** @param extensionId - of the transport-wide sequence number; `undefined` where it was not negotiated */
  onPacket(packet: RtpPacket, extensionId: number | undefined, arrival: Milliseconds): void {
    this.#recorder.onPacket(packet, extensionId, arrival);
  }

  /** The feedback to send now; empty while it is not time or nothing came. */
  due(now: Milliseconds, senderSsrc: number): RtcpPacket[] {
    return this.#recorder.due(now, senderSsrc);
  }
}

type Recorder = Pick<FeedbackReporter, 'onPacket' | 'due'>;

class TransportRecorder implements Recorder {
  readonly #recorder = new TransportFeedbackRecorder();
  readonly #received = new RateMeter();
  #mediaSsrc: number | undefined;
  #lastFeedback: Milliseconds = Number.NEGATIVE_INFINITY;

  onPacket(packet: RtpPacket, extensionId: number | undefined, arrival: Milliseconds): void {
    const sequence = extensionId === undefined ? undefined : packet.extensionUint16(extensionId);
    if (sequence === undefined) return;
    this.#mediaSsrc = packet.ssrc;
    this.#recorder.onPacket(sequence, arrival);
    this.#received.add(packet.size, arrival);
  }

  due(now: Milliseconds, senderSsrc: number): RtcpPacket[] {
    if (this.#mediaSsrc === undefined || now - this.#lastFeedback < feedbackInterval(this.#received.rate(now)))
      return [];
    this.#lastFeedback = now;
    return this.#recorder.nextFeedback(senderSsrc, this.#mediaSsrc);
  }
}

class StreamRecorder implements Recorder {
  readonly #recorder = new CongestionFeedbackRecorder({ maxStreams: MAX_STREAMS });
  readonly #pace = new CongestionFeedbackPace();

  onPacket(packet: RtpPacket, _extensionId: number | undefined, arrival: Milliseconds): void {
    this.#recorder.onPacket(packet.ssrc, packet.sequenceNumber, arrival);
    this.#pace.onPacket(arrival, packet.marker);
  }

  due(now: Milliseconds, senderSsrc: number): RtcpPacket[] {
    const { dueAt } = this.#pace;
    if (dueAt === undefined || now < dueAt) return [];
    const feedback = this.#recorder.nextFeedback(senderSsrc, now);
    this.#pace.onFeedback(sizeOf(feedback), now);
    return feedback;
  }
}

function sizeOf(feedback: readonly CongestionFeedback[]): Bytes {
  let size: Bytes = NETWORK_HEADERS;
  for (const { streams } of feedback) {
    size += CONGESTION_FEEDBACK_FIXED_SIZE;
    for (const { packets } of streams) size += CONGESTION_STREAM_FIXED_SIZE + statusesSize(packets.length);
  }
  return size;
}
