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
import { Cascade } from '../sfu/cascade.ts';
import type { Peer } from '../sfu/peer.ts';
import { Room } from '../sfu/room.ts';
import type { SfuOptions } from '../sfu/sfu-options.ts';
import { createEmulatedTransport, type EmulatedTransport } from './emulated-transport.ts';

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

/** Settings of the path between two SFUs. */
export interface CascadeLinkOptions {
  /** Of this SFU at the other one; also what the ids of relayed participants begin with. Default `cascade-1` and so on. */
  readonly identity?: string;
  /** The way to the other SFU: feedback and requests. Default: unlimited, no delay, no loss. */
  readonly uplink?: LinkOptions;
  /** The way from the other SFU: media. Default: unlimited, no delay, no loss. */
  readonly downlink?: LinkOptions;
}

/** The path between two SFUs. */
export interface CascadeLink {
  /** Under which the other SFU knows this one: `participant(identity)` there tells what comes over. */
  readonly identity: string;
  readonly uplink: Link;
  readonly downlink: Link;
  /** Ends it: the other SFU's participants leave the room. */
  close(reason?: string): void;
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
  readonly #open = new Set<Cascade>();
  #cascades = 0;

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
    return this.#connect(options, false).client;
  }

  /**
   * Brings the participants of another SFU into this one's room, over an emulated path: they appear here as participants of
   * their own, and one copy of each encoding that anybody here has a use for comes over. Both ways take a call on each side;
   * what was relayed is not relayed again, so every pair of SFUs needs its own. Data messages and active speakers stay where
   * they are.
   *
   * @throws ArgumentError for impossible link options, or with itself or an SFU that has another clock
   */
  cascade(from: SimulatedSfu, options: CascadeLinkOptions = {}): CascadeLink {
    if (from === this) throw new ArgumentError('An SFU cannot be in a cascade with itself.');
    if (from.#clock !== this.#clock) throw new ArgumentError('The SFUs of a cascade need one clock: theirs differ.');
    this.#cascades += 1;
    const identity = options.identity ?? `cascade-${this.#cascades}`;
    const { uplink, downlink } = options;
    const path = from.#connect({ identity, ...(uplink && { uplink }), ...(downlink && { downlink }) }, true);
    const cascade = new Cascade({
      clock: this.#clock,
      random: this.#random.fork(`cascade-${this.#cascades}`),
      room: this.#room,
      transport: path.client,
      identity,
    });
    this.#open.add(cascade);
    return {
      identity,
      uplink: path.uplink,
      downlink: path.downlink,
      close: (reason = 'cascade-closed') => {
        this.#open.delete(cascade);
        cascade.close(reason);
      },
    };
  }

  #connect(options: SimulatedTransportOptions, cascade: boolean): EmulatedTransport {
    this.#transports += 1;
    const name = options.identity ?? `participant-${this.#transports}`;
    const path = createEmulatedTransport({
      clock: this.#clock,
      random: this.#random.fork(`transport-${this.#transports}`),
      name,
      tracer: this.#tracer,
      capture: this.#capture,
      uplink: options.uplink,
      downlink: options.downlink,
    });
    const { sfu, uplink, downlink } = path;
    const { identity, keyframeCache } = options;
    const peer = this.#room.connect(sfu, { identity, keyframeCache, cascade });
    this.#connections = this.#connections.filter((connection) => this.#room.members.includes(connection.peer));
    this.#connections.push(Object.assign(participantOf(peer, this.#clock), { peer, uplink, downlink }));
    return path;
  }

  /**
   * Takes a participant that comes over a network of its own: `transport` is the SFU's end of its path. `participant` does
   * not know it, as there is no link to change.
   */
  accept(transport: Transport, options: Omit<SimulatedTransportOptions, 'uplink' | 'downlink'> = {}): SfuParticipant {
    const { identity, keyframeCache } = options;
    return participantOf(this.#room.connect(transport, { identity, keyframeCache }), this.#clock);
  }

  /**
   * The connected participant of that identity; the newest, should there be several.
   *
   * @throws ArgumentError when there is none
   */
  participant(identity: string): SimulatedParticipant {
    const found = this.#connections.findLast(
      (connection) => connection.identity === identity && this.#room.members.includes(connection.peer),
    );
    if (found === undefined) throw new ArgumentError(`No participant "${identity}" is connected to this SFU.`);
    return found;
  }

  /** The identities of everybody in the room, in the order they came. */
  get identities(): string[] {
    return this.#room.members
      .filter(({ joined, role }) => joined && role !== 'cascade')
      .map(({ identity }) => identity);
  }

  /** Puts everybody out and stops. */
  close(reason = 'sfu-closed'): void {
    for (const cascade of this.#open) cascade.close(reason);
    this.#open.clear();
    this.#room.close(reason);
  }
}

function participantOf(peer: Peer, clock: Clock): SfuParticipant {
  return {
    get identity() {
      return peer.identity;
    },
    stats: () => participantStats(peer, clock.now()),
    disconnect: (reason = 'removed') => peer.close(reason),
  };
}
