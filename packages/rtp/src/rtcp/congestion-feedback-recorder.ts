// The receiving end of congestion control by RFC 8888: remembers when and how the packets of each stream arrived, by
// RTP sequence number, and makes the feedback that tells the sender.

import { ArgumentError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { ArrivalWindow } from './arrival-window.ts';
import {
  CONGESTION_FEEDBACK_FIXED_SIZE,
  CONGESTION_STREAM_FIXED_SIZE,
  ECN_MARKS,
  ecnCodePoint,
  MAX_STREAM_STATUSES,
  statusesSize,
  tellableOffset,
} from './congestion-feedback.ts';
import type {
  CongestionFeedback,
  CongestionFeedbackArrival,
  CongestionFeedbackStream,
  EcnMark,
} from './feedback-types.ts';
import { clockToNtp, compactNtp } from './ntp.ts';

/** Bounds of what is kept and sent. */
export interface CongestionFeedbackOptions {
  /** Bytes of one feedback packet at most, 24 to 65 535. Default 1000, so that it fits a datagram beside a report. */
  readonly maxPacketSize: Bytes;
  /** Streams kept at most, at least 1; a further one takes the place of the one silent for longest. Default 64. */
  readonly maxStreams: number;
}

export const CONGESTION_FEEDBACK_DEFAULTS: CongestionFeedbackOptions = { maxPacketSize: 1000, maxStreams: 64 };

const MIN_PACKET_SIZE = CONGESTION_FEEDBACK_FIXED_SIZE + CONGESTION_STREAM_FIXED_SIZE + 4;
const MAX_PACKET_SIZE = 0xffff;
/** How long an arrival that was reported is kept, to be reported again beside a late packet. */
const BACK_WINDOW: Milliseconds = 500;
/** A packet this far behind is not late: the sender may have started anew (RFC 3550 §A.1, MAX_DROPOUT). */
const RESTART_DISTANCE = 3000;
/** The mark of a packet in the window is its code point and this, since 0 stands for a packet not received. */
const MARK_OFFSET = 1;

/**
 * Records the arrival of every packet of any number of streams, and turns what is new into feedback by the rules of RFC
 * 8888 §3.1:
 *
 * - Reports on a stream follow each other without a gap; one that covers numbers covered before, because a packet came
 *   late, says again what was received of them. A packet that came so late that this is forgotten (500 ms, or 16 384
 *   numbers) is left out.
 * - Of a packet that came several times the first arrival counts; if any copy was marked `ce` it is reported as marked,
 *   again if it was reported before.
 * - A stream of which nothing new arrived is left out (erratum 7894), which the RFC permits: libwebrtc refuses feedback
 *   that ends with an empty report.
 *
 * When to send is for `CongestionFeedbackPace` to say.
 */
export class CongestionFeedbackRecorder {
  readonly #options: CongestionFeedbackOptions;
  readonly #streams = new Map<number, RecordedStream>();

  /** @throws ArgumentError when an option is out of its range */
  constructor(options: Partial<CongestionFeedbackOptions> = {}) {
    this.#options = { ...CONGESTION_FEEDBACK_DEFAULTS, ...options };
    const { maxPacketSize, maxStreams } = this.#options;
    if (!(maxPacketSize >= MIN_PACKET_SIZE && maxPacketSize <= MAX_PACKET_SIZE)) {
      throw new ArgumentError(
        `The size limit of congestion feedback is ${maxPacketSize}: give bytes from ${MIN_PACKET_SIZE} to ` +
          `${MAX_PACKET_SIZE}.`,
      );
    }
    if (!(maxStreams >= 1)) {
      throw new ArgumentError(`The limit of streams in congestion feedback is ${maxStreams}: give at least 1.`);
    }
  }

  /**
   * A packet has arrived.
   *
   * @param ssrc - 32 bit
   * @param sequenceNumber - RTP sequence number, 16 bit
   * @param arrival - on the clock that `nextFeedback` is given. Ignored unless finite
   * @param ecn - default `not-ect`: unmarked, or not known
   */
  onPacket(ssrc: number, sequenceNumber: number, arrival: Milliseconds, ecn: EcnMark = 'not-ect'): void {
    if (!Number.isFinite(arrival)) return;
    let stream = this.#streams.get(ssrc);
    if (stream === undefined) {
      if (this.#streams.size >= this.#options.maxStreams) this.#forgetMostSilent();
      stream = new RecordedStream();
      this.#streams.set(ssrc, stream);
    }
    stream.onPacket(sequenceNumber, arrival, ecn);
  }

  /**
   * The feedback on all that arrived since the last call, in packets within the size limit; none when nothing did. The
   * numbers between received packets are reported missing, those behind the highest are not yet mentioned.
   *
   * @param senderSsrc - who reports, 32 bit
   * @param now - at least 0, on the clock from which sender reports are made with `clockToNtp`. A packet that arrived
   * later is reported with an unknown time
   */
  nextFeedback(senderSsrc: number, now: Milliseconds): CongestionFeedback[] {
    const { ntpSeconds, ntpFraction } = clockToNtp(now);
    const reportTimestamp = compactNtp(ntpSeconds, ntpFraction);
    const feedback: CongestionFeedback[] = [];
    let streams: CongestionFeedbackStream[] = [];
    let room = 0;
    for (const [ssrc, stream] of this.#streams) {
      while (stream.unreportedCount > 0) {
        if (room < MIN_PACKET_SIZE - CONGESTION_FEEDBACK_FIXED_SIZE) {
          streams = [];
          feedback.push({ type: 'congestion-feedback', senderSsrc, reportTimestamp, streams });
          room = this.#options.maxPacketSize - CONGESTION_FEEDBACK_FIXED_SIZE;
        }
        const maxCount = 2 * Math.floor((room - CONGESTION_STREAM_FIXED_SIZE) / 4);
        const report = stream.report(ssrc, Math.min(maxCount, MAX_STREAM_STATUSES), now);
        streams.push(report);
        room -= CONGESTION_STREAM_FIXED_SIZE + statusesSize(report.packets.length);
      }
    }
    return feedback;
  }

  #forgetMostSilent(): void {
    let mostSilent: number | undefined;
    let earliest = Number.POSITIVE_INFINITY;
    for (const [ssrc, { lastArrival }] of this.#streams) {
      if (lastArrival >= earliest) continue;
      earliest = lastArrival;
      mostSilent = ssrc;
    }
    if (mostSilent !== undefined) this.#streams.delete(mostSilent);
  }
}

/** What is known of one stream. */
class RecordedStream {
  lastArrival: Milliseconds = Number.NEGATIVE_INFINITY;
  #arrivals = new ArrivalWindow(MAX_STREAM_STATUSES);
  /** The sequence number that would show that the sender has started anew. */
  #restart: number | undefined;

  get unreportedCount(): number {
    return this.#arrivals.end - this.#arrivals.unreported;
  }

  onPacket(sequenceNumber: number, arrival: Milliseconds, ecn: EcnMark): void {
    this.lastArrival = Math.max(this.lastArrival, arrival);
    if (this.#isRestart(sequenceNumber)) this.#arrivals = new ArrivalWindow(MAX_STREAM_STATUSES);
    const arrivals = this.#arrivals;
    const sequence = arrivals.unwrap(sequenceNumber);
    arrivals.forgetReported(sequence, arrival - BACK_WINDOW);
    if (!arrivals.knowsSince(sequence)) return;
    const isFirst = arrivals.add(sequence, arrival, ecnCodePoint(ecn) + MARK_OFFSET);
    if (!isFirst && ecn === 'ce') this.#markCongestion(sequence);
  }

  /** The next statuses, at most `maxCount`; the last one of all is of a received packet. */
  report(ssrc: number, maxCount: number, now: Milliseconds): CongestionFeedbackStream {
    const arrivals = this.#arrivals;
    const begin = arrivals.unreported;
    const end = Math.min(arrivals.end, begin + maxCount);
    const packets: (CongestionFeedbackArrival | undefined)[] = [];
    for (let sequence = begin; sequence < end; sequence++) {
      const mark = arrivals.mark(sequence);
      const ecn = ECN_MARKS[mark - MARK_OFFSET];
      packets.push(ecn && { ecn, arrivalOffset: tellableOffset(now - arrivals.time(sequence)) });
    }
    arrivals.reportedBefore(end);
    return { ssrc, beginSequence: begin & 0xffff, packets };
  }

  /** Whether this is the second of two packets in sequence, both far behind all others (RFC 3550 §A.1). */
  #isRestart(sequenceNumber: number): boolean {
    const isRestart = sequenceNumber === this.#restart;
    const isFarBehind = this.#arrivals.distance(sequenceNumber) < -RESTART_DISTANCE;
    this.#restart = isFarBehind && !isRestart ? (sequenceNumber + 1) & 0xffff : undefined;
    return isRestart;
  }

  /** A further copy of a packet was marked. */
  #markCongestion(sequence: number): void {
    const mark = ecnCodePoint('ce') + MARK_OFFSET;
    const known = this.#arrivals.mark(sequence);
    if (known !== 0 && known !== mark) this.#arrivals.remark(sequence, mark);
  }
}
