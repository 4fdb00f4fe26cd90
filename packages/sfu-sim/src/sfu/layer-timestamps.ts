// The timestamps of one subscriber's stream, which go strictly forward and are true to when frames were captured, whatever
// layers follow one another.

import { type Milliseconds, type ReceivedPacket, TimestampRewriter } from '@sluice/rtp';
import type { ProducerLayer } from './producer-layer.ts';

/**
 * Encodings whose sender reports agree to within this that they share an RTP clock do share it: two random origins would
 * agree by chance in one case of 95 000.
 */
const SHARED_CLOCK_TOLERANCE: Milliseconds = 250;

/** What is needed of a packet. */
type Timed = Pick<ReceivedPacket, 'timestamp' | 'arrival'>;

/** The newest packet that was forwarded: what the timestamps of a new layer are lined up with. */
interface Anchor {
  readonly layer: ProducerLayer;
  /** The layer's stream at that time: its RTP clock is not that of a later one. */
  readonly stream: ProducerLayer['stream'];
  readonly timestamp: number;
  readonly arrival: Milliseconds;
}

/** Lines up the layers of a producer for one subscriber. */
export class LayerTimestamps {
  readonly #timestamps = new TimestampRewriter();
  #anchor: Anchor | undefined;

  /** What is added to the current layer's timestamps. */
  get offset(): number {
    return this.#timestamps.offset;
  }

  /** When the newest packet that was forwarded had come; `undefined` before the first. */
  get newestArrival(): Milliseconds | undefined {
    return this.#anchor?.arrival;
  }

  /** That packet of a layer is the next, and what follows is of this layer. */
  splice(layer: ProducerLayer, packet: Timed): void {
    this.#timestamps.splice(packet.timestamp, this.#lineUp(layer, packet));
  }

  /** The subscriber's timestamp for one of the current layer. */
  map(timestamp: number): number {
    return this.#timestamps.map(timestamp);
  }

  /** How much later than it was captured the subscriber's timestamp says, in ticks. */
  lagOf(timestamp: number): number {
    return this.#timestamps.lagOf(timestamp);
  }

  /** That packet of the current layer was forwarded. */
  onForwarded(layer: ProducerLayer, { timestamp, arrival }: Timed): void {
    const anchor = this.#anchor;
    const isNewer = anchor === undefined || anchor.stream !== layer.stream || ((timestamp - anchor.timestamp) | 0) > 0;
    if (isNewer) this.#anchor = { layer, stream: layer.stream, timestamp, arrival };
  }

  /** The output for a new layer's first timestamp that is true to when it was captured. */
  #lineUp(layer: ProducerLayer, { timestamp, arrival }: Timed): number {
    const anchor = this.#anchor;
    if (anchor === undefined) return timestamp;
    const before = anchor.stream === anchor.layer.stream ? anchor.layer.captureTime(anchor.timestamp) : undefined;
    const after = layer.captureTime(timestamp);
    // Sender reports tell the true distance (RFC 3550 §6.4.1); the arrivals are the next best thing.
    const elapsed = before !== undefined && after !== undefined ? after - before : arrival - anchor.arrival;
    const told = Math.round((elapsed * layer.clockRate) / 1000);
    // When a frame was captured a publisher only estimates, better and better: reports of different times differ by that.
    // On one clock, timestamps tell it exactly, and the same picture is the same picture in both encodings.
    const counted = (timestamp - anchor.timestamp) | 0;
    const shared = before !== undefined && Math.abs(told - counted) < (SHARED_CLOCK_TOLERANCE * layer.clockRate) / 1000;
    return (anchor.timestamp + this.offset + (shared ? counted : told)) >>> 0;
  }
}
