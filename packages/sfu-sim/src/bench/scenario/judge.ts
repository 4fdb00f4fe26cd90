// Whether what a scenario expects of a run is so, and in which words it is not.

import type { Span } from '../../observe/run-record.ts';
import type {
  CheckExpectation,
  Comparison,
  Expectation,
  FramesExpectation,
  LayerExpectation,
  ParticipantFigureExpectation,
} from './expectation.ts';
import { LINK_FIGURES } from './expectation.ts';
import { namedParticipants } from './participant-names.ts';
import type { ShownFrame } from './participant-record.ts';
import type { ParticipantRun, Run } from './run.ts';

/** Figures that audio has and video has not. */
const AUDIO_FIGURES = ['concealedPackets', 'concealedMs'];

/** How often the same thing is told of different participants. */
const MAX_TOLD = 5;

/** Everything that does not hold, one line each; empty: all of it does. */
export function judge(run: Run): string[] {
  return (run.scenario.expect ?? []).flatMap((expectation) => {
    const failures = failuresOf(expectation, run);
    const more = failures.length - MAX_TOLD;
    return more > 0 ? [...failures.slice(0, MAX_TOLD), `… and the same of ${more} others`] : failures;
  });
}

function failuresOf(expectation: Expectation, run: Run): string[] {
  if (run.realTime && expectation.realTime === 'skip') return [];
  if ('check' in expectation) return checkFailures(expectation, run);
  if ('atLeastFrames' in expectation) return frameFailures(expectation, run);
  if ('layer' in expectation) return layerFailures(expectation, run);
  if ('holds' in expectation) {
    const held = expectation.holds(run);
    if (held === true) return [];
    return [held === false ? `not so: ${expectation.expectation}` : `${expectation.expectation}: ${held}`];
  }
  const { realTime } = expectation;
  const bounds = run.realTime && typeof realTime === 'object' ? realTime : expectation;
  if ('participant' in expectation) return participantFailures(expectation, bounds, run);
  if ('flow' in expectation) {
    const { flow, figure } = expectation;
    return compare(
      `${figure} of ${flow}${words(expectation)}`,
      run.congestion.flow(flow, span(expectation))?.[figure],
      bounds,
    );
  }
  if ('bottleneck' in expectation) {
    const { bottleneck, figure } = expectation;
    const value = run.congestion.bottleneck(bottleneck, span(expectation))?.[figure];
    return compare(`${figure} of ${bottleneck}${words(expectation)}`, value, bounds);
  }
  const { figure } = expectation;
  return compare(figure, run.figures.summary[figure], bounds);
}

