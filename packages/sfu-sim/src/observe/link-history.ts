// What happened on each link, gathered from the trace: what figures and plots are made of.

import type {
  BitsPerSecond,
  Bytes,
  LinkChangedEvent,
  Milliseconds,
  PacketArrivedEvent,
  PacketSentEvent,
  TraceEvent,
} from '@sluice/rtp';
import { UDP_IP_OVERHEAD } from '../network/link-model.ts';
import { knownEvents } from './known-events.ts';

/** The capacity from a time on; `undefined`: unlimited. */
export interface CapacityStep {
  readonly at: Milliseconds;
  readonly rate: BitsPerSecond | undefined;
}

/** A packet that arrived. */
export interface PacketArrival {
  readonly at: Milliseconds;
  /** With the headers of UDP and IP. */
  readonly size: Bytes;
  /**
   * How long it was on its way beyond propagation and its own transmission: in queues, and by jitter. `undefined` for
   * RTCP, whose packets have no numbers to know them by.
   */
  readonly queueDelay: Milliseconds | undefined;
  /** How long it waited in queues, by what the network says; `undefined`: it does not. */
  readonly queued: Milliseconds | undefined;
}

/** One estimate. */
export interface EstimateStep {
  readonly at: Milliseconds;
  readonly target: BitsPerSecond;
}

/** One direction of one participant's path. */
export interface LinkHistory {
  /** E.g. `bob/downlink`. */
  readonly link: string;
  /** Names of the shared bottlenecks on its way, in order. */
  readonly via: readonly string[];
  /** Ordered by time. */
  readonly capacity: readonly CapacityStep[];
  readonly estimates: readonly EstimateStep[];
  readonly sent: readonly { readonly at: Milliseconds; readonly size: Bytes }[];
  readonly arrived: readonly PacketArrival[];
  readonly dropped: readonly { readonly at: Milliseconds; readonly reason: string }[];
  /** Requests to send lost packets again. */
  readonly nacks: readonly { readonly at: Milliseconds; readonly packets: number }[];
}

/** The links of a trace, in the order in which they were first heard of. */
export function linkHistories(events: readonly TraceEvent[]): LinkHistory[] {
  const links = new Map<string, LinkRecorder>();
  const recorder = (link: string): LinkRecorder => {
    const known = links.get(link);
    if (known !== undefined) return known;
    const added = new LinkRecorder(link);
    links.set(link, added);
    return added;
  };
  for (const event of knownEvents(events)) {
    switch (event.type) {
      case 'link-changed':
        recorder(event.link).change(event);
        break;
      case 'packet-sent':
        recorder(event.link).send(event);
        break;
      case 'packet-dropped':
        recorder(event.link).dropped.push({ at: event.at, reason: event.reason });
        break;
      case 'packet-arrived':
        recorder(event.link).arrive(event);
        break;
      case 'estimate':
        recorder(`${event.participant}/${event.direction}`).estimates.push({ at: event.at, target: event.target });
        break;
      case 'nack-sent':
        recorder(`${event.participant}/${event.direction}`).nacks.push({ at: event.at, packets: event.packets });
        break;
    }
  }
  return [...links.values()];
}

class LinkRecorder implements LinkHistory {
  readonly link: string;
  via: readonly string[] = [];
  readonly capacity: CapacityStep[] = [];
  readonly estimates: EstimateStep[] = [];
  readonly sent: { at: Milliseconds; size: Bytes }[] = [];
  readonly arrived: PacketArrival[] = [];
  readonly dropped: { at: Milliseconds; reason: string }[] = [];
  readonly nacks: { at: Milliseconds; packets: number }[] = [];
  /** When packets that have not arrived yet were sent, by SSRC and sequence number. */
  readonly #underWay = new Map<number, Milliseconds>();
  #delay: Milliseconds = 0;
  #rate: BitsPerSecond | undefined;

  constructor(link: string) {
    this.link = link;
  }

  change({ at, rate, delay, via }: LinkChangedEvent): void {
    this.via = via === undefined ? [] : via.split(' ');
    this.#delay = delay;
    if (this.capacity.length > 0 && rate === this.#rate) return;
    this.#rate = rate;
    this.capacity.push({ at, rate });
  }

  send(event: PacketSentEvent): void {
    this.sent.push({ at: event.at, size: event.size + UDP_IP_OVERHEAD });
    const key = keyOf(event);
    if (key !== undefined) this.#underWay.set(key, event.at);
  }

  arrive(event: PacketArrivedEvent): void {
    const size = event.size + UDP_IP_OVERHEAD;
    const key = keyOf(event);
    const sentAt = key === undefined ? undefined : this.#underWay.get(key);
    if (key !== undefined) this.#underWay.delete(key);
    const transmission = this.#rate ? (size * 8000) / this.#rate : 0;
    const queueDelay = sentAt === undefined ? undefined : Math.max(0, event.at - sentAt - this.#delay - transmission);
    this.arrived.push({ at: event.at, size, queueDelay, queued: event.queued });
  }
}

/** One number for SSRC and sequence number: 48 bits, exact in a double. */
function keyOf({ ssrc, sequence }: PacketSentEvent | PacketArrivedEvent): number | undefined {
  return ssrc === undefined || sequence === undefined ? undefined : ssrc * 0x10000 + sequence;
}
