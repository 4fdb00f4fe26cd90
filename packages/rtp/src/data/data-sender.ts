// Sends data messages that may get lost: in pieces, again where that was asked for, and never without end. What became of
// a packet it hears from congestion feedback, so that nothing else is needed on the wire.

import type { Random } from '../random.ts';
import type { RtpFields } from '../rtp/packet.ts';
import { RateMeter } from '../rtp/rate-meter.ts';
import type { PacketWatcher } from '../session/sender-session.ts';
import type { BitsPerSecond, Bytes, Milliseconds } from '../units.ts';
import { FRAGMENT_SIZE, writeDataFragment } from './data-fragment.ts';
import { DATA_PAYLOAD_TYPE, type DataMessage, writeDataMessage } from './data-message.ts';

/** A packet of which nothing was heard for so long is taken for lost. */
const FATE_TIMEOUT: Milliseconds = 1000;

/** Of messages whose fate is open, so many bytes are kept: beyond it the oldest are given up. */
const MAX_OPEN: Bytes = 1_048_576;

/** RTP timestamps are of a clock of 90 kHz, like those of video. */
const TICKS_PER_MS = 90;

/** What a `DataSender` is made of. */
export interface DataSenderOptions {
  readonly random: Random;
  /** Sends a packet, and tells `watcher` what became of it. */
  readonly send: (fields: RtpFields, watcher: PacketWatcher) => void;
}

/** A message on its way. */
interface Sending {
  readonly id: number;
  readonly fragments: readonly Uint8Array[];
  /** How often each fragment was sent; `undefined`: it has arrived. */
  readonly sent: (number | undefined)[];
  readonly maxRetransmits: number;
  readonly deadline: Milliseconds;
  /** Its place among the ordered ones of its origin. */
  readonly ordered: { readonly from: string; readonly order: number } | undefined;
  readonly resolve: () => void;
  /** Fragments that have not left yet for the first time. */
  waiting: number;
  lastSentAt: Milliseconds;
}

/** The ordered messages of one origin. */
interface OrderedMessages {
  next: number;
  /** Those that may still arrive. */
  readonly open: Set<number>;
}

/** The sending half of one hop. */
export class DataSender {
  readonly #options: DataSenderOptions;
  readonly #ssrc: number;
  readonly #sending = new Map<number, Sending>();
  readonly #ordered = new Map<string, OrderedMessages>();
  #messageId: number;
  #sequenceNumber: number;
  #buffered: Bytes = 0;
  /** Bytes of all that is in `#sending`. */
  #open: Bytes = 0;
  readonly #rate = new RateMeter();
  #messages = 0;
  #bytes: Bytes = 0;
  #retransmissions = 0;

  constructor(options: DataSenderOptions) {
    this.#options = options;
    this.#ssrc = options.random.integer(1, 0x7fffffff);
    this.#messageId = options.random.integer(0, 0x7fffffff);
    this.#sequenceNumber = options.random.integer(0, 0xffff);
  }

  /** Bytes of messages that have not left yet. */
  get bufferedAmount(): Bytes {
    return this.#buffered;
  }

  /** What the packets that left take of the path. */
  rate(now: Milliseconds): BitsPerSecond {
    return this.#rate.rate(now) ?? 0;
  }

  /** Messages sent. */
  get messagesSent(): number {
    return this.#messages;
  }

  /** Bytes of the payloads of messages sent. */
  get bytesSent(): Bytes {
    return this.#bytes;
  }

  /** Packets sent again. */
  get packetsRetransmitted(): number {
    return this.#retransmissions;
  }

  /** Sends a message. Resolves when all of it has left, or was given up. */
  send(message: DataMessage, now: Milliseconds): Promise<void> {
    const { maxPacketLifeTime, ordered, from = '', payload } = message;
    this.#messages += 1;
    this.#bytes += payload.length;
    const place = ordered ? this.#placeOf(from) : undefined;
    const bytes = writeDataMessage({ ...message, ...place });
    const fragments: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += FRAGMENT_SIZE) fragments.push(bytes.subarray(at, at + FRAGMENT_SIZE));
    this.#messageId = (this.#messageId + 1) >>> 0;
    this.#buffered += bytes.length;
    this.#open += bytes.length;
    for (const oldest of this.#sending.values()) {
      if (this.#open <= MAX_OPEN) break;
      this.#end(oldest);
    }
    return new Promise((resolve) => {
      const sending: Sending = {
        id: this.#messageId,
        fragments,
        sent: fragments.map(() => 0),
        maxRetransmits: message.maxRetransmits ?? (maxPacketLifeTime === undefined ? 0 : Number.POSITIVE_INFINITY),
        deadline: now + (maxPacketLifeTime ?? Number.POSITIVE_INFINITY),
        ordered: place && { from, order: place.order },
        resolve,
        waiting: fragments.length,
        lastSentAt: now,
      };
      this.#sending.set(sending.id, sending);
      for (let index = 0; index < fragments.length; index++) this.#sendFragment(sending, index, now);
    });
  }

