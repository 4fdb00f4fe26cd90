// What a caller may hand in, checked.

import { ArgumentError } from './errors.ts';

/**
 * Checks a number that goes into a field of the wire.
 *
 * @throws ArgumentError unless `value` is an integer from `min` to `max`
 */
export function checkInteger(value: number, min: number, max: number, name: string): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ArgumentError(`The ${name} is ${value}: give an integer from ${min} to ${max}.`);
  }
}
