// The form of a scenario, for what comes as JSON and for whoever writes TypeScript without a compiler.

import * as v from 'valibot';
import type { BottleneckOptions } from '../../network/bottleneck.ts';
import type { RateOption } from '../../network/rate-timeline.ts';
import { BOTTLENECK_FIGURES, FLOW_FIGURES, LINK_FIGURES, RUN_FIGURES, SUBSCRIPTION_FIGURES } from './expectation.ts';
import type { Scenario, ScenarioLink } from './scenario.ts';
import {
  bitrate,
  bottleneck,
  fields,
  finite,
  flag,
  link,
  list,
  named,
  number,
  oneOf,
  optional,
  period,
  positive,
  rate,
  ratio,
  shown,
  text,
  time,
  whole,
} from './scenario-fields.ts';

const direction = oneOf(['uplink', 'downlink']);
const forwardErrorCorrection = fields({ ratio, keyFrameRatio: optional(ratio) });
/** Key frames on request only. */
const interval = number(Number.MIN_VALUE, Number.POSITIVE_INFINITY, 'milliseconds above 0');

const preferredLayers = fields({ rid: optional(text), temporalLayer: optional(number(0, 7, 'from 0 to 7')) });

const encoding = fields({
  rid: v.pipe(text, v.regex(/^[A-Za-z0-9_-]{1,16}$/, 'must be 1 to 16 letters, digits, "-" or "_"')),
  maxBitrate: bitrate,
  maxFramerate: optional(number(1, Number.MAX_VALUE, 'frames per second, 1 or more')),
  scaleResolutionDownBy: optional(number(1, Number.MAX_VALUE, 'a finite number, 1 or more')),
  scalabilityMode: optional(oneOf(['L1T1', 'L1T2', 'L1T3'])),
  active: optional(flag),
});

const sourceName = oneOf(['camera', 'microphone', 'screen']);

const publishPlan = fields({
  source: sourceName,
  width: optional(whole(2)),
  height: optional(whole(2)),
  frameRate: optional(positive),
  codec: optional(text),
  encodings: optional(
    v.pipe(
      list(encoding, 'a list of encodings'),
      v.minLength(1, 'is empty: there must be 1 to 8 encodings'),
      v.maxLength(8, 'is too long: there must be 1 to 8 encodings'),
      v.check((all) => new Set(all.map(({ rid }) => rid)).size === all.length, 'has two encodings of the same rid'),
    ),
  ),
  keyframeInterval: optional(interval),
  forwardErrorCorrection: optional(forwardErrorCorrection),
  audioBitrate: optional(bitrate),
});

const congestion = v.looseObject({
  startBitrate: optional(bitrate),
  minBitrate: optional(bitrate),
  maxBitrate: optional(bitrate),
});

const participant = fields({
  publish: optional(
    list(
      v.lazy((value) => (typeof value === 'object' ? publishPlan : sourceName)),
      'a list of camera, microphone, screen, or objects with a source',
    ),
  ),
  subscribe: optional(v.lazy((value) => (Array.isArray(value) ? list(text, 'a list of names') : flag))),
  joinAt: optional(time),
  leaveAt: optional(time),
  uplink: optional(link<ScenarioLink>()),
  downlink: optional(link<ScenarioLink>()),
  preferredLayers: optional(
    v.lazy((value) =>
      Array.isArray(value)
        ? list(v.strictTuple([time, preferredLayers], 'must be [milliseconds, layers]'), 'a list')
        : preferredLayers,
    ),
  ),
  congestion: optional(congestion),
  keyframeCache: optional(flag),
  count: optional(whole(1, 1000)),
  joinEvery: optional(time),
});

const sfu = fields({
  keyframeCache: optional(
    fields({
      maxKeyFrameBytes: optional(whole(0)),
      maxPackets: optional(whole(0)),
      maxBytes: optional(whole(0)),
      maxAge: optional(time),
    }),
  ),
  keyFrameArbiter: optional(
    fields({
      minInterval: optional(time),
      retryInterval: optional(time),
      maxAttempts: optional(whole(1)),
      cooldown: optional(time),
    }),
  ),
  congestion: optional(congestion),
  forwardErrorCorrection: optional(forwardErrorCorrection),
  dynacast: optional(flag),
  videoPolicy: optional(oneOf(['allow', 'throttle', 'close'])),
  maxParticipants: optional(whole(1)),
  maxTracksPerParticipant: optional(whole(1)),
});

const span = { via: text, from: optional(time), to: optional(time) };

const crossTraffic = byField('type', {
  udp: fields({ type: v.literal('udp'), ...span, rate: rate<RateOption>() }),
  tcp: fields({
    type: v.literal('tcp'),
    ...span,
    control: optional(oneOf(['newreno', 'cubic'])),
    delay: optional(time),
    downloads: optional(
      fields({
        size: optional(v.strictTuple([whole(1, 2 ** 31), whole(1, 2 ** 31)], 'must be [least, most] in bytes')),
        idle: optional(period),
        idleFirst: optional(flag),
      }),
    ),
    count: optional(whole(1, 1000)),
  }),
});

