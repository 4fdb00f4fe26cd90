// Everybody draws from a stream of randomness of their own: who else is there, and what it draws, changes nothing.

import { seededRandom } from '@sluice/rtp';
import { type ParticipantPlan, type Scenario, simulate } from '@sluice/sfu-sim/bench';
import { describe, expect, it } from 'vitest';

describe('a fork of a random source', () => {
  const draws = (random: { next(): number }) => Array.from({ length: 100 }, () => random.next());

  it('draws the same whatever its siblings and its parent have drawn', () => {
    const alone = draws(seededRandom(7).fork('ada'));
    const parent = seededRandom(7);
    draws(parent);
    draws(parent.fork('bob'));
    draws(parent.fork('ada').fork('camera'));
    expect(draws(parent.fork('ada'))).toEqual(alone);
  });

  it('draws something else under another label, and with another seed', () => {
    const alone = draws(seededRandom(7).fork('ada'));
    expect(draws(seededRandom(7).fork('bob'))).not.toEqual(alone);
    expect(draws(seededRandom(8).fork('ada'))).not.toEqual(alone);
  });
});

describe('in a scenario', () => {
  const publisher: ParticipantPlan = {
    publish: ['microphone', 'camera'],
    subscribe: false,
    uplink: { delay: 20, jitter: 'rfc8868', loss: 0.02 },
    downlink: { delay: 20 },
  };
  // Without loss: the viewer is told of whoever comes, and were that lost, all else it is told and asks for would be later.
  const viewer: ParticipantPlan = { subscribe: ['ada'], uplink: { delay: 20 }, downlink: { delay: 20 } };
  const call = (participants: Scenario['participants'], seed = 7): Scenario => ({ seed, duration: 4000, participants });

  /** What ada's uplink carries of media: when it was sent, how large it was, which stream, and when it arrived. */
  async function media(scenario: Scenario) {
    const { trace } = await simulate(scenario);
    return trace
      .filter(({ ['link']: link, ['ssrc']: ssrc }) => link === 'ada/uplink' && ssrc !== undefined)
      .map(({ at, type, ['size']: size, ['ssrc']: ssrc }) => ({ at, type, size, ssrc }));
  }

  it('ada sends the same bytes at the same times, and they arrive the same, with a third participant and without', async () => {
    const two = await media(call({ ada: publisher, bob: viewer }));
    const three = await media(call({ ada: publisher, bob: viewer, carol: { ...publisher, subscribe: false } }));
    expect(two.length).toBeGreaterThan(1000);
    expect(three).toEqual(two);
  });

  it('nor does it matter, where links draw nothing, that the third is the first to come, at an odd time', async () => {
    // Links are told apart by who came when: what they draw would be another's.
    const plain = { uplink: { delay: 20 }, downlink: { delay: 20 }, joinAt: 10 };
    const ada = { ...publisher, ...plain };
    const bob = { ...viewer, ...plain };
    const two = await media(call({ ada, bob }));
    const three = await media(call({ carol: { ...ada, joinAt: 3 }, ada, bob }));
    expect(two.length).toBeGreaterThan(1000);
    expect(three).toEqual(two);
  });

  it('it makes no difference whether the other comes first or second', async () => {
    const carol = { ...publisher, joinAt: 500 };
    const last = await media(call({ ada: publisher, bob: viewer, carol }));
    const first = await media(call({ carol, ada: publisher, bob: viewer }));
    expect(first).toEqual(last);
  });

  it('another seed makes other frames', async () => {
    const sizes = (packets: { size: unknown }[]) => packets.map(({ size }) => size);
    const seven = sizes(await media(call({ ada: publisher, bob: viewer }, 7)));
    expect(sizes(await media(call({ ada: publisher, bob: viewer }, 8)))).not.toEqual(seven);
  });
});
