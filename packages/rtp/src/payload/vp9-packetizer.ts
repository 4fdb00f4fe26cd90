// Splits VP9 frames into RTP payloads: one spatial layer, up to three temporal layers, non-flexible mode (RFC 9628 §4.2).

import { evenShares } from './concatenate.ts';
import type { Packetizer } from './payload-format.ts';
import type { Resolution } from './vp8.ts';
import { parseVp9FrameHead, type Vp9GroupPicture, type Vp9Structure, writeVp9Descriptor } from './vp9.ts';

/** The picture groups of scalability modes L1T1, L1T2 and L1T3: every picture refers to the newest of a lower layer. */
const GROUPS: readonly (readonly Vp9GroupPicture[])[] = [
  [{ temporal: 0, switchingUp: true, references: [1] }],
  [
    { temporal: 0, switchingUp: true, references: [2] },
    { temporal: 1, switchingUp: true, references: [1] },
  ],
  [
    { temporal: 0, switchingUp: true, references: [4] },
    { temporal: 2, switchingUp: true, references: [1] },
    { temporal: 1, switchingUp: true, references: [2] },
    { temporal: 2, switchingUp: true, references: [1] },
  ],
];

/**
 * Numbers pictures and temporal layers as it goes. Key frames carry the scalability structure, and so does the first
 * picture of the lowest layer after the frames have shown another number of temporal layers than was announced.
 */
export class Vp9Packetizer implements Packetizer {
  #pictureId: number;
  #tl0PictureIndex: number;
  /** Temporal layers in the newest structure; before it, those of the usual mode, L1T3. */
  #announced = 3;
  /** The highest temporal layer since the last picture of layer 0. */
  #highest = 0;

  /** @param firstPictureId - 15 bit; random, as RFC 9628 §4.2 asks */
  constructor(firstPictureId: number) {
    this.#pictureId = (firstPictureId - 1) & 0x7fff;
    this.#tl0PictureIndex = firstPictureId & 0xff;
  }

  /** @param temporalLayer - 0–2; `undefined` for a stream without temporal layers */
  packetize(frame: Uint8Array, maxPayloadSize: number, temporalLayer?: number): Uint8Array[] {
    this.#pictureId = (this.#pictureId + 1) & 0x7fff;
    const head = parseVp9FrameHead(frame);
    const keyFrame = head?.keyFrame ?? false;
    const structure = this.#structure(temporalLayer, keyFrame, head?.resolution);
    if (temporalLayer === 0) this.#tl0PictureIndex = (this.#tl0PictureIndex + 1) & 0xff;
    const fields = {
      pictureId: this.#pictureId,
      longPictureId: true,
      interPredicted: !keyFrame,
      flexible: false,
      notForUpperLayers: true,
      layer:
        temporalLayer === undefined
          ? undefined
          : { temporal: temporalLayer, switchingUp: true, spatial: 0, interLayer: false },
      tl0PictureIndex: this.#tl0PictureIndex,
      references: [],
    };
    const first = writeVp9Descriptor({ ...fields, structure, frameStart: true, frameEnd: false });
    const later = writeVp9Descriptor({ ...fields, structure: undefined, frameStart: false, frameEnd: false });
    const ends = evenShares(frame.length, maxPayloadSize - first.length);
    let start = 0;
    return ends.map((end, i) => {
      const descriptor = i === 0 ? first : later;
      const payload = new Uint8Array(descriptor.length + end - start);
      payload.set(descriptor);
      if (i === ends.length - 1) payload[0] = (payload[0] ?? 0) | 0x04;
      payload.set(frame.subarray(start, end), descriptor.length);
      start = end;
      return payload;
    });
  }

  #structure(
    temporalLayer: number | undefined,
    keyFrame: boolean,
    resolution: Resolution | undefined,
  ): Vp9Structure | undefined {
    const resolutions = resolution === undefined ? [] : [resolution];
    if (temporalLayer === undefined) return keyFrame ? { spatialLayers: 1, resolutions, group: undefined } : undefined;
    if (temporalLayer > 0) {
      this.#highest = Math.max(this.#highest, Math.min(2, temporalLayer));
      return undefined;
    }
    // A key frame may cut a group short, so that it shows fewer layers than there are.
    const shown = this.#highest + 1;
    const layers = keyFrame ? Math.max(shown, this.#announced) : shown;
    this.#highest = 0;
    if (!keyFrame && layers === this.#announced) return undefined;
    this.#announced = layers;
    return { spatialLayers: 1, resolutions, group: GROUPS[layers - 1] };
  }
}
