// Typed events for every public object: mitt inside, one exported map of events per object outside.

import mitt, { type Handler } from 'mitt';
import { reportUncaught } from './report-uncaught.ts';

/** Something that emits the events of the map `Events`, each with one payload object. */
export class TypedEmitter<Events extends { [Type in keyof Events]: unknown }> {
  readonly #emitter = mitt<Record<keyof Events & string, unknown>>();
  readonly #wrapped = new Map<unknown, Map<unknown, Handler>>();

  /**
   * Calls `handler` on every event of that type. A handler that throws is reported like an uncaught error and stops
   * neither the others nor the emitter.
   *
   * @returns a function that ends the subscription
   */
  on<Type extends keyof Events & string>(type: Type, handler: (event: Events[Type]) => void): () => void {
    const known = this.#wrapped.get(type) ?? new Map<unknown, Handler>();
    this.#wrapped.set(type, known);
    if (!known.has(handler)) {
      const guarded: Handler = (event) => {
        // The subscription may have ended during this very event.
        if (known.get(handler) !== guarded) return;
        try {
          handler(event as Events[Type]);
        } catch (error) {
          reportUncaught(error);
        }
      };
      known.set(handler, guarded);
      this.#emitter.on(type, guarded);
    }
    return () => this.off(type, handler);
  }

  /** Ends the subscription of `handler` to that type, if there is one. */
  off<Type extends keyof Events & string>(type: Type, handler: (event: Events[Type]) => void): void {
    const guarded = this.#wrapped.get(type)?.get(handler);
    if (guarded === undefined) return;
    this.#wrapped.get(type)?.delete(handler);
    this.#emitter.off(type, guarded);
  }

  /**
   * Calls `handler` on the next event of that type only.
   *
   * @returns a function that ends the subscription before that
   */
  once<Type extends keyof Events & string>(type: Type, handler: (event: Events[Type]) => void): () => void {
    const unsubscribe = this.on(type, (event) => {
      unsubscribe();
      handler(event);
    });
    return unsubscribe;
  }

  /** Hands `event` to every handler of that type, in the order they subscribed. */
  protected emit<Type extends keyof Events & string>(type: Type, event: Events[Type]): void {
    this.#emitter.emit(type, event);
  }
}
