// The sending end of forward error correction: makes the repair packets of one stream (RFC 8627 §6.2).

import { checkInteger } from '../arguments.ts';
import { ArgumentError } from '../errors.ts';
import { sequenceDistance } from '../sequence.ts';
import type { Milliseconds } from '../units.ts';
import { MAX_FLEXFEC_SPAN, serializeFlexFec } from './flexfec-packet.ts';
import { AlignedPackets, Parity } from './flexfec-parity.ts';

/** How much repair goes beside the media. It may change at any time. */
export interface FlexFecProtection {
  /** Repair packets for each packet of a delta frame: 0 (no protection) to 1. */
  readonly ratio: number;
  /**
   * Repair packets for each packet of a key frame, 0 to 1. Default: twice `ratio`, at most 1, as everything up to the
   * next key frame needs this one.
   */
  readonly keyFrameRatio?: number;
}

/**
 * Checks how much repair somebody asks for.
 *
 * @throws ArgumentError where a ratio is not between 0 and 1
 */
export function checkProtection({ ratio, keyFrameRatio = 0 }: FlexFecProtection): void {
  for (const value of [ratio, keyFrameRatio]) {
    if (!(value >= 0 && value <= 1)) throw new ArgumentError(`A ratio of ${value} is not possible: give 0 to 1.`);
  }
}

/** What a `FlexFecEncoder` protects, and how. */
export interface FlexFecEncoderOptions extends FlexFecProtection {
  /** Of the protected stream. */
  readonly ssrc: number;
  /**
   * In how many repair packets of its block each packet is at most: 1 or 2. Default 2, which recovers more of what is
   * lost at random (86 % instead of 77 % at 5 % loss with 4 repair packets for 20) and less of what is lost in bursts
   * longer than the block has repair packets. Blocks with fewer than three repair packets never use more than 1.
   */
  readonly copies?: 1 | 2;
  /**
   * A block ends with the first frame after which it is due this many repair packets. Default 1: after each frame,
   * where frames are large enough. As many packets lost in a row can be repaired, but repair waits for more frames: at
   * a ratio of 0.2, with frames of ten packets and 5 % lost in bursts of three, a third of it comes back with 1, 58 %
   * with 4.
   */
  readonly minRepairs?: number;
  /** A block that began this long ago ends, with one repair packet if not with more. Default 100 ms. */
  readonly maxDelay?: Milliseconds;
  /** Packets in a block, 1 to 110. Default 46, which the mask of medium length reaches over. */
  readonly maxPackets?: number;
}

/** A repair packet but for its RTP header, which counts in a stream of its own. */
export interface RepairPayload {
  /** The protected stream's SSRC: to stand in the repair packet's list of contributing sources (RFC 8627 §4.2.1). */
  readonly csrcs: readonly number[];
  readonly payload: Uint8Array;
}

const RTP_HEADER_SIZE = 12;
const MAX_PACKET_SIZE = RTP_HEADER_SIZE + 0xffff;
/** With fewer repair packets than this, one more copy of a packet gains nothing. */
const MIN_REPAIRS_FOR_COPIES = 3;
/** Ten times a tenth is a little less than one in floating point. */
const ROUNDING = 1e-9;
const NONE: readonly RepairPayload[] = [];

/**
 * Protects one stream by FlexFEC (RFC 8627). Its repair packets have an SSRC and a payload type of their own, so the
 * media's sequence numbers stay untouched: a forwarder ends and begins protection on each hop, and retransmission,
 * transport-wide feedback and layer switching don't see it. ULPFEC (RFC 5109) has none of that, as it needs RED around
 * the media and takes numbers from among the media's; flexfec-03 is an expired draft with another header, which
 * Chromium keeps behind a field trial.
 *
 * What is recovered is what was protected, bit by bit, the header extensions included. Some of them change on each hop
 * or are written at departure, such as the transport-wide sequence number; so `add` is to be given the bytes that go on
 * the wire, when they do, of each packet that goes out with a sequence number of this stream. Retransmissions and other
 * packets with numbers of their own are not protected.
 *
 * The packets of a block are dealt out to its repair packets in turn, so that as many as there are repair packets may
 * be lost in a row. Where there are two copies, each goes to a later repair packet too, at a distance that changes from
 * row to row; the order keeps what a burst lost solvable from the first repair packet on.
 */
