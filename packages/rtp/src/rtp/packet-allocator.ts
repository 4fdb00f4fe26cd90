// Memory for outgoing packets.

import type { Bytes } from '../units.ts';

const SLAB_SIZE: Bytes = 32_768;

/**
 * Cuts packets out of larger buffers: a buffer for each packet would cost several times as much as writing the packet.
 * What it hands out shares its `ArrayBuffer` with other packets, so that it must not be transferred to another thread, and
 * keeps that alive for as long as it is kept itself.
 */
export class PacketAllocator {
  #slab = new Uint8Array(0);
  #used: Bytes = 0;

  /** `size` bytes of zeros; they begin at a multiple of four, to be read in words. */
  allocate(size: Bytes): Uint8Array {
    if (size > SLAB_SIZE) return new Uint8Array(size);
    if (this.#used + size > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_SIZE);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used = (start + size + 3) & ~3;
    return this.#slab.subarray(start, start + size);
  }
}
