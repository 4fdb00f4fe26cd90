// Whether a codec of an offer is one of ours, and what the answer says of it: each payload format has rules of its own.

import type { CodecDescription } from './description.ts';
import { DEFAULT_PROFILE_LEVEL_ID, parseProfileLevelId, withLevel } from './h264-profile.ts';
import { type FormatParameters, parseParameters, writeParameters } from './parameters.ts';

/** What became of a codec: what the answer says of it and which of ours it is, or why it is refused, for people. */
export type CodecMatch = AcceptedCodec | { readonly refused: string };

/** A codec of an offer that is one of ours. */
interface AcceptedCodec {
  readonly accepted: CodecDescription;
  readonly ours: CodecDescription;
}

/** The parameters of the answer, or the reason for there being none. */
type Verdict = { readonly parameters: string | undefined } | { readonly refused: string };

/** Compares the parameters of an offer with ours. */
type Rule = (
  offered: FormatParameters,
  ours: FormatParameters,
  texts: { offered: string | undefined; ours: string | undefined },
) => Verdict;

const DEFAULT_H265_LEVEL = '93';

const RULES: Readonly<Record<string, Rule>> = {
  h264: matchH264,
  h265: matchH265,
  // RFC 9628 §6.1: the profile is part of what the payload type stands for.
  vp9: (offered, ours, texts) => requireSame(offered, ours, { 'profile-id': '0' }) ?? { parameters: texts.ours },
  // AV1 RTP payload specification §7.2: the level and the tier are what each side can take.
  av1: (offered, ours, texts) => requireSame(offered, ours, { profile: '0' }) ?? { parameters: texts.ours },
  opus: matchOpus,
  red: (_offered, _ours, texts) =>
    texts.offered ? { parameters: texts.offered } : { refused: 'it does not say what is in it (RFC 2198 §5)' },
  flexfec: (offered, _ours, texts) =>
    offered.has('repair-window')
      ? { parameters: texts.offered }
      : { refused: 'it has no repair-window (RFC 8627 §5.1)' },
};

/**
 * Compares a codec of an offer with ours. An accepted one keeps the payload types of the offer (RFC 3264 §6.1) and the
 * feedback that both know.
 *
 * @param ours - in order of preference
 */
export function matchCodec(offered: CodecDescription, ours: readonly CodecDescription[]): CodecMatch {
  const label = `${offered.name}/${offered.clockRate}${offered.channels === undefined ? '' : `/${offered.channels}`}`;
  let refused = 'it is not spoken here';
  for (const codec of ours) {
    if (!isSameEncoding(offered, codec)) continue;
    const verdict = matchParameters(offered, codec);
    if ('refused' in verdict) {
      refused = verdict.refused;
      continue;
    }
    const { payloadType, name, clockRate, channels, feedback, rtxPayloadType } = offered;
    return {
      accepted: {
        payloadType,
        name,
        clockRate,
        ...(channels !== undefined && { channels }),
        ...(verdict.parameters && { parameters: verdict.parameters }),
        feedback: feedback.filter((value) => codec.feedback.includes(value)),
        ...(rtxPayloadType !== undefined && codec.rtxPayloadType !== undefined && { rtxPayloadType }),
      },
      ours: codec,
    };
  }
  return { refused: `${label} is refused: ${refused}.` };
}

/** Whether two descriptions are of the same format: name, clock, channels, and what the parameters say of it. */
export function isSameFormat(a: CodecDescription, b: CodecDescription): boolean {
  return isSameEncoding(a, b) && !('refused' in matchParameters(a, b));
}

/**
 * What the answer says of the codecs of an offer: those that are ours. RED needs the codecs inside it as well.
 *
 * @param order - whose preference counts (RFC 3264 §6.1)
 */
export function acceptCodecs(
  offered: readonly CodecDescription[],
  ours: readonly CodecDescription[],
  order: 'offer' | 'ours',
): CodecDescription[] {
  const matches = offered.flatMap((codec): AcceptedCodec[] => {
    const match = matchCodec(codec, ours);
    return 'accepted' in match ? [match] : [];
  });
  if (order === 'ours') matches.sort((a, b) => ours.indexOf(a.ours) - ours.indexOf(b.ours));
  const accepted = matches.map((match) => match.accepted);
  const payloadTypes = new Set(accepted.map(({ payloadType }) => String(payloadType)));
  return accepted.filter(
    ({ name, parameters = '' }) =>
      name.toLowerCase() !== 'red' || parameters.split('/').every((inner) => payloadTypes.has(inner.trim())),
  );
}

