// Which encodings of a source are offered and answered (RFC 8851 §6, RFC 8853 §5.3).

import type { MediaDescription, RidDescription } from './description.ts';

type Side = 'send' | 'recv';

/** The restrictions whose value is a number (RFC 8851 §5). */
const NUMBERS = new Set(['max-width', 'max-height', 'max-fps', 'max-fs', 'max-br', 'max-pps']);

/** What a section says that offers these encodings, or takes them. */
export function describeEncodings(
  rids: readonly string[],
  direction: Side,
): Pick<MediaDescription, 'rids' | 'simulcast'> {
  if (rids.length === 0) return { rids: [] };
  return {
    rids: rids.map((id) => ({ id, direction, restrictions: [] })),
    simulcast: { send: [], recv: [], [direction]: rids.map((rid) => [{ rid, paused: false }]) },
  };
}

/**
 * The encodings of a section's simulcast in order of preference, the first alternative of each; none without simulcast.
 */
export function simulcastRids(media: MediaDescription, direction: Side): string[] {
  return (media.simulcast?.[direction] ?? []).flatMap(([first]) => first?.rid ?? []);
}

/**
 * Answers the streams that were offered (RFC 8851 §6.3, RFC 8853 §5.3.2): of each one the first alternative whose
 * restrictions are understood and whose payload types are taken, not paused.
 *
 * @param direction - what the answerer does
 * @param payloadTypes - those it takes
 * @param wanted - the names it takes; default all
 */
export function answerEncodings(
  offered: MediaDescription,
  direction: Side,
  payloadTypes: ReadonlySet<number>,
  wanted?: readonly string[],
): Pick<MediaDescription, 'rids' | 'simulcast'> {
  const theirs = direction === 'send' ? 'recv' : 'send';
  const names = new Set(offered.rids.map(({ id }) => id));
  const accepted = new Map<string, RidDescription>();
  for (const { id, direction: offeredDirection, payloadTypes: offeredTypes, restrictions } of offered.rids) {
    const types = offeredTypes?.filter((payloadType) => payloadTypes.has(payloadType));
    const taken = offeredDirection === theirs && (wanted === undefined || wanted.includes(id)) && types?.length !== 0;
    if (!taken || !restrictions.every((restriction) => isUnderstood(restriction, names))) continue;
    accepted.set(id, { id, direction, ...(types && { payloadTypes: types }), restrictions });
  }
  if (offered.simulcast === undefined) return { rids: [...accepted.values()] };
  const streams = offered.simulcast[theirs].flatMap((alternatives) => {
    const first = alternatives.find(({ rid }) => accepted.has(rid));
    return first ? [[{ rid: first.rid, paused: false }]] : [];
  });
  const listed = new Set(streams.flatMap((alternatives) => alternatives.map(({ rid }) => rid)));
  return {
    rids: [...accepted.values()].filter(({ id }) => listed.has(id)),
    ...(streams.length > 0 && { simulcast: { send: [], recv: [], [direction]: streams } }),
  };
}

/**
 * Which of the encodings that were offered to be sent the answer takes, in the order of the offer; none where it takes
 * a single stream. What it says of the direction is not looked at where it leaves no other sense.
 */
export function acceptedRids(offered: MediaDescription, answered: MediaDescription): string[] {
  const { recv = [], send = [] } = answered.simulcast ?? {};
  const streams = recv.length > 0 ? recv : send;
  const taken = new Set(streams.flatMap((alternatives) => alternatives.map(({ rid }) => rid)));
  return (offered.simulcast?.send ?? []).flatMap(
    (alternatives) => alternatives.find(({ rid }) => taken.has(rid))?.rid ?? [],
  );
}

function isUnderstood({ name, value }: { readonly name: string; readonly value: string }, names: ReadonlySet<string>) {
  if (name === 'depend') return value.split(',').every((rid) => names.has(rid));
  if (name === 'max-bpp') return /^(\d+(\.\d+)?)?$/.test(value);
  return NUMBERS.has(name) && /^\d*$/.test(value);
}
