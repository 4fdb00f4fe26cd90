// VP9 behind the `PayloadFormat` interface.

import { CounterRewriter } from '../rtp/counter-rewriter.ts';
import { Unwrapper } from '../sequence.ts';
import { concatenate } from './concatenate.ts';
import type { PayloadFormat, PayloadInfo, PayloadRewriter, RewrittenPayload } from './payload-format.ts';
import { parseVp9Descriptor, parseVp9FrameHead, type Vp9Descriptor } from './vp9.ts';
import { Vp9Packetizer } from './vp9-packetizer.ts';

/** The VP9 payload format (RFC 9628). A frame is a picture: the frames of all its spatial layers. */
export const vp9Format: PayloadFormat = {
  codec: 'VP9',
  marksFrameStart: false,
  inspect(payload): PayloadInfo | undefined {
    const descriptor = parseVp9Descriptor(payload);
    if (descriptor === undefined) return undefined;
    const { frameStart, interPredicted, layer, structure, pictureId } = descriptor;
    // An encrypted frame has no readable head: then the descriptor is all there is to go by.
    const mayBeKeyFrame = frameStart && !interPredicted && (layer?.spatial ?? 0) === 0;
    const head = mayBeKeyFrame ? parseVp9FrameHead(payload, descriptor.size) : undefined;
    const keyFrameStart = mayBeKeyFrame && (head?.keyFrame ?? true);
    const announced = structure?.resolutions.at(-1);
    const isSize = announced !== undefined && announced.width > 0 && announced.height > 0;
    const resolution = !keyFrameStart ? undefined : isSize ? announced : head?.resolution;
    // As SDP has it (RFC 9628 §6).
    const parameters = keyFrameStart && head !== undefined ? `profile-id=${head.profile}` : undefined;
    const temporalLayer = layer?.temporal ?? 0;
    // U is about the layers above the frame's own, so that only on layer 0 it frees a receiver from all of them.
    const layerSync = layer?.temporal === 0 && layer.switchingUp;
    // In one piece where most packets go: optional parts cost a copy each.
    if (!keyFrameStart && pictureId !== undefined) {
      return { frameStart, keyFrameStart, temporalLayer, layerSync, pictureId };
    }
    return {
      frameStart,
      keyFrameStart,
      temporalLayer,
      layerSync,
      ...(resolution && { resolution }),
      ...(parameters && { parameters }),
      ...(pictureId !== undefined && { pictureId }),
    };
  },
  depacketize(payloads) {
    const parts: Uint8Array[] = [];
    for (const payload of payloads) {
      const descriptor = parseVp9Descriptor(payload);
      if (descriptor === undefined) return undefined;
      parts.push(payload.subarray(descriptor.size));
    }
    return parts.length === 0 ? undefined : concatenate(parts);
  },
  createPacketizer: (random, options) => new Vp9Packetizer(random.integer(0, 0x7fff), options),
  createRewriter: () => new Vp9Rewriter(),
};

/**
 * Continues picture ids and TL0PICIDX over splices. Pictures that are left out leave their ids out too: P_DIFF and the
 * places in a picture group count them (RFC 9628 §4.2), so that closing up would make references point elsewhere.
 */
class Vp9Rewriter implements PayloadRewriter {
  readonly #pictureIds = new CounterRewriter(15);
  /** Makes 7-bit ids count on; 15-bit ones pass. */
  #source = new Unwrapper(15);
  #tl0Offset = 0;
  #lastTl0 = 0;

  splice(payload: Uint8Array): void {
    const descriptor = parseVp9Descriptor(payload);
    if (descriptor === undefined) return;
    this.#source = new Unwrapper(descriptor.longPictureId ? 15 : 7);
    this.#pictureIds.splice(this.#source.unwrap(descriptor.pictureId ?? 0) & 0x7fff);
    this.#tl0Offset = this.#lastTl0 + 1 - (descriptor.tl0PictureIndex ?? 0);
  }

  drop(): void {}

  rewrite(payload: Uint8Array): RewrittenPayload | undefined {
    const descriptor = parseVp9Descriptor(payload);
    if (descriptor === undefined) return undefined;
    let pictureId = 0;
    if (descriptor.pictureId !== undefined) {
      const mapped = this.#pictureIds.map(this.#source.unwrap(descriptor.pictureId) & 0x7fff);
      if (mapped === undefined) return undefined;
      pictureId = mapped;
    }
    return renumber(payload, descriptor, pictureId, this.#renumberTl0(descriptor));
  }

  #renumberTl0({ tl0PictureIndex }: Vp9Descriptor): number {
    if (tl0PictureIndex === undefined) return 0;
    const index = (tl0PictureIndex + this.#tl0Offset) & 0xff;
    if (((index - this.#lastTl0) & 0xff) < 0x80) this.#lastTl0 = index;
    return index;
  }
}

/** The payload with its counters replaced, a 7-bit picture id widened; absent ones stay absent. */
function renumber(payload: Uint8Array, descriptor: Vp9Descriptor, pictureId: number, tl0: number): RewrittenPayload {
  const numbered = descriptor.pictureId !== undefined;
  const widened = numbered && !descriptor.longPictureId ? 1 : 0;
  // A picture id that grows moves everything behind it.
  const copied = widened ? payload.length : descriptor.size;
  const copy = new Uint8Array(copied + widened);
  copy.set(payload.subarray(1, copied), 1 + widened);
  copy[0] = payload[0] ?? 0;
  if (numbered) {
    copy[1] = 0x80 | (pictureId >> 8);
    copy[2] = pictureId & 0xff;
  }
  if (descriptor.tl0PictureIndex !== undefined) copy[numbered ? 4 : 2] = tl0;
  return widened ? { payload: copy, head: undefined } : { payload, head: copy };
}
