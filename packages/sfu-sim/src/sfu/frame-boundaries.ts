// Where the frames of a stream begin, for whoever counts frames and not packets: by what RTP itself says (RFC 3550 §5.1),
// the same for every codec, and out of the hands of a payload that says it of each of its packets.

import type { ReceivedPacket } from '@sluice/rtp';

/** How a packet stands to the frames before it. */
export type FramePosition = 'begins' | 'continues' | 'late';

/** Follows the newest frame of one stream. */
export class FrameBoundaries {
  #newest = Number.NEGATIVE_INFINITY;
  #timestamp: number | undefined;
  #ended = true;

  /** A frame begins at a packet newer than all before it that has another timestamp, or stands behind a marker. */
  place({ sequence, timestamp, marker }: Pick<ReceivedPacket, 'sequence' | 'timestamp' | 'marker'>): FramePosition {
    if (sequence < this.#newest) return timestamp === this.#timestamp ? 'continues' : 'late';
    const begins = this.#ended || timestamp !== this.#timestamp;
    this.#newest = sequence;
    this.#timestamp = timestamp;
    this.#ended = marker;
    return begins ? 'begins' : 'continues';
  }

  /** Another stream follows, with sequence numbers of its own. */
  restart(): void {
    this.#newest = Number.NEGATIVE_INFINITY;
    this.#timestamp = undefined;
    this.#ended = true;
  }
}
