// A hundred late joins on one kind of path, one after the other, and what each of them took.

import { type Scenario, simulate } from '@sluice/sfu-sim/bench';

/** What is varied. */
export interface JoinConditions {
  readonly cache: boolean;
  /** Between two key frames of the publisher, in ms. */
  readonly keyframeInterval: number;
  /** From every participant to the SFU and back, in ms. */
  readonly roundTrip: number;
  /** Of each joiner, in bit/s. */
  readonly downlink: number;
}

/** What one join took. */
export interface Join {
  /** In ms, since the subscription; `undefined`: none within the joiner's stay. */
  readonly firstFrame: number | undefined;
  /** In ms, since the subscription; `undefined`: not within the joiner's stay. */
  readonly liveEdge: number | undefined;
  /** Frames that were decoded and not shown, because newer ones waited. */
  readonly catchUpFrames: number;
}

/** What all joins of one kind took. */
export interface Joins {
  readonly joins: readonly Join[];
  /** Key frames the publisher was asked for because of them. */
  readonly keyFrames: number;
  /** Those among them that were asked for later, to go up to a better layer. */
  readonly keyFramesForUpgrades: number;
}

/** How long the publisher is on air before the first join, in ms. */
const BEGINNING = 5000;

/** Between two joins, in ms; up to half as much is added, so that they fall everywhere into the groups of pictures. */
const SPACING = 2000;

/** For how long a joiner stays, in ms. */
const STAY = 3000;

/** One after the other, at moments that are the same for all conditions. */
export async function lateJoins(conditions: JoinConditions, count: number, seed: number): Promise<Joins> {
  const delay = conditions.roundTrip / 2;
  const path = { uplink: { delay }, downlink: { rate: conditions.downlink, delay } };
  const joiners = Array.from({ length: count }, (_, i) => {
    // The golden ratio's multiples spread evenly, however many there are.
    const joinAt = BEGINNING + i * SPACING + Math.round(((i * 0.618034) % 1) * (SPACING / 2));
    return [`joiner-${i}`, { ...path, joinAt, leaveAt: joinAt + STAY, keyframeCache: conditions.cache }] as const;
  });
  return play(
    {
      name: 'late-joins',
      seed,
      duration: BEGINNING + count * SPACING + STAY,
      participants: { ada: publisher(conditions.keyframeInterval, delay), ...Object.fromEntries(joiners) },
    },
    joiners.map(([name]) => name),
  );
}

/** All within one second. */
export async function joinStorm(
  { cache, keyframeInterval }: Pick<JoinConditions, 'cache' | 'keyframeInterval'>,
  count: number,
  seed: number,
): Promise<Joins> {
  const delay = 20;
  const path = { uplink: { delay }, downlink: { rate: 8e6, delay } };
  const names = Array.from({ length: count }, (_, i) => `joiner-${i + 1}`);
  return play(
    {
      name: 'join-storm',
      seed,
      duration: BEGINNING + 1000 + STAY,
      participants: {
        ada: publisher(keyframeInterval, delay),
        joiner: { ...path, count, joinAt: BEGINNING, joinEvery: 1000 / count, keyframeCache: cache },
      },
    },
    names,
  );
}

function publisher(keyframeInterval: number, delay: number): Scenario['participants'][string] {
  return { publish: [{ source: 'camera', keyframeInterval }], uplink: { delay }, downlink: { delay } };
}

async function play(scenario: Scenario, names: readonly string[]): Promise<Joins> {
  const run = await simulate(scenario);
  const decoded = new Map<string, number>();
  let keyFrames = 0;
  let keyFramesForUpgrades = 0;
  for (const event of run.trace) {
    if (event.type === 'key-frame-requested' && event.at >= BEGINNING) {
      keyFrames += 1;
      if (event['reason'] === 'layer-switch') keyFramesForUpgrades += 1;
    }
    if (event.type !== 'frame-decoded') continue;
    const name = String(event['participant']);
    decoded.set(name, (decoded.get(name) ?? 0) + 1);
  }
  const joins = names.map((name) => {
    const subscription = run.participant(name).subscriptions.find(({ kind }) => kind === 'video');
    if (subscription === undefined) throw new Error(`${name} got no video: there was no call.`);
    return {
      firstFrame: subscription.timeToFirstFrameMs,
      liveEdge: subscription.timeToLiveEdgeMs,
      catchUpFrames: (decoded.get(name) ?? 0) - subscription.framesShown,
    };
  });
  return { joins, keyFrames, keyFramesForUpgrades };
}
