// The dependency descriptor, a header extension that tells each frame's layer and references without a look into the
// payload (RTP Payload Format For AV1, appendix A).

import { BitReader } from './bit-reader.ts';
import type { Resolution } from './vp8.ts';

/** What a frame is to a decode target (table A.1), by its value in the descriptor. */
export const DECODE_TARGET_INDICATIONS = ['notPresent', 'discardable', 'switch', 'required'] as const;

/** What a frame is to a decode target (table A.1). */
export type DecodeTargetIndication = (typeof DECODE_TARGET_INDICATIONS)[number];

/** Bounds of §A.8.2, "syntax constants". */
const MAX_TEMPLATES = 64;
const MAX_SPATIAL_ID = 3;
const MAX_TEMPORAL_ID = 7;

/** A frame's layer and what it depends on. */
export interface FrameDependencies {
  /** 0–3. */
  readonly spatialLayer: number;
  /** 0–7. */
  readonly temporalLayer: number;
  /** One per decode target. */
  readonly indications: readonly DecodeTargetIndication[];
  /** How many frame numbers back the references are: 1–16 in templates, 1–4096 in frames. */
  readonly frameDiffs: readonly number[];
  /** How many frame numbers back each chain's previous frame is, 0 for none needed: 0–15 in templates, 0–255 in frames. */
  readonly chainDiffs: readonly number[];
}

/** What the frames of a coded video sequence have in common (§A.8.2, `template_dependency_structure`). */
export interface FrameDependencyStructure {
  /** The template id of the first template, 0–63. */
  readonly templateIdOffset: number;
  /** 1–32. */
  readonly decodeTargets: number;
  /** 1–64, by layer: a template's layer is that of the one before, one temporal layer up, or spatially up at 0. */
  readonly templates: readonly FrameDependencies[];
  /** 0 to `decodeTargets`. */
  readonly chains: number;
  /** The chain of each decode target; empty without chains. */
  readonly protectedBy: readonly number[];
  /** The size of each spatial layer in pixels, lowest first; empty when absent. */
  readonly resolutions: readonly Resolution[];
}

/** One packet's descriptor. */
export interface DependencyDescriptor {
  readonly startOfFrame: boolean;
  readonly endOfFrame: boolean;
  /** 0–63. */
  readonly templateId: number;
  /** 16 bit. */
  readonly frameNumber: number;
  /** A new structure, in force from this packet on; `undefined` when there is none. */
  readonly structure: FrameDependencyStructure | undefined;
  /** Bit i: decode target i can be decoded; `undefined` when not told. A new structure makes all of them active. */
  readonly activeDecodeTargets: number | undefined;
  /** What the frame depends on; `undefined` where the structure isn't known or has no such template. */
  readonly frame: FrameDependencies | undefined;
}

/**
 * Reads a descriptor, or answers `undefined` where it is malformed.
 *
 * @param structure - the newest one before this packet in the order of sequence numbers; `undefined` before the first
 */
export function parseDependencyDescriptor(
  bytes: Uint8Array,
  structure?: FrameDependencyStructure,
): DependencyDescriptor | undefined {
  if (bytes.length < 3) return undefined;
  const reader = new BitReader(bytes);
  const startOfFrame = reader.flag();
  const endOfFrame = reader.flag();
  const templateId = reader.bits(6);
  const frameNumber = reader.bits(16);
  const extended = bytes.length > 3;
  const hasStructure = extended && reader.flag();
  const hasActive = extended && reader.flag();
  const custom = {
    indications: extended && reader.flag(),
    frameDiffs: extended && reader.flag(),
    chainDiffs: extended && reader.flag(),
  };
  const attached = hasStructure ? readStructure(reader) : undefined;
  if (hasStructure && attached === undefined) return undefined;
  const current = attached ?? structure;
  const fields = { startOfFrame, endOfFrame, templateId, frameNumber, structure: attached };
  if (current === undefined) return { ...fields, activeDecodeTargets: undefined, frame: undefined };

  const active = hasActive ? reader.bits(current.decodeTargets) : undefined;
  const all = 2 ** current.decodeTargets - 1;
  const activeDecodeTargets = active ?? (attached === undefined ? undefined : all);
  const template = current.templates[(templateId + 64 - current.templateIdOffset) % 64];
  if (template === undefined) {
    return reader.overrun ? undefined : { ...fields, activeDecodeTargets, frame: undefined };
  }
  const frame = {
    spatialLayer: template.spatialLayer,
    temporalLayer: template.temporalLayer,
    indications: custom.indications ? readIndications(reader, current.decodeTargets) : template.indications,
    frameDiffs: custom.frameDiffs ? readFrameDiffs(reader) : template.frameDiffs,
    chainDiffs: custom.chainDiffs ? readNumbers(reader, current.chains, 8) : template.chainDiffs,
  };
  return reader.overrun ? undefined : { ...fields, activeDecodeTargets, frame };
}

