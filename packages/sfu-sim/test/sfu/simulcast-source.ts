// A publisher's simulcast encoders for tests: recognisable frames, of VP8 and VP9 with temporal layers, as RTP packets.

import {
  type Packetizer,
  payloadFormatOf,
  RtpPacket as Rtp,
  type RtpPacket,
  seededRandom,
  serializeRtp,
  Vp8Packetizer,
} from '@sluice/rtp';

/** Whose frames these encoders make. */
export type SourceCodec = 'VP8' | 'VP9' | 'H264' | 'AV1';

/** What one encoder made of one picture. */
export interface SourceFrame {
  readonly rid: string;
  /** Counts the pictures of the source; the same in all encodings. */
  readonly number: number;
  readonly key: boolean;
  readonly temporalLayer: number;
  /** The frame of the same encoding without which this one cannot be decoded; `undefined` for a key frame. */
  readonly reference: SourceFrame | undefined;
  readonly data: Uint8Array;
}

const VP8_HEADER_SIZE = 10;
/** The temporal layers of a pattern of four pictures (L1T3). */
const PATTERN = [0, 2, 1, 2] as const;

/** The bytes of a frame: what its codec begins it with, who made it, and filling. */
const ENCODERS: Record<SourceCodec, (layer: number, number: number, key: boolean, size: number) => Uint8Array> = {
  // RFC 6386 §9.1.
  VP8(layer, number, key, size) {
    const data = new Uint8Array(VP8_HEADER_SIZE + size);
    for (let i = 0; i < data.length; i++) data[i] = (layer * 89 + number * 31 + i * 7) & 0xff;
    data.set([(layer << 5) | (key ? 0x10 : 0x11), number & 0xff, number >> 8]);
    if (key) data.set([0x9d, 0x01, 0x2a, 160 << layer, 0, 90 << layer, 0], 3);
    return data;
  },
  // VP9 §6.2: frame marker, profile 0, frame type, shown; of a key frame the sync code, BT.601, and a size of 16 by 16.
  VP9(layer, number, key, size) {
    const head = key ? [0x82, 0x49, 0x83, 0x42, 0x20, 0x00, 0xf0, 0x00, 0xf0] : [0x86];
    return Uint8Array.from([...head, ...filling(layer, number, size)]);
  },
  // H.264 §7.4.1, Annex B: parameter sets and an IDR slice, or a slice that is referred to; each the first of its picture.
  H264(layer, number, key, size) {
    const unit = (header: number, bytes: readonly number[]) => [0, 0, 0, 1, header, ...bytes];
    const sets = [...unit(0x67, [0x42, 0xe0, 0x1f, 0x8c, 0x8d, 0x40]), ...unit(0x68, [0xce, 0x3c, 0x80])];
    return Uint8Array.from([...(key ? sets : []), ...unit(key ? 0x65 : 0x41, [0x88, ...filling(layer, number, size)])]);
  },
  // AV1 §5.3: a sequence header and a key frame, or a frame, each with its size.
  AV1(layer, number, key, size) {
    const unit = (type: number, bytes: readonly number[]) => {
      const { length } = bytes;
      return [(type << 3) | 0x02, ...(length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7]), ...bytes];
    };
    const sequence = unit(1, [0x00, 0x00, 0x00, 0x04, 0x3c, 0xff, 0xbc, 0xfe, 0x01]);
    const frame = unit(6, [key ? 0x10 : 0x30, ...filling(layer, number, size)]);
    return Uint8Array.from([...(key ? sequence : []), ...frame]);
  },
};

/** Without zeros, which could be taken for a start code. */
function filling(layer: number, number: number, size: number): number[] {
  const numbers = [layer + 1, (number % 128) + 1, (number >> 7) + 1];
  const rest = Array.from({ length: size }, (_, i) => ((layer * 89 + number * 31 + i * 7) % 255) + 1);
  return [...numbers, ...rest];
}

/** What can tell temporal layers apart by its payload alone. */
function hasTemporalLayers(codec: SourceCodec): boolean {
  return codec === 'VP8' || codec === 'VP9';
}

/** Equal for equal bytes. */
function keyOf(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1');
}

export interface EncodingOptions {
  readonly codec: SourceCodec;
  readonly rid: string;
  readonly layer: number;
  readonly ssrc: number;
  readonly firstSequence: number;
  readonly firstTimestamp: number;
  readonly firstPictureId: number;
}

/** One encoder and the packets it sends. */
export class SourceEncoding {
  readonly frames = new Map<string, SourceFrame>();
  readonly #options: EncodingOptions;
  readonly #packetizer: Packetizer;
  #sequence: number;
  #phase = 0;
  #lastOfLayer: (SourceFrame | undefined)[] = [];

  constructor(options: EncodingOptions) {
    this.#options = options;
    this.#packetizer =
      options.codec === 'VP8'
        ? new Vp8Packetizer(options.firstPictureId)
        : payloadFormatOf(options.codec)!.createPacketizer(seededRandom(options.firstPictureId));
    this.#sequence = options.firstSequence;
  }

  /** The frame whose bytes these are. */
  frameOf(data: Uint8Array): SourceFrame | undefined {
    return this.frames.get(keyOf(data));
  }

  /** The RTP timestamp of what was captured at a time. */
  timestampAt(time: number): number {
    return (this.#options.firstTimestamp + Math.round(time * 90)) >>> 0;
  }

  /** Encodes a picture and answers its packets, of at most 100 bytes of payload. */
  encode(number: number, time: number, key: boolean, size: number): RtpPacket[] {
    if (key) this.#phase = 0;
    const { codec, rid, layer, ssrc } = this.#options;
    const temporalLayer = hasTemporalLayers(codec) ? (PATTERN[this.#phase % PATTERN.length] ?? 0) : 0;
    this.#phase += 1;
    const data = ENCODERS[codec](layer, number, key, size);
    const frame: SourceFrame = {
      rid,
      number,
      key,
      temporalLayer,
      reference: this.#reference(key, temporalLayer),
      data,
    };
    this.frames.set(keyOf(data), frame);
    if (key) this.#lastOfLayer = [];
    this.#lastOfLayer[temporalLayer] = frame;
    const layered = hasTemporalLayers(codec) ? temporalLayer : undefined;
    return this.#packetizer.packetize(data, 100, layered).map((payload, index, payloads) => {
      const bytes = serializeRtp({
        payloadType: 96,
        sequenceNumber: this.#sequence,
        timestamp: this.timestampAt(time),
        ssrc,
        marker: index === payloads.length - 1,
        payload,
      });
      this.#sequence = (this.#sequence + 1) & 0xffff;
      return Rtp.parse(bytes)!;
    });
  }

  /** The newest of the frames in the same or a lower temporal layer; layer 2 refers to lower layers only. */
  #reference(key: boolean, temporalLayer: number): SourceFrame | undefined {
    if (key) return undefined;
    const usable = this.#lastOfLayer.slice(0, temporalLayer === 0 ? 1 : temporalLayer);
    return usable.reduce(
      (newest, frame) => (frame && frame.number > (newest?.number ?? -1) ? frame : newest),
      undefined,
    );
  }
}
