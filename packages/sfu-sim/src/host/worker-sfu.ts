// An SFU in another realm, as a page sees it: like `SimulatedSfu`, but what asks it for something returns a promise.

import { ArgumentError, systemClock, type Tracer, type Transport } from '@sluice/rtp';
import { DeliveryTrace } from '../network/delivery-trace.ts';
import type { LinkStats } from '../network/link.ts';
import { checkLinkKeys, createLinkSettings, type LinkOptions } from '../network/link-options.ts';
import type { ParticipantStats } from '../observe/stats.ts';
import { ClockOffset } from './clock-offset.ts';
import { holdPageLock, type PageLock } from './page-lock.ts';
import { PortTransport } from './port-transport.ts';
import {
  type ControlCommand,
  type ControlPort,
  errorOf,
  HostError,
  type LinkDirection,
  readAnswer,
  readTracePost,
  type TracePost,
  type WorkerSfuOptions,
} from './sfu-control.ts';
import type { SimulatedTransportOptions } from './simulated-sfu.ts';

/** One direction of a participant's path, in the SFU's realm. */
export interface WorkerLink {
  /**
   * Changes the path while it runs, see `Link.set`.
   *
   * @throws ArgumentError for impossible options, and when the participant is not connected
   * @throws HostError with reason `closed`
   */
  set(change: LinkOptions): Promise<void>;
  /**
   * What it has done so far.
   *
   * @throws ArgumentError when the participant is not connected
   * @throws HostError with reason `closed`
   */
  stats(): Promise<LinkStats>;
}

/** A participant, and the strings to pull. All reject with an `ArgumentError` when it is not connected. */
export interface WorkerParticipant {
  readonly identity: string;
  readonly uplink: WorkerLink;
  readonly downlink: WorkerLink;
  /** A snapshot of what the SFU gets from it and sends to it. */
  stats(): Promise<ParticipantStats>;
  /** Puts it out of the room. */
  disconnect(reason?: string): Promise<void>;
}

/** Settings of `connectToSharedSfu`. */
export interface SharedSfuOptions extends WorkerSfuOptions {
  /** Pages of one origin that say the same name share one SFU. Default `sluice-sfu`. */
  readonly name?: string;
}

/**
 * Starts an SFU in a dedicated worker, which keeps it apart from what the page does.
 *
 * @throws HostError with reason `unavailable` when the worker cannot be started
 * @throws ArgumentError for impossible options
 */
