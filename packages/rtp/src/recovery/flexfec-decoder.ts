// The receiving end of forward error correction: recovers lost packets of one stream from repair packets, as far as one
// at a time can be solved for (RFC 8627 §6.3).

import { checkInteger } from '../arguments.ts';
import { RtpPacket } from '../rtp/packet.ts';
import { sequenceDistance } from '../sequence.ts';
import type { Milliseconds } from '../units.ts';
import { type FlexFecParity, parseFlexFec } from './flexfec-packet.ts';
import { AlignedPackets, Parity } from './flexfec-parity.ts';

/** What a `FlexFecDecoder` recovers. */
export interface FlexFecDecoderOptions {
  /** Of the protected stream. */
  readonly ssrc: number;
  /**
   * How long packets and repair packets are of use: the `repair-window` of RFC 8627 §5.1. Default 1000 ms; whatever
   * this is, no more than the last 512 sequence numbers and 64 repair packets are kept.
   */
  readonly maxAge?: Milliseconds;
}

/** What became of the packets a `FlexFecDecoder` was given. */
export interface FlexFecDecoderStats {
  /** Packets recovered. */
  readonly recovered: number;
  /** Repair packets taken. */
  readonly repairs: number;
  /** Repair packets whose packets had all arrived, or been recovered: what protection costs while nothing is lost. */
  readonly unneeded: number;
  /** Repair packets given up: too much of what they protect is missing, too old, or they were too many. */
  readonly givenUp: number;
  /**
   * Repair packets that can't be read, or whose result is no RTP packet: damaged, or not about the packets received.
   */
  readonly malformed: number;
  /** Packets of another stream, and repair packets for another stream or for several at once. */
  readonly foreign: number;
  /** Packets that were there already: received twice, or recovered before they arrived. */
  readonly duplicates: number;
}

interface PendingRepair {
  readonly parity: FlexFecParity;
  readonly sequenceNumbers: readonly number[];
  /** Those of them that are not there. */
  readonly missing: number[];
  readonly arrivedAt: Milliseconds;
}

/** A power of two, to index by the last bits of the sequence number. */
const WINDOW = 512;
const MAX_PENDING = 64;
const NONE: readonly Uint8Array[] = [];

/**
 * Recovers what FlexFEC repair packets allow (RFC 8627): those of another stream, with another SSRC and payload type,
 * that the `FlexFecEncoder` on this hop's other end made. Each form of the format is understood: flexible masks, rows
 * and columns of blocks, retransmissions.
 *
 * It is to be given the media packets as they came from the wire. One that came by a retransmission stream (RFC 4588)
 * is not what was protected, as its header extensions differ, and must stay out. A recovered packet was lost all the
 * same: it must stay out of transport-wide feedback and of what receiver reports call received.
 *
 * Packets are kept as views, and recovered ones handed out are kept too: their bytes must not change.
 */
export class FlexFecDecoder {
  readonly #ssrc: number;
  readonly #maxAge: Milliseconds;
  /** The last packets, each at the place of its sequence number's last bits. */
  readonly #packets: (Uint8Array | undefined)[] = new Array(WINDOW).fill(undefined);
  readonly #arrivals = new Float64Array(WINDOW);
  /** Repair packets with more than one packet missing, in the order of arrival. */
  #pending: PendingRepair[] = [];
  readonly #source = new AlignedPackets();
  readonly #parity = new Parity();

  #recovered = 0;
  #repairs = 0;
  #unneeded = 0;
  #givenUp = 0;
  #malformed = 0;
  #foreign = 0;
  #duplicates = 0;

  /** @throws ArgumentError where the SSRC is no integer of 32 bit */
  constructor(options: FlexFecDecoderOptions) {
    checkInteger(options.ssrc, 0, 0xffffffff, 'SSRC');
    this.#ssrc = options.ssrc;
    this.#maxAge = options.maxAge ?? 1000;
  }

  get stats(): FlexFecDecoderStats {
    return {
      recovered: this.#recovered,
      repairs: this.#repairs,
      unneeded: this.#unneeded,
      givenUp: this.#givenUp,
      malformed: this.#malformed,
      foreign: this.#foreign,
      duplicates: this.#duplicates,
    };
  }

  /** Repair packets that wait for more of what they protect. */
  get pending(): number {
    return this.#pending.length;
  }

