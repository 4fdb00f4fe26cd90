// A publisher's camera: VP8 in three simulcast encodings, as RTP packets that say what is in them.

import {
  DEFAULT_HEADER_EXTENSION_IDS,
  type ExtensionElement,
  type Milliseconds,
  serializeRtp,
  Vp8Packetizer,
  writeToken,
  writeTransportSequence,
} from '@sluice/rtp';

/** The encodings, lowest first, in bit/s. */
export const ENCODINGS = [
  { rid: 'q', bitrate: 150_000 },
  { rid: 'h', bitrate: 500_000 },
  { rid: 'f', bitrate: 1_500_000 },
] as const;

export const BEST_LAYER = ENCODINGS.length - 1;

const FRAMERATE = 30;
export const PICTURE_INTERVAL: Milliseconds = 1000 / FRAMERATE;

/** How far apart the packets of a picture leave: the publisher paces as well. */
const PACKET_INTERVAL: Milliseconds = 1;

/** A key frame is so many times larger than the others. */
const KEY_FRAME_FACTOR = 4;

/** The temporal layers of four pictures in a row (L1T3). */
const TEMPORAL_LAYERS = [0, 2, 1, 2] as const;

const MAX_PAYLOAD_SIZE = 1150;
const COUNTED = 0x10000;

/** The end of each payload: the packet's number and the picture's, 16 bit each. */
const TAIL_SIZE = 4;

/** What a payload says of itself. */
export interface PacketTail {
  /** Counts the camera's packets in all encodings. */
  readonly packet: number;
  /** Counts the pictures; the same in all encodings. */
  readonly picture: number;
}

/** The end of a packet that a camera made, whoever forwarded it. */
export function readTail(bytes: Uint8Array): PacketTail {
  const at = bytes.length - TAIL_SIZE;
  const uint16 = (offset: number) => ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
  return { packet: uint16(at), picture: uint16(at + 2) };
}

/** A packet that leaves the camera. */
export interface CameraPacket {
  readonly at: Milliseconds;
  readonly bytes: Uint8Array;
}

interface Encoder {
  readonly layer: number;
  readonly ssrc: number;
  readonly frameSize: number;
  readonly firstTimestamp: number;
  readonly packetizer: Vp8Packetizer;
  readonly extensions: readonly ExtensionElement[];
  sequenceNumber: number;
  keyFrameWanted: boolean;
}

/** One camera. */
export class Camera {
  /** The SSRC of each encoding. */
  readonly ssrcs: readonly number[];
  readonly #payloadType: number;
  readonly #encoders: readonly Encoder[];
  /** When each of the last packets left, and of which encoding it is. */
  readonly #leftAt = new Float64Array(COUNTED);
  readonly #layers = new Uint8Array(COUNTED);
  #packets = 0;
  #pictures = 0;
  #transportSequence = 0;

  /** @param index - cameras of different numbers have different streams */
  constructor(index: number, payloadType: number) {
    this.#payloadType = payloadType;
    this.#encoders = ENCODINGS.map(({ rid, bitrate }, layer) => ({
      layer,
      ssrc: 1000 * (index + 1) + layer,
      frameSize: Math.round(bitrate / 8 / FRAMERATE),
      firstTimestamp: (0xfff0_0000 + 1_234_567 * (3 * index + layer)) >>> 0,
      packetizer: new Vp8Packetizer((32_700 + 977 * layer) & 0x7fff),
      extensions: [
        { id: DEFAULT_HEADER_EXTENSION_IDS.mid, value: writeToken('0') },
        { id: DEFAULT_HEADER_EXTENSION_IDS.rid, value: writeToken(rid) },
      ],
      sequenceNumber: (65_000 + 7919 * layer) & 0xffff,
      keyFrameWanted: true,
    }));
    this.ssrcs = this.#encoders.map(({ ssrc }) => ssrc);
  }

  /** Pictures taken so far. */
  get pictures(): number {
    return this.#pictures;
  }

  /** The next picture of the encoding will be a key frame. */
  wantKeyFrame(ssrc: number): void {
    for (const encoder of this.#encoders) if (encoder.ssrc === ssrc) encoder.keyFrameWanted = true;
  }

  /** When the packet of that number left. */
  leftAt(packet: number): Milliseconds {
    return this.#leftAt[packet] ?? Number.NaN;
  }

  /** Of which encoding the packet of that number is. */
  layerOf(packet: number): number {
    return this.#layers[packet] ?? Number.NaN;
  }

  /** Takes a picture, and answers its packets in the order in which they leave. */
  takePicture(now: Milliseconds): CameraPacket[] {
    const packets = this.#encoders.flatMap((encoder) => this.#encode(encoder, now));
    this.#pictures += 1;
    return packets.map((bytes, i) => {
      const at = now + i * PACKET_INTERVAL;
      this.#leftAt[readTail(bytes).packet] = at;
      return { at, bytes };
    });
  }

  #encode(encoder: Encoder, now: Milliseconds): Uint8Array[] {
    const isKey = encoder.keyFrameWanted;
    encoder.keyFrameWanted = false;
    const frame = new Uint8Array(encoder.frameSize * (isKey ? KEY_FRAME_FACTOR : 1));
    // RFC 6386 §9.1: bit 0 tells a key frame; it has a start code and its size.
    frame[0] = isKey ? 0x10 : 0x11;
    if (isKey) frame.set([0x9d, 0x01, 0x2a, 0x40, 0x01 << encoder.layer, 0xf0, 0], 3);
    const temporalLayer = isKey ? 0 : TEMPORAL_LAYERS[this.#pictures % TEMPORAL_LAYERS.length];
    const payloads = encoder.packetizer.packetize(frame, MAX_PAYLOAD_SIZE, temporalLayer);
    return payloads.map((payload, i) => {
      const packet = this.#packets++ % COUNTED;
      this.#layers[packet] = encoder.layer;
      payload.set([packet >> 8, packet, this.#pictures >> 8, this.#pictures], payload.length - TAIL_SIZE);
      encoder.sequenceNumber = (encoder.sequenceNumber + 1) & 0xffff;
      this.#transportSequence = (this.#transportSequence + 1) & 0xffff;
      return serializeRtp({
        payloadType: this.#payloadType,
        sequenceNumber: encoder.sequenceNumber,
        timestamp: (encoder.firstTimestamp + Math.round(now * 90)) >>> 0,
        ssrc: encoder.ssrc,
        marker: i === payloads.length - 1,
        extensions: [
          ...encoder.extensions,
          {
            id: DEFAULT_HEADER_EXTENSION_IDS.transportSequence,
            value: writeTransportSequence(this.#transportSequence),
          },
        ],
        payload,
      });
    });
  }
}