export class FlexFecEncoder {
  readonly #ssrc: number;
  readonly #csrcs: readonly number[];
  readonly #copies: 1 | 2;
  readonly #minRepairs: number;
  readonly #maxDelay: Milliseconds;
  readonly #maxPackets: number;
  #ratio = 0;
  #keyFrameRatio = 0;

  // The open block. Its packets are of key frames all, or none is.
  readonly #packets = new AlignedPackets();
  readonly #parity = new Parity();
  readonly #firstWords = new Uint32Array(MAX_FLEXFEC_SPAN);
  readonly #sizes = new Uint32Array(MAX_FLEXFEC_SPAN);
  readonly #sequenceNumbers = new Uint16Array(MAX_FLEXFEC_SPAN);
  /** By the last eight bits of the sequence number, which differ within a mask: whether the packet is in the block. */
  readonly #present = new Uint8Array(256);
  #count = 0;
  #lowest = 0;
  #highest = 0;
  #keyFrame = false;
  #openedAt: Milliseconds = 0;
  /** Repair packets that are due for what was added, less those made. */
  #due = 0;

  #packetsProtected = 0;
  #repairs = 0;
  #repairBytes = 0;

  /** @throws ArgumentError where an option is out of its range */
  constructor(options: FlexFecEncoderOptions) {
    const { ssrc, copies = 2, minRepairs = 1, maxDelay = 100, maxPackets = 46 } = options;
    checkInteger(ssrc, 0, 0xffffffff, 'SSRC');
    checkInteger(copies, 1, 2, 'number of copies');
    checkInteger(minRepairs, 1, MAX_FLEXFEC_SPAN, 'number of repair packets in a block');
    checkInteger(maxPackets, 1, MAX_FLEXFEC_SPAN, 'number of packets in a block');
    if (!(maxDelay >= 0)) throw new ArgumentError(`maxDelay is ${maxDelay}: give 0 ms or more.`);
    this.#ssrc = ssrc;
    this.#csrcs = [ssrc];
    this.#copies = copies;
    this.#minRepairs = minRepairs;
    this.#maxDelay = maxDelay;
    this.#maxPackets = maxPackets;
    this.setProtection(options);
  }

  /** Packets that were added while there was protection for them. */
  get packetsProtected(): number {
    return this.#packetsProtected;
  }

  /** Repair packets made. */
  get repairs(): number {
    return this.#repairs;
  }

  /** Bytes of the payloads of the repair packets made. */
  get repairBytes(): number {
    return this.#repairBytes;
  }

  /**
   * Changes how much repair there is, from the next packet on.
   *
   * @throws ArgumentError where a ratio is not between 0 and 1
   */
  setProtection(protection: FlexFecProtection): void {
    checkProtection(protection);
    const { ratio, keyFrameRatio = Math.min(1, 2 * ratio) } = protection;
    this.#ratio = ratio;
    this.#keyFrameRatio = keyFrameRatio;
  }

