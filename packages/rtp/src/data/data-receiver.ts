// Puts data messages that may get lost together again: each once, in order where that was asked for.

import { concatenate } from '../payload/concatenate.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { readDataFragment } from './data-fragment.ts';
import { type DataMessage, type DataOrder, readDataMessage } from './data-message.ts';

/** A message whose pieces are not complete after this time never will be. */
const MAX_ASSEMBLY_TIME: Milliseconds = 5000;
/** Messages that are put together at once. */
const MAX_ASSEMBLIES = 64;
/** How far back a message is known to have been seen; older ones are dropped. */
const REMEMBERED = 1024;
/** An ordered message waits no longer than this for one before it, and so many wait at once. */
const MAX_HOLD: Milliseconds = 1000;
const MAX_HELD = 256;
/** Origins whose order is kept. */
const MAX_ORIGINS = 1024;

interface Assembly {
  readonly fragments: (Uint8Array | undefined)[];
  readonly since: Milliseconds;
  missing: number;
}

interface Held {
  readonly message: DataMessage;
  readonly since: Milliseconds;
}

/** The ordered messages of one origin. */
interface OrderedMessages {
  /** The one to deliver next. */
  next: number;
  readonly held: Map<number, Held>;
}

/** The receiving half of one hop. */
export class DataReceiver {
  readonly #assemblies = new Map<number, Assembly>();
  readonly #seen = new Set<number>();
  readonly #ordered = new Map<string, OrderedMessages>();
  #newest: number | undefined;
  #messages = 0;
  #bytes: Bytes = 0;
  #malformed = 0;

  /** Messages delivered. */
  get messagesReceived(): number {
    return this.#messages;
  }

  /** Bytes of the payloads of messages delivered. */
  get bytesReceived(): Bytes {
    return this.#bytes;
  }

  /** Packets and messages that could not be read. */
  get malformed(): number {
    return this.#malformed;
  }

  /** Takes an RTP payload; the messages that can be delivered now. */
  receive(payload: Uint8Array, now: Milliseconds): DataMessage[] {
    const fragment = readDataFragment(payload);
    if (fragment === undefined) {
      this.#malformed += 1;
      return [];
    }
    const { messageId, index, count, bytes } = fragment;
    if (this.#isSeen(messageId)) return [];
    let assembly = this.#assemblies.get(messageId);
    if (assembly === undefined) {
      assembly = { fragments: new Array(count).fill(undefined), since: now, missing: count };
      this.#assemblies.set(messageId, assembly);
      this.#makeRoom(now);
    }
    if (assembly.fragments.length !== count || assembly.fragments[index] !== undefined) return [];
    assembly.fragments[index] = bytes.slice();
    assembly.missing -= 1;
    if (assembly.missing > 0) return [];
    this.#assemblies.delete(messageId);
    this.#seen.add(messageId);
    const message = readDataMessage(concatenate(assembly.fragments.filter((each) => each !== undefined)));
    if (message !== undefined) return this.#count(this.#inOrder(message, now));
    this.#malformed += 1;
    return [];
  }

  /** The messages that have waited long enough for those before them. To be called every few milliseconds. */
  tick(now: Milliseconds): DataMessage[] {
    const due: DataMessage[] = [];
    for (const messages of this.#ordered.values()) {
      for (const [order, { since }] of messages.held) {
        if (now - since < MAX_HOLD && messages.held.size <= MAX_HELD) continue;
        due.push(...release(messages, order + 1));
      }
    }
    return this.#count(due);
  }

  #isSeen(messageId: number): boolean {
    this.#newest ??= messageId;
    const ahead = (messageId - this.#newest) | 0;
    if (ahead > 0) {
      this.#newest = messageId;
      // In the order of coming, which is nearly that of their numbers.
      for (const id of this.#seen) {
        if (((messageId - id) | 0) < REMEMBERED) break;
        this.#seen.delete(id);
      }
    }
    return ahead <= -REMEMBERED || this.#seen.has(messageId);
  }

  #makeRoom(now: Milliseconds): void {
    for (const [id, { since }] of this.#assemblies) {
      if (this.#assemblies.size <= MAX_ASSEMBLIES && now - since < MAX_ASSEMBLY_TIME) return;
      this.#assemblies.delete(id);
    }
  }

  #inOrder({ order, floor, ...message }: DataMessage & DataOrder, now: Milliseconds): DataMessage[] {
    if (order === undefined) return [message];
    const { from = '' } = message;
    let messages = this.#ordered.get(from);
    if (messages === undefined) {
      messages = { next: 0, held: new Map() };
      this.#ordered.set(from, messages);
      const [oldest = from] = this.#ordered.keys();
      if (this.#ordered.size > MAX_ORIGINS) this.#ordered.delete(oldest);
    }
    if (order < messages.next) return [];
    messages.held.set(order, { message, since: now });
    return release(messages, Math.min(floor ?? 0, order));
  }

  #count(messages: DataMessage[]): DataMessage[] {
    for (const { payload } of messages) {
      this.#messages += 1;
      this.#bytes += payload.length;
    }
    return messages;
  }
}

/** Takes out what nothing can come before any more: everything below `floor`, and what follows without a gap. */
function release(messages: OrderedMessages, floor: number): DataMessage[] {
  const { held } = messages;
  const released: DataMessage[] = [];
  const take = (order: number): boolean => {
    const entry = held.get(order);
    if (entry === undefined) return false;
    held.delete(order);
    released.push(entry.message);
    return true;
  };
  for (const order of [...held.keys()].filter((each) => each < floor).sort((a, b) => a - b)) take(order);
  messages.next = Math.max(messages.next, floor);
  while (take(messages.next)) messages.next += 1;
  return released;
}
