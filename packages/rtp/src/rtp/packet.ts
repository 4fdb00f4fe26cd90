// RTP packets (RFC 3550 §5.1) with header extensions in both forms of RFC 8285.

import { checkInteger } from '../arguments.ts';
import type { PacketAllocator } from './packet-allocator.ts';

/** One header extension element (RFC 8285): its local identifier and its bytes. */
export interface ExtensionElement {
  /** 1–14 in the one-byte form, 1–255 in the two-byte form. */
  readonly id: number;
  /** 1–16 bytes in the one-byte form, 0–255 in the two-byte form. */
  readonly value: Uint8Array;
}

/** Everything that makes up an outgoing packet. */
export interface RtpFields {
  /** 7 bit. */
  readonly payloadType: number;
  /** 16 bit. */
  readonly sequenceNumber: number;
  /** 32 bit, in ticks of the payload's clock. */
  readonly timestamp: number;
  /** 32 bit. */
  readonly ssrc: number;
  readonly marker: boolean;
  /** At most 15, of 32 bit. Default none. */
  readonly csrcs?: readonly number[];
  /** Default none. */
  readonly extensions?: readonly ExtensionElement[];
  readonly payload: Uint8Array;
  /** Takes the place of as many bytes at the payload's beginning. Default: they stay as they are. */
  readonly payloadHead?: Uint8Array | undefined;
  /** Bytes of padding after the payload, its last byte, the count, included: 0 (the default) to 255. */
  readonly paddingSize?: number;
}

/** The extension elements that are known only when a packet leaves; an identifier of 0 leaves the element out. */
export interface DepartureStamp {
  readonly absSendTimeId: number;
  /** 24 bit, 6.18 fixed-point seconds. */
  readonly absSendTime: number;
  readonly transportSequenceId: number;
  /** 16 bit. */
  readonly transportSequence: number;
}

const FIXED_HEADER_SIZE = 12;
const ONE_BYTE_PROFILE = 0xbede;
const TWO_BYTE_PROFILE = 0x1000;
/** The two-byte form's profile has four bits for applications to use. */
const TWO_BYTE_PROFILE_MASK = 0xfff0;
const ABS_SEND_TIME_SIZE = 3;
const TRANSPORT_SEQUENCE_SIZE = 2;

/** What `#elementAt` and `#find` answer where no element is. */
const PADDING = 0;
const END = -1;

/**
 * A received packet: the fixed header decoded, everything else a view into the bytes it came in. Nothing is copied, so
 * the bytes must not change while the packet is in use.
 */
export class RtpPacket {
  readonly payloadType: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly marker: boolean;
  /** The payload without its padding. */
  readonly payload: Uint8Array;
  /** Bytes of padding that followed the payload. */
  readonly paddingSize: number;
  /** The whole packet, as it came. */
  readonly bytes: Uint8Array;

  readonly #extensionProfile: number;
  readonly #extensionStart: number;
  readonly #extensionEnd: number;

  private constructor(
    bytes: Uint8Array,
    extensionProfile: number,
    extensionStart: number,
    extensionEnd: number,
    payloadStart: number,
    paddingSize: number,
  ) {
    const second = bytes[1] ?? 0;
    this.payloadType = second & 0x7f;
    this.marker = second >= 0x80;
    this.sequenceNumber = readUint16(bytes, 2);
    this.timestamp = readUint32(bytes, 4);
    this.ssrc = readUint32(bytes, 8);
    this.payload = bytes.subarray(payloadStart, bytes.length - paddingSize);
    this.paddingSize = paddingSize;
    this.bytes = bytes;
    this.#extensionProfile = extensionProfile;
    this.#extensionStart = extensionStart;
    this.#extensionEnd = extensionEnd;
  }

  /** Reads a packet, or answers `undefined` where the bytes are not a whole RTP packet. Never throws. */
  static parse(bytes: Uint8Array): RtpPacket | undefined {
    if (bytes.length < FIXED_HEADER_SIZE) return undefined;
    const first = bytes[0] ?? 0;
    if (first >> 6 !== 2) return undefined;
    let payloadStart = FIXED_HEADER_SIZE + 4 * (first & 0x0f);
    let profile = 0;
    let extensionStart = 0;
    if (first & 0x10) {
      if (bytes.length < payloadStart + 4) return undefined;
      profile = readUint16(bytes, payloadStart);
      extensionStart = payloadStart + 4;
      payloadStart = extensionStart + 4 * readUint16(bytes, payloadStart + 2);
    }
    if (bytes.length < payloadStart) return undefined;
    let paddingSize = 0;
    if (first & 0x20) {
      paddingSize = bytes[bytes.length - 1] ?? 0;
      if (paddingSize === 0 || payloadStart + paddingSize > bytes.length) return undefined;
    }
    return new RtpPacket(bytes, profile, extensionStart, payloadStart, payloadStart, paddingSize);
  }

