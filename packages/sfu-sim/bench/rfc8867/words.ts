// Numbers and pass marks as people read them.

import type { Expectation, Scenario } from '@sluice/sfu-sim/bench';
import type { FigureColumn } from './summary.ts';

/** A value in its unit, short. */
export function valueText(value: number | undefined, { unit, figure }: Pick<FigureColumn, 'unit' | 'figure'>): string {
  if (value === undefined) return 'never';
  if (unit === 'ms') return String(Math.round(value));
  if (unit === 'bit/s') return `${Math.round(value / 1000)} k`;
  return figure === 'lossRatio' ? `${(value * 100).toFixed(2)} %` : value.toFixed(3);
}

/** What a case has to reach, one phrase each. That the call stays intact goes without saying. */
export function marksOf({ expect = [] }: Scenario): string[] {
  return expect.flatMap((expectation) => markOf(expectation) ?? []);
}

function markOf(expectation: Expectation): string | undefined {
  if ('check' in expectation) return undefined;
  if ('expectation' in expectation) return expectation.expectation;
  if ('atLeastFrames' in expectation) {
    const { participant, atLeastFrames, from, to } = expectation;
    return `${participant} is shown ≥ ${atLeastFrames} pictures${span(from, to)}`;
  }
  if ('layer' in expectation) return `${expectation.participant} gets layer ${expectation.layer}`;
  const { figure, below, above, atMost, atLeast, equals } = expectation;
  const bounds = [
    below === undefined ? [] : [`< ${below}`],
    above === undefined ? [] : [`> ${above}`],
    atMost === undefined ? [] : [`≤ ${atMost}`],
    atLeast === undefined ? [] : [`≥ ${atLeast}`],
    equals === undefined ? [] : [`= ${equals}`],
  ].flat();
  const of =
    'flow' in expectation
      ? ` of ${expectation.flow}`
      : 'bottleneck' in expectation
        ? ` of ${expectation.bottleneck}`
        : '';
  const when = 'flow' in expectation || 'bottleneck' in expectation ? span(expectation.from, expectation.to) : '';
  return `${figure} ${bounds.join(', ')}${of}${when}`;
}

function span(from: number | undefined, to: number | undefined): string {
  const seconds = (time: number) => `${time / 1000} s`;
  if (from === undefined) return to === undefined ? '' : ` until ${seconds(to)}`;
  return to === undefined ? ` from ${seconds(from)} on` : ` from ${seconds(from)} to ${seconds(to)}`;
}
