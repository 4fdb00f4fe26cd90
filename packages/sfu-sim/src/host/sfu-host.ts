// The inside of a worker: one SFU, and the pages that use it.

import { SluiceError, systemClock, type Transport } from '@sluice/rtp';
import { PortTransport } from './port-transport.ts';
import { type ControlCommand, type ControlPort, HostError, readRequest } from './sfu-control.ts';
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

  /** Answers the requests of one page. */
  serve(port: ControlPort): void {
    const relays = new Set<Relay>();
    port.addEventListener('message', (event) => {
      const request = readRequest((event as { data?: unknown }).data);
      if (request === undefined) return;
      const { id, command } = request;
      try {
        port.postMessage({ id, result: this.#carryOut(command, relays) }, []);
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        const { code, reason, message } = error;
        port.postMessage({ id, error: { code, reason, message } }, []);
      }
    });
    port.start?.();
  }

  #carryOut(command: ControlCommand, relays: Set<Relay>): unknown {
    if (command.type === 'start') return this.#start(command);
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
        for (const { port, path } of relays) {
          port.close(command.reason);
          path.close(command.reason);
        }
        relays.clear();
    }
    return undefined;
  }

  #start({ options }: Extract<ControlCommand, { type: 'start' }>): void {
    const asked = JSON.stringify(options);
    if (this.#sfu === undefined) {
      this.#sfu = new SimulatedSfu(options);
      this.#options = asked;
    } else if (asked !== this.#options) {
      throw new HostError('other-options', `The shared SFU runs with ${this.#options}, not with ${asked}.`);
    }
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
