// The parts that scenario schemas are made of, each with words for what it must be.

import { ArgumentError } from '@sluice/rtp';
import * as v from 'valibot';
import { Bottleneck } from '../../network/bottleneck.ts';
import { checkLinkKeys, createLinkSettings } from '../../network/link-options.ts';
import { VirtualClock } from '../virtual-clock.ts';

/** An object with these fields and no other. */
export function fields<const Entries extends v.ObjectEntries>(entries: Entries) {
  const known = Object.keys(entries).join(', ');
  return v.strictObject(entries, (issue) => {
    if (issue.expected === 'never') return `is not known: there is ${known}`;
    return issue.expected === 'Object' ? mustBe(issue.input, 'an object') : 'is missing';
  });
}

/** A field that may be left out, with undefined for that, too. */
export const optional = v.exactOptional;

export const time = number(0, Number.MAX_VALUE, 'finite milliseconds, 0 or more');
export const period = number(Number.MIN_VALUE, Number.MAX_VALUE, 'finite milliseconds above 0');
export const bitrate = number(1, Number.MAX_VALUE, 'finite bit/s, 1 or more');
export const ratio = number(0, 1, 'a ratio from 0 to 1');
export const positive = number(Number.MIN_VALUE, Number.MAX_VALUE, 'a finite number above 0');
export const finite = number(-Number.MAX_VALUE, Number.MAX_VALUE, 'a finite number');

export const text = v.string((issue) => mustBe(issue.input, 'text'));
export const flag = v.boolean((issue) => mustBe(issue.input, 'true or false'));

/** A number in a range, said in words. */
export function number(min: number, max: number, form: string) {
  return v.custom<number>(
    (value) => typeof value === 'number' && value >= min && value <= max,
    (issue) => mustBe(issue.input, form),
  );
}

/** A whole number from `min` on, up to `max`. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER) {
  const form = max < Number.MAX_SAFE_INTEGER ? `from ${min} to ${max}` : `${min} or more`;
  return v.custom<number>(
    (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
    (issue) => mustBe(issue.input, `a whole number, ${form}`),
  );
}

/** One of these words. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  return v.picklist(words, (issue) => mustBe(issue.input, `one of ${words.join(', ')}`));
}

/** A list of these. */
export function list<Item extends v.GenericSchema>(item: Item, form: string) {
  return v.array(item, (issue) => mustBe(issue.input, form));
}

/** Named ones of these. */
export function named<Item extends v.GenericSchema>(item: Item) {
  return v.record(
    v.pipe(v.string(), v.regex(/^[^\s/]{1,64}$/, 'is no name: 1 to 64 characters without space or "/"')),
    item,
    (issue) => mustBe(issue.input, 'an object, one field for each name'),
  );
}

/** Options of a link, checked by the link's own rules; `via` is a name. */
export function link<Options>() {
  return checkedBy<Options>((options) => {
    checkLinkKeys(options);
    const { via, hops, ...first } = options as { via?: unknown; hops?: unknown };
    checkVia('', via);
    if (!Array.isArray(hops))
      return createLinkSettings({ ...first, ...(hops !== undefined && { hops: hops as never }) });
    const bare = hops.map((hop: { via?: unknown }, index) => {
      const { via: name, ...rest } = hop;
      checkVia(`hops[${index}].`, name);
      return rest;
    });
    return createLinkSettings({ ...first, hops: bare });
  });
}

/** Options of a bottleneck, checked by its own rules. */
export function bottleneck<Options>() {
  return checkedBy<Options>((options) => new Bottleneck(options as object, new VirtualClock()));
}

/** Capacity, checked by a link's own rules. */
export function rate<Rate>() {
  return checkedBy<Rate>((value) => createLinkSettings({ rate: value as never }));
}

/** How a value is shown in a message. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  const json = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
}

function mustBe(value: unknown, form: string): string {
  return `is ${shown(value)}: it must be ${form}`;
}

function checkVia(prefix: string, via: unknown): void {
  if (via === undefined || typeof via === 'string') return;
  throw new ArgumentError(`link option ${prefix}via is ${shown(via)}: it must be the name of a bottleneck`);
}

/** Marks where in an option the problem is, for `problemsOf`. */
export const OPTION = /^link option ([\w.[\]]*) (is .*)$/s;

function checkedBy<Value>(check: (value: unknown) => unknown) {
  return v.pipe(
    v.custom<Value>(() => true),
    v.rawCheck(({ dataset, addIssue }) => {
      try {
        check(dataset.value);
      } catch (error) {
        if (!(error instanceof ArgumentError)) throw error;
        addIssue({ message: error.message });
      }
    }),
  );
}
