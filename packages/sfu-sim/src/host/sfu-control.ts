// What a page and an SFU in another realm say to each other beside the participants' transports: requests, and one answer
// to each.

import {
  ArgumentError,
  type Milliseconds,
  ReasonedError,
  type SluiceError,
  type TraceEvent,
  type Tracer,
} from '@sluice/rtp';
import * as v from 'valibot';
import type { LinkOptions } from '../network/link-options.ts';
import type { TransportPort } from './port-transport.ts';
import type { SimulatedSfuOptions, SimulatedTransportOptions } from './simulated-sfu.ts';

/** What of the settings of `SimulatedSfu` can be sent to another realm. */
type SentSfuOptions = Omit<SimulatedSfuOptions, 'clock' | 'tracer' | 'capture' | 'congestionController'>;

/** Settings of an SFU in another realm. */
export interface WorkerSfuOptions extends SentSfuOptions {
  /**
   * Gets every event of the SFU and the network, a turn of the event loop later, with its time on this realm's clock. Either
   * all pages that share an SFU have one, or none. Default: nobody does.
   */
  readonly tracer?: Tracer;
}

/** One direction of a participant's path. */
export type LinkDirection = 'uplink' | 'downlink';

/** Why an SFU in another realm cannot be used. */
export type HostErrorReason =
  /** Its worker could not be started. */
  | 'unavailable'
  /** A shared SFU runs already, with other settings. */
  | 'other-options'
  /** It was closed, or its worker has ended. */
  | 'closed';

/** An SFU in another realm cannot be used. */
export class HostError extends ReasonedError<HostErrorReason> {
  override readonly code = 'host';
}

/** What carries requests and answers: a `MessagePort`, a `Worker`, or the inside of one. */
export interface ControlPort {
  postMessage(message: unknown, transfer: (ArrayBuffer | MessagePort)[]): void;
  addEventListener(type: string, listener: (event: object) => void): void;
  start?(): void;
}

/** A request without its number. The types of the options are promises of our own side; the SFU checks the values. */
export type ControlCommand =
  | {
      readonly type: 'start';
      readonly options: SentSfuOptions;
      readonly traced: boolean;
      /** The name of the lock that the page holds while it lives, see `holdPageLock`. */
      readonly lock?: string | undefined;
    }
  | { readonly type: 'connect'; readonly options: SimulatedTransportOptions; readonly port: TransportPort }
  | {
      readonly type: 'set-link';
      readonly identity: string;
      readonly direction: LinkDirection;
      readonly change: LinkOptions;
    }
  | { readonly type: 'link-stats'; readonly identity: string; readonly direction: LinkDirection }
  | { readonly type: 'participant-stats'; readonly identity: string }
  | { readonly type: 'identities' }
  | { readonly type: 'disconnect'; readonly identity: string; readonly reason: string }
  | { readonly type: 'close'; readonly reason: string };

/** A request of a page. */
export interface ControlRequest {
  readonly id: number;
  readonly command: ControlCommand;
}

/** The answer to a request. */
export type ControlAnswer =
  | { readonly id: number; readonly result?: unknown }
  | {
      readonly id: number;
      readonly error: { readonly code: string; readonly reason: string; readonly message: string };
    };

/** Events that happened since the last of these posts; `at` is when it was posted, all on the clock of the SFU's realm. */
export interface TracePost {
  readonly at: Milliseconds;
  readonly trace: readonly TraceEvent[];
}

const object = v.looseObject({});
const direction = v.picklist(['uplink', 'downlink']);
const command = v.variant('type', [
  v.object({ type: v.literal('start'), options: object, traced: v.boolean(), lock: v.optional(v.string()) }),
  v.object({ type: v.literal('connect'), options: object, port: v.custom((port) => typeof port === 'object') }),
  v.object({ type: v.literal('set-link'), identity: v.string(), direction, change: object }),
  v.object({ type: v.literal('link-stats'), identity: v.string(), direction }),
  v.object({ type: v.literal('participant-stats'), identity: v.string() }),
  v.object({ type: v.literal('identities') }),
  v.object({ type: v.literal('disconnect'), identity: v.string(), reason: v.string() }),
  v.object({ type: v.literal('close'), reason: v.string() }),
]);
const request = v.object({ id: v.number(), command });
const tracePost = v.object({ at: v.number(), trace: v.array(v.object({ at: v.number(), type: v.string() })) });
const answer = v.object({
  id: v.number(),
  result: v.optional(v.unknown()),
  error: v.optional(v.object({ code: v.string(), reason: v.string(), message: v.string() })),
});

/** Reads a request; `undefined` for anything else. */
export function readRequest(data: unknown): ControlRequest | undefined {
  const parsed = v.safeParse(request, data);
  return parsed.success ? (parsed.output as ControlRequest) : undefined;
}

/** Reads an answer; `undefined` for anything else. */
export function readAnswer(data: unknown): ControlAnswer | undefined {
  const parsed = v.safeParse(answer, data);
  return parsed.success ? (parsed.output as ControlAnswer) : undefined;
}

/** Reads events; `undefined` for anything else. */
export function readTracePost(data: unknown): TracePost | undefined {
  return v.is(tracePost, data) ? (data as TracePost) : undefined;
}

/** The error that an answer tells of, of the class it had. */
export function errorOf(error: {
  readonly code: string;
  readonly reason: string;
  readonly message: string;
}): SluiceError {
  if (error.code === 'argument') return new ArgumentError(error.message);
  return new HostError(error.reason as HostErrorReason, error.message);
}
