// Scenarios that make no sense: each is refused, by a message that names the field.

import { checkScenario, parseScenario, type Scenario, ScenarioError, simulate } from '@sluice/sfu-sim/bench';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scenario as mixedRoom } from '../../scenarios/mixed-room.ts';

const good = { duration: 1000, participants: { ada: { publish: ['camera'] }, bob: {} } };

/** The good scenario, with this laid over it. */
function issuesOf(change: object): string[] {
  return issuesOfValue({ ...good, ...change });
}

function issuesOfValue(value: unknown): string[] {
  try {
    checkScenario(value);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    expect(error).toMatchObject({ code: 'scenario', reason: 'invalid', name: 'ScenarioError' });
    return error.issues.map(({ path, problem }) => `${path}: ${problem}`);
  }
  return [];
}

const bob = (plan: object) => ({ participants: { ...good.participants, bob: plan } });
const faults = (...all: object[]) => ({ faults: all });
const expecting = (...all: object[]) => ({ expect: all });

test('a good one is taken as it is', () => {
  expect(issuesOf({})).toEqual([]);
  expect(checkScenario(mixedRoom)).toBe(mixedRoom);
});

describe('one field that is wrong is named with its path, its value, and what it must be', () => {
  test.each<[string, object, string]>([
    ['no duration', { duration: undefined }, 'duration: is missing: it must be finite milliseconds above 0'],
    ['a duration of 0', { duration: 0 }, 'duration: is 0: it must be finite milliseconds above 0'],
    ['an endless duration', { duration: Number.POSITIVE_INFINITY }, 'duration: is Infinity'],
    ['a duration in words', { duration: '60s' }, 'duration: is "60s"'],
    ['a broken seed', { seed: 1.5 }, 'seed: is 1.5: it must be an integer'],
    ['an unknown field', { participant: {} }, 'participant: is not known: there is name, description, seed'],
    ['nobody', { participants: {} }, 'participants: is empty'],
    ['participants as a list', { participants: ['ada'] }, 'participants'],
    ['a name with a slash', { participants: { 'a/b': {} } }, 'participants.a/b: is no name'],
    ['a misspelt field', bob({ downlnk: {} }), 'participants.bob.downlnk: is not known: there is publish'],
    [
      'a source that is none',
      bob({ publish: ['webcam'] }),
      'participants.bob.publish[0]: is "webcam": it must be one of',
    ],
    ['a source without a name', bob({ publish: [{}] }), 'participants.bob.publish[0].source: is missing'],
    ['publish as text', bob({ publish: 'camera' }), 'participants.bob.publish: is "camera"'],
    [
      'the same source twice',
      bob({ publish: ['camera', 'camera'] }),
      'participants.bob.publish[1]: is a second camera',
    ],
    ['half a pixel', bob({ publish: [{ source: 'camera', width: 1.5 }] }), 'participants.bob.publish[0].width: is 1.5'],
    [
      'two encodings of a name',
      bob({
        publish: [
          {
            source: 'camera',
            encodings: [
              { rid: 'q', maxBitrate: 1e5 },
              { rid: 'q', maxBitrate: 2e5 },
            ],
          },
        ],
      }),
      'participants.bob.publish[0].encodings: has two encodings of the same rid',
    ],
    [
      'an encoding without a rate',
      bob({ publish: [{ source: 'camera', encodings: [{ rid: 'q' }] }] }),
      'participants.bob.publish[0].encodings[0].maxBitrate: is missing',
    ],
    [
      'a rate in words',
      bob({ downlink: { rate: 'fast' } }),
      'participants.bob.downlink.rate: is fast: it must be bit/s',
    ],
    ['a negative rate', bob({ uplink: { rate: -1 } }), 'participants.bob.uplink.rate: is -1'],
    [
      'a timeline that goes back',
      bob({
        downlink: {
          rate: [
            [0, 1e6],
            [5000, 1e6],
            [4000, 1e6],
          ],
        },
      }),
      'participants.bob.downlink.rate[2][0]: is 4000: it must be finite milliseconds after 5000',
    ],
    ['a loss of 2', bob({ downlink: { loss: 2 } }), 'participants.bob.downlink.loss: is 2: it must be a ratio'],
    [
      'a link option that is none',
      bob({ downlink: { speed: 1 } }),
      'participants.bob.downlink.speed: is not known: there is rate',
    ],
    ['a bad hop', bob({ downlink: { hops: [{ delay: -1 }] } }), 'participants.bob.downlink.hops[0].delay: is -1'],
    [
      'a bottleneck that is none',
      bob({ downlink: { via: 'lan' } }),
      'participants.bob.downlink.via: is "lan": there is no',
    ],
    ['a via that is no name', bob({ downlink: { via: {} } }), 'participants.bob.downlink.via: is {}'],
    [
      'a join after the end',
      bob({ joinAt: 1000 }),
      'participants.bob.joinAt: lets it join at 1000: the scenario ends at 1000',
    ],
    [
      'a leave before the join',
      bob({ joinAt: 500, leaveAt: 400 }),
      'participants.bob.leaveAt: is 400: it joins at 500',
    ],
    [
      'a storm that lasts too long',
      bob({ count: 20, joinEvery: 100 }),
      'participants.bob.joinEvery: lets it join at 1900',
    ],
    [
      'a million participants',
      bob({ count: 1e6 }),
      'participants.bob.count: is 1000000: it must be a whole number, from 1',
    ],
    ['a wish for nobody', bob({ subscribe: ['eve'] }), 'participants.bob.subscribe[0]: is "eve": there is ada, bob'],
    ['a wish in words', bob({ subscribe: 'all' }), 'participants.bob.subscribe: is "all": it must be true or false'],
    ['a layer that is none', bob({ preferredLayers: { rid: 1 } }), 'participants.bob.preferredLayers.rid: is 1'],
    ['a bad bottleneck', { bottlenecks: { lan: { rate: -5 } } }, 'bottlenecks.lan.rate: is -5'],
    ['traffic nowhere', { crossTraffic: [{ type: 'udp', via: 'lan', rate: 1e6 }] }, 'crossTraffic[0].via: is "lan"'],
    [
      'traffic of no kind',
      { crossTraffic: [{ type: 'quic' }] },
      'crossTraffic[0]: has the type "quic": it must be one of',
    ],
    [
      'no downloads at all',
      { crossTraffic: [{ type: 'tcp', via: 'lan', count: 0 }] },
      'crossTraffic[0].count: is 0: it must be a whole number',
    ],
    [
      'downloads without an end',
      { crossTraffic: [{ type: 'tcp', via: 'lan', downloads: { size: 5 } }] },
      'crossTraffic[0].downloads.size: must be [least, most] in bytes',
    ],
    [
      'downloads that shrink',
      {
        bottlenecks: { lan: {} },
        crossTraffic: [{ type: 'tcp', via: 'lan', downloads: { size: [2000, 1000] } }],
      },
      'crossTraffic[0].downloads.size: is [2000,1000]: the first must be no more than the second',
    ],
    [
      'a controller of no kind',
      { congestionControl: 'bbr' },
      'congestionControl: is "bbr": it must be one of gcc, nada',
    ],
    ['a start of 0', bob({ congestion: { startBitrate: 0 } }), 'participants.bob.congestion.startBitrate: is 0'],
    [
      'a flow that is none',
      { measure: { flows: ['ada'] } },
      'measure.flows[0]: is "ada": it must be a participant and',
    ],
    ['a flow of nobody', { measure: { flows: ['eve/uplink'] } }, 'measure.flows[0]: is "eve": there is ada, bob'],
    ['a measurement after the end', { measure: { from: 1000 } }, 'measure.from: is 1000: it must be before 1000'],
    ['fairness after the end', { measure: { fairFrom: 5000 } }, 'measure.fairFrom: is 5000: it must be before 1000'],
    ['a bottleneck to measure', { measure: { bottlenecks: ['lan'] } }, 'measure.bottlenecks[0]: is "lan": there is no'],
    ['a flow to expect', expecting({ flow: 'x', figure: 'estimate', above: 1 }), 'expect[0].flow: is "x"'],
    [
      'an unknown figure of a flow',
      expecting({ flow: 'ada/uplink', figure: 'utilisation', above: 1 }),
      'expect[0].figure: is "utilisation": it must be one of throughput',
    ],
    [
      'a figure of a flow before its beginning',
      expecting({ flow: 'ada/uplink', figure: 'estimate', from: 500, to: 400, above: 1 }),
      'expect[0].to: is 400: it must be after 500',
    ],
    [
      'an unknown figure of a bottleneck',
      expecting({ bottleneck: 'ada/uplink', figure: 'estimate', above: 1 }),
      'expect[0].figure: is "estimate": it must be one of utilisation',
    ],
    [
      'a source to mute that is none',
      faults({ type: 'mute', at: 1, duration: 1, participant: 'ada', source: 'ear' }),
      'faults[0].source: is "ear": it must be one of camera',
    ],
    ['an SFU for nobody', { sfu: { maxParticipants: 0 } }, 'sfu.maxParticipants: is 0'],
    [
      'an unknown fault',
      faults({ type: 'fire', at: 1 }),
      'faults[0]: has the type "fire": it must be one of link-down',
    ],
    ['a fault at no time', faults({ type: 'sfu-restart' }), 'faults[0].at: is missing'],
    [
      'a fault after the end',
      faults({ type: 'sfu-restart', at: 2000 }),
      'faults[0].at: is 2000: the scenario ends at 1000',
    ],
    [
      'a fault of nobody',
      faults({ type: 'decoder-error', at: 1, participant: 'eve' }),
      'faults[0].participant: is "eve"',
    ],
    [
      'a clock that goes back',
      faults({ type: 'clock', at: 0, participant: 'bob', skew: -5 }),
      'faults[0].skew: is -5: it must be finite milliseconds, 0 or more',
    ],
    ['a fault in text', faults('crash' as never), 'faults[0]: has the type missing'],
    [
      'an unknown figure',
      expecting({ figure: 'beauty', above: 1 }),
      'expect[0].figure: is "beauty": it must be one of',
    ],
    ['a figure without a bound', expecting({ figure: 'freezeMs' }), 'expect[0]: has no bound'],
    ['a bound in words', expecting({ figure: 'freezeMs', below: 'little' }), 'expect[0].below: is "little"'],
    [
      'an expectation of nobody',
      expecting({ participant: 'eve', atLeastFrames: 1 }),
      'expect[0].participant: is "eve"',
    ],
    ['an expectation of nothing', expecting({}), 'expect[0]: is {}: it must have a figure, a check'],
    ['an unknown check', expecting({ check: 'allGood' }), 'expect[0].check: is "allGood": it must be one of'],
    [
      'a span that ends first',
      expecting({ participant: 'bob', atLeastFrames: 1, from: 500, to: 400 }),
      'expect[0].to: is 400',
    ],
    ['a function that is none', expecting({ expectation: 'x', holds: 'yes' }), 'expect[0].holds: must be a function'],
  ])('%s', (_, change, message) => {
    const issues = issuesOf(change);
    expect(issues.length).toBeGreaterThan(0);
    expect(issues.join('\n')).toContain(message);
  });
});

