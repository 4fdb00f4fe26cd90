// VP8 behind the `PayloadFormat` interface.

import { CounterRewriter } from '../rtp/counter-rewriter.ts';
import { Unwrapper } from '../sequence.ts';
import { concatenate } from './concatenate.ts';
import type { PayloadFormat, PayloadInfo, PayloadRewriter, RewrittenPayload } from './payload-format.ts';
import {
  isVp8KeyFrame,
  parseVp8Descriptor,
  renumberVp8,
  renumberVp8Descriptor,
  type Vp8Descriptor,
  Vp8Packetizer,
  vp8KeyFrameResolution,
} from './vp8.ts';

/** The VP8 payload format (RFC 7741). */
export const vp8Format: PayloadFormat = {
  codec: 'VP8',
  marksFrameStart: true,
  inspect(payload): PayloadInfo | undefined {
    const descriptor = parseVp8Descriptor(payload);
    if (descriptor === undefined) return undefined;
    const frameStart = descriptor.partitionStart && descriptor.partition === 0;
    const resolution = frameStart ? vp8KeyFrameResolution(payload, descriptor.size) : undefined;
    const keyFrameStart = frameStart && isVp8KeyFrame(payload, descriptor.size);
    const { temporalLayer = 0, layerSync, pictureId } = descriptor;
    // In one piece where most packets go: optional parts cost a copy each.
    if (resolution === undefined && pictureId !== undefined) {
      return { frameStart, keyFrameStart, temporalLayer, layerSync, pictureId };
    }
    return {
      frameStart,
      keyFrameStart,
      temporalLayer,
      layerSync,
      ...(resolution && { resolution }),
      ...(pictureId !== undefined && { pictureId }),
    };
  },
  depacketize(payloads) {
    const parts: Uint8Array[] = [];
    for (const payload of payloads) {
      const descriptor = parseVp8Descriptor(payload);
      if (descriptor === undefined) return undefined;
      parts.push(payload.subarray(descriptor.size));
    }
    return parts.length === 0 ? undefined : concatenate(parts);
  },
  createPacketizer: (random) => new Vp8Packetizer(random.integer(0, 0x7fff)),
  createRewriter: () => new Vp8Rewriter(),
};

class Vp8Rewriter implements PayloadRewriter {
  readonly #pictureIds = new CounterRewriter(15);
  /** Widens picture ids of 7 bits. */
  #shortPictureIds = new Unwrapper(7);
  #tl0Offset = 0;
  #lastTl0 = 0;
  #keyIndexOffset = 0;
  #lastKeyIndex = 0;

  splice(payload: Uint8Array): void {
    const descriptor = parseVp8Descriptor(payload);
    if (descriptor === undefined) return;
    this.#shortPictureIds = new Unwrapper(7);
    this.#pictureIds.splice(this.#pictureId(descriptor) ?? 0);
    this.#tl0Offset = this.#lastTl0 + 1 - (descriptor.tl0PictureIndex ?? 0);
    this.#keyIndexOffset = this.#lastKeyIndex + 1 - (descriptor.keyIndex ?? 0);
  }

  drop(payload: Uint8Array): void {
    const descriptor = parseVp8Descriptor(payload);
    const pictureId = descriptor && this.#pictureId(descriptor);
    if (pictureId !== undefined) this.#pictureIds.drop(pictureId);
  }

  rewrite(payload: Uint8Array): RewrittenPayload | undefined {
    const descriptor = parseVp8Descriptor(payload);
    if (descriptor === undefined) return undefined;
    const original = this.#pictureId(descriptor);
    const pictureId = original === undefined ? 0 : this.#pictureIds.map(original);
    if (pictureId === undefined) return undefined;
    const numbers = {
      pictureId,
      tl0PictureIndex: this.#renumberTl0(descriptor),
      keyIndex: this.#renumberKeyIndex(descriptor),
    };
    // A picture id that grows moves everything behind it.
    const widened = original !== undefined && !descriptor.longPictureId;
    if (widened) return { payload: renumberVp8(payload, descriptor, numbers), head: undefined };
    return { payload, head: renumberVp8Descriptor(payload, descriptor, numbers) };
  }

  /** 15 bit, whatever the original's width. */
  #pictureId({ pictureId, longPictureId }: Vp8Descriptor): number | undefined {
    if (pictureId === undefined || longPictureId) return pictureId;
    return this.#shortPictureIds.unwrap(pictureId) & 0x7fff;
  }

  #renumberTl0(descriptor: Vp8Descriptor): number {
    const index = ((descriptor.tl0PictureIndex ?? 0) + this.#tl0Offset) & 0xff;
    if (((index - this.#lastTl0) & 0xff) < 0x80) this.#lastTl0 = index;
    return index;
  }

  #renumberKeyIndex(descriptor: Vp8Descriptor): number {
    const index = ((descriptor.keyIndex ?? 0) + this.#keyIndexOffset) & 0x1f;
    if (((index - this.#lastKeyIndex) & 0x1f) < 0x10) this.#lastKeyIndex = index;
    return index;
  }
}
