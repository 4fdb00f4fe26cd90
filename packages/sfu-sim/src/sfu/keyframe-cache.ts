// What a newcomer is shown at once: the newest key frame of one stream and everything after it, whole or not at all.

import type { Milliseconds, PayloadInfo, ReceivedPacket } from '@sluice/rtp';

/** Bounds of a `KeyframeCache`. */
export interface KeyframeCacheOptions {
  /** Payload bytes of one key frame; a larger one is not cached. Default 200 000. */
  readonly maxKeyFrameBytes?: number;
  /** Packets of a burst. Default 512. */
  readonly maxPackets?: number;
  /** Payload bytes of a burst. Default 2 MiB. */
  readonly maxBytes?: number;
  /** Age of the key frame; an older one is not replayed, as catching up would take too long. Default 5000 ms. */
  readonly maxAge?: Milliseconds;
}

/** A key frame that began longer ago and is not whole yet may never be. */
const MAX_ARRIVAL: Milliseconds = 200;

/** A packet with what its payload says. */
export interface ForwardedPacket {
  readonly packet: ReceivedPacket;
  /** `undefined` for a packet of padding alone. */
  readonly info: PayloadInfo | undefined;
  /** The policy of the SFU leaves it out: nobody gets it, and nobody waits for it. */
  readonly withheld?: boolean;
}

/** What a cache has done so far. */
export interface KeyframeCacheStats {
  readonly packets: number;
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
  readonly overflows: number;
}

/**
 * Keeps the packets of one stream from its newest whole key frame on, in sequence order. Packets may come in any order;
 * a hole in them makes `replay` miss until it is filled or a newer key frame is whole.
 */
export class KeyframeCache {
  readonly #maxKeyFrameBytes: number;
  readonly #maxPackets: number;
  readonly #maxBytes: number;
  readonly #maxAge: Milliseconds;
  /** The packets from `#start` on, `undefined` where one has not come. */
  #run: (ForwardedPacket | undefined)[] = [];
  #packets = 0;
  /** Where the run begins: a key frame's first packet; `undefined` while there is none. */
  #start: number | undefined;
  /** The newest packet seen, in the run or not. */
  #end = Number.NEGATIVE_INFINITY;
  /** Packets before this one are from before a purge. */
  #floor = Number.NEGATIVE_INFINITY;
  /** The newest packet that was seen and is not kept, below the run or in it. */
  #skipped = Number.NEGATIVE_INFINITY;
  #bytes = 0;
  /** Payload bytes of the key frame at the start, once it is whole. */
  #keyFrameBytes: number | undefined;
  /** Newer key frames in the run that are not whole yet, ascending. */
  #candidates: number[] = [];
  #hits = 0;
  #misses = 0;
  #overflows = 0;

  constructor(options: KeyframeCacheOptions = {}) {
    this.#maxKeyFrameBytes = options.maxKeyFrameBytes ?? 200_000;
    this.#maxPackets = options.maxPackets ?? 512;
    this.#maxBytes = options.maxBytes ?? 2 * 1024 * 1024;
    this.#maxAge = options.maxAge ?? 5000;
  }

  get stats(): KeyframeCacheStats {
    return {
      packets: this.#packets,
      bytes: this.#bytes,
      hits: this.#hits,
      misses: this.#misses,
      overflows: this.#overflows,
    };
  }

