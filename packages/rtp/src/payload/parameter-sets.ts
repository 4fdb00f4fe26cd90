// Parameter sets of H.264 and H.265 out of band: in session descriptions (RFC 6184 §8.1, RFC 7798 §7.1) and in decoder
// configuration records (ISO/IEC 14496-15); and their way back into the frames that need them.

import { parseParameters } from '../sdp/parameters.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { concatenate } from './concatenate.ts';
import { H264_NAL, parseAvcConfiguration } from './h264.ts';
import { H265_NAL, h265NalType, isH265Irap, parseHevcConfiguration } from './h265.ts';
import { START_CODE, splitNalUnits } from './nal-units.ts';

/** A codec that has parameter sets in NAL units of their own. */
export type NalCodec = 'H264' | 'H265';

/** Parameter sets that are kept of one codec: every SPS id and a PPS for each (H.264 §7.4.2.1.1). */
export const MAX_PARAMETER_SETS = 64;

/** What the functions here have to know of a codec. */
interface ParameterSetSyntax {
  /** The `a=fmtp` parameters that carry sets, and what types of NAL unit each has, in the order of a stream. */
  readonly properties: readonly { readonly name: string; readonly types: readonly number[] }[];
  typeOf(unit: Uint8Array): number;
  /** A frame that holds a unit of this type is one to begin with. */
  isRandomAccess(type: number): boolean;
  /** The unit that stands in front of all others of a frame. */
  readonly delimiter: number;
}

const SYNTAXES: Readonly<Record<NalCodec, ParameterSetSyntax>> = {
  H264: {
    properties: [{ name: 'sprop-parameter-sets', types: [H264_NAL.sps, H264_NAL.pps] }],
    typeOf: ([header = 0]) => header & 0x1f,
    isRandomAccess: (type) => type === H264_NAL.idrSlice,
    delimiter: H264_NAL.delimiter,
  },
  H265: {
    properties: [
      { name: 'sprop-vps', types: [H265_NAL.vps] },
      { name: 'sprop-sps', types: [H265_NAL.sps] },
      { name: 'sprop-pps', types: [H265_NAL.pps] },
    ],
    typeOf: ([header = 0]) => h265NalType(header),
    isRandomAccess: isH265Irap,
    delimiter: H265_NAL.delimiter,
  },
};

/**
 * The parameter sets in the `a=fmtp` parameters of a codec, as NAL units in the order of a stream; none where there are
 * none. What is no base64, or no parameter set, is left out.
 *
 * @param parameters - as `CodecDescription.parameters` has them
 */
export function readParameterSets(codec: NalCodec, parameters: string | undefined): Uint8Array[] {
  const { properties, typeOf } = SYNTAXES[codec];
  const values = parseParameters(parameters);
  const units: Uint8Array[] = [];
  for (const { name, types } of properties) {
    for (const text of (values.get(name) ?? '').split(',', MAX_PARAMETER_SETS)) {
      const unit = decodeBase64(text.trim());
      if (unit !== undefined && types.includes(typeOf(unit))) units.push(unit);
    }
  }
  return inOrder(units, codec).slice(0, MAX_PARAMETER_SETS);
}

/**
 * The `a=fmtp` parameters that carry these parameter sets, e.g. `sprop-parameter-sets=Z0LAFY…,aM48gA==`; empty for none.
 * Other NAL units are left out.
 */
export function writeParameterSets(codec: NalCodec, units: readonly Uint8Array[]): string {
  const { properties, typeOf } = SYNTAXES[codec];
  const parts: string[] = [];
  for (const { name, types } of properties) {
    const values = units.filter((unit) => types.includes(typeOf(unit))).map(encodeBase64);
    if (values.length > 0) parts.push(`${name}=${values.join()}`);
  }
  return parts.join(';');
}

/**
 * The parameter sets in a decoder configuration record, as WebCodecs' `decoderConfig.description` has it (avcC, hvcC): views;
 * `undefined` where the bytes are none.
 */
export function describedParameterSets(codec: NalCodec, description: Uint8Array): Uint8Array[] | undefined {
  const parse = codec === 'H264' ? parseAvcConfiguration : parseHevcConfiguration;
  const units = parse(description)?.parameterSets;
  return units && inOrder(units, codec);
}

/**
 * A frame in Annex B form with the parameter sets it needs: a frame to begin with that has none of a type gets those of
 * `sets`, behind its delimiter, and its own in their place among them. Any other frame comes back as it is.
 */
export function completeKeyFrame(codec: NalCodec, frame: Uint8Array, sets: readonly Uint8Array[]): Uint8Array {
  const { typeOf, isRandomAccess, delimiter } = SYNTAXES[codec];
  const units = splitNalUnits(frame, { lengthSize: undefined });
  const types = new Set(units.map(typeOf));
  if (![...types].some(isRandomAccess)) return frame;
  const missing = sets.filter((unit) => !types.has(typeOf(unit)));
  if (missing.length === 0) return frame;
  const isSet = (unit: Uint8Array): boolean => orderOf(typeOf(unit), codec) >= 0;
  const behind = units.filter((unit) => !isSet(unit));
  const ahead = behind[0] !== undefined && typeOf(behind[0]) === delimiter ? behind.splice(0, 1) : [];
  const complete = [...ahead, ...inOrder([...missing, ...units.filter(isSet)], codec), ...behind];
  return concatenate(complete.flatMap((unit) => [START_CODE, unit]));
}

/** The parameter sets among units, each behind those that it refers to. */
function inOrder(units: readonly Uint8Array[], codec: NalCodec): Uint8Array[] {
  const { typeOf } = SYNTAXES[codec];
  return units
    .filter((unit) => orderOf(typeOf(unit), codec) >= 0)
    .sort((a, b) => orderOf(typeOf(a), codec) - orderOf(typeOf(b), codec));
}

/** The place of a type among those of parameter sets; -1 for any other. */
function orderOf(type: number, codec: NalCodec): number {
  return SYNTAXES[codec].properties.flatMap(({ types }) => types).indexOf(type);
}
