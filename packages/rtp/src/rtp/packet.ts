// RTP packets (RFC 3550 §5.1) with header extensions in both forms of RFC 8285.

/** One header extension element (RFC 8285): its local identifier and its bytes. */
export interface ExtensionElement {
  /** 1–14 in the one-byte form, 1–255 in the two-byte form. */
  readonly id: number;
  /** 1–16 bytes in the one-byte form, 0–255 in the two-byte form. */
  readonly value: Uint8Array;
}

/** Everything that makes up an outgoing packet. */
export interface RtpFields {
  readonly payloadType: number;
  /** 16 bit. */
  readonly sequenceNumber: number;
  /** 32 bit, in ticks of the payload's clock. */
  readonly timestamp: number;
  readonly ssrc: number;
  readonly marker: boolean;
  readonly csrcs?: readonly number[];
  readonly extensions?: readonly ExtensionElement[];
  readonly payload: Uint8Array;
  /** Bytes of padding after the payload, its last byte, the count, included: 0 (the default) to 255. */
  readonly paddingSize?: number;
}

const FIXED_HEADER_SIZE = 12;
const ONE_BYTE_PROFILE = 0xbede;
const TWO_BYTE_PROFILE = 0x1000;

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
  /** Size of the whole packet in bytes. */
  readonly size: number;

  readonly #bytes: Uint8Array;
  readonly #csrcCount: number;
  readonly #extensionProfile: number;
  readonly #extensionStart: number;
  readonly #extensionEnd: number;

  private constructor(
    bytes: Uint8Array,
    view: DataView,
    csrcCount: number,
    extension: { profile: number; start: number; end: number },
    payloadStart: number,
    paddingSize: number,
  ) {
    const second = view.getUint8(1);
    this.payloadType = second & 0x7f;
    this.marker = second >= 0x80;
    this.sequenceNumber = view.getUint16(2);
    this.timestamp = view.getUint32(4);
    this.ssrc = view.getUint32(8);
    this.payload = bytes.subarray(payloadStart, bytes.length - paddingSize);
    this.paddingSize = paddingSize;
    this.size = bytes.length;
    this.#bytes = bytes;
    this.#csrcCount = csrcCount;
    this.#extensionProfile = extension.profile;
    this.#extensionStart = extension.start;
    this.#extensionEnd = extension.end;
  }

  /** Reads a packet, or answers `undefined` where the bytes are not a whole RTP packet. Never throws. */
  static parse(bytes: Uint8Array): RtpPacket | undefined {
    if (bytes.length < FIXED_HEADER_SIZE) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const first = view.getUint8(0);
    if (first >> 6 !== 2) return undefined;
    const csrcCount = first & 0x0f;
    let offset = FIXED_HEADER_SIZE + 4 * csrcCount;
    const extension = { profile: 0, start: 0, end: 0 };
    if (first & 0x10) {
      if (bytes.length < offset + 4) return undefined;
      extension.profile = view.getUint16(offset);
      extension.start = offset + 4;
      extension.end = extension.start + 4 * view.getUint16(offset + 2);
      offset = extension.end;
    }
    if (bytes.length < offset) return undefined;
    let paddingSize = 0;
    if (first & 0x20) {
      paddingSize = view.getUint8(bytes.length - 1);
      if (paddingSize === 0 || offset + paddingSize > bytes.length) return undefined;
    }
    return new RtpPacket(bytes, view, csrcCount, extension, offset, paddingSize);
  }

  /** The contributing sources (RFC 3550 §5.1). */
  get csrcs(): number[] {
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset);
    return Array.from({ length: this.#csrcCount }, (_, i) => view.getUint32(FIXED_HEADER_SIZE + 4 * i));
  }

  /** The bytes of the extension element `id`, a view; `undefined` where the packet has none or its block is cut short. */
  extension(id: number): Uint8Array | undefined {
    let found: Uint8Array | undefined;
    this.#visitExtensions((element, start, end) => {
      if (element !== id) return false;
      found = this.#bytes.subarray(start, end);
      return true;
    });
    return found;
  }

  /** All extension elements in the order in which they stand in the packet. */
  get extensions(): ExtensionElement[] {
    const elements: ExtensionElement[] = [];
    this.#visitExtensions((id, start, end) => {
      elements.push({ id, value: this.#bytes.subarray(start, end) });
      return false;
    });
    return elements;
  }

  #visitExtensions(visit: (id: number, start: number, end: number) => boolean): void {
    const oneByte = this.#extensionProfile === ONE_BYTE_PROFILE;
    if (!oneByte && this.#extensionProfile >> 4 !== TWO_BYTE_PROFILE >> 4) return;
    const bytes = this.#bytes;
    let offset = this.#extensionStart;
    while (offset < this.#extensionEnd) {
      const head = bytes[offset] ?? 0;
      if (head === 0) {
        offset += 1;
        continue;
      }
      const id = oneByte ? head >> 4 : head;
      // RFC 8285 §4.2: 15 ends the block, and so does a 0 that is not padding.
      if (oneByte && (id === 15 || id === 0)) return;
      const size = oneByte ? (head & 0x0f) + 1 : (bytes[offset + 1] ?? 0);
      const start = offset + (oneByte ? 1 : 2);
      const end = start + size;
      if (end > this.#extensionEnd || visit(id, start, end)) return;
      offset = end;
    }
  }
}

/** Writes a packet. Extensions take the one-byte form where every element fits it, the two-byte form otherwise. */
export function serializeRtp(fields: RtpFields): Uint8Array {
  const extensions = fields.extensions ?? [];
  const csrcs = fields.csrcs ?? [];
  const paddingSize = fields.paddingSize ?? 0;
  let oneByte = true;
  let elementBytes = 0;
  for (const { id, value } of extensions) {
    if (id > 14 || value.length === 0 || value.length > 16) oneByte = false;
    elementBytes += value.length;
  }
  const extensionBytes = elementBytes + extensions.length * (oneByte ? 1 : 2);
  const extensionWords = (extensionBytes + 3) >> 2;
  const payloadStart = FIXED_HEADER_SIZE + 4 * csrcs.length + (extensions.length > 0 ? 4 + 4 * extensionWords : 0);

  const bytes = new Uint8Array(payloadStart + fields.payload.length + paddingSize);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x80 | (paddingSize > 0 ? 0x20 : 0) | (extensions.length > 0 ? 0x10 : 0) | csrcs.length);
  view.setUint8(1, (fields.marker ? 0x80 : 0) | fields.payloadType);
  view.setUint16(2, fields.sequenceNumber);
  view.setUint32(4, fields.timestamp);
  view.setUint32(8, fields.ssrc);
  let offset = FIXED_HEADER_SIZE;
  for (const csrc of csrcs) {
    view.setUint32(offset, csrc);
    offset += 4;
  }
  if (extensions.length > 0) {
    view.setUint16(offset, oneByte ? ONE_BYTE_PROFILE : TWO_BYTE_PROFILE);
    view.setUint16(offset + 2, extensionWords);
    offset += 4;
    for (const { id, value } of extensions) {
      if (oneByte) {
        bytes[offset++] = (id << 4) | (value.length - 1);
      } else {
        bytes[offset++] = id;
        bytes[offset++] = value.length;
      }
      bytes.set(value, offset);
      offset += value.length;
    }
  }
  bytes.set(fields.payload, payloadStart);
  if (paddingSize > 0) bytes[bytes.length - 1] = paddingSize;
  return bytes;
}