export async function startWorkerSfu(options: WorkerSfuOptions = {}): Promise<WorkerSfu> {
  const worker = available(
    () => new Worker(new URL('./sfu-worker.ts', import.meta.url), { type: 'module', name: 'sluice-sfu' }),
  );
  try {
    return await connectToSfu(worker, options, () => worker.terminate());
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

/**
 * The SFU that the pages of one origin share, in a shared worker: the first one starts it, and it ends with the last one.
 *
 * @throws HostError with reason `unavailable` where there are no shared workers, `other-options` when it runs already with
 * other settings
 * @throws ArgumentError for impossible options
 */
export async function connectToSharedSfu(options: SharedSfuOptions = {}): Promise<WorkerSfu> {
  const { name = 'sluice-sfu', ...sfu } = options;
  const worker = available(
    () => new SharedWorker(new URL('./sfu-worker.ts', import.meta.url), { type: 'module', name }),
  );
  const { port } = worker;
  // The port says nothing when the script cannot be loaded.
  const failed = new Promise<never>((_, reject) => {
    worker.addEventListener('error', () => reject(unavailable()));
  });
  failed.catch(() => {});
  const lock = await holdPageLock();
  const release = () => {
    port.close();
    lock?.release();
  };
  try {
    return await Promise.race([start(port, sfu, release, lock), failed]);
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * The SFU of the `SfuHost` that serves the other end of `port`: for workers of one's own, and those of Node.
 *
 * @param release - lets go of the port once the SFU is closed. Default nothing
 * @throws HostError with reason `unavailable` or `other-options`
 * @throws ArgumentError for impossible options
 */
export async function connectToSfu(
  port: ControlPort,
  options: WorkerSfuOptions = {},
  release: () => void = () => {},
): Promise<WorkerSfu> {
  return await start(port, options, release);
}

async function start(
  port: ControlPort,
  options: WorkerSfuOptions,
  release: () => void,
  lock?: PageLock,
): Promise<WorkerSfu> {
  const { tracer, ...sent } = options;
  const control = new SfuControl(port, tracer);
  await control.request({ type: 'start', options: sent, traced: tracer !== undefined, lock: lock?.name });
  return new WorkerSfu(control, release);
}

/** An SFU in another realm. `startWorkerSfu`, `connectToSharedSfu` and `connectToSfu` make it. */
export class WorkerSfu {
  readonly #control: SfuControl;
  readonly #release: () => void;

  /** @internal */
  constructor(control: SfuControl, release: () => void) {
    this.#control = control;
    this.#release = release;
  }

  /**
   * A new participant's end of a path to this SFU, for `Room.connect`. The emulated links are beside the SFU.
   *
   * @throws ArgumentError for impossible link options, and those that cannot be sent to another realm: `via`, and a recorded
   * capacity
   */
  transport(options: SimulatedTransportOptions = {}): Transport {
    for (const link of [options.uplink, options.downlink]) if (link !== undefined) checkLink(link);
    const { port1, port2 } = new MessageChannel();
    const transport = new PortTransport(port1, systemClock);
    // Without an SFU the path is over before it began, which the owner hears from the port.
    this.#control.request({ type: 'connect', options, port: port2 }, [port2]).catch(() => port2.close());
    return transport;
  }

  /** The participant of that identity; whether it is connected shows when it is asked for something. */
  participant(identity: string): WorkerParticipant {
    const link = (direction: LinkDirection): WorkerLink => ({
      set: async (change) => {
        checkLinkKeys(change);
        checkSendable(change);
        await this.#control.request({ type: 'set-link', identity, direction, change });
      },
      stats: async () => (await this.#control.request({ type: 'link-stats', identity, direction })) as LinkStats,
    });
    return {
      identity,
      uplink: link('uplink'),
      downlink: link('downlink'),
      stats: async () => (await this.#control.request({ type: 'participant-stats', identity })) as ParticipantStats,
      disconnect: async (reason = 'removed') => {
        await this.#control.request({ type: 'disconnect', identity, reason });
      },
    };
  }

  /** The identities of everybody in the room, in the order they came. */
  async identities(): Promise<string[]> {
    return (await this.#control.request({ type: 'identities' })) as string[];
  }

  /** Puts out whom this page has brought in, and lets go of the SFU: one that is shared goes on for the others. */
  async close(reason = 'sfu-closed'): Promise<void> {
    try {
      await this.#control.request({ type: 'close', reason });
    } finally {
      this.#control.close(new HostError('closed', `This SFU is closed: ${reason}.`));
      this.#release();
    }
  }
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The requests of one page, and their answers. */
class SfuControl {
  readonly #port: ControlPort;
  readonly #pending = new Map<number, Pending>();
  readonly #tracer: Tracer | undefined;
  readonly #clockOffset = new ClockOffset();
  #requests = 0;
  #answered = false;
  #closed: HostError | undefined;

  constructor(port: ControlPort, tracer: Tracer | undefined) {
    this.#port = port;
    this.#tracer = tracer;
    port.addEventListener('message', (event) => this.#receive((event as { data?: unknown }).data));
    // A worker's script failed: before the first answer it could not be loaded.
    port.addEventListener('error', () => {
      if (!this.#answered) this.close(unavailable());
    });
    port.addEventListener('close', () => this.close(new HostError('closed', 'The worker of this SFU has ended.')));
    port.start?.();
  }

  /**
   * @throws ArgumentError, HostError: what the SFU's realm threw
   */
  request(command: ControlCommand, transfer: MessagePort[] = []): Promise<unknown> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    this.#requests += 1;
    const id = this.#requests;
    return new Promise((resolve, reject) => {
      try {
        this.#port.postMessage({ id, command }, transfer);
      } catch (cause) {
        reject(new ArgumentError(`The options of "${command.type}" cannot be sent to another realm.`, { cause }));
        return;
      }
      this.#pending.set(id, { resolve, reject });
    });
  }

  /** Nothing will be answered any more. */
  close(error: HostError): void {
    this.#closed ??= error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #receive(data: unknown): void {
    const post = readTracePost(data);
    if (post !== undefined) {
      this.#receiveTrace(post);
      return;
    }
    const answer = readAnswer(data);
    if (answer === undefined) return;
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    this.#answered = true;
    this.#pending.delete(answer.id);
    if ('error' in answer) pending.reject(errorOf(answer.error));
    else pending.resolve(answer.result);
  }

  #receiveTrace({ at, trace }: TracePost): void {
    const now = systemClock.now();
    this.#clockOffset.observe(at, now);
    for (const event of trace) this.#tracer?.({ ...event, at: this.#clockOffset.toOwn(event.at, now) });
  }
}

function available<Host>(create: () => Host): Host {
  try {
    return create();
  } catch (cause) {
    throw unavailable(cause);
  }
}

function unavailable(cause?: unknown): HostError {
  return new HostError('unavailable', 'The worker of the SFU could not be started.', { cause });
}

function checkLink(options: LinkOptions): void {
  checkLinkKeys(options);
  createLinkSettings(options);
  checkSendable(options);
}

/** @throws ArgumentError for what would arrive as something else */
function checkSendable(options: LinkOptions): void {
  for (const { via, rate } of [options, ...(Array.isArray(options.hops) ? options.hops : [])]) {
    const what = via !== undefined ? 'via' : rate instanceof DeliveryTrace ? 'a recorded rate' : undefined;
    if (what === undefined) continue;
    throw new ArgumentError(`link option ${what} cannot be sent to the realm of this SFU: use SimulatedSfu for it`);
  }
}
