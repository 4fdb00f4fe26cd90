// What the forwarding and assembling code needs to know of a codec, behind one small interface.

import type { Random } from '../random.ts';
import type { Resolution } from './vp8.ts';

/** What one packet of a stream says about the frame it belongs to. */
export interface PayloadInfo {
  /**
   * The packet can be the first of its frame. It is, where `PayloadFormat.marksFrameStart`; in the other formats later
   * packets of the frame may say so too, and the frame starts at the first one behind a marker or with a new timestamp.
   */
  readonly frameStart: boolean;
  /** The packet is the first of a key frame that a receiver can begin with, parameter sets included. */
  readonly keyFrameStart: boolean;
  /** The temporal layer of the frame; 0 in a stream without temporal layers. */
  readonly temporalLayer: number;
  /** The frame depends on temporal layer 0 only, so that a receiver may go up to its layer here. */
  readonly layerSync: boolean;
  /** The size in pixels, where the packet says it (the first of a key frame). */
  readonly resolution?: Resolution;
  /**
   * The codec's parameters in the words of SDP, e.g. `profile-level-id=42e01f`, where the packet says them (as it does the
   * size): what is sent, whatever was negotiated.
   */
  readonly parameters?: string;
  /** The picture id, 7 or 15 bit, where the payload descriptor has one. */
  readonly pictureId?: number;
  /** The packet holds parameter sets: SPS, PPS, VPS, an AV1 sequence header. Absent where it holds none. */
  readonly parameterSets?: true;
  /**
   * The packet goes on with what the packet before it began, and cannot say its temporal layer: it is that packet's.
   * Absent where the packet says it.
   */
  readonly continued?: true;
}

/** What a payload format leaves to its sender to choose. Each format takes what concerns it. */
export interface PacketizerOptions {
  /**
   * How VP9 tells what a picture refers to (RFC 9628 §4.2). `flexible`: each picture says it itself, as Chromium has it;
   * right also for encoders that leave pictures out. `non-flexible`: key frames announce a group of pictures that repeats,
   * and each picture carries TL0PICIDX. Default `flexible`.
   */
  readonly vp9Mode?: 'flexible' | 'non-flexible';
  /**
   * Where H.264 and H.265 have their parameter sets. `in-band`: in front of each key frame, put there where the encoder
   * leaves them out (RFC 7742 §6.2 asks for it). `out-of-band`: nowhere in the packets; the description of the session
   * has them, see `writeParameterSets`. Default `in-band`.
   */
  readonly parameterSets?: 'in-band' | 'out-of-band';
}

/** Splits encoded frames into RTP payloads. */
export interface Packetizer {
  /**
   * The payloads of one frame, in order, each at most `maxPayloadSize` bytes; none for bytes that are not a frame.
   *
   * @param temporalLayer - of the frame; `undefined` for a stream without temporal layers
   * @throws RangeError where `maxPayloadSize` leaves no room behind the payload's own headers
   * @throws ArgumentError where the payload's headers cannot tell the temporal layer
   */
  packetize(frame: Uint8Array, maxPayloadSize: number, temporalLayer?: number): Uint8Array[];
  /**
   * Takes the decoder configuration of the frames from here on, as WebCodecs' `decoderConfig.description` has it (avcC,
   * hvcC): parameter sets that are not in the frames, and how these are written. Absent in formats that need none.
   */
  describe?(description: Uint8Array): void;
}

/** Keeps the counters inside the payloads continuous for one receiver, across layer switches and dropped frames. */
export interface PayloadRewriter {
  /** The next payload is the first of a key frame of another stream, and continues the numbering. */
  splice(payload: Uint8Array): void;
  /** The frame of this payload is not forwarded. */
  drop(payload: Uint8Array): void;
  /** The payload as the receiver shall get it, or `undefined` where its frame has no place in what was sent. */
  rewrite(payload: Uint8Array): RewrittenPayload | undefined;
}

/** A payload for one receiver: all receivers share its bytes but the first ones, for as long as they may be sent again. */
export interface RewrittenPayload {
  readonly payload: Uint8Array;
  /** Takes the place of as many bytes at the payload's beginning; `undefined`: they stay as they are. */
  readonly head: Uint8Array | undefined;
}

/** One codec's RTP payload format. */
export interface PayloadFormat {
  /** The encoding name in SDP, e.g. `VP8`. */
  readonly codec: string;
  /** Whether `PayloadInfo.frameStart` is said by the first packet of a frame alone. */
  readonly marksFrameStart: boolean;
  /** Reads what forwarding needs, at a cost an SFU can afford; `undefined` where the payload is malformed. */
  inspect(payload: Uint8Array): PayloadInfo | undefined;
  /**
   * The frame that decoders take, of the payloads of all its packets in order. VP8, VP9: the codec's frame. H.264,
   * H.265: Annex B with four-byte start codes. AV1: a temporal unit whose units have sizes. `undefined` where the payloads
   * don't make up a frame.
   */
  depacketize(payloads: readonly Uint8Array[]): Uint8Array | undefined;
  createPacketizer(random: Random, options?: PacketizerOptions): Packetizer;
  createRewriter(): PayloadRewriter;
}

/** Leaves payloads as they are: for formats without counters. */
export const UNCHANGED: PayloadRewriter = {
  splice: () => {},
  drop: () => {},
  rewrite: (payload) => ({ payload, head: undefined }),
};
