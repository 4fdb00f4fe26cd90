// The bytes of a pcapng file in the making (draft-ietf-opsawg-pcapng §3): blocks and options, little-endian, in chunks.

import type { Bytes } from '@sluice/rtp';

const CHUNK_SIZE: Bytes = 64 * 1024;
/** Type and length in front of a block, its length again behind it. */
const BLOCK_OVERHEAD: Bytes = 12;
const END_OF_OPTIONS = 0;

const encoder = new TextEncoder();

/** Collects blocks until they are taken. A block is never split over two chunks. */
export class CaptureBuffer {
  readonly #maxPending: Bytes;
  #chunks: Uint8Array[] = [];
  #chunkBytes: Bytes = 0;
  #current = new Uint8Array(0);
  #view = new DataView(this.#current.buffer);
  #length = 0;
  #blockStart = 0;

  /** @param maxPending - how many bytes may wait before the buffer says that it is full */
  constructor(maxPending: Bytes) {
    this.#maxPending = maxPending;
  }

  /** Whether as many bytes wait as may. */
  get full(): boolean {
    return this.#chunkBytes + this.#length >= this.#maxPending;
  }

  /** The bytes since the last call; they belong to the caller. */
  take(): Uint8Array[] {
    this.#finishChunk();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#chunkBytes = 0;
    return chunks;
  }

  /**
   * Begins a block.
   *
   * @param maxSize - the most bytes that its body can have
   */
  begin(type: number, maxSize: Bytes): void {
    const needed = maxSize + BLOCK_OVERHEAD;
    if (this.#length + needed > this.#current.length) {
      this.#finishChunk();
      this.#current = new Uint8Array(Math.max(CHUNK_SIZE, needed));
      this.#view = new DataView(this.#current.buffer);
    }
    this.#blockStart = this.#length;
    this.uint32(type);
    this.uint32(0);
  }

  /** Ends the block: writes its length in front and behind. */
  end(): void {
    const size = this.#length + 4 - this.#blockStart;
    this.#view.setUint32(this.#blockStart + 4, size, true);
    this.uint32(size);
  }

  /** Appends 16 bits. */
  uint16(value: number): void {
    this.#view.setUint16(this.#length, value, true);
    this.#length += 2;
  }

  /** Appends 32 bits. */
  uint32(value: number): void {
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** Appends `size` zeros, and gives the place where they are. */
  reserve(size: Bytes): Uint8Array {
    const place = this.#current.subarray(this.#length, this.#length + size);
    this.#length += size;
    return place;
  }

  /** Appends zeros up to the next 32-bit boundary. Chunks begin at one. */
  align(): void {
    this.#length = (this.#length + 3) & ~3;
  }

  /** Appends an option of text in UTF-8, its first 65 535 bytes. */
  textOption(code: number, text: string): void {
    const bytes = encoder.encode(text).subarray(0, 0xffff);
    this.uint16(code);
    this.uint16(bytes.length);
    this.reserve(bytes.length).set(bytes);
    this.align();
  }

  /** Appends an option whose value is a number of `size` bytes, below 2^32. */
  numberOption(code: number, value: number, size: 1 | 4 | 8): void {
    this.uint16(code);
    this.uint16(size);
    this.uint32(value);
    if (size === 8) this.uint32(0);
  }

  /** Ends the options of the block. */
  endOptions(): void {
    this.uint16(END_OF_OPTIONS);
    this.uint16(0);
  }

  #finishChunk(): void {
    if (this.#length > 0) {
      this.#chunks.push(this.#current.subarray(0, this.#length));
      this.#chunkBytes += this.#length;
    }
    this.#current = new Uint8Array(0);
    this.#view = new DataView(this.#current.buffer);
    this.#length = 0;
  }
}
