// Groups packets that were sent together and measures how the spacing of groups changed on the way
// (draft-ietf-rmcat-gcc-02 §5.1-5.2; the burst rule and the resets are libwebrtc's inter_arrival_delta).

import type { Milliseconds } from '../units.ts';

export interface InterArrivalOptions {
  /** Packets sent within this time of the group's first one belong to the group. Default 5 ms. */
  readonly groupLength: Milliseconds;
  /** Packets that arrive closer than this, and closer than they were sent, belong to one burst. Default 5 ms. */
  readonly burstGap: Milliseconds;
  /** A burst lasts no longer than this. Default 100 ms. */
  readonly maxBurstLength: Milliseconds;
  /** The receiver's clock has jumped when arrivals are this much further apart than the feedback is. Default 3000 ms. */
  readonly maxArrivalOffset: Milliseconds;
  /** So many groups in a row that arrive before their predecessor start everything anew. Default 3. */
  readonly maxReorderedGroups: number;
}

export const INTER_ARRIVAL_DEFAULTS: InterArrivalOptions = {
  groupLength: 5,
  burstGap: 5,
  maxBurstLength: 100,
  maxArrivalOffset: 3_000,
  maxReorderedGroups: 3,
};

/** How far two consecutive groups were apart. */
export interface InterArrivalDelta {
  readonly sendDelta: Milliseconds;
  readonly arrivalDelta: Milliseconds;
}

interface Group {
  firstSent: Milliseconds;
  lastSent: Milliseconds;
  firstArrival: Milliseconds;
  lastArrival: Milliseconds;
  /** When the feedback on its last packet came in. */
  reportedAt: Milliseconds;
}

/** Turns acknowledged packets, in the order they were received, into the spacing of groups. */
export class InterArrival {
  readonly #options: InterArrivalOptions;
  #current: Group | undefined;
  #previous: Group | undefined;
  #reordered = 0;

  constructor(options: InterArrivalOptions = INTER_ARRIVAL_DEFAULTS) {
    this.#options = options;
  }

  /** The spacing of the last two complete groups, when this packet starts a new one. `now`: when its feedback came in. */
  onPacket(sentAt: Milliseconds, receivedAt: Milliseconds, now: Milliseconds): InterArrivalDelta | undefined {
    const group = this.#current;
    if (group === undefined) {
      this.#start(sentAt, receivedAt, now);
      return undefined;
    }
    if (sentAt < group.firstSent) return undefined;
    if (this.#belongs(group, sentAt, receivedAt)) {
      group.lastSent = Math.max(group.lastSent, sentAt);
      group.lastArrival = receivedAt;
      group.reportedAt = now;
      return undefined;
    }

    const delta = this.#previous === undefined ? undefined : this.#measure(this.#previous, group);
    if (delta === 'reset') {
      this.reset();
      return undefined;
    }
    this.#previous = group;
    this.#start(sentAt, receivedAt, now);
    return delta;
  }

  /** Forgets the groups, for instance after a pause. */
  reset(): void {
    this.#current = undefined;
    this.#previous = undefined;
    this.#reordered = 0;
  }

  #start(sentAt: Milliseconds, receivedAt: Milliseconds, now: Milliseconds): void {
    this.#current = {
      firstSent: sentAt,
      lastSent: sentAt,
      firstArrival: receivedAt,
      lastArrival: receivedAt,
      reportedAt: now,
    };
  }

  #belongs(group: Group, sentAt: Milliseconds, receivedAt: Milliseconds): boolean {
    const arrivalGap = receivedAt - group.lastArrival;
    const sendGap = sentAt - group.lastSent;
    const burst =
      sendGap === 0 ||
      (arrivalGap < sendGap &&
        arrivalGap <= this.#options.burstGap &&
        receivedAt - group.firstArrival < this.#options.maxBurstLength);
    return burst || sentAt - group.firstSent <= this.#options.groupLength;
  }

  #measure(previous: Group, current: Group): InterArrivalDelta | 'reset' | undefined {
    const arrivalDelta = current.lastArrival - previous.lastArrival;
    const reportDelta = current.reportedAt - previous.reportedAt;
    if (arrivalDelta - reportDelta >= this.#options.maxArrivalOffset) return 'reset';
    if (arrivalDelta < 0) {
      this.#reordered++;
      return this.#reordered >= this.#options.maxReorderedGroups ? 'reset' : undefined;
    }
    this.#reordered = 0;
    return { sendDelta: current.lastSent - previous.lastSent, arrivalDelta };
  }
}
