// A trace as its readers take it: by the names of `SluiceEvent`. Events of other names pass by every `switch` on `type`.

import type { SluiceEvent, TraceEvent } from '@sluice/rtp';

/** The same events, to be told apart by `type`. */
export function knownEvents(events: readonly TraceEvent[]): readonly SluiceEvent[] {
  return events as readonly unknown[] as readonly SluiceEvent[];
}
