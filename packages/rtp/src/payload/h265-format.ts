// H.265 behind the `PayloadFormat` interface.

import { H265_NAL, h265CanStartFrame, h265NalType, h265Syntax, isH265Irap, parseHevcConfiguration } from './h265.ts';
import { h265SpsResolution } from './h265-sps.ts';
import { depacketizeNalUnits, findNalUnits, packNalUnits } from './nal-payloads.ts';
import { splitNalUnits } from './nal-units.ts';
import { type Packetizer, type PayloadFormat, type PayloadInfo, UNCHANGED } from './payload-format.ts';
import type { Resolution } from './vp8.ts';

/** Parameter sets kept for key frames that come without. */
const MAX_PARAMETER_SETS = 64;

/**
 * The H.265 payload format without DONL (RFC 7798). A packet starts a key frame where it holds the VPS: the parameter sets
 * go ahead of the IRAP picture in the same access unit, so that exactly one packet of the frame does.
 */
export const h265Format: PayloadFormat = {
  codec: 'H265',
  marksFrameStart: false,
  inspect(payload): PayloadInfo | undefined {
    const parts = findNalUnits(payload, h265Syntax);
    if (parts === undefined) return undefined;
    const [head] = parts;
    let keyFrameStart = false;
    let parameterSets = false;
    let resolution: Resolution | undefined;
    for (const { start, end, type, first, fragment } of parts) {
      // Parameter sets may be repeated ahead of any picture. Nobody can begin at one that refers to others.
      if (type < H265_NAL.firstIrap) keyFrameStart = false;
      if (!first || !isParameterSet(type)) continue;
      parameterSets = true;
      if (type === H265_NAL.vps) keyFrameStart = true;
      if (type === H265_NAL.sps && !fragment) resolution ??= h265SpsResolution(payload.subarray(start, end));
    }
    const body = head === undefined ? 0 : (payload[head.fragment ? head.start : head.start + 2] ?? 0);
    const temporalLayer = Math.max(0, ((payload[1] ?? 0) & 0x07) - 1);
    // TSA and STSA pictures refer to no picture of their own layer or above: in layer 1, to layer 0 only.
    const access = head !== undefined && head.type >= H265_NAL.tsaN && head.type <= H265_NAL.stsaR;
    return {
      frameStart: head === undefined || (head.first && h265CanStartFrame(head.type, body)),
      keyFrameStart,
      temporalLayer,
      layerSync: access && temporalLayer === 1,
      ...(resolution && { resolution }),
      ...(parameterSets && { parameterSets }),
    };
  },
  depacketize: (payloads) => depacketizeNalUnits(payloads, h265Syntax),
  createPacketizer: () => new H265Packetizer(),
  createRewriter: () => UNCHANGED,
};

/**
 * Takes frames in Annex B form or, once described by an hvcC record, with lengths. Parameter sets stay where they are in
 * the frame; an IRAP picture that comes without a VPS gets the newest ones, described or sent before, in front.
 */
export class H265Packetizer implements Packetizer {
  #lengthSize: number | undefined;
  #parameterSets: Uint8Array[] = [];

  describe(description: Uint8Array): void {
    const configuration = parseHevcConfiguration(description);
    if (configuration === undefined) return;
    this.#lengthSize = configuration.lengthSize;
    this.#keep(configuration.parameterSets);
  }

  packetize(frame: Uint8Array, maxPayloadSize: number): Uint8Array[] {
    const units = splitNalUnits(frame, { lengthSize: this.#lengthSize });
    const types = units.map((unit) => h265NalType(unit[0] ?? 0));
    if (types.includes(H265_NAL.vps)) {
      this.#keep(units.filter((_, i) => isParameterSet(types[i])));
    } else if (types.some(isH265Irap)) {
      // An access unit delimiter stays first (H.265 §7.4.2.4.4). Sets in the frame replace the ones before them.
      units.splice(types[0] === H265_NAL.delimiter ? 1 : 0, 0, ...this.#parameterSets);
    }
    return packNalUnits(units, maxPayloadSize, h265Syntax);
  }

  #keep(units: readonly Uint8Array[]): void {
    this.#parameterSets = units.slice(0, MAX_PARAMETER_SETS).map((unit) => unit.slice());
  }
}

function isParameterSet(type: number | undefined): boolean {
  return type === H265_NAL.vps || type === H265_NAL.sps || type === H265_NAL.pps;
}