  /** Takes a packet of the stream. */
  push(forwarded: ForwardedPacket): void {
    const { packet, info } = forwarded;
    if (packet.sequence < this.#floor) return;
    this.#end = Math.max(this.#end, packet.sequence);
    if (this.#start === undefined) {
      if (!info?.keyFrameStart) {
        this.#skipped = Math.max(this.#skipped, packet.sequence);
        return;
      }
      this.#start = packet.sequence;
    }
    const place = packet.sequence - this.#start;
    if (place < 0 || this.#run[place] !== undefined) return;
    this.#run[place] = forwarded;
    this.#packets += 1;
    this.#bytes += packet.payload.length;
    if (info?.keyFrameStart && packet.sequence > this.#start) {
      this.#candidates.push(packet.sequence);
      this.#candidates.sort((a, b) => a - b);
    }
    this.#keyFrameBytes ??= this.#wholeFrameBytes(this.#start);
    this.#promoteNewestWholeKeyFrame();
    this.#enforceBounds();
  }

  /**
   * The packets after the one of that sequence that have come already, in sequence order, or `undefined` where some of
   * them are not kept.
   */
  following(sequence: number): ForwardedPacket[] | undefined {
    if (sequence >= this.#end) return [];
    if (this.#start === undefined || sequence < this.#start || sequence < this.#skipped) return undefined;
    const following: ForwardedPacket[] = [];
    for (const forwarded of this.#run.slice(sequence + 1 - this.#start)) {
      if (forwarded !== undefined) following.push(forwarded);
    }
    return following;
  }

  /** Whether a key frame has begun to arrive and is not whole yet: a replay is a matter of milliseconds. */
  isKeyFrameArriving(now: Milliseconds): boolean {
    const start = this.#start;
    const newest = this.#candidates.at(-1) ?? (this.#keyFrameBytes === undefined ? start : undefined);
    if (start === undefined || newest === undefined) return false;
    const began = this.#run[newest - start]?.packet.arrival ?? Number.NEGATIVE_INFINITY;
    return now - began < MAX_ARRIVAL;
  }

  /** Forgets everything: the stream ended or paused, and what is here or still to come late must not be shown any more. */
  purge(): void {
    this.#clear();
    this.#floor = this.#end + 1;
  }

  /** Forgets everything: another stream follows, with sequence numbers of its own. */
  restart(): void {
    this.#end = Number.NEGATIVE_INFINITY;
    this.#clear();
    this.#floor = Number.NEGATIVE_INFINITY;
  }

  /** The whole burst in sequence order, or `undefined`; either way it is counted. */
  replay(now: Milliseconds): ForwardedPacket[] | undefined {
    const burst = this.#burst(now);
    if (burst === undefined) this.#misses += 1;
    else this.#hits += 1;
    return burst;
  }

  #burst(now: Milliseconds): ForwardedPacket[] | undefined {
    const start = this.#start;
    if (start === undefined || this.#packets !== this.#end - start + 1) return undefined;
    const [head] = this.#run;
    if (head === undefined || now - head.packet.arrival > this.#maxAge) return undefined;
    if (this.#keyFrameBytes === undefined) return undefined;
    const burst: ForwardedPacket[] = [];
    for (const forwarded of this.#run) if (forwarded !== undefined) burst.push(forwarded);
    return burst;
  }

  #promoteNewestWholeKeyFrame(): void {
    for (let i = this.#candidates.length - 1; i >= 0; i--) {
      const candidate = this.#candidates[i];
      if (candidate === undefined || this.#wholeFrameBytes(candidate) === undefined) continue;
      this.#beginAt(candidate);
      return;
    }
  }

  #enforceBounds(): void {
    while (this.#start !== undefined && this.#exceedsBounds(this.#start)) {
      this.#overflows += 1;
      const next = this.#candidates[0];
      if (next === undefined) this.#clear();
      else this.#beginAt(next);
    }
  }

  #exceedsBounds(start: number): boolean {
    return (
      this.#packets > this.#maxPackets ||
      this.#bytes > this.#maxBytes ||
      this.#end - start >= 4 * this.#maxPackets ||
      (this.#keyFrameBytes ?? 0) > this.#maxKeyFrameBytes
    );
  }

  #clear(): void {
    this.#run = [];
    this.#packets = 0;
    this.#start = undefined;
    this.#bytes = 0;
    this.#keyFrameBytes = undefined;
    this.#candidates = [];
    this.#skipped = this.#end;
  }

  #beginAt(start: number): void {
    for (const forwarded of this.#run.splice(0, start - (this.#start ?? start))) {
      if (forwarded === undefined) continue;
      this.#packets -= 1;
      this.#bytes -= forwarded.packet.payload.length;
    }
    this.#start = start;
    this.#keyFrameBytes = this.#wholeFrameBytes(start);
    this.#candidates = this.#candidates.filter((candidate) => candidate > start);
  }

  /** The payload bytes of the frame that starts at `start`, if all its packets are here. */
  #wholeFrameBytes(start: number): number | undefined {
    const first = start - (this.#start ?? start);
    const timestamp = this.#run[first]?.packet.timestamp;
    let bytes = 0;
    for (let place = first; ; place++) {
      const packet = this.#run[place]?.packet;
      if (packet === undefined || packet.timestamp !== timestamp) return undefined;
      bytes += packet.payload.length;
      if (packet.marker) return bytes;
    }
  }
}
