// What everything that reads descriptions refuses them with.

import { SignallingError } from '../errors.ts';

/** The error for a description that is refused, with the sentence's end: what is wrong, and where. */
export function malformed(what: string): SignallingError {
  return new SignallingError('malformed-sdp', `The session description was refused: ${what}.`);
}

/**
 * Notes what a number stands for.
 *
 * @throws SignallingError where it stands for something else already
 */
export function addMeaning(known: Map<number, string>, kind: string, number: number, meaning: string, where: string) {
  const other = known.get(number);
  if (other !== undefined && other !== meaning) {
    throw malformed(`${kind} ${number} is ${other} and also ${meaning} in ${where}`);
  }
  known.set(number, meaning);
}
