// Data messages: what an app sends beside media, and how one looks on the wire. What may get lost goes as RTP packets of
// a payload type of its own, so that congestion control sees it; what must arrive goes over the message channel.

import * as v from 'valibot';
import { concatenate } from '../payload/concatenate.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { decodeUtf8, encodeUtf8 } from '../utf8.ts';

/** Of the packets that carry data messages; negotiation leaves it alone. */
export const DATA_PAYLOAD_TYPE = 62;

/** Payload bytes of one message. */
export const MAX_DATA_SIZE: Bytes = 65_536;

/** Who may be named as a receiver of one message. */
export const MAX_DATA_RECEIVERS = 100;

/** How hard a message that may get lost is tried to be delivered: the words are those of `RTCDataChannelInit`. */
export interface LossyDelivery {
  /** Never behind a later one of the same sender: what comes too late for that is dropped. Default false. */
  readonly ordered?: boolean;
  /** How often a lost packet is sent again. Default 0; without a limit where there is a `maxPacketLifeTime`. */
  readonly maxRetransmits?: number;
  /** Lost packets are sent again for this long. Default: as `maxRetransmits` says. */
  readonly maxPacketLifeTime?: Milliseconds;
}

/** A message that may get lost. */
export interface DataMessage extends LossyDelivery {
  /** Id of the participant it comes from; absent on the way to the SFU. */
  readonly from?: string;
  /** Identities of those it is for; absent: everybody else. */
  readonly to?: readonly string[];
  readonly topic?: string;
  readonly payload: Uint8Array;
}

/** Where a message stands among those of its sender that are `ordered`. */
export interface DataOrder {
  readonly order?: number;
  /** Those before this one have arrived or never will. */
  readonly floor?: number;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(256));

/** What is known of a message beside its payload. */
const envelope = v.object({
  from: v.optional(name),
  to: v.optional(v.pipe(v.array(name), v.maxLength(MAX_DATA_RECEIVERS))),
  topic: v.optional(v.pipe(v.string(), v.maxLength(256))),
  ordered: v.optional(v.boolean()),
  maxRetransmits: v.optional(count),
  maxPacketLifeTime: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
  order: v.optional(count),
  floor: v.optional(count),
});

const LENGTH_SIZE: Bytes = 4;

/** Of an envelope with everything in it: a character takes at most four bytes, and six where JSON has to escape it. */
export const MAX_ENVELOPE_SIZE: Bytes = 6 * 256 * (MAX_DATA_RECEIVERS + 2) + 1024;

/** The bytes of a message: how long its envelope is, 32 bit, the envelope as JSON, the payload. */
export function writeDataMessage({ payload, ...rest }: DataMessage & DataOrder): Uint8Array {
  const text = encodeUtf8(JSON.stringify(rest));
  const length = new Uint8Array(LENGTH_SIZE);
  new DataView(length.buffer).setUint32(0, text.length);
  return concatenate([length, text, payload]);
}

/** The message of these bytes; `undefined` where they are none, or it is larger than it may be. */
export function readDataMessage(bytes: Uint8Array): (DataMessage & DataOrder) | undefined {
  if (bytes.length < LENGTH_SIZE) return undefined;
  const begin = LENGTH_SIZE + new DataView(bytes.buffer, bytes.byteOffset, LENGTH_SIZE).getUint32(0);
  if (bytes.length < begin || begin > LENGTH_SIZE + MAX_ENVELOPE_SIZE) return undefined;
  if (bytes.length - begin > MAX_DATA_SIZE) return undefined;
  try {
    const parsed = v.safeParse(envelope, JSON.parse(decodeUtf8(bytes.subarray(LENGTH_SIZE, begin))));
    if (!parsed.success) return undefined;
    const known = Object.entries(parsed.output).filter(([, value]) => value !== undefined);
    return { ...Object.fromEntries(known), payload: bytes.slice(begin) };
  } catch {
    return undefined;
  }
}
