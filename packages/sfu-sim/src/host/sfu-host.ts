// The inside of a worker: one SFU, and the pages that use it.

import { SluiceError, systemClock, type TraceEvent, type Transport } from '@sluice/rtp';
import { whenReleased } from './page-lock.ts';
import { PORT_CLOSED, PortTransport } from './port-transport.ts';
import { type ControlCommand, type ControlPort, HostError, readRequest, type TracePost } from './sfu-control.ts';
import { SimulatedSfu } from './simulated-sfu.ts';

/** A participant's path: the port to the page, and the emulated links beside the SFU. */
interface Relay {
  readonly port: PortTransport;
  readonly path: Transport;
}

/**
 * Serves one SFU to whoever has a port to this realm, in a worker of one's own. `startWorkerSfu` and `connectToSharedSfu`
 * bring theirs along.
 *
 * @example
 * new SfuHost().serve(self); // in a dedicated worker
 * new SfuHost().serve(parentPort); // in a worker of node:worker_threads
 */
export class SfuHost {
  #sfu: SimulatedSfu | undefined;
  /** What the SFU was started with, to compare. */
  #options = '';
  /** Pages that get the trace, and what they have not got yet. */
  readonly #listeners = new Set<ControlPort>();
  #events: TraceEvent[] = [];

  /** Answers the requests of one page. */
  serve(port: ControlPort): void {
    const relays = new Set<Relay>();
    port.addEventListener('message', (event) => {
      const request = readRequest((event as { data?: unknown }).data);
      if (request === undefined) return;
      const { id, command } = request;
      try {
        port.postMessage({ id, result: this.#carryOut(command, relays, port) }, []);
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        const { code, reason, message } = error;
        port.postMessage({ id, error: { code, reason, message } }, []);
      }
    });
    port.addEventListener('close', () => this.#listeners.delete(port));
    port.start?.();
  }

  #carryOut(command: ControlCommand, relays: Set<Relay>, page: ControlPort): unknown {
    if (command.type === 'start') {
      this.#start(command, page);
      if (command.lock !== undefined) whenReleased(command.lock, () => this.#leave(relays, page, PORT_CLOSED));
      return undefined;
    }
    const sfu = this.#sfu;
    if (sfu === undefined) throw new HostError('closed', 'This SFU is not started.');
    switch (command.type) {
      case 'connect':
        return relay(sfu, command, relays);
      case 'set-link':
        return sfu.participant(command.identity)[command.direction].set(command.change);
      case 'link-stats':
        return sfu.participant(command.identity)[command.direction].stats;
      case 'participant-stats':
        return sfu.participant(command.identity).stats();
      case 'identities':
        return sfu.identities;
      case 'disconnect':
        return sfu.participant(command.identity).disconnect(command.reason);
      case 'close':
        return this.#leave(relays, page, command.reason);
    }
  }

  /** A page takes leave, or is gone. */
  #leave(relays: Set<Relay>, page: ControlPort, reason: string): void {
    for (const { port, path } of relays) {
      port.close(reason);
      path.close(reason);
    }
    relays.clear();
    this.#listeners.delete(page);
  }

  #start({ options, traced }: Extract<ControlCommand, { type: 'start' }>, page: ControlPort): void {
    const asked = JSON.stringify({ ...options, traced });
    if (this.#sfu === undefined) {
      this.#sfu = new SimulatedSfu({ ...options, ...(traced && { tracer: (event) => this.#trace(event) }) });
      this.#options = asked;
    } else if (asked !== this.#options) {
      throw new HostError('other-options', `The shared SFU runs with ${this.#options}, not with ${asked}.`);
    }
    if (traced) this.#listeners.add(page);
  }

  /** The events of one turn of the event loop go in one post. */
  #trace(event: TraceEvent): void {
    if (this.#events.push(event) > 1) return;
    queueMicrotask(() => {
      const post: TracePost = { at: systemClock.now(), trace: this.#events };
      this.#events = [];
      for (const page of this.#listeners) page.postMessage(post, []);
    });
  }
}

function relay(sfu: SimulatedSfu, command: Extract<ControlCommand, { type: 'connect' }>, relays: Set<Relay>): void {
  const port = new PortTransport(command.port, systemClock);
  const path = transportOf(sfu, command, port);
  const ends = { port, path };
  relays.add(ends);
  port.open({
    onPacket: (packet) => path.sendPacket(packet),
    onMessage: (message) => path.sendMessage(message),
    onClose: (reason) => {
      relays.delete(ends);
      path.close(reason);
    },
  });
  path.open({
    onPacket: (packet, arrival) => port.sendPacket(packet, arrival),
    onMessage: (message) => port.sendMessage(message),
    onClose: (reason) => {
      relays.delete(ends);
      port.close(reason);
    },
  });
}

/** @throws ArgumentError for impossible options; then the port is closed */
function transportOf(
  sfu: SimulatedSfu,
  { options }: Extract<ControlCommand, { type: 'connect' }>,
  port: PortTransport,
): Transport {
  try {
    return sfu.transport(options);
  } catch (error) {
    port.close('invalid-argument');
    throw error;
  }
}
