// A run of a scenario that is over: what everybody saw, the trace, the figures, and what did not hold.

import type { Room } from '@sluice/client';
import { ArgumentError, type Milliseconds, type TraceEvent } from '@sluice/rtp';
import { CongestionFigures } from '../../observe/congestion-figures.ts';
import { toJsonLines } from '../../observe/event-trace.ts';
import { type Figures, figuresOf, type SubscriptionFigures } from '../../observe/figures.ts';
import { renderRecord } from '../../observe/render-record.ts';
import type { RunRecord } from '../../observe/run-record.ts';
import type { Suspension } from '../../observe/subscription-history.ts';
import { judge } from './judge.ts';
import type { ParticipantRecord } from './participant-record.ts';
import type { Scenario } from './scenario.ts';
import { ScenarioError } from './scenario-error.ts';
import { Sha256 } from './sha256.ts';
import type { FrameLeaks } from './stage.ts';

/** A run as plain data: it can cross from a page to a test. */
export interface RunData extends Omit<RunRecord, 'failures'> {
  readonly realTime: boolean;
  readonly participants: readonly ParticipantRecord[];
  /** `undefined` where it cannot be told. */
  readonly leaks: FrameLeaks | undefined;
}

/** One participant's part of a run. */
export interface ParticipantRun extends ParticipantRecord {
  /** Its rooms, left by now; none where the run took place in another realm. */
  readonly rooms: readonly Room[];
  /** How it got each track. */
  readonly subscriptions: readonly SubscriptionFigures[];
  /** When it got no video, and why. */
  readonly suspensions: readonly Suspension[];
}

/** Events that are hashed at once. */
const HASH_BATCH = 2000;

/** A run that is over. */
export class Run {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Whether it took place in real time, in a browser. */
  readonly realTime: boolean;
  readonly participants: readonly ParticipantRun[];
  /** Everything that happened, in order; empty where nothing was recorded. */
  readonly trace: readonly TraceEvent[];
  /** What was expected and did not hold, in words. */
  readonly failures: readonly string[];
  /** Frames left open or closed twice; `undefined` where that cannot be told. */
  readonly leaks: FrameLeaks | undefined;
  readonly #data: RunData;
  #figures: Figures | undefined;
  #congestion: CongestionFigures | undefined;
  #traceSha256: string | undefined;

  constructor(scenario: Scenario, data: RunData, rooms: ReadonlyMap<string, readonly Room[]> = new Map()) {
    this.scenario = scenario;
    this.#data = data;
    this.seed = data.seed;
    this.realTime = data.realTime;
    this.trace = data.events;
    this.leaks = data.leaks;
    const figures = () => this.figures;
    this.participants = data.participants.map((record) => ({
      ...record,
      rooms: rooms.get(record.name) ?? [],
      get subscriptions() {
        return figures().subscriptions.filter(({ participant }) => participant === record.name);
      },
      get suspensions() {
        return this.subscriptions.flatMap(({ suspensions }) => suspensions);
      },
    }));
    this.failures = judge(this);
  }

  /** Whether everything expected held. */
  get passed(): boolean {
    return this.failures.length === 0;
  }

  /** The figures, computed from the trace when first asked for. */
  get figures(): Figures {
    this.#figures ??= figuresOf(this.#data);
    return this.#figures;
  }

  /** What congestion control did, by the scenario's `measure`, in any span of time. */
  get congestion(): CongestionFigures {
    const { events, to, measure } = this.#data;
    this.#congestion ??= new CongestionFigures(events, to, measure);
    return this.#congestion;
  }

  /** SHA-256 of the trace as JSON lines, in hexadecimal: equal for equal seeds, in Node and in a browser. */
  get traceSha256(): string {
    this.#traceSha256 ??= hashTrace(this.trace);
    return this.#traceSha256;
  }

  /** How long it went on. */
  get duration(): Milliseconds {
    return this.#data.to - this.#data.from;
  }

  /** All there is to keep of it. */
  get record(): RunRecord {
    const { title, seed, from, to, events, measure, capture } = this.#data;
    return { title, seed, from, to, events, measure, capture, failures: this.failures };
  }

  /** @throws ArgumentError for a name that does not take part */
  participant(name: string): ParticipantRun {
    const found = this.participants.find((participant) => participant.name === name);
    if (found === undefined) {
      const known = this.participants.map((participant) => participant.name).join(', ');
      throw new ArgumentError(`No participant "${name}" takes part: there is ${known}.`);
    }
    return found;
  }

  /** The run as files, by name: `report.html` and what else `renderRecord` says. */
  render(): Map<string, Uint8Array | string> {
    return renderRecord(this.record);
  }

  /**
   * Writes these files into a folder, which is made if need be. In Node.
   *
   * @throws ScenarioError with reason `no-file-system` elsewhere
   */
  async report(folder: string): Promise<void> {
    const { process } = globalThis as { process?: { getBuiltinModule?(id: string): unknown } };
    const files = process?.getBuiltinModule?.('node:fs/promises') as FileSystem | undefined;
    if (files === undefined) {
      throw new ScenarioError('no-file-system', 'A report is written in Node; take the files from render() here.');
    }
    await files.mkdir(folder, { recursive: true });
    for (const [name, content] of this.render()) await files.writeFile(`${folder}/${name}`, content);
  }
}

interface FileSystem {
  mkdir(path: string, options: { recursive: true }): Promise<unknown>;
  writeFile(path: string, content: Uint8Array | string): Promise<void>;
}

function hashTrace(events: readonly TraceEvent[]): string {
  const digest = new Sha256();
  const encoder = new TextEncoder();
  for (let i = 0; i < events.length; i += HASH_BATCH) {
    digest.update(encoder.encode(toJsonLines(events.slice(i, i + HASH_BATCH))));
  }
  return digest.hex();
}
