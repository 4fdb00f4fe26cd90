// The round-trip time, from one feedback and nothing else.

import type { Milliseconds } from '../units.ts';
import type { PacketResult } from './controller.ts';

/**
 * The shortest time from sending to feedback, without the time that packets waited at the receiver for the last one;
 * `undefined` when nothing arrived. The receiver's clock may have any origin.
 */
export function roundTripOf(packets: readonly PacketResult[], feedbackAt: Milliseconds): Milliseconds | undefined {
  let lastArrival = Number.NEGATIVE_INFINITY;
  let shortestWay = Number.POSITIVE_INFINITY;
  for (const { sentAt, receivedAt } of packets) {
    if (receivedAt === undefined) continue;
    lastArrival = Math.max(lastArrival, receivedAt);
    shortestWay = Math.min(shortestWay, receivedAt - sentAt);
  }
  if (lastArrival === Number.NEGATIVE_INFINITY) return undefined;
  return Math.max(0, feedbackAt - lastArrival + shortestWay);
}
