// Refusing what an option does not allow, in words that name the field, the value and the form it must have.

import { ArgumentError } from '@sluice/rtp';

/** @throws ArgumentError that names the field and the value */
export function refuse(field: string, value: unknown, form: string): never {
  throw new ArgumentError(`link option ${field} is ${shown(value)}: it must be ${form}`);
}

/** @throws ArgumentError unless `value` is a number from `min` to `max` */
export function checkNumber(field: string, value: unknown, min: number, max: number, form: string): void {
  if (typeof value !== 'number' || !(value >= min && value <= max)) refuse(field, value, form);
}

/** @throws ArgumentError unless `value` is a ratio from 0 to 1 */
export function checkRatio(field: string, value: unknown): void {
  checkNumber(field, value, 0, 1, 'a ratio from 0 to 1');
}

/** @throws ArgumentError unless `value` is 0 or more, and finite */
export function checkTime(field: string, value: unknown): void {
  checkNumber(field, value, 0, Number.MAX_VALUE, 'finite milliseconds, 0 or more');
}

/** @throws ArgumentError unless `value` is a whole number from `min` on */
export function checkCount(field: string, value: unknown, min: number): void {
  if (!Number.isSafeInteger(value) || Number(value) < min) refuse(field, value, `a whole number, ${min} or more`);
}

/** @throws ArgumentError unless `value` is an object with no other keys than these */
export function checkObject(field: string, value: unknown, keys: readonly string[], form: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(field, value, form);
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue;
    throw new ArgumentError(
      `link option ${field === '' ? key : `${field}.${key}`} is not known: there is ${keys.join(', ')}`,
    );
  }
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    try {
      return JSON.stringify(value)?.slice(0, 80) ?? 'an object';
    } catch {
      return 'an object';
    }
  }
  return String(value).slice(0, 80);
}
