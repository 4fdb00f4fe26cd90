// Links count their timelines from the moment they are made; scenarios count them from their own beginning.

import type { Milliseconds } from '@sluice/rtp';
import type { Bottleneck } from '../../network/bottleneck.ts';
import type { HopOptions, LinkOptions } from '../../network/link-options.ts';
import type { Intervals } from '../../network/outages.ts';
import type { RateOption, RateSteps } from '../../network/rate-timeline.ts';
import type { ScenarioHop, ScenarioLink } from './scenario.ts';

/** The options of a link that is made, or changed, `elapsed` ms after the beginning. A `DeliveryTrace` begins anew. */
export function linkOptionsAt(
  link: ScenarioLink,
  elapsed: Milliseconds,
  bottlenecks: ReadonlyMap<string, Bottleneck>,
): LinkOptions {
  const { hops, ...first } = link;
  return {
    ...hopAt(first, elapsed, bottlenecks),
    ...(hops && { hops: hops.map((hop) => hopAt(hop, elapsed, bottlenecks)) }),
  };
}

function hopAt(hop: ScenarioHop, elapsed: Milliseconds, bottlenecks: ReadonlyMap<string, Bottleneck>): HopOptions {
  const { via: name, rate, down, ...rest } = hop;
  const via = name === undefined ? undefined : bottlenecks.get(name);
  return {
    ...rest,
    ...(rate !== undefined && { rate: rateAt(rate, elapsed) }),
    ...(down !== undefined && { down: intervalsAt(down, elapsed) }),
    ...(via && { via }),
  };
}

function rateAt(rate: RateOption, elapsed: Milliseconds): RateOption {
  if (elapsed === 0 || typeof rate === 'number') return rate;
  if (!('steps' in rate)) return Array.isArray(rate) ? stepsAt(rate, elapsed) : rate;
  const { steps, repeat } = rate;
  const phase = elapsed % repeat;
  const again = steps
    .filter(([at]) => at > 0 && at <= phase)
    .map(([at, value]) => [at - phase + repeat, value] as const);
  const start = steps[0];
  const wrapped = phase > 0 && start !== undefined ? [[repeat - phase, start[1]] as const] : [];
  return { steps: [...stepsAt(steps, phase), ...wrapped, ...again.filter(([at]) => at < repeat)], repeat };
}

function stepsAt(steps: RateSteps, elapsed: Milliseconds): RateSteps {
  const current = steps.findLast(([at]) => at <= elapsed);
  const later = steps.filter(([at]) => at > elapsed).map(([at, rate]) => [at - elapsed, rate] as const);
  return [[0, current?.[1] ?? Number.POSITIVE_INFINITY], ...later];
}

function intervalsAt(down: Intervals, elapsed: Milliseconds): Intervals {
  return down
    .filter(([, to]) => to > elapsed)
    .map(([from, to]) => [Math.max(0, from - elapsed), to - elapsed] as const);
}
