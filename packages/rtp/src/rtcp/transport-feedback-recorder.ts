// The receiving end of transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01): remembers
// when packets arrived and makes the feedback that tells the sender.

import type { BitsPerSecond, Milliseconds } from '../units.ts';
import { ArrivalWindow } from './arrival-window.ts';
import type { TransportFeedback } from './feedback-types.ts';
import { ARRIVAL_TICKS_PER_MILLISECOND, deltaSize, REFERENCE_TIME_STEP } from './transport-feedback.ts';

/** How long an arrival that was reported is kept, to be reported again beside a late packet. */
const BACK_WINDOW: Milliseconds = 500;
/** Sequence numbers kept at most: what 16 bits can tell apart. */
const MAX_SPAN = 2 ** 15;
/** Packets reported missing in a row at most. */
const MAX_MISSING = 0x7ffe;
/** Bytes of one feedback packet at most, so that it fits a datagram beside a report. */
const MAX_FEEDBACK_SIZE = 1000;

const TICKS_PER_REFERENCE_STEP = REFERENCE_TIME_STEP * ARRIVAL_TICKS_PER_MILLISECOND;
const RECEIVED = 1;

/**
 * Records the arrival of every packet of one transport, by its transport-wide sequence number, and turns what is new into
 * feedback. Only the first arrival of a packet counts. A packet that arrives after higher numbers were reported is
 * reported together with everything behind it, so the sender must put up with statuses it has seen.
 */
export class TransportFeedbackRecorder {
  /** Arrival times in ticks. */
  readonly #arrivals = new ArrivalWindow(MAX_SPAN);
  #feedbackCount = 0;

  /**
   * A packet has arrived.
   *
   * @param transportSequence - 16 bit
   * @param arrival - on the receiver's clock; only differences matter to the sender. Ignored unless finite
   */
  onPacket(transportSequence: number, arrival: Milliseconds): void {
    if (!Number.isFinite(arrival)) return;
    const sequence = this.#arrivals.unwrap(transportSequence);
    this.#arrivals.forgetReported(sequence, (arrival - BACK_WINDOW) * ARRIVAL_TICKS_PER_MILLISECOND);
    this.#arrivals.add(sequence, Math.round(arrival * ARRIVAL_TICKS_PER_MILLISECOND), RECEIVED);
  }

  /**
   * The feedback on all that arrived since the last call, in packets of at most 1000 bytes; none when nothing did. The
   * numbers between received packets are reported missing, those behind the highest are not yet mentioned.
   *
   * @param senderSsrc - who reports, 32 bit
   * @param mediaSsrc - any stream of the transport, 32 bit
   */
  nextFeedback(senderSsrc: number, mediaSsrc: number): TransportFeedback[] {
    const feedback: TransportFeedback[] = [];
    const arrivals = this.#arrivals;
    while (arrivals.unreported < arrivals.end) {
      const first = arrivals.nextReceived(arrivals.unreported);
      const base = Math.max(arrivals.unreported, first - MAX_MISSING);
      const referenceSteps = Math.floor(arrivals.time(first) / TICKS_PER_REFERENCE_STEP);
      const packets = this.#statuses(base, first, referenceSteps * TICKS_PER_REFERENCE_STEP);
      feedback.push({
        type: 'transport-feedback',
        senderSsrc,
        mediaSsrc,
        baseSequence: base & 0xffff,
        feedbackCount: this.#feedbackCount,
        referenceTime: ((referenceSteps << 8) >> 8) * REFERENCE_TIME_STEP,
        hasArrivalTimes: true,
        packets,
      });
      this.#feedbackCount = (this.#feedbackCount + 1) & 0xff;
      arrivals.reportedBefore(base + packets.length);
    }
    return feedback;
  }

  /** As many statuses from `base` on as one packet holds, of which `first` is received; so is the last one. */
  #statuses(base: number, first: number, referenceTicks: number): (Milliseconds | undefined)[] {
    const arrivals = this.#arrivals;
    const packets: (Milliseconds | undefined)[] = [];
    const size = new FeedbackSize();
    let previousTicks = referenceTicks;
    for (let next = first; next < arrivals.end; next = arrivals.nextReceived(next + 1)) {
      const ticks = arrivals.time(next);
      const bytes = deltaSize(ticks - previousTicks);
      const missing = next - base - packets.length;
      if (bytes === undefined || !size.add(missing, bytes)) break;
      for (let i = 0; i < missing; i++) packets.push(undefined);
      packets.push((ticks - referenceTicks) / ARRIVAL_TICKS_PER_MILLISECOND);
      previousTicks = ticks;
    }
    return packets;
  }
}

/**
 * How long to wait between feedback packets, in ms: 68 bytes each (headers, authentication tag, an average report) may
 * take 5 % of what is received, but never more often than every 50 ms nor more rarely than every 250 ms. 100 ms while
 * that is not known.
 */
export function feedbackInterval(received: BitsPerSecond | undefined): Milliseconds {
  if (received === undefined) return 100;
  return Math.max(50, Math.min(250, (68 * 8 * 1000) / (0.05 * received)));
}

/** An upper bound of the size of a feedback packet while statuses are added to it. */
class FeedbackSize {
  /** Header, fixed fields, the six short runs that an end may take, and the fill. */
  #fixed = 20 + 6 * 2 + 2;
  #symbols = 0;

  /** Adds `missing` packets and a received one with its delta, unless that is too much. */
  add(missing: number, deltaBytes: number): boolean {
    // A chunk holds at least 7 symbols; but seven chunks do for any gap, since a run holds 8191.
    const symbols = this.#symbols + Math.min(missing, 7 * 7) + 1;
    const fixed = this.#fixed + deltaBytes;
    if (fixed + 2 * Math.ceil(symbols / 7) > MAX_FEEDBACK_SIZE) return false;
    this.#symbols = symbols;
    this.#fixed = fixed;
    return true;
  }
}
