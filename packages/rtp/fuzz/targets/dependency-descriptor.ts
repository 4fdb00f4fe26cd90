// Dependency descriptors in a row, each read with the structure of those before it.

import { isDeepStrictEqual } from 'node:util';
import { check, type FuzzTarget } from '../../../../scripts/fuzz/target.ts';
import {
  type DependencyDescriptor,
  decodeTargetLayers,
  type FrameDependencies,
  type FrameDependencyStructure,
  parseDependencyDescriptor,
} from '../../src/payload/dependency-descriptor.ts';
import { writeDependencyDescriptor } from '../../src/payload/dependency-descriptor-writer.ts';
import { hostileSequence, partsOf } from '../inputs.ts';

const layer = (temporalLayer: number, references: number[]): FrameDependencies => ({
  spatialLayer: 0,
  temporalLayer,
  indications: [temporalLayer === 0 ? 'required' : 'notPresent', temporalLayer === 0 ? 'required' : 'discardable'],
  frameDiffs: references,
  chainDiffs: [temporalLayer === 0 ? 2 : 1],
});

/** Two temporal layers, as L1T2. */
const structure: FrameDependencyStructure = {
  templateIdOffset: 5,
  decodeTargets: 2,
  templates: [{ ...layer(0, []), chainDiffs: [0] }, layer(0, [2]), layer(1, [1])],
  chains: 1,
  protectedBy: [0, 0],
  resolutions: [{ width: 1280, height: 720 }],
};

const descriptor = (i: number, fields: Partial<DependencyDescriptor> = {}): Uint8Array =>
  writeDependencyDescriptor(
    {
      startOfFrame: i % 2 === 0,
      endOfFrame: i % 3 === 0,
      templateId: 5 + (i === 0 ? 0 : 1 + (i % 2)),
      frameNumber: i,
      structure: i === 0 ? structure : undefined,
      activeDecodeTargets: undefined,
      frame: undefined,
      ...fields,
    },
    structure,
  );

const corpus = [
  ...Array.from({ length: 8 }, (_, i) => descriptor(i)),
  descriptor(2, { activeDecodeTargets: 1 }),
  descriptor(2, { frame: { ...layer(0, [2, 40, 300]), chainDiffs: [200] } }),
];

export const dependencyDescriptorTargets: readonly FuzzTarget[] = [
  {
    name: 'dependency-descriptor',
    weight: 6,
    generate: (random) => hostileSequence(random, corpus, random.integer(1, 4)),
    run: readInOrder,
  },
];

function readInOrder(input: Uint8Array): void {
  let current: FrameDependencyStructure | undefined;
  for (const { bytes } of partsOf(input)) {
    const read = parseDependencyDescriptor(bytes, current);
    if (read === undefined) continue;
    if (read.structure !== undefined) {
      current = read.structure;
      requireBounds(current, bytes);
      check(decodeTargetLayers(current).length === current.decodeTargets, 'A decode target has no layers.');
    }
    const { frame } = read;
    if (frame !== undefined && current !== undefined) {
      check(frame.indications.length === current.decodeTargets, 'A frame lacks indications.');
      requireSurvival(read, current);
    }
  }
}

function requireBounds({ templates, decodeTargets, chains, protectedBy }: FrameDependencyStructure, bytes: Uint8Array) {
  check(templates.length >= 1 && templates.length <= 64, `There are ${templates.length} templates.`);
  check(decodeTargets >= 1 && decodeTargets <= 32, `There are ${decodeTargets} decode targets.`);
  check(chains >= 0 && chains <= decodeTargets, `There are ${chains} chains for ${decodeTargets} decode targets.`);
  check(
    protectedBy.every((chain) => chain < chains),
    'A decode target is protected by a chain that does not exist.',
  );
  let references = 0;
  for (const { frameDiffs } of templates) references += frameDiffs.length;
  // A reference takes five bits.
  check(references * 5 <= bytes.length * 8, `${bytes.length} bytes hold ${references} references.`);
}

/** A descriptor that was read and can be written is read as it was. */
function requireSurvival(read: DependencyDescriptor, current: FrameDependencyStructure): void {
  let written: Uint8Array;
  try {
    written = writeDependencyDescriptor(read, current);
  } catch (error) {
    // A structure that says more than needed may be larger than an extension element.
    if (error instanceof RangeError || (error instanceof Error && error.name === 'ArgumentError')) return;
    throw error;
  }
  const again = parseDependencyDescriptor(written, read.structure === undefined ? current : undefined);
  check(isDeepStrictEqual(again, read), 'A dependency descriptor was written as another one.');
}
