// H.264 behind the `PayloadFormat` interface.

import { H264_NAL, h264CanStartFrame, h264ParameterSetKey, h264Syntax, parseAvcConfiguration } from './h264.ts';
import { h264SpsResolution } from './h264-sps.ts';
import { depacketizeNalUnits, findNalUnits, packNalUnits } from './nal-payloads.ts';
import { splitNalUnits } from './nal-units.ts';
import { type Packetizer, type PayloadFormat, type PayloadInfo, UNCHANGED } from './payload-format.ts';
import type { Resolution } from './vp8.ts';

/** Parameter sets kept for key frames that come without: every SPS id and a PPS for each (H.264 §7.4.2.1.1). */
const MAX_PARAMETER_SETS = 64;

/**
 * The H.264 payload format, packetization mode 1 (RFC 6184). A packet starts a key frame where it holds the SPS: WebRTC
 * sends parameter sets in band (RFC 7742 §6.2), ahead of the IDR picture in the same access unit, so that exactly one
 * packet of the frame does, and a receiver who begins there misses nothing, however many packets and slices follow.
 */
export const h264Format: PayloadFormat = {
  codec: 'H264',
  marksFrameStart: false,
  inspect(payload): PayloadInfo | undefined {
    const parts = findNalUnits(payload, h264Syntax);
    if (parts === undefined) return undefined;
    const [head] = parts;
    let keyFrameStart = false;
    let parameterSets = false;
    let resolution: Resolution | undefined;
    for (const { start, end, type, first, fragment } of parts) {
      if (!first) continue;
      if (type === H264_NAL.sps) {
        keyFrameStart = true;
        if (!fragment) resolution ??= h264SpsResolution(payload.subarray(start, end));
      }
      if (type === H264_NAL.sps || type === H264_NAL.pps) parameterSets = true;
      // Parameter sets may be repeated ahead of any picture. Nobody can begin at this one.
      if (type === H264_NAL.slice) keyFrameStart = false;
    }
    const body = head === undefined ? 0 : (payload[head.fragment ? head.start : head.start + 1] ?? 0);
    return {
      frameStart: head === undefined || (head.first && h264CanStartFrame(head.type, body)),
      keyFrameStart,
      temporalLayer: 0,
      layerSync: false,
      ...(resolution && { resolution }),
      ...(parameterSets && { parameterSets }),
    };
  },
  depacketize: (payloads) => depacketizeNalUnits(payloads, h264Syntax),
  createPacketizer: () => new H264Packetizer(),
  createRewriter: () => UNCHANGED,
};

/**
 * Takes frames in Annex B form or, once described by an avcC record, with lengths. Parameter sets stay where they are in
 * the frame; an IDR picture that comes without an SPS gets the newest ones, described or sent before, in front.
 */
export class H264Packetizer implements Packetizer {
  #lengthSize: number | undefined;
  readonly #parameterSets = new Map<number, Uint8Array>();

  describe(description: Uint8Array): void {
    const configuration = parseAvcConfiguration(description);
    if (configuration === undefined) return;
    this.#lengthSize = configuration.lengthSize;
    this.#parameterSets.clear();
    for (const unit of configuration.parameterSets) this.#keep(unit);
  }

  packetize(frame: Uint8Array, maxPayloadSize: number): Uint8Array[] {
    const units = splitNalUnits(frame, { lengthSize: this.#lengthSize });
    const types = units.map((unit) => (unit[0] ?? 0) & 0x1f);
    const complete = types.includes(H264_NAL.sps);
    if (complete) this.#parameterSets.clear();
    const own = units.filter((_, i) => types[i] === H264_NAL.sps || types[i] === H264_NAL.pps);
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
