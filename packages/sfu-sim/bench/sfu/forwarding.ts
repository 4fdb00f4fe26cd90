// What forwarding a packet to a subscriber costs, beside a fan-out with werift of the same packets.

import { readFileSync } from 'node:fs';
import { spreadOf } from '../../../../scripts/bench/measure.ts';
import type { Figure } from '../../../../scripts/bench/report.ts';
import { Call, type Cost } from './call.ts';
import { FanOutCall, Recording } from './fan-out-call.ts';

/** Seconds of the call until everybody has the best layer and the compiler is done. */
const WARM_UP = 12;

/** Seconds that are measured, each on its own. */
const ROUNDS = 41;

/** Seconds in which the packets' times in the SFU are watched. */
const WATCHED = 10;

/** The peers' outputs differ by packets that the pacer holds back, and by a switch that one does a frame later. */
const COUNT_TOLERANCE = 0.01;

/** Who is in the call. */
export interface Party {
  /** For the figures' names. */
  readonly name: string;
  readonly participants: number;
  readonly publishers: number;
}

/** Cost, time inside and memory of one call. */
export function* forwarding({ name, participants, publishers }: Party): Generator<Figure> {
  const record = new Recording();
  const call = new Call({ participants, publishers, switching: true, record });
  const fanOut = new FanOutCall(call.participants);
  call.run(WARM_UP * 1000);
  call.takeCost();
  fanOut.run(record.take());

  const ours: Cost[] = [];
  const theirs: number[] = [];
  let packets = 0;
  let theirPackets = 0;
  for (let round = 0; round < ROUNDS; round++) {
    call.run(1000);
    const cost = call.takeCost();
    const { elapsed, packets: sent } = fanOut.run(record.take());
    ours.push(cost);
    theirs.push((elapsed * 1000) / sent);
    packets += cost.packets;
    theirPackets += sent;
  }
  call.check();
  if (Math.abs(packets / theirPackets - 1) > COUNT_TOLERANCE) {
    throw new Error(`${name}: ${packets} packets were forwarded by us, ${theirPackets} by the peer.`);
  }

  const total = ours.map((cost) => perPacket(cost, cost.arrivals + cost.timers + cost.feedback));
  const spread = spreadOf(total);
  const peer = { name: PEER, value: spreadOf(theirs).median };
  const ratio = spreadOf(total.map((time, round) => time / (theirs[round] ?? Number.NaN)));
  yield {
    name: `forward, ${name}`,
    value: spread.median,
    unit: 'µs/packet',
    peer,
    ratio: spread.median / peer.value,
    spread: { ours: spread, ratio },
  };
  yield part('of it on arrival', ours, ({ arrivals }) => arrivals);
  yield part('of it paced, and other timers', ours, ({ timers }) => timers);
  yield part('of it for feedback', ours, ({ feedback }) => feedback);

  const { inside, paced } = call.watch(WATCHED * 1000);
  yield { name: `p99 inside, ${name}`, value: percentile(inside, 0.99) * 1000, unit: 'µs' };
  yield { name: `p99 held back by the pacer, ${name}`, value: percentile(paced, 0.99), unit: 'ms (virtual)' };

  record.take();
  const held = [memoryUsed()];
  call.dropSfu();
  held.push(memoryUsed());
  fanOut.drop();
  held.push(memoryUsed());
  const [both = 0, theirsAlone = 0, none = 0] = held.map((bytes) => bytes / 1000 / participants);
  const memory = { ours: both - theirsAlone, theirs: theirsAlone - none };
  yield {
    name: `memory, ${name}`,
    value: memory.ours,
    unit: 'kB/participant',
    peer: { name: PEER, value: memory.theirs },
    ratio: memory.ours / memory.theirs,
  };

  function part(what: string, costs: readonly Cost[], of: (cost: Cost) => number): Figure {
    const its = spreadOf(costs.map((cost) => perPacket(cost, of(cost))));
    return { name: `${what}, ${name}`, value: its.median, unit: 'µs/packet', spread: { ours: its } };
  }
}

const PEER = `werift ${(JSON.parse(readFileSync('node_modules/werift/package.json', 'utf8')) as { version: string }).version}, fan-out alone`;

function perPacket({ packets }: Cost, milliseconds: number): number {
  return (milliseconds * 1000) / packets;
}

function percentile(values: number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** Bytes in use, those outside the heap included, behind a garbage collection. */
function memoryUsed(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error('Memory is measured with node --expose-gc.');
  gc();
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
