import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DECODE_TARGET_INDICATIONS,
  type DecodeTargetIndication,
  type DependencyDescriptor,
  decodeTargetLayers,
  type FrameDependencies,
  type FrameDependencyStructure,
  parseDependencyDescriptor,
} from '../../src/payload/dependency-descriptor.ts';
import { findTemplate, writeDependencyDescriptor } from '../../src/payload/dependency-descriptor-writer.ts';
import { hex, toHex } from '../rtcp/hex.ts';

/** `-DSR` as table A.1 has it. */
const dtis = (symbols: string): DecodeTargetIndication[] =>
  Array.from(symbols, (symbol) => DECODE_TARGET_INDICATIONS['-DSR'.indexOf(symbol)]!);

const template = (
  spatialLayer: number,
  temporalLayer: number,
  symbols: string,
  frameDiffs: number[],
  chainDiffs: number[],
): FrameDependencies => ({ spatialLayer, temporalLayer, indications: dtis(symbols), frameDiffs, chainDiffs });

/** Three temporal layers: the key frame, then T2 T1 T2 T0 in a round of four. */
const l1t3: FrameDependencyStructure = {
  templateIdOffset: 0,
  decodeTargets: 3,
  templates: [
    template(0, 0, 'SSS', [], [0]),
    template(0, 0, 'SSS', [4], [4]),
    template(0, 1, '-DS', [2], [2]),
    template(0, 2, '--D', [1], [1]),
    template(0, 2, '--D', [1], [3]),
  ],
  chains: 1,
  protectedBy: [0, 0, 0],
  resolutions: [{ width: 1280, height: 720 }],
};

const keyFrame: DependencyDescriptor = {
  startOfFrame: true,
  endOfFrame: false,
  templateId: 0,
  frameNumber: 0x1234,
  structure: l1t3,
  activeDecodeTargets: 0b111,
  frame: l1t3.templates[0],
};

/** The same, bit by bit after §A.8.2. */
const keyFrameBits = [
  '1 0 000000 0001001000110100', // start, end, template id, frame number
  '1 0 0 0 0', // a structure, nothing else
  '000000 00010', // template id offset, decode targets - 1
  '00 01 01 00 11', // layers: same, T up, T up, same, end
  '101010 101010 000110 000001 000001', // indications
  '0', // no reference
  '1 0011 0 1 0001 0 1 0000 0 1 0000 0', // 4, 2, 1, 1 back
  '01', // one chain, ns(4)
  '0000 0100 0010 0001 0011', // chain differences, behind protecting chains of no bits, ns(1)
  '1 0000010011111111 0000001011001111', // 1280×720
].join('');