/** The span of its own, as far as it has one. */
function span({ from, to }: { readonly from?: number; readonly to?: number }): Partial<Span> | undefined {
  if (from === undefined && to === undefined) return undefined;
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

function words({ from, to }: { readonly from?: number; readonly to?: number }): string {
  return `${from === undefined ? '' : ` from ${from} ms`}${to === undefined ? '' : ` to ${to} ms`}`;
}

function participantFailures(expectation: ParticipantFigureExpectation, bounds: Comparison, run: Run): string[] {
  const { figure, link = 'downlink', publisher } = expectation;
  return among(run, expectation.participant).flatMap(({ name, subscriptions }) => {
    const isLinkFigure = LINK_FIGURES.some((known) => known === figure);
    if (isLinkFigure) {
      const found = run.figures.links.find((each) => each.link === `${name}/${link}`);
      const value = found?.[figure as (typeof LINK_FIGURES)[number]];
      return compare(`${figure} of ${name}/${link}`, value, bounds);
    }
    const kind = AUDIO_FIGURES.includes(figure) ? 'audio' : 'video';
    const publishers = publisher === undefined ? undefined : namedParticipants(run.scenario, publisher);
    const fitting = subscriptions.filter(
      (each) => each.kind === kind && (publishers === undefined || publishers.includes(each.publisher)),
    );
    if (fitting.length === 0) return [`${figure} of ${name}: it never got any ${kind}`];
    return fitting.flatMap((each) => {
      const value =
        figure === 'suspensionCount'
          ? each.suspensions.length
          : each[figure as Exclude<typeof figure, 'suspensionCount' | (typeof LINK_FIGURES)[number]>];
      return compare(`${figure} of ${name} from ${each.publisher}`, value, bounds);
    });
  });
}

function checkFailures({ check, participant }: CheckExpectation, run: Run): string[] {
  if (check === 'everyFrameClosed') {
    if (run.leaks === undefined) return [];
    const { open, closedTwice, usedAfterClose } = run.leaks;
    if (open === 0 && closedTwice === 0 && usedAfterClose === 0) return [];
    return [`frames: ${open} left open, ${closedTwice} closed twice, ${usedAfterClose} used after that`];
  }
  return among(run, participant).flatMap(({ name, shown, errors }) => {
    if (check === 'noErrors') return errors.map(({ at, message }) => `${name} at ${round(at)} ms: ${message}`);
    const wrong = check === 'noCorruption' ? shown.filter(({ corrupt }) => corrupt) : outOfOrder(shown);
    const [first] = wrong;
    if (first === undefined) return [];
    const what = check === 'noCorruption' ? 'damaged' : 'repeated or out of order';
    return [`${name} was shown ${wrong.length} pictures ${what}, the first at ${round(first.at)} ms`];
  });
}

function outOfOrder(shown: readonly ShownFrame[]): ShownFrame[] {
  const newest = new Map<string, number>();
  return shown.filter(({ publisher, source, frameNumber }) => {
    if (frameNumber === undefined) return false;
    const key = `${publisher}/${source}`;
    const before = newest.get(key) ?? -1;
    newest.set(key, Math.max(before, frameNumber));
    return frameNumber <= before;
  });
}

function frameFailures(expectation: FramesExpectation, run: Run): string[] {
  const { atLeastFrames, publisher, from = 0, to = run.scenario.duration, realTime } = expectation;
  const least = run.realTime && typeof realTime === 'number' ? realTime : atLeastFrames;
  const publishers = publisher === undefined ? undefined : namedParticipants(run.scenario, publisher);
  return among(run, expectation.participant).flatMap(({ name, shown }) => {
    const count = shown.filter(
      (frame) =>
        frame.at >= from && frame.at <= to && (publishers === undefined || publishers.includes(frame.publisher)),
    ).length;
    return count >= least ? [] : [`${name} was shown ${count} pictures from ${from} to ${to} ms: at least ${least}`];
  });
}

function layerFailures({ participant, layer, at, publisher }: LayerExpectation, run: Run): string[] {
  const publishers = publisher === undefined ? undefined : namedParticipants(run.scenario, publisher);
  return among(run, participant).flatMap(({ name }) => {
    const wrong = new Set<string>();
    let found = false;
    for (const [track, from] of tracksSentTo(run, name, at)) {
      if (publishers !== undefined && !publishers.includes(from)) continue;
      found = true;
      const sent = layerSent(run, name, track, at);
      if (sent !== layer) wrong.add(`${name} got layer ${sent ?? 'none'} of ${from} at ${at} ms: it must be ${layer}`);
    }
    return found ? [...wrong] : [`${name} got no video at ${at} ms: it must be layer ${layer}`];
  });
}

/** Video tracks that `name` is subscribed to at that moment, with their publishers. */
function tracksSentTo(run: Run, name: string, at: number): Map<string, string> {
  const open = run.figures.subscriptions.filter(
    (each) => each.participant === name && each.kind === 'video' && each.from <= at && each.to >= at,
  );
  return new Map(open.map(({ track, publisher }) => [track, publisher]));
}

function layerSent({ trace }: Run, name: string, track: string, at: number): string | undefined {
  const last = trace.findLast(
    (event) =>
      event.type === 'layer-switch' && event.at <= at && event['participant'] === name && event['track'] === track,
  );
  return last?.['rid'] as string | undefined;
}

function among(run: Run, name: string | undefined): ParticipantRun[] {
  const names = new Set(namedParticipants(run.scenario, name));
  return run.participants.filter((participant) => names.has(participant.name));
}

function compare(what: string, value: number | undefined, bounds: Comparison): string[] {
  const { below, above, atMost, atLeast, equals } = bounds;
  if (value === undefined) return [`${what}: never came about`];
  const failures: string[] = [];
  const require = (holds: boolean, words: string) => {
    if (!holds) failures.push(`${what} is ${round(value)}: it must be ${words}`);
  };
  if (below !== undefined) require(value < below, `below ${below}`);
  if (above !== undefined) require(value > above, `above ${above}`);
  if (atMost !== undefined) require(value <= atMost, `at most ${atMost}`);
  if (atLeast !== undefined) require(value >= atLeast, `at least ${atLeast}`);
  if (equals !== undefined) require(value === equals, `${equals}`);
  return failures;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
