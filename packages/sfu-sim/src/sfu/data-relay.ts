// One participant's data messages: what comes of it, and what goes to it.

import {
  type BitsPerSecond,
  type Bytes,
  type DataMessage,
  DataReceiver,
  DataSender,
  DEFAULT_HEADER_EXTENSION_IDS,
  type HeaderExtensionIds,
  type Milliseconds,
  type PacketSender,
  type Random,
} from '@sluice/rtp';

/** The data messages of one participant so far, both kinds together. */
export interface DataStats {
  /** That came of it. */
  readonly messagesReceived: number;
  readonly bytesReceived: Bytes;
  /** That went to it. */
  readonly messagesSent: number;
  readonly bytesSent: Bytes;
  /** Packets sent again. */
  readonly packetsRetransmitted: number;
  /** Messages of it that were not passed on: larger than they may be, unreadable, or too much waited for who should get them. */
  readonly messagesDropped: number;
}

/** What a `DataRelay` is made of. */
export interface DataRelayOptions {
  readonly random: Random;
  readonly sender: PacketSender;
  /** Payload bytes of a message. */
  readonly maxSize: Bytes;
  /** A message has come that may be passed on; answers how many did not get it. */
  readonly onMessage: (message: DataMessage) => number;
}

/** More than this is not kept for a participant whose path is too thin for it. */
const MAX_BUFFERED: Bytes = 262_144;

const EXTENSIONS: HeaderExtensionIds = {
  absSendTime: DEFAULT_HEADER_EXTENSION_IDS.absSendTime,
  transportSequence: DEFAULT_HEADER_EXTENSION_IDS.transportSequence,
};

/** The lossy messages of one participant on their way through the SFU. */
export class DataRelay {
  readonly #options: DataRelayOptions;
  readonly #receiver = new DataReceiver();
  readonly #sender: DataSender;
  #received = { messages: 0, bytes: 0 };
  #sent = { messages: 0, bytes: 0 };
  #dropped = 0;

  constructor(options: DataRelayOptions) {
    this.#options = options;
    this.#sender = new DataSender({
      random: options.random,
      send: (fields, watcher) => options.sender.send(fields, EXTENSIONS, 'data', watcher),
    });
  }

  get stats(): DataStats {
    return {
      messagesReceived: this.#receiver.messagesReceived + this.#received.messages,
      bytesReceived: this.#receiver.bytesReceived + this.#received.bytes,
      messagesSent: this.#sender.messagesSent + this.#sent.messages,
      bytesSent: this.#sender.bytesSent + this.#sent.bytes,
      packetsRetransmitted: this.#sender.packetsRetransmitted,
      messagesDropped: this.#dropped + this.#receiver.malformed,
    };
  }

  /** What goes to the participant as packets, in bit/s. */
  rate(now: Milliseconds): BitsPerSecond {
    return this.#sender.rate(now);
  }

  /** A packet of the participant with a piece of a message. */
  receive(payload: Uint8Array, now: Milliseconds): void {
    this.#pass(this.#receiver.receive(payload, now));
  }

  /** Counts a message that came or went over the message channel. */
  count(direction: 'received' | 'sent', bytes: Bytes): void {
    const counters = direction === 'received' ? this.#received : this.#sent;
    counters.messages += 1;
    counters.bytes += bytes;
  }

  /** Sends the participant a message of another one; false where too much waits for it already. */
  send(message: DataMessage, now: Milliseconds): boolean {
    if (this.#sender.bufferedAmount + message.payload.length > MAX_BUFFERED) return false;
    void this.#sender.send(message, now);
    return true;
  }

  /** To be called every few milliseconds. */
  tick(now: Milliseconds): void {
    this.#sender.tick(now);
    this.#pass(this.#receiver.tick(now));
  }

  #pass(messages: readonly DataMessage[]): void {
    for (const message of messages) {
      if (message.payload.length > this.#options.maxSize) this.#dropped += 1;
      else this.#dropped += this.#options.onMessage(message);
    }
  }
}