function packBits(bits: string): Uint8Array {
  const digits = bits.replace(/ /g, '');
  const padded = digits.padEnd(8 * Math.ceil(digits.length / 8), '0');
  return Uint8Array.from(padded.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}

describe('a descriptor, RTP Payload Format For AV1 §A.8', () => {
  it('of a key frame brings the structure', () => {
    expect(toHex(writeDependencyDescriptor(keyFrame, l1t3))).toBe(toHex(packBits(keyFrameBits)));
    expect(parseDependencyDescriptor(packBits(keyFrameBits))).toEqual(keyFrame);
  });

  it('of a frame like its template takes three bytes', () => {
    const descriptor = {
      ...keyFrame,
      structure: undefined,
      activeDecodeTargets: undefined,
      templateId: 3,
      endOfFrame: true,
    };
    const frame = { ...descriptor, frame: l1t3.templates[3] };
    expect(toHex(writeDependencyDescriptor(frame, l1t3))).toBe('c31234');
    expect(parseDependencyDescriptor(hex('c31234'), l1t3)).toEqual(frame);
  });

  it('of another frame says what differs', () => {
    const frame = {
      ...keyFrame,
      structure: undefined,
      activeDecodeTargets: 0b011,
      templateId: 2,
      frame: template(0, 1, '-RS', [1, 17, 300], [200]),
    };
    const bits = '1 0 000010 0001001000110100 0 1 1 1 1 011 00 11 10 01 0000 10 00010000 11 000100101011 00 11001000';
    expect(toHex(writeDependencyDescriptor(frame, l1t3))).toBe(toHex(packBits(bits)));
    expect(parseDependencyDescriptor(packBits(bits), l1t3)).toEqual(frame);
  });

  it('without a known structure still tells frame and number', () => {
    const info = parseDependencyDescriptor(hex('c31234'));
    expect(info).toMatchObject({
      startOfFrame: true,
      endOfFrame: true,
      templateId: 3,
      frameNumber: 0x1234,
      frame: undefined,
    });
  });

  it('of a template that the structure has not got tells no layer', () => {
    expect(parseDependencyDescriptor(hex('c91234'), l1t3)?.frame).toBeUndefined();
    expect(parseDependencyDescriptor(hex('c11234'), { ...l1t3, templateIdOffset: 62 })?.frame).toEqual(
      l1t3.templates[3],
    );
  });

  it('is malformed where it is cut short', () => {
    const whole = packBits(keyFrameBits);
    for (let size = 0; size < whole.length; size++) {
      if (size !== 3) expect(parseDependencyDescriptor(whole.subarray(0, size))).toBeUndefined();
    }
  });
});

describe('a structure', () => {
  it('gives each decode target its highest layers', () => {
    expect(decodeTargetLayers(l1t3)).toEqual([
      { spatialLayer: 0, temporalLayer: 0 },
      { spatialLayer: 0, temporalLayer: 1 },
      { spatialLayer: 0, temporalLayer: 2 },
    ]);
  });

  it('has a template for a frame: the one that says most of it', () => {
    expect(findTemplate(l1t3, l1t3.templates[4]!)).toBe(4);
    expect(findTemplate(l1t3, template(0, 2, '--D', [2], [3]))).toBe(4);
    expect(findTemplate(l1t3, template(1, 0, '--D', [1], [1]))).toBeUndefined();
    expect(findTemplate({ ...l1t3, templateIdOffset: 62 }, l1t3.templates[4]!)).toBe(2);
  });

  it('that cannot be said is not written', () => {
    const [first, ...others] = l1t3.templates;
    const wrong: FrameDependencyStructure[] = [
      { ...l1t3, decodeTargets: 33 },
      { ...l1t3, decodeTargets: 2 },
      { ...l1t3, chains: 4 },
      { ...l1t3, protectedBy: [0] },
      { ...l1t3, resolutions: [...l1t3.resolutions, ...l1t3.resolutions] },
      { ...l1t3, templates: [first!, ...[...others].reverse()] },
      { ...l1t3, templates: [first!, template(0, 0, 'SSS', [17], [4])] },
    ];
    for (const structure of wrong) {
      expect(() => writeDependencyDescriptor({ ...keyFrame, structure }, structure)).toThrow(RangeError);
    }
    expect(() => writeDependencyDescriptor({ ...keyFrame, templateId: 9 }, l1t3)).toThrow(RangeError);
    expect(() => writeDependencyDescriptor({ ...keyFrame, templateId: 2 }, l1t3)).toThrow(RangeError);
  });
});

/** Any structure that the syntax can say, and a frame of it. */
const described = fc
  .record({
    templateIdOffset: fc.nat(63),
    decodeTargets: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(32)),
    steps: fc.array(fc.constantFrom('same', 'temporal', 'spatial'), { maxLength: 6 }),
    sized: fc.boolean(),
    chainShare: fc.nat(4),
  })
  .chain(({ templateIdOffset, decodeTargets, steps, sized, chainShare }) => {
    const layers = [{ spatialLayer: 0, temporalLayer: 0 }];
    for (const step of steps) {
      const { spatialLayer, temporalLayer } = layers.at(-1)!;
      if (step === 'temporal') layers.push({ spatialLayer, temporalLayer: temporalLayer + 1 });
      else if (step === 'spatial' && spatialLayer < 3)
        layers.push({ spatialLayer: spatialLayer + 1, temporalLayer: 0 });
      else layers.push({ spatialLayer, temporalLayer });
    }
    const chains = Math.min(chainShare, decodeTargets);
    const list = <T>(item: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> =>
      fc.array(item, { minLength: length, maxLength: length });
    const indications = list(fc.constantFrom(...DECODE_TARGET_INDICATIONS), decodeTargets);
    const each = layers.map((layer) =>
      fc.record({
        spatialLayer: fc.constant(layer.spatialLayer),
        temporalLayer: fc.constant(layer.temporalLayer),
        indications,
        frameDiffs: fc.array(fc.integer({ min: 1, max: 16 }), { maxLength: 4 }),
        chainDiffs: list(fc.nat(15), chains),
      }),
    );
    const structure = fc.record({
      templateIdOffset: fc.constant(templateIdOffset),
      decodeTargets: fc.constant(decodeTargets),
      templates: fc.tuple(...each),
      chains: fc.constant(chains),
      protectedBy: chains === 0 ? fc.constant([]) : list(fc.nat(chains - 1), decodeTargets),
      resolutions: sized
        ? list(
            fc.record({ width: fc.integer({ min: 1, max: 65_536 }), height: fc.integer({ min: 1, max: 65_536 }) }),
            layers.at(-1)!.spatialLayer + 1,
          )
        : fc.constant([]),
    });
    const frame = fc.record({
      indications,
      frameDiffs: fc.array(fc.integer({ min: 1, max: 4096 }), { maxLength: 5 }),
      chainDiffs: list(fc.nat(255), chains),
    });
    return fc.record({
      structure,
      index: fc.nat(layers.length - 1),
      own: fc.option(frame, { nil: undefined }),
      startOfFrame: fc.boolean(),
      endOfFrame: fc.boolean(),
      frameNumber: fc.nat(0xffff),
      attach: fc.boolean(),
      active: fc.option(fc.nat(2 ** decodeTargets - 1), { nil: undefined }),
    });
  });

it('any descriptor comes back as it was written', () => {
  fc.assert(
    fc.property(described, ({ structure, index, own, attach, active, ...fields }) => {
      const base = structure.templates[index]!;
      const descriptor: DependencyDescriptor = {
        ...fields,
        templateId: (structure.templateIdOffset + index) % 64,
        structure: attach ? structure : undefined,
        activeDecodeTargets: active ?? (attach ? 2 ** structure.decodeTargets - 1 : undefined),
        frame: { ...base, ...own },
      };
      const bytes = writeDependencyDescriptor(descriptor, structure);
      expect(parseDependencyDescriptor(bytes, attach ? undefined : structure)).toEqual(descriptor);
    }),
    { numRuns: 300 },
  );
});

it('random and changed bytes do no harm', () => {
  const key = packBits(keyFrameBits);
  const changed = fc
    .array(fc.tuple(fc.nat(key.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 })
    .map((changes) => {
      const bytes = key.slice();
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 255 }), changed), (bytes) => {
      const info = parseDependencyDescriptor(bytes, l1t3);
      expect(info?.structure?.templates.length ?? 0).toBeLessThanOrEqual(64);
      expect(info?.frame?.frameDiffs.length ?? 0).toBeLessThanOrEqual(8 * 255);
    }),
    { numRuns: 1000 },
  );
});
