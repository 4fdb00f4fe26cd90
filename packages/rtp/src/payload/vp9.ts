// The VP9 payload descriptor (RFC 9628 §4.2), and what the head of a VP9 frame says of it.

import { BitReader } from './bit-reader.ts';
import type { Resolution } from './vp8.ts';

/** Pictures a flexible-mode picture may name as references (RFC 9628 §4.2), and a picture of a group too. */
const MAX_REFERENCES = 3;
const NO_REFERENCES: readonly number[] = [];

/** The payload descriptor, decoded. */
export interface Vp9Descriptor {
  /** Bytes before the VP9 data. */
  readonly size: number;
  /** I: 7 or 15 bit, counts pictures; `undefined` when absent. */
  readonly pictureId: number | undefined;
  /** M: the picture id has 15 bits. */
  readonly longPictureId: boolean;
  /** P: the frame refers to earlier pictures. */
  readonly interPredicted: boolean;
  /** F: references are told picture by picture, not by a group's pattern. */
  readonly flexible: boolean;
  /** B: the packet is the first of a layer's frame. */
  readonly frameStart: boolean;
  /** E: the packet is the last of a layer's frame. */
  readonly frameEnd: boolean;
  /** Z: no upper spatial layer of the picture refers to this frame. */
  readonly notForUpperLayers: boolean;
  /** L: the layer indices; `undefined` when absent. */
  readonly layer: Vp9Layer | undefined;
  /** 8 bit, counts pictures of temporal layer 0; only in non-flexible mode. */
  readonly tl0PictureIndex: number | undefined;
  /** P_DIFF: how many pictures back the references are, 1–127, at most three; empty in non-flexible mode. */
  readonly references: readonly number[];
  /** V: the scalability structure; `undefined` when absent. */
  readonly structure: Vp9Structure | undefined;
}

/** The layer indices (RFC 9628 §4.2). */
export interface Vp9Layer {
  /** TID, 0–7. */
  readonly temporal: number;
  /** U: higher temporal layers from here on refer to nothing above this layer that came before. */
  readonly switchingUp: boolean;
  /** SID, 0–7. */
  readonly spatial: number;
  /** D: the frame refers to the spatial layer below it in the same picture. */
  readonly interLayer: boolean;
}

/** The scalability structure (RFC 9628 §4.2.1). */
export interface Vp9Structure {
  /** N_S + 1: 1–8. */
  readonly spatialLayers: number;
  /** Y: the frame size of each spatial layer, lowest first; empty when absent. */
  readonly resolutions: readonly Resolution[];
  /** G: the pictures of a group, 0–255; `undefined` when there is no description. */
  readonly group: readonly Vp9GroupPicture[] | undefined;
}

/** One picture of a picture group. */
export interface Vp9GroupPicture {
  /** 0–7. */
  readonly temporal: number;
  readonly switchingUp: boolean;
  /** How many pictures back the references are, 1–255, at most three. */
  readonly references: readonly number[];
}

/** Reads the payload descriptor, or answers `undefined` where the payload is cut short or holds no VP9 data. */
export function parseVp9Descriptor(payload: Uint8Array): Vp9Descriptor | undefined {
  const flags = payload[0];
  if (flags === undefined) return undefined;
  const flexible = (flags & 0x10) !== 0;
  let offset = 1;
  let pictureId: number | undefined;
  let longPictureId = false;
  if (flags & 0x80) {
    const byte = payload[offset++] ?? 0;
    longPictureId = byte >= 0x80;
    pictureId = longPictureId ? ((byte & 0x7f) << 8) | (payload[offset++] ?? 0) : byte;
  }
  let layer: Vp9Layer | undefined;
  let tl0PictureIndex: number | undefined;
  if (flags & 0x20) {
    const byte = payload[offset++] ?? 0;
    layer = {
      temporal: byte >> 5,
      switchingUp: (byte & 0x10) !== 0,
      spatial: (byte >> 1) & 0x07,
      interLayer: (byte & 0x01) !== 0,
    };
    if (!flexible) tl0PictureIndex = payload[offset++] ?? 0;
  }
  let references = NO_REFERENCES;
  if (flexible && flags & 0x40) {
    // Differences of picture ids tell nothing without one.
    if (pictureId === undefined) return undefined;
    const named: number[] = [];
    let more = true;
    while (more) {
      if (named.length === MAX_REFERENCES) return undefined;
      const byte = payload[offset++] ?? 0;
      named.push(byte >> 1);
      more = (byte & 0x01) !== 0;
    }
    references = named;
  }
  let structure: Vp9Structure | undefined;
  if (flags & 0x02) {
    structure = parseStructure(payload, offset);
    offset += structureSize(structure);
  }
  if (offset >= payload.length) return undefined;
  return {
    size: offset,
    pictureId,
    longPictureId,
    interPredicted: (flags & 0x40) !== 0,
    flexible,
    frameStart: (flags & 0x08) !== 0,
    frameEnd: (flags & 0x04) !== 0,
    notForUpperLayers: (flags & 0x01) !== 0,
    layer,
    tl0PictureIndex,
    references,
    structure,
  };
}