/** Whether two descriptions agree in name, clock and channels. */
export function isSameEncoding(a: CodecDescription, b: CodecDescription): boolean {
  return (
    a.name.toLowerCase() === b.name.toLowerCase() &&
    a.clockRate === b.clockRate &&
    // One channel is what is meant where nothing is said (RFC 8866 §6.6).
    (a.channels ?? 1) === (b.channels ?? 1)
  );
}

function matchParameters(offered: CodecDescription, ours: CodecDescription): Verdict {
  const texts = { offered: offered.parameters, ours: ours.parameters };
  const rule = RULES[ours.name.toLowerCase()];
  return rule ? rule(parseParameters(texts.offered), parseParameters(texts.ours), texts) : { parameters: texts.ours };
}

/** The verdict if one of the parameters differs from ours; the values given are what counts where one is absent. */
function requireSame(
  offered: FormatParameters,
  ours: FormatParameters,
  defaults: Readonly<Record<string, string>>,
): { readonly refused: string } | undefined {
  for (const [name, absent] of Object.entries(defaults)) {
    const [theirs, own] = [offered.get(name) ?? absent, ours.get(name) ?? absent];
    if (theirs.toLowerCase() !== own.toLowerCase()) return { refused: `${name} is ${theirs}, not ${own}` };
  }
  return undefined;
}

/** RFC 6184 §8.2.2: mode and profile are symmetric; so is the level, unless both sides say that it need not be. */
function matchH264(offered: FormatParameters, ours: FormatParameters): Verdict {
  const mode = offered.get('packetization-mode') ?? '0';
  if (mode !== '1') {
    const why = 'key frames are sent in fragments (FU-A), which only mode 1 has without interleaving (RFC 6184 §5.4)';
    return { refused: `packetization-mode is ${mode}, and ${why}` };
  }
  const id = offered.get('profile-level-id') ?? DEFAULT_PROFILE_LEVEL_ID;
  const ownId = ours.get('profile-level-id') ?? DEFAULT_PROFILE_LEVEL_ID;
  const theirs = parseProfileLevelId(id);
  const own = parseProfileLevelId(ownId);
  if (theirs === undefined || own === undefined)
    return { refused: `profile-level-id ${id} names no profile and level` };
  if (theirs.profile !== own.profile) return { refused: `its profile is ${theirs.profile}, not ${own.profile}` };
  const asymmetric = [offered, ours].every((each) => each.get('level-asymmetry-allowed') === '1');
  const answered = new Map([
    ...(asymmetric ? [['level-asymmetry-allowed', '1'] as const] : []),
    ['packetization-mode', '1'],
    ['profile-level-id', withLevel(id.toLowerCase(), asymmetric ? own.level : Math.min(theirs.level, own.level))],
  ]);
  return { parameters: writeParameters(answered) };
}

/** RFC 7798 §7.2.2: everything but the level is symmetric, and the answer may lower that. */
function matchH265(offered: FormatParameters, ours: FormatParameters): Verdict {
  const different = requireSame(offered, ours, {
    'profile-space': '0',
    'profile-id': '1',
    'tier-flag': '0',
    'tx-mode': 'SRST',
  });
  if (different !== undefined) return different;
  const levels = [offered, ours].map((each) => each.get('level-id') ?? DEFAULT_H265_LEVEL);
  if (!levels.every((level) => /^\d{1,3}$/.test(level))) return { refused: `level-id is ${levels[0]}` };
  const answered = new Map(ours).set('level-id', String(Math.min(...levels.map(Number))));
  return { parameters: writeParameters(answered) };
}

/** RFC 7587 §7.1: each side says what it likes to get. Who has stereo to send may send it. */
function matchOpus(
  offered: FormatParameters,
  ours: FormatParameters,
  texts: { readonly ours: string | undefined },
): Verdict {
  const stereo = offered.get('stereo') === '1' || offered.get('sprop-stereo') === '1';
  return { parameters: stereo ? writeParameters(new Map(ours).set('stereo', '1')) : texts.ours };
}
