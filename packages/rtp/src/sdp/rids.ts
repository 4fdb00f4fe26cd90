// Streams told apart by name, as text: what a section says of each (a=rid, RFC 8851) and which of them are encodings of
// the same source (a=simulcast, RFC 8853).

import * as sdpTransform from 'sdp-transform';
import type { RidDescription, SimulcastAlternative, SimulcastDescription } from './description.ts';
import { parseParameters, writeParameters } from './parameters.ts';
import { type MediaBlock, readInteger } from './text.ts';

const RID = /^([\w-]{1,255}) +(send|recv)(?: +(.*))?$/;
const RESTRICTION = /^[A-Za-z0-9-]+$/;

/**
 * Reads a=rid lines (RFC 8851 §4 and §6.2). A line of another form, or with none of the section's payload types, is
 * left out; so are all that differ in what they say of the same name. Saying the same twice does no harm.
 */
export function parseRids(values: readonly string[], payloadTypes: ReadonlySet<number>): RidDescription[] {
  const rids = new Map<string, { text: string; rid: RidDescription | undefined }>();
  for (const text of values) {
    const rid = parseRid(text, payloadTypes);
    if (rid === undefined) continue;
    const known = rids.get(rid.id);
    if (known === undefined) rids.set(rid.id, { text, rid });
    else if (known.text !== text) known.rid = undefined;
  }
  return [...rids.values()].flatMap(({ rid }) => rid ?? []);
}

function parseRid(text: string, known: ReadonlySet<number>): RidDescription | undefined {
  const [, id, direction, list] = RID.exec(text.trim()) ?? [];
  if (id === undefined || (direction !== 'send' && direction !== 'recv')) return undefined;
  const parameters = new Map(parseParameters(list));
  const listed = parameters.get('pt')?.split(',');
  const numbers = listed?.flatMap((word) => readInteger(word.trim(), 127) ?? []);
  const payloadTypes = numbers && [...new Set(numbers)].filter((payloadType) => known.has(payloadType));
  parameters.delete('pt');
  const restrictions = [...parameters].map(([name, value]) => ({ name, value }));
  if (payloadTypes?.length === 0 || !restrictions.every(({ name }) => RESTRICTION.test(name))) return undefined;
  return { id, direction, ...(payloadTypes && { payloadTypes }), restrictions };
}

/** What says it. */
export function writeRid(rid: RidDescription): NonNullable<MediaBlock['rids']>[number] {
  const { id, direction, payloadTypes, restrictions } = rid;
  const parameters = new Map(restrictions.map(({ name, value }) => [name, value]));
  const params = writeParameters(payloadTypes ? new Map([['pt', payloadTypes.join()], ...parameters]) : parameters);
  return { id, direction, ...(params && { params }) };
}

/**
 * Reads a=simulcast (RFC 8853 §5.1), names without an a=rid left out (§5.2). Which direction the a=rid gives does not
 * matter: libdatachannel answers `send` where `recv` belongs.
 *
 * @returns `undefined` where there is none, or nothing is left of it
 */
export function parseSimulcast(
  said: MediaBlock['simulcast'],
  rids: readonly RidDescription[],
): SimulcastDescription | undefined {
  if (said === undefined) return undefined;
  const unused = new Set(rids.map(({ id }) => id));
  const read = (list: string | undefined): SimulcastAlternative[][] =>
    sdpTransform
      .parseSimulcastStreamList(String(list))
      .map((stream) => stream.map(({ scid, paused }) => ({ rid: String(scid), paused })))
      .map((stream) => stream.filter(({ rid }) => unused.delete(rid)))
      .filter(({ length }) => length > 0);
  const { dir1, list1, dir2, list2 } = said;
  const simulcast = { send: [], recv: [], [dir1]: read(list1), ...(dir2 && dir2 !== dir1 && { [dir2]: read(list2) }) };
  return simulcast.send.length + simulcast.recv.length > 0 ? simulcast : undefined;
}

/** What says it. */
export function writeSimulcast(simulcast: SimulcastDescription): NonNullable<MediaBlock['simulcast']> {
  const list = (side: 'send' | 'recv') =>
    simulcast[side].map((stream) => stream.map(({ rid, paused }) => `${paused ? '~' : ''}${rid}`).join(',')).join(';');
  const [dir1 = 'send', dir2] = (['send', 'recv'] as const).filter((side) => simulcast[side].length > 0);
  return { dir1, list1: list(dir1), ...(dir2 && { dir2, list2: list(dir2) }) };
}
