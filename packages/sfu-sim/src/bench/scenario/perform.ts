// A scenario as it is played out on a stage: who joins when, what goes wrong when, and what is left in the end.

import type { Room } from '@sluice/client';
import { type CongestionControllerFactory, type Milliseconds, type Random, seededRandom } from '@sluice/rtp';
import { SimulatedSfu } from '../../host/simulated-sfu.ts';
import { Bottleneck } from '../../network/bottleneck.ts';
import { TcpTraffic } from '../../network/tcp-traffic.ts';
import { UdpTraffic } from '../../network/udp-traffic.ts';
import { EventTrace } from '../../observe/event-trace.ts';
import { PacketCapture } from '../../observe/packet-capture.ts';
import { CONGESTION_CONTROLLERS } from './congestion-controllers.ts';
import { CLOCK_FAULTS, carryOut } from './faults.ts';
import { namedParticipants, participantNames } from './participant-names.ts';
import type { RunData } from './run.ts';
import type { CongestionControlName, CrossTraffic, Scenario } from './scenario.ts';
import { ScenarioParticipant } from './scenario-participant.ts';
import type { Stage } from './stage.ts';

/** How often progress is told. */
const PROGRESS_INTERVAL: Milliseconds = 1000;

/** How long the call may take to end once everybody has left. */
const AFTERMATH: Milliseconds = 1000;

/** How a run is recorded and watched. */
export interface RunOptions {
  /** In place of the scenario's. */
  readonly seed?: number;
  /** In place of the scenario's. */
  readonly congestionControl?: CongestionControlName;
  /** Whether every event is recorded; without, a run is quicker and has no figures. Default true. */
  readonly trace?: boolean;
  /** Whether every packet is captured, for Wireshark. Default false. */
  readonly capture?: boolean;
  /** Called about once a second of the scenario. */
  readonly onProgress?: (now: Milliseconds, duration: Milliseconds) => void;
}

/** What is left of a performance. */
export interface Performance {
  readonly data: RunData;
  /** By participant, as they were at the end. */
  readonly rooms: ReadonlyMap<string, readonly Room[]>;
}

