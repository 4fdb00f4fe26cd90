// The temporal layers of the newest frames, for packets that cannot say theirs (fragments of AV1).

import type { PayloadInfo, ReceivedPacket } from '@sluice/rtp';

/** Frames under way at once, with room for retransmissions. */
const REMEMBERED = 16;

/** A ring of what the packets of frames have said. */
export class FrameLayers {
  readonly #timestamps = new Float64Array(REMEMBERED).fill(-1);
  readonly #layers = new Uint8Array(REMEMBERED);
  #next = 0;

  /**
   * The temporal layer of a packet's frame; all packets of a frame have one timestamp. 0 for a packet that cannot say it,
   * where no other of its frame has come before.
   */
  layerOf({ timestamp }: Pick<ReceivedPacket, 'timestamp'>, info: PayloadInfo): number {
    const known = this.#timestamps.indexOf(timestamp);
    if (info.continued) return this.#layers[known] ?? 0;
    if (known < 0) {
      this.#timestamps[this.#next] = timestamp;
      this.#layers[this.#next] = info.temporalLayer;
      this.#next = (this.#next + 1) % REMEMBERED;
    }
    return info.temporalLayer;
  }
}