test.each([undefined, null, 5, 'scenario', [], () => {}])('%s is no scenario', (value) => {
  expect(issuesOfValue(value).length).toBeGreaterThan(0);
});

test('everything that is wrong is told at once', () => {
  const issues = issuesOf({ seed: 'x', duration: -1, ...bob({ joinAt: 'now' }) });
  expect(issues.map((issue) => issue.split(':')[0])).toEqual(['seed', 'duration', 'participants.bob.joinAt']);
});

test('two participants of the same name are one too many', () => {
  expect(issuesOf({ participants: { bob: { count: 2 }, 'bob-1': {} } })).toEqual([
    'participants.bob-1: makes a participant bob-1, as participants.bob does',
  ]);
});

test('text that is not JSON is said to be so', () => {
  expect(() => parseScenario('{')).toThrow(expect.objectContaining({ code: 'scenario', reason: 'not-json' }));
  expect(() => parseScenario('{}')).toThrow(expect.objectContaining({ reason: 'invalid' }));
});

test('simulate rejects what makes no sense, and a seed that is no integer', async () => {
  await expect(simulate({ duration: 1 } as unknown as Scenario)).rejects.toThrow(ScenarioError);
  await expect(simulate(good as Scenario, { seed: 0.5 })).rejects.toThrow(/seed is 0\.5/);
});

test('whatever JSON comes is taken or refused with a reason', () => {
  const field = fc.constantFrom(
    'name',
    'duration',
    'participants',
    'faults',
    'expect',
    'sfu',
    'crossTraffic',
    'bottlenecks',
  );
  fc.assert(
    fc.property(fc.dictionary(field, fc.jsonValue()), (value) => {
      for (const issue of issuesOfValue({ ...good, ...value })) expect(issue).toMatch(/: \S/);
    }),
    { numRuns: 500 },
  );
});

test('whatever becomes of one value of a good scenario, it is taken or refused with a reason', () => {
  const paths = pathsOf(mixedRoom);
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
      const changed = structuredClone(plain(mixedRoom));
      let at = changed as Record<string, unknown>;
      for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
      at[path.at(-1) ?? ''] = value;
      for (const issue of issuesOfValue(changed)) expect(issue).toMatch(/: \S/);
    }),
    { numRuns: 500 },
  );
});

function plain(scenario: Scenario): object {
  return JSON.parse(JSON.stringify(scenario));
}

function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = Object.entries(plain(value as Scenario)).flatMap(([key, each]) => pathsOf(each, [...path, key]));
  return path.length === 0 ? below : [path, ...below];
}