  /**
   * Takes a packet that leaves now, and answers the repair packets of the block that it ended, if it ended one; they
   * are to be sent right behind it. The bytes are copied.
   *
   * @param packet - the whole RTP packet as it goes on the wire
   * @param keyFrame - whether it belongs to a key frame. Default false
   * @throws ArgumentError where the bytes are no RTP packet of the stream
   */
  add(packet: Uint8Array, now: Milliseconds, keyFrame = false): readonly RepairPayload[] {
    this.#check(packet);
    const ratio = keyFrame ? this.#keyFrameRatio : this.#ratio;
    const sequenceNumber = ((packet[2] ?? 0) << 8) | (packet[3] ?? 0);
    const ended = this.#count > 0 && !this.#fits(sequenceNumber, keyFrame, ratio) ? this.finish() : NONE;
    // Taken twice, a packet would cancel itself out.
    if (ratio === 0 || this.#present[sequenceNumber & 0xff] === 1) return ended;
    this.#append(packet, sequenceNumber, now, keyFrame);
    this.#due += ratio;
    const endsFrame = (packet[1] ?? 0) >= 0x80;
    const full = this.#count === this.#maxPackets;
    const enough = this.#due + ROUNDING >= this.#minRepairs || now - this.#openedAt >= this.#maxDelay;
    if (!full && !(endsFrame && enough)) return ended;
    const repairs = this.finish();
    return ended.length === 0 ? repairs : [...ended, ...repairs];
  }

  /** The repair packets of a block that is open too long, because no packet came. To be asked every 25 ms or so. */
  poll(now: Milliseconds): readonly RepairPayload[] {
    return this.#count > 0 && now - this.#openedAt >= this.#maxDelay ? this.finish() : NONE;
  }

  /** Ends the open block, if there is one, and answers its repair packets: when the stream pauses or ends. */
  finish(): readonly RepairPayload[] {
    if (this.#count === 0) return NONE;
    const repairs = Math.min(this.#count, Math.max(1, Math.floor(this.#due + ROUNDING)));
    this.#due = Math.max(0, this.#due - repairs);
    const payloads: RepairPayload[] = [];
    for (let repair = 0; repair < repairs; repair++) payloads.push(this.#repair(repair, repairs));
    this.#packets.clear();
    this.#present.fill(0);
    this.#count = 0;
    return payloads;
  }

  #check(packet: Uint8Array): void {
    const { length } = packet;
    const version = (packet[0] ?? 0) >> 6;
    const ssrc =
      (((packet[8] ?? 0) << 24) | ((packet[9] ?? 0) << 16) | ((packet[10] ?? 0) << 8) | (packet[11] ?? 0)) >>> 0;
    if (length >= RTP_HEADER_SIZE && length <= MAX_PACKET_SIZE && version === 2 && ssrc === this.#ssrc) return;
    throw new ArgumentError(`${length} bytes of version ${version} and SSRC ${ssrc} are no packet of ${this.#ssrc}.`);
  }

  /** Whether the open block can take the packet. */
  #fits(sequenceNumber: number, keyFrame: boolean, ratio: number): boolean {
    if (keyFrame !== this.#keyFrame || ratio === 0) return false;
    const above = sequenceDistance(sequenceNumber, this.#lowest);
    const below = sequenceDistance(this.#highest, sequenceNumber);
    return above < MAX_FLEXFEC_SPAN && below < MAX_FLEXFEC_SPAN;
  }

  #append(packet: Uint8Array, sequenceNumber: number, now: Milliseconds, keyFrame: boolean): void {
    const index = this.#count++;
    if (index === 0) {
      this.#lowest = sequenceNumber;
      this.#highest = sequenceNumber;
      this.#keyFrame = keyFrame;
      this.#openedAt = now;
    }
    if (sequenceDistance(sequenceNumber, this.#lowest) < 0) this.#lowest = sequenceNumber;
    if (sequenceDistance(sequenceNumber, this.#highest) > 0) this.#highest = sequenceNumber;
    this.#firstWords[index] = this.#packets.add(packet);
    this.#sizes[index] = packet.length;
    this.#sequenceNumbers[index] = sequenceNumber;
    this.#present[sequenceNumber & 0xff] = 1;
    this.#packetsProtected += 1;
  }

  /** One of the open block's repair packets. */
  #repair(repair: number, repairs: number): RepairPayload {
    const parity = this.#parity;
    const again = this.#copies === 2 && repairs >= MIN_REPAIRS_FOR_COPIES;
    const sequenceNumbers: number[] = [];
    parity.clear();
    for (let index = 0; index < this.#count; index++) {
      const first = index % repairs;
      const second = again ? first + 1 + (Math.floor(index / repairs) % (repairs - 1)) : first;
      if (repair !== first && repair !== second) continue;
      parity.add(this.#packets.words, this.#firstWords[index] ?? 0, this.#sizes[index] ?? 0);
      sequenceNumbers.push(this.#sequenceNumbers[index] ?? 0);
    }
    const [any = 0] = sequenceNumbers;
    // Packets may have left in another order, but stand in the mask by number.
    sequenceNumbers.sort((a, b) => sequenceDistance(a, any) - sequenceDistance(b, any));
    const { recovery, payload } = parity;
    const bytes = serializeFlexFec({ recovery, streams: [sequenceNumbers], payload });
    this.#repairs += 1;
    this.#repairBytes += bytes.length;
    return { csrcs: this.#csrcs, payload: bytes };
  }
}
