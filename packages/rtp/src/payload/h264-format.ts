// H.264 behind the `PayloadFormat` interface.

import { H264_NAL, h264CanStartFrame, h264ParameterSetKey, h264Syntax, parseAvcConfiguration } from './h264.ts';
import { h264SpsParameters, h264SpsResolution } from './h264-sps.ts';
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
 * The H.264 payload format, packetization mode 1 (RFC 6184).
 *
 * A packet starts a key frame where it holds the SPS: WebRTC sends parameter sets in band (RFC 7742 §6.2), ahead of the
 * IDR picture in the same access unit, so that exactly one packet of the frame does, and a receiver who begins there misses
 * nothing, however many packets and slices follow. An IDR picture without an SPS in front is no place to begin.
 *
 * Where the sets came out of band, it is: then its first slice starts a key frame, and `depacketize` puts the sets in front
 * of it. Sets in the packets go before them.
 *
 * @param parameterSets - from the session description (`readParameterSets`). Default none
 */
export function createH264Format(parameterSets: readonly Uint8Array[] = []): PayloadFormat {
  const known = parameterSets.find(([header = 0]) => (header & 0x1f) === H264_NAL.sps);
  const startsAtIdr = known !== undefined;
  const announced = known && describeSps(known);
  return {
    codec: 'H264',
    marksFrameStart: false,
    inspect: (payload) => inspect(payload, startsAtIdr, announced),
    depacketize(payloads) {
      const frame = depacketizeNalUnits(payloads, h264Syntax);
      return frame && (startsAtIdr ? completeKeyFrame('H264', frame, parameterSets) : frame);
    },
    createPacketizer: (_random, options) => new H264Packetizer(options),
    createRewriter: () => UNCHANGED,
  };
}

/** The H.264 payload format with parameter sets in band. */
export const h264Format: PayloadFormat = createH264Format();

const START: PayloadInfo = { frameStart: true, keyFrameStart: false, temporalLayer: 0, layerSync: false };
const LATER: PayloadInfo = { frameStart: false, keyFrameStart: false, temporalLayer: 0, layerSync: false };

/** What an SPS says of the stream. */
interface StreamDescription {
  readonly resolution: Resolution | undefined;
  readonly parameters: string | undefined;
}

function describeSps(unit: Uint8Array): StreamDescription {
  return { resolution: h264SpsResolution(unit), parameters: h264SpsParameters(unit) };
}

function inspect(payload: Uint8Array, startsAtIdr: boolean, known?: StreamDescription): PayloadInfo | undefined {
  const plain = inspectSlice(payload, startsAtIdr);
  if (plain !== undefined) return plain;
  const parts = findNalUnits(payload, h264Syntax);
  if (parts === undefined) return undefined;
  const [head] = parts;
  let keyFrameStart = false;
  let parameterSets = false;
  let described: StreamDescription | undefined;
  let referring = false;
  for (const { start, end, type, first, fragment } of parts) {
    if (!first) continue;
    if (type === H264_NAL.sps) {
      keyFrameStart = true;
      if (!fragment) described ??= describeSps(payload.subarray(start, end));
    }
    if (type === H264_NAL.sps || type === H264_NAL.pps) parameterSets = true;
    if (type === H264_NAL.slice) referring = true;
    if (startsAtIdr && type === H264_NAL.idrSlice) {
      keyFrameStart ||= h264CanStartFrame(type, payload[fragment ? start : start + 1] ?? 0);
    }
  }
  // Parameter sets may be repeated ahead of any picture. Nobody can begin at one that refers to others.
  if (referring) keyFrameStart = false;
  if (keyFrameStart && !parameterSets) described = known;
  const body = head === undefined ? 0 : (payload[head.fragment ? head.start : head.start + 1] ?? 0);
  return {
    frameStart: head === undefined || (head.first && h264CanStartFrame(head.type, body)),
    keyFrameStart,
    temporalLayer: 0,
    layerSync: false,
    ...(described?.resolution && { resolution: described.resolution }),
    ...(described?.parameters && { parameters: described.parameters }),
    ...(parameterSets && { parameterSets }),
  };
}

/** What most packets say, at no cost: those that are a slice or a part of a unit. `undefined` for all others. */
function inspectSlice(payload: Uint8Array, startsAtIdr: boolean): PayloadInfo | undefined {
  // By index: taking a typed array apart by pattern runs its iterator.
  const indicator = payload[0] ?? 0x80;
  const header = payload[1] ?? 0;
  if (indicator >= 0x80) return undefined;
  let type = indicator & 0x1f;
  let body = header;
  if (type === H264_NAL.fuA) {
    if (payload.length < 3) return undefined;
    type = header & 0x1f;
    body = payload[2] ?? 0;
    if (header < 0x80 && type > 0 && type < H264_NAL.stapA) return LATER;
  }
  if (type !== H264_NAL.slice && (type !== H264_NAL.idrSlice || startsAtIdr)) return undefined;
  return h264CanStartFrame(type, body) ? START : LATER;
}

/**
 * Takes frames in Annex B form or, once described by an avcC record, with lengths. Parameter sets stay where they are in
 * the frame; an IDR picture that comes without an SPS gets the newest ones, described or sent before, in front. With
 * parameter sets out of band none of them is sent.
 */
export class H264Packetizer implements Packetizer {
  readonly #inBand: boolean;
  #lengthSize: number | undefined;
  readonly #parameterSets = new Map<number, Uint8Array>();

  constructor({ parameterSets = 'in-band' }: PacketizerOptions = {}) {
    this.#inBand = parameterSets === 'in-band';
  }

  describe(description: Uint8Array): void {
    const configuration = parseAvcConfiguration(description);
    if (configuration === undefined) return;
    this.#lengthSize = configuration.lengthSize;
    this.#parameterSets.clear();
    for (const unit of configuration.parameterSets) this.#keep(unit);
  }

  packetize(frame: Uint8Array, maxPayloadSize: number): Uint8Array[] {
    const units = splitNalUnits(frame, { lengthSize: this.#lengthSize });
    if (!this.#inBand) {
      return packNalUnits(
        units.filter((unit) => !isParameterSet(unit)),
        maxPayloadSize,
        h264Syntax,
      );
    }
    const types = units.map((unit) => (unit[0] ?? 0) & 0x1f);
    const complete = types.includes(H264_NAL.sps);
    if (complete) this.#parameterSets.clear();
    const own = units.filter(isParameterSet);
    for (const unit of own) this.#parameterSets.delete(h264ParameterSetKey(unit));
    if (types.includes(H264_NAL.idrSlice) && !complete) {
      // An access unit delimiter stays first (H.264 §7.4.1.2.3).
      units.splice(types[0] === H264_NAL.delimiter ? 1 : 0, 0, ...this.#parameterSets.values());
    }
    for (const unit of own) this.#keep(unit);
    return packNalUnits(units, maxPayloadSize, h264Syntax);
  }

  #keep(unit: Uint8Array): void {
    const key = h264ParameterSetKey(unit);
    if (this.#parameterSets.size < MAX_PARAMETER_SETS || this.#parameterSets.has(key)) {
      this.#parameterSets.set(key, unit.slice());
    }
  }
}

function isParameterSet([header = 0]: Uint8Array): boolean {
  const type = header & 0x1f;
  return type === H264_NAL.sps || type === H264_NAL.pps;
}
