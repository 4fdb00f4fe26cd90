// Requests and answers over the transport's message channel.

import {
  type ClientMessage,
  type Clock,
  type Milliseconds,
  parseServerMessage,
  type ServerMessage,
  SignallingError,
  type TimerHandle,
} from '@sluice/rtp';
import { ConnectionError } from './errors.ts';

/** How long the SFU may take to answer. */
const REQUEST_TIMEOUT: Milliseconds = 10_000;

type Requests = Extract<ClientMessage, { requestId: number }>;

/** A request without its number, which is given when it is sent. */
export type Request = Requests extends infer Each ? (Each extends Requests ? Omit<Each, 'requestId'> : never) : never;

/** What the SFU answers to a request it carries out. */
export type Answer = Extract<ServerMessage, { type: 'joined' | 'published' | 'done' }>;

/** A message the SFU sends by itself. */
export type Notification = Exclude<ServerMessage, Answer | { type: 'refused' }>;

/** The SFU refused a request. */
export class RequestRefused extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What a signalling client is made of. */
export interface SignallingClientOptions {
  readonly clock: Clock;
  readonly send: (message: string) => void;
  readonly onNotification: (message: Notification) => void;
  /** A message from the SFU makes no sense; the session goes on. */
  readonly onError: (error: SignallingError) => void;
}

interface Pending {
  readonly timer: TimerHandle;
  readonly onAnswer: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** The client's end of the message channel. */
export class SignallingClient {
  readonly #options: SignallingClientOptions;
  readonly #pending = new Map<number, Pending>();
  #requests = 0;
  #closed: ConnectionError | undefined;

  constructor(options: SignallingClientOptions) {
    this.#options = options;
  }

  /**
   * Sends a request and waits for its answer, which `handle` gets the moment it arrives: before any message that follows
   * it. Resolves with what `handle` answers.
   *
   * @throws RequestRefused when the SFU says no
   * @throws ConnectionError with reason `timeout` or `closed`
   */
  request<Result = Answer>(
    request: Request,
    handle: (answer: Answer) => Result = (answer) => answer as Result,
  ): Promise<Result> {
    if (this.#closed) return Promise.reject(this.#closed);
    this.#requests += 1;
    const requestId = this.#requests;
    return new Promise<Result>((resolve, reject) => {
      const timer = this.#options.clock.setTimeout(() => {
        this.#pending.delete(requestId);
        reject(new ConnectionError('timeout', `The SFU did not answer "${request.type}" in ${REQUEST_TIMEOUT} ms.`));
      }, REQUEST_TIMEOUT);
      const onAnswer = (answer: Answer) => {
        try {
          resolve(handle(answer));
        } catch (error) {
          reject(error as Error);
        }
      };
      this.#pending.set(requestId, { timer, onAnswer, reject });
      this.#options.send(JSON.stringify({ ...request, requestId }));
    });
  }

  /** Sends a message that is not answered. */
  notify(message: Exclude<ClientMessage, Requests>): void {
    if (!this.#closed) this.#options.send(JSON.stringify(message));
  }

  /** Takes a message from the SFU. */
  receive(text: string): void {
    let message: ServerMessage;
    try {
      message = parseServerMessage(text);
    } catch (error) {
      if (!(error instanceof SignallingError)) throw error;
      this.#options.onError(error);
      return;
    }
    if (message.type === 'refused') this.#onRefused(message);
    else if (message.type === 'joined' || message.type === 'published' || message.type === 'done') {
      this.#take(message.requestId)?.onAnswer(message);
    } else this.#options.onNotification(message);
  }

  /** Nothing will be answered any more. */
  close(error: ConnectionError): void {
    this.#closed ??= error;
    for (const requestId of [...this.#pending.keys()]) this.#take(requestId)?.reject(error);
  }

  #onRefused(message: Extract<ServerMessage, { type: 'refused' }>): void {
    const pending = message.requestId === undefined ? undefined : this.#take(message.requestId);
    if (pending) pending.reject(new RequestRefused(message.reason, message.message));
    else
      this.#options.onError(new SignallingError('malformed-message', `The SFU refused a message: ${message.message}`));
  }

  #take(requestId: number): Pending | undefined {
    const pending = this.#pending.get(requestId);
    if (pending === undefined) return undefined;
    this.#pending.delete(requestId);
    this.#options.clock.clearTimeout(pending.timer);
    return pending;
  }
}
