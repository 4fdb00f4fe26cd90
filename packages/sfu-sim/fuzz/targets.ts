// Everything in this package that is fuzzed: the key frame cache, with packets of any kind in any order.

import { payloadFormatOf, type ReceivedPacket } from '@sluice/rtp';
import { check, type FuzzTarget } from '../../../scripts/fuzz/target.ts';
import { KeyframeCache } from '../src/sfu/keyframe-cache.ts';

const LIMITS = { maxKeyFrameBytes: 2000, maxPackets: 32, maxBytes: 5000, maxAge: 1000 } as const;
/** The start of a VP8 key frame, of another frame, and the middle of either. */
const HEADS = [Uint8Array.of(0x10, 0x00, 0x00), Uint8Array.of(0x10, 0x01), Uint8Array.of(0x00, 0x55)] as const;

const format = payloadFormatOf('VP8');

export const targets: readonly FuzzTarget[] = [
  {
    name: 'keyframe-cache',
    weight: 2,
    generate: (random) => Uint8Array.from({ length: random.integer(1, 120) }, () => random.integer(0, 255)),
    run: (input) => new CachedStream().run(input),
  },
];

/** A stream of which some packets are lost, late or come twice. */
class CachedStream {
  readonly #cache = new KeyframeCache(LIMITS);
  #now = 0;
  #sequence = 0x1_0000;
  #timestamp = 0;

  run(input: Uint8Array): void {
    for (let at = 0; at + 1 < input.length; at += 2) {
      this.#step(input[at] ?? 0, input[at + 1] ?? 0);
      const { packets, bytes } = this.#cache.stats;
      check(packets <= LIMITS.maxPackets, `${packets} packets are kept.`);
      check(bytes <= LIMITS.maxBytes && bytes >= 0, `${bytes} bytes are kept.`);
      this.#requireWholeReplay();
    }
  }

  #step(action: number, value: number): void {
    this.#now += action & 0x07;
    if (action < 8) this.#cache.purge();
    else if (action < 12) this.#restart(value);
    else if (action < 20) this.#sequence += value;
    else if (action < 30) this.#now += 8 * value;
    else if (action < 70) this.#push(this.#sequence - (value & 0x1f), value);
    else this.#push(++this.#sequence, value);
  }

  #restart(value: number): void {
    this.#sequence = 0x1_0000 + value;
    this.#cache.restart();
  }

  #push(sequence: number, value: number): void {
    const kind = value % 13 === 0 ? 0 : value % 3;
    if (kind < 2) this.#timestamp += 3000;
    const size = value % 17 === 0 ? 0 : 2 + 8 * value;
    const payload = new Uint8Array(size);
    payload.set((HEADS[kind] ?? HEADS[2]).subarray(0, size));
    const marker = value % 4 === 1;
    const packet: ReceivedPacket = {
      sequence,
      timestamp: this.#timestamp,
      marker,
      payload,
      size: 12 + size,
      arrival: this.#now,
      recovered: false,
    };
    this.#cache.push({ packet, info: size === 0 ? undefined : format?.inspect(payload) });
  }

  /** Whole or absent: from the start of a key frame on, without a hole, young enough. */
  #requireWholeReplay(): void {
    const burst = this.#cache.replay(this.#now);
    if (burst === undefined) return;
    const [head] = burst;
    check(head?.info?.keyFrameStart === true, 'A replay does not begin with a key frame.');
    check(this.#now - head.packet.arrival <= LIMITS.maxAge, 'A replay is too old.');
    check(burst.length <= LIMITS.maxPackets, `A replay has ${burst.length} packets.`);
    burst.forEach(({ packet }, i) => {
      check(packet.sequence === head.packet.sequence + i, 'A replay has a hole.');
    });
    check(
      burst.some(({ packet }) => packet.marker && packet.timestamp === head.packet.timestamp),
      'A replay has a part of a key frame.',
    );
  }
}
