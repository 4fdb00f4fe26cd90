// Writes dependency descriptors (RTP Payload Format For AV1, appendix A).

import { BitWriter } from './bit-writer.ts';
import {
  DECODE_TARGET_INDICATIONS,
  type DecodeTargetIndication,
  type DependencyDescriptor,
  type FrameDependencies,
  type FrameDependencyStructure,
} from './dependency-descriptor.ts';

/**
 * The bytes of a descriptor, 3 to 255 of them. What the frame has in common with the template `templateId` isn't written.
 *
 * @param structure - in force: the descriptor's own if it has one
 * @throws RangeError where the template doesn't exist or is of another layer, a number is out of its range, or the
 * structure is too large for a header extension
 */
export function writeDependencyDescriptor(
  descriptor: DependencyDescriptor,
  structure: FrameDependencyStructure,
): Uint8Array {
  const { templateId, structure: attached, activeDecodeTargets } = descriptor;
  const template = structure.templates[(templateId + 64 - structure.templateIdOffset) % 64];
  const frame = descriptor.frame ?? template;
  if (template === undefined || frame === undefined || !sameLayer(frame, template)) {
    throw new RangeError(`Template ${templateId} does not describe the frame; find one with findTemplate().`);
  }
  const all = 2 ** structure.decodeTargets - 1;
  const active = attached !== undefined && activeDecodeTargets === all ? undefined : activeDecodeTargets;
  const custom = {
    indications: !equal(frame.indications, template.indications),
    frameDiffs: !equal(frame.frameDiffs, template.frameDiffs),
    chainDiffs: !equal(frame.chainDiffs, template.chainDiffs),
  };
  const writer = new BitWriter();
  writer.flag(descriptor.startOfFrame);
  writer.flag(descriptor.endOfFrame);
  writer.bits(6, templateId);
  writer.bits(16, descriptor.frameNumber);
  const isExtended = attached || active !== undefined;
  if (isExtended || custom.indications || custom.frameDiffs || custom.chainDiffs) {
    writer.flag(attached !== undefined);
    writer.flag(active !== undefined);
    writer.flag(custom.indications);
    writer.flag(custom.frameDiffs);
    writer.flag(custom.chainDiffs);
    if (attached !== undefined) writeStructure(writer, attached);
    if (active !== undefined) writer.bits(structure.decodeTargets, active);
    if (custom.indications) writeIndications(writer, frame.indications, structure.decodeTargets);
    if (custom.frameDiffs) writeFrameDiffs(writer, frame.frameDiffs);
    if (custom.chainDiffs) {
      expectCount('chain differences', frame.chainDiffs, structure.chains);
      for (const diff of frame.chainDiffs) writer.bits(8, inRange('chain difference', diff, 0, 255));
    }
  }
  const { bytes } = writer;
  if (bytes.length > 255) throw new RangeError(`A dependency descriptor of ${bytes.length} bytes fits no extension.`);
  return bytes;
}

/** The id of the template that describes a frame best: exactly, else with the fewest fields to write out. */
export function findTemplate(structure: FrameDependencyStructure, frame: FrameDependencies): number | undefined {
  let best: number | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  structure.templates.forEach((template, i) => {
    if (!sameLayer(frame, template)) return;
    let fields = equal(frame.indications, template.indications) ? 0 : 1;
    fields += equal(frame.frameDiffs, template.frameDiffs) ? 0 : 1;
    fields += equal(frame.chainDiffs, template.chainDiffs) ? 0 : 1;
    if (fields >= fewest) return;
    fewest = fields;
    best = (structure.templateIdOffset + i) % 64;
  });
  return best;
}

function writeStructure(writer: BitWriter, structure: FrameDependencyStructure): void {
  const { templates, decodeTargets, chains, protectedBy, resolutions } = structure;
  inRange('number of templates', templates.length, 1, 64);
  writer.bits(6, inRange('template id offset', structure.templateIdOffset, 0, 63));
  writer.bits(5, inRange('number of decode targets', decodeTargets, 1, 32) - 1);
  templates.forEach((template, i) => {
    const next = templates[i + 1];
    writer.bits(2, next === undefined ? 3 : nextLayer(template, next));
  });
  for (const { indications } of templates) writeIndications(writer, indications, decodeTargets);
  for (const { frameDiffs } of templates) {
    for (const diff of frameDiffs) {
      writer.flag(true);
      writer.bits(4, inRange('frame difference', diff, 1, 16) - 1);
    }
    writer.flag(false);
  }
  writer.nonSymmetric(decodeTargets + 1, inRange('number of chains', chains, 0, decodeTargets));
  if (chains > 0) {
    expectCount('protecting chains', protectedBy, decodeTargets);
    for (const chain of protectedBy) writer.nonSymmetric(chains, inRange('chain', chain, 0, chains - 1));
    for (const { chainDiffs } of templates) {
      expectCount('chain differences', chainDiffs, chains);
      for (const diff of chainDiffs) writer.bits(4, inRange('chain difference', diff, 0, 15));
    }
  }
  writer.flag(resolutions.length > 0);
  if (resolutions.length === 0) return;
  expectCount('resolutions', resolutions, (templates.at(-1)?.spatialLayer ?? 0) + 1);
  for (const { width, height } of resolutions) {
    writer.bits(16, inRange('width', width, 1, 65_536) - 1);
    writer.bits(16, inRange('height', height, 1, 65_536) - 1);
  }
}

/** `next_layer_idc` (table A.2). */
function nextLayer(template: FrameDependencies, next: FrameDependencies): number {
  if (sameLayer(template, next)) return 0;
  const { spatialLayer, temporalLayer } = template;
  if (next.spatialLayer === spatialLayer && next.temporalLayer === temporalLayer + 1) return 1;
  if (next.spatialLayer === spatialLayer + 1 && next.temporalLayer === 0) return 2;
  throw new RangeError('The templates are not in the order of their layers.');
}

function writeIndications(writer: BitWriter, indications: readonly DecodeTargetIndication[], count: number): void {
  expectCount('decode target indications', indications, count);
  for (const indication of indications) writer.bits(2, DECODE_TARGET_INDICATIONS.indexOf(indication));
}

function writeFrameDiffs(writer: BitWriter, diffs: readonly number[]): void {
  for (const diff of diffs) {
    inRange('frame difference', diff, 1, 4096);
    const size = diff <= 16 ? 1 : diff <= 256 ? 2 : 3;
    writer.bits(2, size);
    writer.bits(4 * size, diff - 1);
  }
  writer.bits(2, 0);
}

function sameLayer(a: FrameDependencies, b: FrameDependencies): boolean {
  return a.spatialLayer === b.spatialLayer && a.temporalLayer === b.temporalLayer;
}

function equal<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function inRange(what: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new RangeError(`The ${what} is ${value}; it has to be ${min} to ${max}.`);
}

function expectCount(what: string, values: readonly unknown[], count: number): void {
  if (values.length !== count) throw new RangeError(`There are ${values.length} ${what} instead of ${count}.`);
}
