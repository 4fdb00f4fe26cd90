// A publisher's simulcast encoders for tests: recognisable VP8 frames with temporal layers, as RTP packets.

import { RtpPacket as Rtp, type RtpPacket, serializeRtp, Vp8Packetizer } from '@sluice/rtp';

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

const HEADER_SIZE = 10;
/** The temporal layers of a pattern of four pictures (L1T3). */
const PATTERN = [0, 2, 1, 2] as const;

/** The bytes of a frame: a VP8 frame header (RFC 6386 §9.1), then who made it, then filling. */
function encode(layer: number, number: number, key: boolean, size: number): Uint8Array {
  const data = new Uint8Array(HEADER_SIZE + size);
  for (let i = 0; i < data.length; i++) data[i] = (layer * 89 + number * 31 + i * 7) & 0xff;
  data.set([(layer << 5) | (key ? 0x10 : 0x11), number & 0xff, number >> 8]);
  if (key) data.set([0x9d, 0x01, 0x2a, 160 << layer, 0, 90 << layer, 0], 3);
  return data;
}

export interface EncodingOptions {
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
  readonly #packetizer: Vp8Packetizer;
  #sequence: number;
  #phase = 0;
  #lastOfLayer: (SourceFrame | undefined)[] = [];

  constructor(options: EncodingOptions) {
    this.#options = options;
    this.#packetizer = new Vp8Packetizer(options.firstPictureId);
    this.#sequence = options.firstSequence;
  }

  /** The frame whose bytes these are. */
  frameOf(data: Uint8Array): SourceFrame | undefined {
    return this.frames.get(data.toString());
  }

  /** The RTP timestamp of what was captured at a time. */
  timestampAt(time: number): number {
    return (this.#options.firstTimestamp + Math.round(time * 90)) >>> 0;
  }

  /** Encodes a picture and answers its packets, of at most 100 bytes of payload. */
  encode(number: number, time: number, key: boolean, size: number): RtpPacket[] {
    if (key) this.#phase = 0;
    const temporalLayer = PATTERN[this.#phase % PATTERN.length] ?? 0;
    this.#phase += 1;
    const { rid, layer, ssrc } = this.#options;
    const data = encode(layer, number, key, size);
    const frame: SourceFrame = {
      rid,
      number,
      key,
      temporalLayer,
      reference: this.#reference(key, temporalLayer),
      data,
    };
    this.frames.set(data.toString(), frame);
    if (key) this.#lastOfLayer = [];
    this.#lastOfLayer[temporalLayer] = frame;
    return this.#packetizer.packetize(data, 100, temporalLayer).map((payload, index, payloads) => {
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