  /** Size of the whole packet in bytes. */
  get size(): number {
    return this.bytes.length;
  }

  /** The contributing sources (RFC 3550 §5.1). */
  get csrcs(): number[] {
    const count = (this.bytes[0] ?? 0) & 0x0f;
    return Array.from({ length: count }, (_, i) => readUint32(this.bytes, FIXED_HEADER_SIZE + 4 * i));
  }

  /** The bytes of the extension element `id`, a view; `undefined` where the packet has none or its block is cut short. */
  extension(id: number): Uint8Array | undefined {
    const offset = this.#find(id);
    if (offset === END) return undefined;
    const element = this.#elementAt(offset);
    const start = offset + this.#headSize(element);
    return this.bytes.subarray(start, start + (element & 0xff));
  }

  /** The first 16 bits of the extension element `id`, without a view of it; `undefined` where there are none. */
  extensionUint16(id: number): number | undefined {
    const offset = this.#find(id);
    if (offset === END) return undefined;
    const element = this.#elementAt(offset);
    return (element & 0xff) < 2 ? undefined : readUint16(this.bytes, offset + this.#headSize(element));
  }

  /** All extension elements in the order in which they stand in the packet. */
  get extensions(): ExtensionElement[] {
    const elements: ExtensionElement[] = [];
    let offset = this.#extensionStart;
    while (offset < this.#extensionEnd) {
      const element = this.#elementAt(offset);
      if (element === END) break;
      const start = offset + this.#headSize(element);
      offset = start + (element & 0xff);
      if (element !== PADDING) elements.push({ id: element >> 8, value: this.bytes.subarray(start, offset) });
    }
    return elements;
  }

  /** Where the extension element `id` begins; `END` where there is none. */
  #find(id: number): number {
    let offset = this.#extensionStart;
    while (offset < this.#extensionEnd) {
      const element = this.#elementAt(offset);
      if (element === END) return END;
      if (element >> 8 === id && element !== PADDING) return offset;
      offset += this.#headSize(element) + (element & 0xff);
    }
    return END;
  }