/** Reads the structure at `offset`; where it is cut short its fields are zero, and it ends behind the payload. */
function parseStructure(payload: Uint8Array, start: number): Vp9Structure {
  let offset = start;
  const head = payload[offset++] ?? 0;
  const spatialLayers = (head >> 5) + 1;
  const resolutions: Resolution[] = [];
  if (head & 0x10) {
    for (let i = 0; i < spatialLayers; i++, offset += 4) {
      const width = ((payload[offset] ?? 0) << 8) | (payload[offset + 1] ?? 0);
      const height = ((payload[offset + 2] ?? 0) << 8) | (payload[offset + 3] ?? 0);
      resolutions.push({ width, height });
    }
  }
  if (!(head & 0x08)) return { spatialLayers, resolutions, group: undefined };
  const group: Vp9GroupPicture[] = [];
  for (let left = payload[offset++] ?? 0; left > 0; left--) {
    const byte = payload[offset++] ?? 0;
    const references: number[] = [];
    for (let i = (byte >> 2) & 0x03; i > 0; i--) references.push(payload[offset++] ?? 0);
    group.push({ temporal: byte >> 5, switchingUp: (byte & 0x10) !== 0, references });
  }
  return { spatialLayers, resolutions, group };
}

/** How many bytes a structure takes. */
function structureSize({ resolutions, group }: Vp9Structure): number {
  let size = 1 + 4 * resolutions.length + (group === undefined ? 0 : 1);
  for (const { references } of group ?? []) size += 1 + references.length;
  return size;
}

/**
 * The bytes of a descriptor; its `size` is not used. The picture id takes the form that `longPictureId` says.
 *
 * @throws RangeError where a field is out of its range
 */
export function writeVp9Descriptor(descriptor: Omit<Vp9Descriptor, 'size'>): Uint8Array {
  const { pictureId, layer, references, structure, flexible } = descriptor;
  if (references.length > MAX_REFERENCES) throw new RangeError(`A VP9 picture names ${references.length} references.`);
  const named = flexible && descriptor.interPredicted;
  if (named !== references.length > 0)
    throw new RangeError('VP9 references go with inter prediction in flexible mode.');
  const bytes: number[] = [
    (pictureId !== undefined ? 0x80 : 0) |
      (descriptor.interPredicted ? 0x40 : 0) |
      (layer !== undefined ? 0x20 : 0) |
      (flexible ? 0x10 : 0) |
      (descriptor.frameStart ? 0x08 : 0) |
      (descriptor.frameEnd ? 0x04 : 0) |
      (structure !== undefined ? 0x02 : 0) |
      (descriptor.notForUpperLayers ? 0x01 : 0),
  ];
  if (pictureId !== undefined) {
    if (descriptor.longPictureId) bytes.push(0x80 | (pictureId >> 8), pictureId & 0xff);
    else bytes.push(pictureId & 0x7f);
  }
  if (layer !== undefined) {
    const switching = layer.switchingUp ? 0x10 : 0;
    bytes.push((layer.temporal << 5) | switching | (layer.spatial << 1) | (layer.interLayer ? 1 : 0));
    if (!flexible) bytes.push((descriptor.tl0PictureIndex ?? 0) & 0xff);
  }
  references.forEach((reference, i) => {
    bytes.push(((reference & 0x7f) << 1) | (i < references.length - 1 ? 1 : 0));
  });
  if (structure !== undefined) pushStructure(bytes, structure);
  return new Uint8Array(bytes);
}

function pushStructure(bytes: number[], { spatialLayers, resolutions, group }: Vp9Structure): void {
  if (resolutions.length > 0 && resolutions.length !== spatialLayers) {
    throw new RangeError(`${resolutions.length} resolutions do not fit ${spatialLayers} VP9 spatial layers.`);
  }
  bytes.push(((spatialLayers - 1) << 5) | (resolutions.length > 0 ? 0x10 : 0) | (group !== undefined ? 0x08 : 0));
  for (const { width, height } of resolutions) bytes.push(width >> 8, width & 0xff, height >> 8, height & 0xff);
  if (group === undefined) return;
  bytes.push(group.length);
  for (const { temporal, switchingUp, references } of group) {
    bytes.push((temporal << 5) | (switchingUp ? 0x10 : 0) | (references.length << 2), ...references);
  }
}

/** What the uncompressed header of a VP9 frame says first (VP9 bitstream specification §6.2). */
export interface Vp9FrameHead {
  readonly keyFrame: boolean;
  /** In pixels, on key frames. */
  readonly resolution: Resolution | undefined;
  /** 0 to 3. */
  readonly profile: number;
}

/** Reads the head of the VP9 frame at `offset`, or answers `undefined` where there is none, as in encrypted payloads. */
export function parseVp9FrameHead(bytes: Uint8Array, offset = 0): Vp9FrameHead | undefined {
  const reader = new BitReader(bytes, offset);
  if (reader.bits(2) !== 2) return undefined;
  const profile = reader.bit() + 2 * reader.bit();
  if (profile === 3 && reader.flag()) return undefined;
  const showExisting = reader.flag();
  const keyFrame = !showExisting && !reader.flag();
  if (reader.overrun) return undefined;
  if (!keyFrame) return { keyFrame, resolution: undefined, profile };
  reader.skip(2);
  if (reader.bits(24) !== 0x498342) return undefined;
  if (profile >= 2) reader.skip(1);
  const rgb = reader.bits(3) === 7;
  if (!rgb) reader.skip(profile % 2 === 1 ? 4 : 1);
  else if (profile % 2 === 1) reader.skip(1);
  const width = reader.bits(16) + 1;
  const height = reader.bits(16) + 1;
  return { keyFrame, resolution: reader.overrun ? undefined : { width, height }, profile };
}