  /**
   * Takes a media packet as it came from the wire, and answers the packets that could be recovered now, mostly none.
   * Never throws.
   */
  onMedia(bytes: Uint8Array, now: Milliseconds): readonly Uint8Array[] {
    if (bytes.length < 12 || (bytes[0] ?? 0) >> 6 !== 2 || readSsrc(bytes) !== this.#ssrc) {
      this.#foreign += 1;
      return NONE;
    }
    const sequenceNumber = readSequenceNumber(bytes);
    if (this.#packetAt(sequenceNumber, now) !== undefined) {
      this.#duplicates += 1;
      return NONE;
    }
    this.#keep(bytes, sequenceNumber, now);
    if (this.#pending.length === 0) return NONE;
    this.#expire(now);
    return this.#settle(sequenceNumber, now, []);
  }

  /** Takes a packet of the repair stream, and answers the packets that could be recovered now. Never throws. */
  onRepair(packet: RtpPacket, now: Milliseconds): readonly Uint8Array[] {
    this.#repairs += 1;
    this.#expire(now);
    const { csrcs } = packet;
    const repair = parseFlexFec(packet.payload, csrcs.length);
    if (repair?.type === 'retransmission') return this.#takeRetransmission(repair.packet, now);
    if (csrcs.length !== 1 || csrcs[0] !== this.#ssrc) {
      this.#foreign += 1;
      return NONE;
    }
    const sequenceNumbers = repair?.streams[0];
    if (repair === undefined || sequenceNumbers === undefined) {
      this.#malformed += 1;
      return NONE;
    }
    const missing = sequenceNumbers.filter((sequenceNumber) => this.#packetAt(sequenceNumber, now) === undefined);
    const pending = { parity: repair, sequenceNumbers, missing, arrivedAt: now };
    if (missing.length <= 1) {
      const recovered = this.#solve(pending, now);
      return recovered === undefined ? NONE : this.#settle(readSequenceNumber(recovered), now, [recovered]);
    }
    if (this.#pending.length === MAX_PENDING) {
      this.#pending.shift();
      this.#givenUp += 1;
    }
    this.#pending.push(pending);
    return NONE;
  }

  #takeRetransmission(bytes: Uint8Array, now: Milliseconds): readonly Uint8Array[] {
    if (readSsrc(bytes) !== this.#ssrc) {
      this.#foreign += 1;
      return NONE;
    }
    if (RtpPacket.parse(bytes) === undefined) {
      this.#malformed += 1;
      return NONE;
    }
    const sequenceNumber = readSequenceNumber(bytes);
    if (this.#packetAt(sequenceNumber, now) !== undefined) {
      this.#unneeded += 1;
      return NONE;
    }
    this.#recovered += 1;
    this.#keep(bytes, sequenceNumber, now);
    return this.#settle(sequenceNumber, now, [bytes]);
  }

  /** Goes on from a packet that is new, and from what that recovers, until no repair packet is solvable. */
  #settle(sequenceNumber: number, now: Milliseconds, recovered: Uint8Array[]): readonly Uint8Array[] {
    const fresh = [sequenceNumber];
    for (let next = fresh.pop(); next !== undefined; next = fresh.pop()) {
      const solvable: PendingRepair[] = [];
      for (const repair of this.#pending) {
        const index = repair.missing.indexOf(next);
        if (index < 0) continue;
        repair.missing.splice(index, 1);
        if (repair.missing.length <= 1) solvable.push(repair);
      }
      if (solvable.length === 0) continue;
      this.#pending = this.#pending.filter((repair) => repair.missing.length > 1);
      for (const repair of solvable) {
        const packet = this.#solve(repair, now);
        if (packet === undefined) continue;
        recovered.push(packet);
        fresh.push(readSequenceNumber(packet));
      }
    }
    return recovered;
  }

  /** The packet that is missing of at most one, when nothing else became of it meanwhile. */
  #solve({ parity, sequenceNumbers, missing }: PendingRepair, now: Milliseconds): Uint8Array | undefined {
    const [lost] = missing;
    if (lost === undefined || this.#packetAt(lost, now) !== undefined) {
      this.#unneeded += 1;
      return undefined;
    }
    this.#parity.start(parity.recovery, parity.payload);
    for (const sequenceNumber of sequenceNumbers) {
      if (sequenceNumber === lost) continue;
      const packet = this.#packetAt(sequenceNumber, now);
      if (packet === undefined) {
        this.#givenUp += 1;
        return undefined;
      }
      this.#source.clear();
      const first = this.#source.add(packet);
      this.#parity.add(this.#source.words, first, packet.length);
    }
    const packet = this.#parity.packet(lost, this.#ssrc);
    if (packet === undefined || RtpPacket.parse(packet) === undefined) {
      this.#malformed += 1;
      return undefined;
    }
    this.#recovered += 1;
    this.#keep(packet, lost, now);
    return packet;
  }

  #expire(now: Milliseconds): void {
    let expired = 0;
    for (const { arrivedAt } of this.#pending) {
      if (now - arrivedAt <= this.#maxAge) break;
      expired += 1;
    }
    if (expired === 0) return;
    this.#pending.splice(0, expired);
    this.#givenUp += expired;
  }

  #keep(bytes: Uint8Array, sequenceNumber: number, now: Milliseconds): void {
    const place = sequenceNumber & (WINDOW - 1);
    const there = this.#packets[place];
    // A straggler must not push out one that came after it.
    if (there !== undefined && now - (this.#arrivals[place] ?? 0) <= this.#maxAge) {
      if (sequenceDistance(sequenceNumber, readSequenceNumber(there)) < 0) return;
    }
    this.#packets[place] = bytes;
    this.#arrivals[place] = now;
  }

  #packetAt(sequenceNumber: number, now: Milliseconds): Uint8Array | undefined {
    const place = sequenceNumber & (WINDOW - 1);
    const packet = this.#packets[place];
    if (packet === undefined || readSequenceNumber(packet) !== sequenceNumber) return undefined;
    return now - (this.#arrivals[place] ?? 0) <= this.#maxAge ? packet : undefined;
  }
}

function readSequenceNumber(bytes: Uint8Array): number {
  return ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
}

function readSsrc(bytes: Uint8Array): number {
  return (((bytes[8] ?? 0) << 24) | ((bytes[9] ?? 0) << 16) | ((bytes[10] ?? 0) << 8) | (bytes[11] ?? 0)) >>> 0;
}
