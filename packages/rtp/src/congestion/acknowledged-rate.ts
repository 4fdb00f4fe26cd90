// What arrives at the other end, in bit/s: the smaller of the rates at which the last second or so was sent and was
// received, robust against one gap and against reordering (libwebrtc's robust_throughput_estimator).

import type { BitsPerSecond, Bytes, Milliseconds } from '../units.ts';
import type { PacketResult } from './controller.ts';

export interface AcknowledgedRateOptions {
  /** The window keeps at least so many packets, even when they span more than `minWindow`. Default 20. */
  readonly minPackets: number;
  /** Default 500. */
  readonly maxPackets: number;
  /** Default 1000 ms. */
  readonly minWindow: Milliseconds;
  /** Default 5000 ms. */
  readonly maxWindow: Milliseconds;
  /** How much of the window `recentBitrate` looks at. Default 200 ms; infinite: all of it, as in libwebrtc. */
  readonly recentWindow: Milliseconds;
  /** With fewer packets there is no rate. Default 10. */
  readonly requiredPackets: number;
  /** A packet that arrived this much before the latest one clears the window: the clock has changed. Default 1000 ms. */
  readonly maxReordering: Milliseconds;
  /** Intervals count as this long at least. Default 1 ms. */
  readonly minInterval: Milliseconds;
}

export const ACKNOWLEDGED_RATE_DEFAULTS: AcknowledgedRateOptions = {
  minPackets: 20,
  maxPackets: 500,
  minWindow: 1_000,
  maxWindow: 5_000,
  recentWindow: 200,
  requiredPackets: 10,
  maxReordering: 1_000,
  minInterval: 1,
};

interface Arrival {
  readonly size: Bytes;
  readonly sentAt: Milliseconds;
  readonly receivedAt: Milliseconds;
}

export class AcknowledgedRate {
  readonly #options: AcknowledgedRateOptions;
  /** In order of reception, the discarded ones before `#first` included until there are too many of them. */
  #window: Arrival[] = [];
  #first = 0;
  #latestDiscardedSend = Number.NEGATIVE_INFINITY;

  constructor(options: AcknowledgedRateOptions = ACKNOWLEDGED_RATE_DEFAULTS) {
    this.#options = options;
  }

  /** Takes in what a feedback reports; lost packets are passed over. */
  onFeedback(packets: readonly PacketResult[]): void {
    for (const { size, sentAt, receivedAt } of packets) {
      if (receivedAt !== undefined) this.#insert({ size, sentAt, receivedAt });
    }
    this.#discard();
  }

  /** Over the whole window, a second or more. Undefined while too little has arrived. */
  get bitrate(): BitsPerSecond | undefined {
    return this.#rateSince(this.#first);
  }

  /**
   * Over the last moments only. While a queue is growing that is what the bottleneck carries now, whereas the whole window
   * still remembers what it carried, or was given, before a change. Undefined while too little has arrived.
   */
  get recentBitrate(): BitsPerSecond | undefined {
    const { recentWindow, requiredPackets } = this.#options;
    const window = this.#window;
    const latest = window[window.length - 1]?.receivedAt ?? 0;
    let start = window.length - requiredPackets;
    while (start > this.#first && latest - (window[start - 1]?.receivedAt ?? 0) <= recentWindow) start--;
    return this.#rateSince(Math.max(start, this.#first));
  }

  #rateSince(start: number): BitsPerSecond | undefined {
    const window = this.#window;
    const first = window[start];
    const last = window[window.length - 1];
    if (first === undefined || last === undefined) return undefined;
    if (window.length - start < this.#options.requiredPackets) return undefined;

    let received: Bytes = 0;
    let sent: Bytes = 0;
    let sentPackets = 0;
    let firstSend: Milliseconds = Number.POSITIVE_INFINITY;
    let lastSent: Arrival | undefined;
    let largestGap: Milliseconds = 0;
    let secondGap: Milliseconds = 0;
    let previous = first;
    for (let i = start; i < window.length; i++) {
      const packet = window[i] ?? last;
      const gap = packet.receivedAt - previous.receivedAt;
      if (gap > largestGap) {
        secondGap = largestGap;
        largestGap = gap;
      } else if (gap > secondGap) {
        secondGap = gap;
      }
      previous = packet;
      received += packet.size;

      // Sent before one that has left the window: reordered, it would stretch the interval of sending.
      if (packet.sentAt < this.#latestDiscardedSend) continue;
      sentPackets++;
      sent += packet.size;
      firstSend = Math.min(firstSend, packet.sentAt);
      if (lastSent === undefined || packet.sentAt >= lastSent.sentAt) lastSent = packet;
    }

    // N packets span N - 1 intervals: the first one received and the last one sent do not count.
    const receiveInterval = last.receivedAt - first.receivedAt - largestGap + secondGap;
    const receiveRate = this.#rate(received - first.size, receiveInterval);
    if (lastSent === undefined || sentPackets < this.#options.requiredPackets) return receiveRate;
    return Math.min(receiveRate, this.#rate(sent - lastSent.size, lastSent.sentAt - firstSend));
  }

  #insert(arrival: Arrival): void {
    const window = this.#window;
    const latest = window[window.length - 1];
    if (latest !== undefined && latest.receivedAt - arrival.receivedAt > this.#options.maxReordering) {
      window.length = 0;
      this.#first = 0;
      this.#latestDiscardedSend = Number.NEGATIVE_INFINITY;
    }
    let at = window.length;
    while (at > this.#first && (window[at - 1]?.receivedAt ?? 0) > arrival.receivedAt) at--;
    if (at === window.length) window.push(arrival);
    else window.splice(at, 0, arrival);
  }

  #discard(): void {
    const { minPackets, maxPackets, minWindow, maxWindow } = this.#options;
    const window = this.#window;
    const latest = window[window.length - 1];
    if (latest === undefined) return;
    for (; this.#first < window.length; this.#first++) {
      const { sentAt, receivedAt } = window[this.#first] ?? latest;
      const kept = window.length - this.#first;
      const span = latest.receivedAt - receivedAt;
      if (kept <= maxPackets && span <= maxWindow && (kept <= minPackets || span <= minWindow)) break;
      this.#latestDiscardedSend = Math.max(this.#latestDiscardedSend, sentAt);
    }
    if (this.#first <= maxPackets) return;
    this.#window = window.slice(this.#first);
    this.#first = 0;
  }

  #rate(bytes: Bytes, interval: Milliseconds): BitsPerSecond {
    return (bytes * 8_000) / Math.max(interval, this.#options.minInterval);
  }
}