  /** What stands at `offset`: an element, its identifier above the eight bits of its size; `PADDING`; or the `END`. */
  #elementAt(offset: number): number {
    const oneByte = this.#extensionProfile === ONE_BYTE_PROFILE;
    if (!oneByte && (this.#extensionProfile & TWO_BYTE_PROFILE_MASK) !== TWO_BYTE_PROFILE) return END;
    const head = this.bytes[offset] ?? 0;
    if (head === 0) return PADDING;
    const id = oneByte ? head >> 4 : head;
    // RFC 8285 §4.2: 15 ends the block, and so does a 0 that is not padding.
    if (oneByte && (id === 15 || id === 0)) return END;
    if (!oneByte && offset + 2 > this.#extensionEnd) return END;
    const size = oneByte ? (head & 0x0f) + 1 : (this.bytes[offset + 1] ?? 0);
    const end = offset + (oneByte ? 1 : 2) + size;
    return end > this.#extensionEnd ? END : (id << 8) | size;
  }

  #headSize(element: number): number {
    return element === PADDING || this.#extensionProfile === ONE_BYTE_PROFILE ? 1 : 2;
  }
}

/**
 * Writes a packet. Extensions take the one-byte form where every element fits it, the two-byte form otherwise.
 *
 * @param stamp - elements to add behind the others, of a packet that leaves now; it may be used again at once
 * @param allocator - where the bytes come from. Default: a buffer of their own
 * @throws ArgumentError where a field does not fit its place on the wire
 */
export function serializeRtp(fields: RtpFields, stamp?: DepartureStamp, allocator?: PacketAllocator): Uint8Array {
  const {
    extensions = NO_EXTENSIONS,
    csrcs = NO_CSRCS,
    paddingSize = 0,
    payload,
    payloadHead,
    sequenceNumber,
    payloadType,
  } = fields;
  const absSendTimeId = stamp?.absSendTimeId ?? 0;
  const transportSequenceId = stamp?.transportSequenceId ?? 0;
  checkInteger(payloadType, 0, 0x7f, 'payload type');
  checkInteger(sequenceNumber, 0, 0xffff, 'sequence number');
  checkInteger(fields.timestamp, 0, 0xffffffff, 'RTP timestamp');
  checkInteger(fields.ssrc, 0, 0xffffffff, 'SSRC');
  checkInteger(csrcs.length, 0, 15, 'number of contributing sources');
  checkInteger(paddingSize, 0, 255, 'size of the padding');

  let oneByte = absSendTimeId < 15 && transportSequenceId < 15;
  let elements = 0;
  let elementBytes = 0;
  for (let i = 0; i < extensions.length; i++) {
    const element = extensions[i];
    if (element === undefined) continue;
    checkInteger(element.id, 1, 255, 'identifier of a header extension');
    checkInteger(element.value.length, 0, 255, 'size of a header extension');
    if (element.id > 14 || element.value.length === 0 || element.value.length > 16) oneByte = false;
    elements += 1;
    elementBytes += element.value.length;
  }
  if (absSendTimeId !== 0) {
    elements += 1;
    elementBytes += ABS_SEND_TIME_SIZE;
  }
  if (transportSequenceId !== 0) {
    elements += 1;
    elementBytes += TRANSPORT_SEQUENCE_SIZE;
  }
  const extensionWords = (elementBytes + elements * (oneByte ? 1 : 2) + 3) >> 2;
  const payloadStart = FIXED_HEADER_SIZE + 4 * csrcs.length + (elements > 0 ? 4 + 4 * extensionWords : 0);

  const size = payloadStart + payload.length + paddingSize;
  const bytes = allocator?.allocate(size) ?? new Uint8Array(size);
  bytes[0] = 0x80 | (paddingSize > 0 ? 0x20 : 0) | (elements > 0 ? 0x10 : 0) | csrcs.length;
  bytes[1] = (fields.marker ? 0x80 : 0) | payloadType;
  writeUint16(bytes, 2, sequenceNumber);
  writeUint32(bytes, 4, fields.timestamp);
  writeUint32(bytes, 8, fields.ssrc);
  let offset = FIXED_HEADER_SIZE;
  for (const csrc of csrcs) {
    checkInteger(csrc, 0, 0xffffffff, 'contributing source');
    writeUint32(bytes, offset, csrc);
    offset += 4;
  }
  if (elements > 0) {
    writeUint16(bytes, offset, oneByte ? ONE_BYTE_PROFILE : TWO_BYTE_PROFILE);
    writeUint16(bytes, offset + 2, extensionWords);
    offset += 4;
    for (let i = 0; i < extensions.length; i++) {
      const element = extensions[i];
      if (element === undefined) continue;
      const { id, value } = element;
      offset = writeElementHead(bytes, offset, oneByte, id, value.length);
      for (let j = 0; j < value.length; j++) bytes[offset++] = value[j] ?? 0;
    }
    if (stamp !== undefined && absSendTimeId !== 0) {
      offset = writeElementHead(bytes, offset, oneByte, absSendTimeId, ABS_SEND_TIME_SIZE);
      bytes[offset] = stamp.absSendTime >> 16;
      writeUint16(bytes, offset + 1, stamp.absSendTime & 0xffff);
      offset += ABS_SEND_TIME_SIZE;
    }
    if (stamp !== undefined && transportSequenceId !== 0) {
      offset = writeElementHead(bytes, offset, oneByte, transportSequenceId, TRANSPORT_SEQUENCE_SIZE);
      writeUint16(bytes, offset, stamp.transportSequence);
    }
  }
  bytes.set(payload, payloadStart);
  if (payloadHead !== undefined) {
    for (let i = 0; i < payloadHead.length; i++) bytes[payloadStart + i] = payloadHead[i] ?? 0;
  }
  if (paddingSize > 0) bytes[bytes.length - 1] = paddingSize;
  return bytes;
}

const NO_EXTENSIONS: readonly ExtensionElement[] = [];
const NO_CSRCS: readonly number[] = [];

/** Where the element's value begins. */
function writeElementHead(bytes: Uint8Array, offset: number, oneByte: boolean, id: number, size: number): number {
  if (oneByte) {
    bytes[offset] = (id << 4) | (size - 1);
    return offset + 1;
  }
  bytes[offset] = id;
  bytes[offset + 1] = size;
  return offset + 2;
}

function readUint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return ((readUint16(bytes, offset) << 16) | readUint16(bytes, offset + 2)) >>> 0;
}

function writeUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >> 8;
  bytes[offset + 1] = value;
}

function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  writeUint16(bytes, offset, value >>> 16);
  writeUint16(bytes, offset + 2, value);
}
