// Splits VP9 frames into RTP payloads: one spatial layer with or without temporal layers, in flexible and in non-flexible
// mode (RFC 9628 §4.2).

import { checkInteger } from '../arguments.ts';
import { evenShares } from './concatenate.ts';
import type { Packetizer, PacketizerOptions } from './payload-format.ts';
import type { Resolution } from './vp8.ts';
import { parseVp9FrameHead, type Vp9GroupPicture, type Vp9Structure, writeVp9Descriptor } from './vp9.ts';

/** TID has three bits. */
const MAX_TEMPORAL_LAYER = 7;
/** P_DIFF has seven bits. */
const MAX_DIFFERENCE = 127;
/** N_G has eight bits. */
const MAX_GROUP = 255;
/** B and E in the first byte of the descriptor. */
const FRAME_START = 0x08;
const FRAME_END = 0x04;
/** The layers of a round of L1T3: what non-flexible mode announces before it has seen any. */
const L1T3: readonly number[] = [0, 2, 1, 2];

/**
 * Numbers pictures and temporal layers as it goes. A picture refers to the newest one before it of its own or a lower layer:
 * that is what the scalability modes L1T1, L1T2 and L1T3 do, and in any other order of layers it is enough for a receiver
 * to be whole, and nothing that it may leave out.
 */
export class Vp9Packetizer implements Packetizer {
  readonly #flexible: boolean;
  /** Counts pictures; the lower 15 bits are the id. */
  #picture: number;
  #tl0PictureIndex: number;
  readonly #references = new ReferenceFinder();
  readonly #groups = new GroupAnnouncer();

  /** @param firstPictureId - 15 bit; random, as RFC 9628 §4.2 asks */
  constructor(firstPictureId: number, { vp9Mode = 'flexible' }: PacketizerOptions = {}) {
    this.#flexible = vp9Mode === 'flexible';
    this.#picture = firstPictureId - 1;
    this.#tl0PictureIndex = firstPictureId & 0xff;
  }

  /** @param temporalLayer - 0–7; `undefined` for a stream without temporal layers */
  packetize(frame: Uint8Array, maxPayloadSize: number, temporalLayer?: number): Uint8Array[] {
    if (temporalLayer !== undefined)
      checkInteger(temporalLayer, 0, MAX_TEMPORAL_LAYER, 'temporal layer of a VP9 frame');
    if (frame.length === 0) return [];
    this.#picture += 1;
    const head = parseVp9FrameHead(frame);
    const keyFrame = head?.keyFrame ?? false;
    const difference = this.#references.next(this.#picture, temporalLayer ?? 0, keyFrame);
    if (temporalLayer === 0) this.#tl0PictureIndex = (this.#tl0PictureIndex + 1) & 0xff;
    const structure = this.#structure(temporalLayer, keyFrame, head?.resolution);
    const fields = {
      pictureId: this.#picture & 0x7fff,
      longPictureId: true,
      interPredicted: !keyFrame,
      flexible: this.#flexible,
      frameStart: false,
      frameEnd: false,
      notForUpperLayers: true,
      layer:
        temporalLayer === undefined
          ? undefined
          : { temporal: temporalLayer, switchingUp: true, spatial: 0, interLayer: false },
      tl0PictureIndex: this.#tl0PictureIndex,
      references: this.#flexible && !keyFrame ? [difference] : [],
      structure: undefined,
    };
    const later = writeVp9Descriptor(fields);
    const first = structure === undefined ? later : writeVp9Descriptor({ ...fields, structure });
    const ends = evenShares(frame.length, maxPayloadSize - first.length);
    const payloads: Uint8Array[] = [];
    let start = 0;
    for (const end of ends) {
      const descriptor = start === 0 ? first : later;
      const payload = new Uint8Array(descriptor.length + end - start);
      payload.set(descriptor);
      payload[0] = (descriptor[0] ?? 0) | (start === 0 ? FRAME_START : 0) | (end === frame.length ? FRAME_END : 0);
      payload.set(frame.subarray(start, end), descriptor.length);
      payloads.push(payload);
      start = end;
    }
    return payloads;
  }

  /** Key frames carry their size; in non-flexible mode the groups are there too, as often as they change. */
  #structure(
    temporalLayer: number | undefined,
    keyFrame: boolean,
    resolution: Resolution | undefined,
  ): Vp9Structure | undefined {
    const grouped = !this.#flexible && temporalLayer !== undefined;
    const group = grouped ? this.#groups.next(temporalLayer, keyFrame) : undefined;
    if (!keyFrame && group === undefined) return undefined;
    return { spatialLayers: 1, resolutions: resolution === undefined ? [] : [resolution], group };
  }
}

/** Finds the picture that each one refers to. */
class ReferenceFinder {
  /** The newest picture of each temporal layer; -1 for none. */
  readonly #newest = new Int32Array(MAX_TEMPORAL_LAYER + 1).fill(-1);

  /** How many pictures back the reference of `picture` is, and what it is to those behind it. */
  next(picture: number, temporalLayer: number, keyFrame: boolean): number {
    let newest = -1;
    for (let layer = 0; layer <= temporalLayer; layer++) newest = Math.max(newest, this.#newest[layer] ?? -1);
    // Everybody behind a key frame may refer to it, whatever layer it is said to be of, and nobody to what was before.
    this.#newest[keyFrame ? 0 : temporalLayer] = picture;
    // A stream that is joined in the middle, or a reference beyond what P_DIFF can tell: a receiver needs the one before.
    return newest < 0 || picture - newest > MAX_DIFFERENCE ? 1 : picture - newest;
  }
}

/**
 * Says when a picture group is to be announced: with key frames, and with the first picture of layer 0 after a round that
 * was not as announced.
 */
class GroupAnnouncer {
  #announced = L1T3;
  /** The layers of the pictures since the last one of layer 0, that one included. */
  #round: number[] = [];

  /** The group to announce with the next picture; `undefined` where that in force goes on. */
  next(temporalLayer: number, keyFrame: boolean): Vp9GroupPicture[] | undefined {
    if (temporalLayer > 0 && !keyFrame) {
      if (this.#round.length <= MAX_GROUP) this.#round.push(temporalLayer);
      return undefined;
    }
    const round = this.#round;
    this.#round = [0];
    if (!keyFrame && equal(round, this.#announced)) return undefined;
    if (round.length <= MAX_GROUP && !this.#isCutShort(round, keyFrame)) this.#announced = round;
    return groupOf(this.#announced);
  }

  /** A round of fewer pictures tells nothing new where a key frame ended it, or the encoder left pictures out. */
  #isCutShort(round: readonly number[], keyFrame: boolean): boolean {
    if (round.length >= this.#announced.length) return false;
    const [highest, announced] = [Math.max(0, ...round), Math.max(...this.#announced)];
    return keyFrame || round.length === 0 ? highest <= announced : highest === announced;
  }
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((layer, i) => layer === b[i]);
}

/** Each picture refers to the newest one of its own or a lower layer, round after round. */
function groupOf(layers: readonly number[]): Vp9GroupPicture[] {
  return layers.map((temporal, i) => {
    let back = 1;
    while ((layers[(i + layers.length - back) % layers.length] ?? 0) > temporal) back += 1;
    return { temporal, switchingUp: true, references: [back] };
  });
}
