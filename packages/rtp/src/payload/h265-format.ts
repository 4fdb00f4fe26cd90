// H.265 behind the `PayloadFormat` interface.

import { H265_NAL, h265CanStartFrame, h265NalType, h265Syntax, isH265Irap, parseHevcConfiguration } from './h265.ts';
import { h265SpsParameters, h265SpsResolution } from './h265-sps.ts';
import { depacketizeNalUnits, findNalUnits, packNalUnits } from './nal-payloads.ts';
import { splitNalUnits } from './nal-units.ts';
import { completeKeyFrame, MAX_PARAMETER_SETS } from './parameter-sets.ts';
import {
  type Packetizer,
  type PacketizerOptions,
  type PayloadFormat,
  type PayloadInfo,
  UNCHANGED,
} from './payload-format.ts';
import type { Resolution } from './vp8.ts';

/**
 * The H.265 payload format without DONL (RFC 7798).
 *
 * A packet starts a key frame where it holds the VPS: the parameter sets go ahead of the IRAP picture in the same access
 * unit, so that exactly one packet of the frame does. An IRAP picture without a VPS in front is no place to begin.
 *
 * Where the sets came out of band, it is: then its first segment starts a key frame, and `depacketize` puts the sets in
 * front of it. Sets in the packets go before them.
 *
 * @param parameterSets - from the session description (`readParameterSets`). Default none
 */
export function createH265Format(parameterSets: readonly Uint8Array[] = []): PayloadFormat {
  const known = parameterSets.find(([header = 0]) => h265NalType(header) === H265_NAL.sps);
  const startsAtIrap = known !== undefined;
  const announced = known && describeSps(known);
  return {
    codec: 'H265',
    marksFrameStart: false,
    inspect: (payload) => inspect(payload, startsAtIrap, announced),
    depacketize(payloads) {
      const frame = depacketizeNalUnits(payloads, h265Syntax);
      return frame && (startsAtIrap ? completeKeyFrame('H265', frame, parameterSets) : frame);
    },
    createPacketizer: (_random, options) => new H265Packetizer(options),
    createRewriter: () => UNCHANGED,
  };
}

/** The H.265 payload format with parameter sets in band. */
export const h265Format: PayloadFormat = createH265Format();

/** What most packets say, by temporal layer, which has three bits. */
const STARTS = Array.from({ length: 8 }, (_, temporalLayer) => plainInfo(true, temporalLayer));
const LATER = Array.from({ length: 8 }, (_, temporalLayer) => plainInfo(false, temporalLayer));

function plainInfo(frameStart: boolean, temporalLayer: number): PayloadInfo {
  return { frameStart, keyFrameStart: false, temporalLayer, layerSync: false };
}

/** What an SPS says of the stream. */
interface StreamDescription {
  readonly resolution: Resolution | undefined;
  readonly parameters: string | undefined;
}

function describeSps(unit: Uint8Array): StreamDescription {
  return { resolution: h265SpsResolution(unit), parameters: h265SpsParameters(unit) };
}

function inspect(payload: Uint8Array, startsAtIrap: boolean, known?: StreamDescription): PayloadInfo | undefined {
  const plain = inspectSegment(payload, startsAtIrap);
  if (plain !== undefined) return plain;
  const parts = findNalUnits(payload, h265Syntax);
  if (parts === undefined) return undefined;
  const [head] = parts;
  let keyFrameStart = false;
  let parameterSets = false;
  let referring = false;
  let described: StreamDescription | undefined;
  for (const { start, end, type, first, fragment } of parts) {
    if (type <= H265_NAL.lastSlice && !isH265Irap(type)) referring = true;
    if (!first) continue;
    if (startsAtIrap && isH265Irap(type)) {
      keyFrameStart ||= h265CanStartFrame(type, payload[fragment ? start : start + 2] ?? 0);
    }
    if (!isParameterSet(type)) continue;
    parameterSets = true;
    if (type === H265_NAL.vps) keyFrameStart = true;
    if (type === H265_NAL.sps && !fragment) described ??= describeSps(payload.subarray(start, end));
  }
  // Parameter sets may be repeated ahead of any picture. Nobody can begin at one that refers to others.
  if (referring) keyFrameStart = false;
  if (keyFrameStart && !parameterSets) described = known;
  const body = head === undefined ? 0 : (payload[head.fragment ? head.start : head.start + 2] ?? 0);
  const temporalLayer = temporalLayerOf(payload);
  // TSA and STSA pictures refer to no picture of their own layer or above: in layer 1, to layer 0 only.
  const access = head !== undefined && head.type >= H265_NAL.tsaN && head.type <= H265_NAL.stsaR;
  return {
    frameStart: head === undefined || (head.first && h265CanStartFrame(head.type, body)),
    keyFrameStart,
    temporalLayer,
    layerSync: access && temporalLayer === 1,
    ...(described?.resolution && { resolution: described.resolution }),
    ...(described?.parameters && { parameters: described.parameters }),
    ...(parameterSets && { parameterSets }),
  };
}

/** What most packets say, at no cost: those that are a segment of a picture, or a part of one. */
function inspectSegment(payload: Uint8Array, startsAtIrap: boolean): PayloadInfo | undefined {
  // By index: taking a typed array apart by pattern runs its iterator.
  const first = payload[0] ?? 0x80;
  const third = payload[2] ?? 0;
  if (first >= 0x80 || payload.length < 4) return undefined;
  let type = h265NalType(first);
  let body = third;
  let begins = true;
  if (type === H265_NAL.fragmentation) {
    type = third & 0x3f;
    begins = third >= 0x80;
    body = payload[3] ?? 0;
  }
  const isPlain = type < H265_NAL.tsaN || (isH265Irap(type) && !startsAtIrap);
  if (!isPlain) return undefined;
  return (begins && h265CanStartFrame(type, body) ? STARTS : LATER)[temporalLayerOf(payload)];
}

/** TID is the layer plus one (H.265 §7.4.2.2). */
function temporalLayerOf(payload: Uint8Array): number {
  return Math.max(0, ((payload[1] ?? 0) & 0x07) - 1);
}

/**
 * Takes frames in Annex B form or, once described by an hvcC record, with lengths. Parameter sets stay where they are in
 * the frame; an IRAP picture that comes without a VPS gets the newest ones, described or sent before, in front. With
 * parameter sets out of band none of them is sent.
 */
export class H265Packetizer implements Packetizer {
  readonly #inBand: boolean;
  #lengthSize: number | undefined;
  #parameterSets: Uint8Array[] = [];

  constructor({ parameterSets = 'in-band' }: PacketizerOptions = {}) {
    this.#inBand = parameterSets === 'in-band';
  }

  describe(description: Uint8Array): void {
    const configuration = parseHevcConfiguration(description);
    if (configuration === undefined) return;
    this.#lengthSize = configuration.lengthSize;
    this.#keep(configuration.parameterSets);
  }

  packetize(frame: Uint8Array, maxPayloadSize: number): Uint8Array[] {
    const units = splitNalUnits(frame, { lengthSize: this.#lengthSize });
    const types = units.map((unit) => h265NalType(unit[0] ?? 0));
    if (!this.#inBand) {
      return packNalUnits(
        units.filter((_, i) => !isParameterSet(types[i])),
        maxPayloadSize,
        h265Syntax,
      );
    }
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