const measure = fields({
  flows: optional(list(text, 'a list of flows')),
  from: optional(time),
  to: optional(time),
  fairFrom: optional(time),
  maxRate: optional(bitrate),
  bottlenecks: optional(list(text, 'a list of names')),
});

const where = { at: time, participant: text };
const during = { ...where, duration: period };

const fault = byField('type', {
  'link-down': fields({
    type: v.literal('link-down'),
    ...during,
    direction: optional(oneOf(['uplink', 'downlink', 'both'])),
  }),
  'link-change': fields({ type: v.literal('link-change'), ...where, direction, options: link<ScenarioLink>() }),
  'sfu-restart': fields({ type: v.literal('sfu-restart'), at: time, downtime: optional(time) }),
  'publisher-crash': fields({ type: v.literal('publisher-crash'), ...where, rejoinAfter: optional(time) }),
  'tab-hidden': fields({ type: v.literal('tab-hidden'), ...during }),
  'encoder-stall': fields({ type: v.literal('encoder-stall'), ...during }),
  mute: fields({ type: v.literal('mute'), ...during, source: optional(sourceName) }),
  'decoder-error': fields({ type: v.literal('decoder-error'), ...where }),
  clock: fields({
    type: v.literal('clock'),
    ...where,
    skew: optional(time),
    drift: optional(number(-100_000, 100_000, 'parts per million, -100000 to 100000')),
  }),
});

const bounds = {
  below: optional(finite),
  above: optional(finite),
  atMost: optional(finite),
  atLeast: optional(finite),
  equals: optional(finite),
};
const skip = oneOf(['skip']);
const comparisonOrSkip = v.lazy((value) => (typeof value === 'object' ? fields(bounds) : skip));

const runFigure = fields({ figure: oneOf(RUN_FIGURES), ...bounds, realTime: optional(comparisonOrSkip) });
const participantFigure = fields({
  participant: text,
  figure: oneOf([...SUBSCRIPTION_FIGURES, ...LINK_FIGURES]),
  link: optional(direction),
  publisher: optional(text),
  ...bounds,
  realTime: optional(comparisonOrSkip),
});
const inSpan = { from: optional(time), to: optional(time), ...bounds, realTime: optional(comparisonOrSkip) };
const flowFigure = fields({ flow: text, figure: oneOf(FLOW_FIGURES), ...inSpan });
const bottleneckFigure = fields({ bottleneck: text, figure: oneOf(BOTTLENECK_FIGURES), ...inSpan });
const check = fields({
  check: oneOf(['noCorruption', 'inOrder', 'noErrors', 'everyFrameClosed']),
  participant: optional(text),
  realTime: optional(skip),
});
const frames = fields({
  participant: text,
  atLeastFrames: whole(0),
  publisher: optional(text),
  from: optional(time),
  to: optional(time),
  realTime: optional(v.lazy((value) => (typeof value === 'number' ? whole(0) : skip))),
});
const layer = fields({
  participant: text,
  layer: text,
  at: time,
  publisher: optional(text),
  realTime: optional(skip),
});
const custom = fields({
  expectation: text,
  holds: v.function('must be a function'),
  realTime: optional(skip),
});

/** Which kind of expectation it is shows in its fields. */
const expectation = v.lazy((value) => {
  const has = (field: string) => typeof value === 'object' && value !== null && field in value;
  if (has('check')) return check;
  if (has('atLeastFrames')) return frames;
  if (has('layer')) return layer;
  if (has('flow')) return flowFigure;
  if (has('bottleneck')) return bottleneckFigure;
  if (has('figure')) return has('participant') ? participantFigure : runFigure;
  if (has('expectation')) return custom;
  return v.custom<never>(
    () => false,
    `is ${shown(value)}: it must have a figure, a check, atLeastFrames, a layer or an expectation`,
  );
});

/** A scenario, field by field; what its fields say of each other is checked in scenario-references.ts. */
export const scenarioSchema = fields({
  name: optional(text),
  description: optional(text),
  seed: optional(v.custom<number>(Number.isSafeInteger, (issue) => `is ${shown(issue.input)}: it must be an integer`)),
  duration: period,
  participants: v.pipe(
    named(participant),
    v.check((all) => Object.keys(all).length > 0, 'is empty: somebody has to take part'),
  ),
  sfu: optional(sfu),
  bottlenecks: optional(named(bottleneck<BottleneckOptions>())),
  crossTraffic: optional(list(crossTraffic, 'a list of traffic')),
  congestionControl: optional(oneOf(['gcc', 'nada'])),
  measure: optional(measure),
  faults: optional(list(fault, 'a list of faults')),
  expect: optional(list(expectation, 'a list of expectations')),
}) as unknown as v.GenericSchema<unknown, Scenario>;

/** An object whose form depends on one of its fields. */
function byField(field: string, kinds: Readonly<Record<string, v.GenericSchema>>) {
  const known = Object.keys(kinds).join(', ');
  return v.lazy((value): v.GenericSchema => {
    const kind = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
    const found = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    return found ?? v.custom(() => false, `has the ${field} ${shown(kind)}: it must be one of ${known}`);
  });
}
