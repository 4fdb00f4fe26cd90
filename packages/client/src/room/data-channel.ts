// The app's own messages, over one connection: reliable ones over the message channel, others as packets.

import {
  ArgumentError,
  type BitsPerSecond,
  type Bytes,
  type Clock,
  type DataMessage,
  DataReceiver,
  DataSender,
  DEFAULT_HEADER_EXTENSION_IDS,
  decodeBase64,
  encodeBase64,
  type HeaderExtensionIds,
  type LossyDelivery,
  MAX_DATA_RECEIVERS,
  MAX_DATA_SIZE,
  type Milliseconds,
  type PacketSender,
  type Random,
  type ServerMessage,
} from '@sluice/rtp';
import { DataError } from './errors.ts';
import { RequestRefused, type SignallingClient } from './signalling-client.ts';

/** More than this is not kept: who awaits each message never comes near it. */
const MAX_BUFFERED: Bytes = 1_048_576;

const MAX_NAME_LENGTH = 256;

const EXTENSIONS: HeaderExtensionIds = {
  absSendTime: DEFAULT_HEADER_EXTENSION_IDS.absSendTime,
  transportSequence: DEFAULT_HEADER_EXTENSION_IDS.transportSequence,
};

/** How a data message is sent. */
export interface DataPublishOptions extends LossyDelivery {
  /**
   * It arrives for certain, in the order of sending. Default false: it is sent at once, and may get lost, by as much as
   * `ordered`, `maxRetransmits` and `maxPacketLifeTime` allow.
   */
  readonly reliable?: boolean;
  /** Who gets it, up to 100 identities. Default: everybody else in the room. */
  readonly destinationIdentities?: readonly string[];
  /** What it is about, for the receiver to tell messages apart: up to 256 characters. Default: nothing. */
  readonly topic?: string;
}

/** A data message that came in. */
export interface ReceivedData {
  readonly participantId: string;
  readonly payload: Uint8Array;
  readonly topic: string | undefined;
  readonly reliable: boolean;
}

/** What a `DataChannel` is made of. */
export interface DataChannelOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly sender: PacketSender;
  readonly signalling: SignallingClient;
  readonly onMessage: (message: ReceivedData) => void;
}

/** The data messages of one connection. */
export class DataChannel {
  readonly #options: DataChannelOptions;
  readonly #sender: DataSender;
  readonly #receiver = new DataReceiver();
  /** Bytes of reliable messages that the SFU has not taken yet. */
  #unanswered: Bytes = 0;

  constructor(options: DataChannelOptions) {
    this.#options = options;
    this.#sender = new DataSender({
      random: options.random,
      send: (fields, watcher) => options.sender.send(fields, EXTENSIONS, 'data', watcher),
    });
  }

  /** Bytes that wait: of lossy messages for the pacer, of reliable ones for the SFU. */
  get bufferedAmount(): Bytes {
    return this.#sender.bufferedAmount + this.#unanswered;
  }

  /** What lossy messages take of the uplink, in bit/s. */
  rate(now: Milliseconds): BitsPerSecond {
    return this.#sender.rate(now);
  }

  /** Sends a message, as `LocalParticipant.publishData` says. */
  async publish(payload: Uint8Array, options: DataPublishOptions): Promise<void> {
    check(payload, options);
    if (this.bufferedAmount + payload.length > MAX_BUFFERED) {
      throw new DataError('buffer-full', `${this.bufferedAmount} bytes of data messages wait to be sent: await them.`);
    }
    const { reliable = false, destinationIdentities: to, topic } = options;
    const about = { ...(to !== undefined && { to }), ...(topic !== undefined && { topic }) };
    if (reliable) return this.#request({ ...about, payload: encodeBase64(payload) }, payload.length);
    const { ordered, maxRetransmits, maxPacketLifeTime } = options;
    const delivery: LossyDelivery = {
      ...(ordered && { ordered }),
      ...(maxRetransmits !== undefined && { maxRetransmits }),
      ...(maxPacketLifeTime !== undefined && { maxPacketLifeTime }),
    };
    return this.#sender.send({ ...about, ...delivery, payload: payload.slice() }, this.#options.clock.now());
  }

  /** Takes a packet with a piece of a message. */
  receive(payload: Uint8Array): void {
    this.#deliver(this.#receiver.receive(payload, this.#options.clock.now()));
  }

  /** Takes a reliable message. */
  onMessage({ participantId, payload, topic }: Extract<ServerMessage, { type: 'data' }>): void {
    const bytes = decodeBase64(payload);
    if (bytes !== undefined) this.#options.onMessage({ participantId, payload: bytes, topic, reliable: true });
  }

  /** To be called every few milliseconds. */
  tick(now: Milliseconds): void {
    this.#sender.tick(now);
    this.#deliver(this.#receiver.tick(now));
  }

  /** Ends: what waits is not sent any more. */
  close(): void {
    this.#sender.close();
  }

  async #request(message: { to?: readonly string[]; topic?: string; payload: string }, bytes: Bytes): Promise<void> {
    const { to, ...rest } = message;
    this.#unanswered += bytes;
    try {
      await this.#options.signalling.request({ type: 'data', ...rest, ...(to !== undefined && { to: [...to] }) });
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      const reason = error.reason === 'data-too-large' ? 'too-large' : known(error.reason);
      throw new DataError(reason, `The SFU refused (${error.reason}): ${error.message}`, { cause: error });
    } finally {
      this.#unanswered -= bytes;
    }
  }

  #deliver(messages: readonly DataMessage[]): void {
    for (const { from, payload, topic } of messages) {
      if (from !== undefined) this.#options.onMessage({ participantId: from, payload, topic, reliable: false });
    }
  }
}

function known(reason: string): 'unknown-participant' | 'rate-limited' | 'refused' {
  return reason === 'unknown-participant' || reason === 'rate-limited' ? reason : 'refused';
}

function check(payload: Uint8Array, options: DataPublishOptions): void {
  const { destinationIdentities: to = [], topic = '', maxRetransmits = 0, maxPacketLifeTime = 0 } = options;
  if (!(payload instanceof Uint8Array)) throw new ArgumentError('A data message has to be a Uint8Array.');
  if (payload.length > MAX_DATA_SIZE) {
    throw new DataError('too-large', `A data message may have ${MAX_DATA_SIZE} bytes, not ${payload.length}.`);
  }
  if (to.length > MAX_DATA_RECEIVERS || to.some((name) => name.length < 1 || name.length > MAX_NAME_LENGTH)) {
    throw new ArgumentError(
      `The destinationIdentities may be ${MAX_DATA_RECEIVERS}, of 1 to ${MAX_NAME_LENGTH} characters each.`,
    );
  }
  if (topic.length > MAX_NAME_LENGTH) {
    throw new ArgumentError(`The topic may have ${MAX_NAME_LENGTH} characters, not ${topic.length}.`);
  }
  if (!(Number.isSafeInteger(maxRetransmits) && maxRetransmits >= 0)) {
    throw new ArgumentError(`The maxRetransmits are ${maxRetransmits}: give a number from 0.`);
  }
  if (!(Number.isFinite(maxPacketLifeTime) && maxPacketLifeTime >= 0)) {
    throw new ArgumentError(`The maxPacketLifeTime is ${maxPacketLifeTime}: give milliseconds from 0.`);
  }
  const lossy = options.ordered ?? options.maxRetransmits ?? options.maxPacketLifeTime;
  if (options.reliable && lossy !== undefined) {
    throw new ArgumentError('A reliable message is ordered and sent again as often as need be: leave that out.');
  }
}
