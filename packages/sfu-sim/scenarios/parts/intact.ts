// What holds of every call, whatever its networks do to it.

import type { Expectation } from '@sluice/sfu-sim/bench';

/** Nothing damaged, nothing repeated, no error, nothing leaked. */
export const intact: readonly Expectation[] = [
  { check: 'noCorruption' },
  { check: 'inOrder' },
  { check: 'noErrors' },
  { check: 'everyFrameClosed' },
];
