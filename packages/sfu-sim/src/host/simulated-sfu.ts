// The SFU in this realm, with an emulated network around it.

import {
  ArgumentError,
  type Clock,
  type Random,
  seededRandom,
  systemClock,
  type Tracer,
  type Transport,
} from '@sluice/rtp';
import type { Link } from '../network/link.ts';
import type { LinkOptions } from '../network/link-options.ts';
import type { PacketCapture } from '../observe/packet-capture.ts';
import { type ParticipantStats, participantStats } from '../observe/stats.ts';
import type { Peer } from '../sfu/peer.ts';
import { Room } from '../sfu/room.ts';
import type { SfuOptions } from '../sfu/sfu-options.ts';
import { createEmulatedTransport } from './emulated-transport.ts';

/** Settings of a `SimulatedSfu`. */
export interface SimulatedSfuOptions extends Omit<SfuOptions, 'tickInterval'> {
  /** Everything random in the SFU and its network follows from it: an integer. Default 1. */
  readonly seed?: number;
  /** Default the platform's clock; a virtual one makes a call run as fast as the machine can. */
  readonly clock?: Clock;
  /** Gets every event of the SFU and the network. Default: nobody does. */
  readonly tracer?: Tracer;
  /**
   * Records every packet once: when it arrives, or is dropped on the way, which its comment tells then. Default: nobody
   * does.
   */
  readonly capture?: PacketCapture;
}

/** Settings of one participant's path. */
export interface SimulatedTransportOptions {
  /** The participant's identity. Default: the one it joins with. */
  readonly identity?: string;
  /** The way from the participant to the SFU. Default: unlimited, no delay, no loss. */
  readonly uplink?: LinkOptions;
  /** The way from the SFU to the participant. Default: unlimited, no delay, no loss. */
  readonly downlink?: LinkOptions;
  /** Whether this participant is shown cached key frames. Default true. */
  readonly keyframeCache?: boolean;
}

/** What the SFU knows of one participant. */
export interface SfuParticipant {
  readonly identity: string;
  /** A snapshot of what the SFU gets from it and sends to it. */
  stats(): ParticipantStats;
  /** Puts it out of the room. */
  disconnect(reason?: string): void;
}

/** A participant behind emulated links, and the strings to pull. */
export interface SimulatedParticipant extends SfuParticipant {
  readonly uplink: Link;
  readonly downlink: Link;
}

interface Connection extends SimulatedParticipant {
  readonly peer: Peer;
}

/**
 * A selective forwarding unit in this realm. Every participant gets a transport to it, with an emulated link each way.
 *
 * @example
 * const sfu = new SimulatedSfu({ seed: 7 });
 * await room.connect(sfu.transport({ identity: 'ada', downlink: { rate: 1_500_000, delay: 40 } }));
 * sfu.participant('ada').downlink.set({ rate: 300_000 });
 */
export class SimulatedSfu {
  readonly #room: Room;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #tracer: Tracer | undefined;
  readonly #capture: PacketCapture | undefined;
  #connections: Connection[] = [];
  #transports = 0;

  /** @throws ArgumentError for a seed that is not an integer */
  constructor(options: SimulatedSfuOptions = {}) {
    const { seed = 1, clock = systemClock, tracer, capture, ...sfu } = options;
    if (!Number.isSafeInteger(seed)) throw new ArgumentError(`The seed has to be an integer, not ${String(seed)}.`);
    this.#clock = clock;
    this.#random = seededRandom(seed);
    this.#tracer = tracer;
    this.#capture = capture;
    this.#room = new Room({ clock, random: this.#random.fork('sfu'), tracer, sfu });
  }

  /**
   * A new participant's end of a path to this SFU, for `Room.connect`.
   *
   * @throws ArgumentError for impossible link options
   */
  transport(options: SimulatedTransportOptions = {}): Transport {
    this.#transports += 1;
    const name = options.identity ?? `participant-${this.#transports}`;
    const { client, sfu, uplink, downlink } = createEmulatedTransport({
      clock: this.#clock,
      random: this.#random.fork(`transport-${this.#transports}`),
      name,
      tracer: this.#tracer,
      capture: this.#capture,
      uplink: options.uplink,
      downlink: options.downlink,
    });
    const peer = this.#room.connect(sfu, { identity: options.identity, keyframeCache: options.keyframeCache });
    this.#connections = this.#connections.filter((connection) => this.#room.peers.includes(connection.peer));
    this.#connections.push(Object.assign(participantOf(peer), { peer, uplink, downlink }));
    return client;
  }

  /**
   * Takes a participant that comes over a network of its own: `transport` is the SFU's end of its path. `participant` does
   * not know it, as there is no link to change.
   */
  accept(transport: Transport, options: Omit<SimulatedTransportOptions, 'uplink' | 'downlink'> = {}): SfuParticipant {
    const { identity, keyframeCache } = options;
    return participantOf(this.#room.connect(transport, { identity, keyframeCache }));
  }

  /**
   * The connected participant of that identity; the newest, should there be several.
   *
   * @throws ArgumentError when there is none
   */
  participant(identity: string): SimulatedParticipant {
    const found = this.#connections.findLast(
      (connection) => connection.identity === identity && this.#room.peers.includes(connection.peer),
    );
    if (found === undefined) throw new ArgumentError(`No participant "${identity}" is connected to this SFU.`);
    return found;
  }

  /** The identities of everybody in the room, in the order they came. */
  get identities(): string[] {
    return this.#room.peers.filter((peer) => peer.joined).map((peer) => peer.identity);
  }

  /** Puts everybody out and stops. */
  close(reason = 'sfu-closed'): void {
    this.#room.close(reason);
  }
}

function participantOf(peer: Peer): SfuParticipant {
  return {
    get identity() {
      return peer.identity;
    },
    stats: () => participantStats(peer),
    disconnect: (reason = 'removed') => peer.close(reason),
  };
}
