// The one error of everything that reads descriptions.

import { SignallingError } from '../errors.ts';

/** The error for a description that is refused, with the sentence's end: what is wrong, and where. */
export function malformed(what: string): SignallingError {
  return new SignallingError('malformed-sdp', `The session description was refused: ${what}.`);
}
