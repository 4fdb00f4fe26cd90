// What the forwarding and assembling code needs to know of a codec, behind one small interface.

import type { Random } from '../random.ts';
import type { Resolution } from './vp8.ts';

/** What one packet of a stream says about the frame it belongs to. */
export interface PayloadInfo {
  /** The packet is the first of its frame. */
  readonly frameStart: boolean;
  /** The packet is the first of a key frame. */
  readonly keyFrameStart: boolean;
  /** The temporal layer of the frame; 0 in a stream without temporal layers. */
  readonly temporalLayer: number;
  /** The frame depends on temporal layer 0 only, so that a receiver may go up to its layer here. */
  readonly layerSync: boolean;
  /** The size in pixels, where the packet says it (the first of a key frame). */
  readonly resolution?: Resolution;
}

/** Splits encoded frames into RTP payloads. */
export interface Packetizer {
  /** The payloads of one frame, in order, each at most `maxPayloadSize` bytes. */
  packetize(frame: Uint8Array, maxPayloadSize: number, temporalLayer?: number): Uint8Array[];
}

/** Keeps the counters inside the payloads continuous for one receiver, across layer switches and dropped frames. */
export interface PayloadRewriter {
  /** The next payload is the first of a key frame of another stream, and continues the numbering. */
  splice(payload: Uint8Array): void;
  /** The frame of this payload is not forwarded. */
  drop(payload: Uint8Array): void;
  /** The payload as the receiver shall get it, or `undefined` where its frame has no place in what was sent. */
  rewrite(payload: Uint8Array): Uint8Array | undefined;
}

/** One codec's RTP payload format. */
export interface PayloadFormat {
  /** The encoding name in SDP, e.g. `VP8`. */
  readonly codec: string;
  /** Reads what forwarding needs, at a cost an SFU can afford; `undefined` where the payload is malformed. */
  inspect(payload: Uint8Array): PayloadInfo | undefined;
  /** The codec data in the payload, a view; the frame is the concatenation over its packets. */
  frameData(payload: Uint8Array): Uint8Array;
  createPacketizer(random: Random): Packetizer;
  createRewriter(): PayloadRewriter;
}