  /** Gives up what nothing was heard of. To be called every few milliseconds. */
  tick(now: Milliseconds): void {
    for (const sending of this.#sending.values()) {
      if (sending.waiting > 0 || now - sending.lastSentAt < FATE_TIMEOUT) continue;
      for (const index of sending.sent.keys()) this.#onLost(sending, index, now);
    }
  }

  /** Ends: whoever waits is told. */
  close(): void {
    for (const sending of [...this.#sending.values()]) this.#end(sending);
  }

  #placeOf(from: string): { order: number; floor: number } {
    let messages = this.#ordered.get(from);
    if (messages === undefined) {
      messages = { next: 0, open: new Set() };
      this.#ordered.set(from, messages);
    }
    const order = messages.next++;
    messages.open.add(order);
    // In the order of their numbers: the first that is open is the lowest.
    const [floor = order] = messages.open;
    return { order, floor };
  }

  #sendFragment(sending: Sending, index: number, now: Milliseconds): void {
    const bytes = sending.fragments[index];
    const { length: count } = sending.fragments;
    const times = sending.sent[index];
    if (bytes === undefined || times === undefined) return;
    sending.sent[index] = times + 1;
    sending.lastSentAt = now;
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    const fields: RtpFields = {
      payloadType: DATA_PAYLOAD_TYPE,
      sequenceNumber: this.#sequenceNumber,
      timestamp: Math.round(now * TICKS_PER_MS) >>> 0,
      ssrc: this.#ssrc,
      marker: index === count - 1,
      payload: writeDataFragment({ messageId: sending.id, index, count, bytes }),
    };
    const isFollowed = sending.maxRetransmits > 0 || sending.ordered !== undefined;
    this.#options.send(fields, {
      onDeparted: (at) => {
        sending.lastSentAt = at;
        this.#rate.add(fields.payload.length, at);
        if (times === 0) this.#onFirstDeparture(sending, bytes.length);
      },
      onReported: isFollowed
        ? (received, at) => {
            if (received) this.#onReceived(sending, index);
            else this.#onLost(sending, index, at);
          }
        : undefined,
    });
  }

  #onFirstDeparture(sending: Sending, bytes: Bytes): void {
    if (!this.#sending.has(sending.id)) return;
    this.#buffered -= bytes;
    sending.waiting -= 1;
    if (sending.waiting > 0) return;
    sending.resolve();
    // Nobody wants to know what becomes of it.
    if (sending.maxRetransmits === 0 && sending.ordered === undefined) this.#end(sending);
  }

  #onReceived(sending: Sending, index: number): void {
    sending.sent[index] = undefined;
    if (sending.sent.every((times) => times === undefined)) this.#end(sending);
  }

  #onLost(sending: Sending, index: number, now: Milliseconds): void {
    const times = sending.sent[index];
    if (times === undefined || !this.#sending.has(sending.id)) return;
    // Without one of its pieces a message is of no use.
    if (times > sending.maxRetransmits || now >= sending.deadline) {
      this.#end(sending);
      return;
    }
    this.#retransmissions += 1;
    this.#sendFragment(sending, index, now);
  }

  #end(sending: Sending): void {
    if (!this.#sending.delete(sending.id)) return;
    for (const { length } of sending.fragments) this.#open -= length;
    if (sending.waiting > 0) {
      this.#buffered = sending.fragments
        .slice(-sending.waiting)
        .reduce((rest, { length }) => rest - length, this.#buffered);
    }
    sending.resolve();
    const { ordered } = sending;
    if (ordered !== undefined) this.#ordered.get(ordered.from)?.open.delete(ordered.order);
  }
}