/** The highest layers among the frames of each decode target (§A.8.2, `decode_target_layers`). */
export function decodeTargetLayers(
  structure: FrameDependencyStructure,
): { spatialLayer: number; temporalLayer: number }[] {
  return Array.from({ length: structure.decodeTargets }, (_, target) => {
    let spatialLayer = 0;
    let temporalLayer = 0;
    for (const template of structure.templates) {
      if (template.indications[target] === 'notPresent') continue;
      spatialLayer = Math.max(spatialLayer, template.spatialLayer);
      temporalLayer = Math.max(temporalLayer, template.temporalLayer);
    }
    return { spatialLayer, temporalLayer };
  });
}

function readStructure(reader: BitReader): FrameDependencyStructure | undefined {
  const templateIdOffset = reader.bits(6);
  const decodeTargets = reader.bits(5) + 1;
  const layers = readLayers(reader);
  if (layers === undefined) return undefined;
  const indications = layers.map(() => readIndications(reader, decodeTargets));
  // The syntax has no bound for references but the end of the bytes, behind which every flag reads as 0.
  const frameDiffs = layers.map(() => {
    const diffs: number[] = [];
    while (reader.flag()) diffs.push(reader.bits(4) + 1);
    return diffs;
  });
  const chains = reader.nonSymmetric(decodeTargets + 1);
  const protectedBy = chains === 0 ? [] : Array.from({ length: decodeTargets }, () => reader.nonSymmetric(chains));
  const chainDiffs = layers.map(() => readNumbers(reader, chains, 4));
  const spatialLayers = (layers.at(-1)?.spatialLayer ?? 0) + 1;
  const resolutions = reader.flag()
    ? Array.from({ length: spatialLayers }, () => ({ width: reader.bits(16) + 1, height: reader.bits(16) + 1 }))
    : [];
  if (reader.overrun) return undefined;
  const templates = layers.map((layer, i) => ({
    ...layer,
    indications: indications[i] ?? [],
    frameDiffs: frameDiffs[i] ?? [],
    chainDiffs: chainDiffs[i] ?? [],
  }));
  return { templateIdOffset, decodeTargets, templates, chains, protectedBy, resolutions };
}

function readLayers(reader: BitReader): { spatialLayer: number; temporalLayer: number }[] | undefined {
  const layers: { spatialLayer: number; temporalLayer: number }[] = [];
  let spatialLayer = 0;
  let temporalLayer = 0;
  for (;;) {
    layers.push({ spatialLayer, temporalLayer });
    const next = reader.bits(2);
    if (next === 3) return layers;
    if (next === 1) temporalLayer += 1;
    if (next === 2) {
      temporalLayer = 0;
      spatialLayer += 1;
    }
    if (
      reader.overrun ||
      layers.length >= MAX_TEMPLATES ||
      spatialLayer > MAX_SPATIAL_ID ||
      temporalLayer > MAX_TEMPORAL_ID
    ) {
      return undefined;
    }
  }
}

function readIndications(reader: BitReader, count: number): DecodeTargetIndication[] {
  return Array.from({ length: count }, () => DECODE_TARGET_INDICATIONS[reader.bits(2)] ?? 'notPresent');
}

function readFrameDiffs(reader: BitReader): number[] {
  const diffs: number[] = [];
  for (let size = reader.bits(2); size > 0; size = reader.bits(2)) {
    diffs.push(reader.bits(4 * size) + 1);
  }
  return diffs;
}

function readNumbers(reader: BitReader, count: number, width: number): number[] {
  return Array.from({ length: count }, () => reader.bits(width));
}