/** Plays a checked scenario to its end. */
export async function perform(scenario: Scenario, stage: Stage, options: RunOptions = {}): Promise<Performance> {
  const { duration, faults = [], crossTraffic = [] } = scenario;
  const seed = options.seed ?? scenario.seed ?? 1;
  const random = seededRandom(seed);
  const congestionController = CONGESTION_CONTROLLERS[options.congestionControl ?? scenario.congestionControl ?? 'gcc'];
  const { clock } = stage;
  const trace = new EventTrace();
  let recording = options.trace ?? true;
  const tracer: EventTrace['record'] | undefined = recording
    ? (event) => {
        if (recording) trace.record(event);
      }
    : undefined;
  const capture = options.capture ? new PacketCapture() : undefined;
  const bottlenecks = new Map(
    Object.entries(scenario.bottlenecks ?? {}).map(([name, its]) => [
      name,
      new Bottleneck(its, clock, tracer && { name, tracer }),
    ]),
  );
  const createSfu = (restart: number) =>
    new SimulatedSfu({
      ...scenario.sfu,
      seed: restart === 0 ? seed : random.fork(`restart-${restart}`).integer(0, 0x7fffffff),
      clock,
      congestionController,
      ...(tracer && { tracer }),
      ...(capture && { capture }),
    });
  let restarts = 0;
  let sfu: SimulatedSfu | undefined = createSfu(0);

  const participants = createParticipants(scenario, { stage, random, tracer, bottlenecks, congestionController });
  const join = (participant: ScenarioParticipant) => {
    if (sfu !== undefined) void participant.join(sfu);
  };
  const at = (time: Milliseconds, action: () => void) => clock.setTimeout(action, time - clock.now());
  const later = (delay: Milliseconds, action: () => void) => {
    if (clock.now() + delay < duration) clock.setTimeout(action, delay);
  };
  const restartSfu = (downtime: Milliseconds) => {
    const present = new Set(sfu?.identities);
    sfu?.close('sfu-restart');
    sfu = undefined;
    later(downtime, () => {
      restarts += 1;
      const next = createSfu(restarts);
      sfu = next;
      for (const participant of participants.values()) if (present.has(participant.name)) participant.rejoin(next);
    });
  };

  // Faults come first, so that what is said of the moment at which somebody joins is so already.
  for (const fault of faults) {
    const targets = (name: string) => namedParticipants(scenario, name).flatMap((each) => participants.get(each) ?? []);
    at(fault.at, () => carryOut(fault, { participants: targets, later, restartSfu, rejoin: join }));
  }
  for (const [group, plan] of Object.entries(scenario.participants)) {
    for (const [i, name] of participantNames(group, plan).entries()) {
      const participant = participants.get(name);
      if (participant === undefined) continue;
      const { joinAt = 0, joinEvery = 0, leaveAt, preferredLayers } = plan;
      const steps = Array.isArray(preferredLayers) ? preferredLayers : preferredLayers ? [[0, preferredLayers]] : [];
      for (const [from, layers] of steps) at(from, () => participant.prefer(layers));
      at(joinAt + i * joinEvery, () => join(participant));
      if (leaveAt !== undefined && leaveAt < duration) at(leaveAt, () => participant.leave());
    }
  }
  const traffic: { close(): void }[] = [];
  for (const [i, plan] of crossTraffic.entries()) {
    const via = bottlenecks.get(plan.via);
    if (via === undefined) continue;
    at(plan.from ?? 0, () => {
      const count = plan.type === 'tcp' ? (plan.count ?? 1) : 1;
      for (let k = 0; k < count; k++) {
        const flow = createTraffic(plan, via, stage, random.fork(k === 0 ? `traffic-${i}` : `traffic-${i}-${k}`));
        traffic.push(flow);
        if (plan.to !== undefined) later(plan.to - clock.now(), () => flow.close());
      }
    });
  }

  for (let now = 0; now < duration; ) {
    now = Math.min(duration, now + PROGRESS_INTERVAL);
    await stage.runUntil(now);
    options.onProgress?.(now, duration);
  }
  recording = false;
  const captured = capture?.take();
  const records = [...participants.values()].map(({ name, shown, heard, errors, disconnections }) => ({
    name,
    shown: [...shown],
    heard: [...heard],
    errors: [...errors],
    disconnections: [...disconnections],
  }));
  for (const flow of traffic) flow.close();
  for (const participant of participants.values()) participant.leave();
  sfu?.close();
  await stage.runUntil(duration + AFTERMATH);
  return {
    data: {
      title: scenario.name ?? 'scenario',
      seed,
      realTime: stage.realTime,
      from: 0,
      to: duration,
      events: trace.events,
      measure: scenario.measure,
      capture: captured,
      participants: records,
      leaks: stage.leaks(),
    },
    rooms: new Map([...participants].map(([name, { rooms }]) => [name, rooms])),
  };
}

function createParticipants(
  scenario: Scenario,
  shared: {
    readonly stage: Stage;
    readonly random: Random;
    readonly tracer: EventTrace['record'] | undefined;
    readonly bottlenecks: ReadonlyMap<string, Bottleneck>;
    readonly congestionController: CongestionControllerFactory;
  },
): Map<string, ScenarioParticipant> {
  const participants = new Map<string, ScenarioParticipant>();
  const ownClocks = new Set(
    (scenario.faults ?? []).flatMap((fault) =>
      'participant' in fault && CLOCK_FAULTS.includes(fault.type) ? namedParticipants(scenario, fault.participant) : [],
    ),
  );
  for (const [group, plan] of Object.entries(scenario.participants)) {
    for (const name of participantNames(group, plan)) {
      const participant = new ScenarioParticipant({
        ...shared,
        name,
        plan,
        random: shared.random.fork(name),
        ownClock: ownClocks.has(name),
        clocksDiffer: ownClocks.size > 0,
        find: (other) => participants.get(other),
      });
      participants.set(name, participant);
    }
  }
  return participants;
}

function createTraffic(plan: CrossTraffic, via: Bottleneck, { clock }: Stage, random: Random): { close(): void } {
  if (plan.type === 'udp') return new UdpTraffic({ clock, random, via, rate: plan.rate });
  const { control, delay, downloads } = plan;
  return new TcpTraffic({
    clock,
    random,
    via,
    ...(control && { control }),
    ...(delay !== undefined && { delay }),
    ...(downloads && { downloads }),
  });
}
