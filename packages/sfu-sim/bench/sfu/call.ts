// A call in virtual time whose SFU is timed in real time: only what runs between a packet's arrival and the last packet
// that leaves for it, in timers, and for feedback. Cameras, feedback and checks are left out.

import { type Milliseconds, seededRandom } from '@sluice/rtp';
import { TimerHeap } from '../../src/bench/timer-heap.ts';
import { Room } from '../../src/sfu/room.ts';
import { BEST_LAYER, type CameraPacket, ENCODINGS, PICTURE_INTERVAL } from './camera.ts';
import { type Outbox, Participant } from './participant.ts';
import { SteppedClock } from './stepped-clock.ts';

/** How often a participant looks whether feedback is due. */
const FEEDBACK_POLL: Milliseconds = 10;

/** Twice the room that all tracks of a subscriber need, so that congestion control allows every layer soon. */
const START_HEADROOM = 2;

/** Every participant in turn wants a lower layer for a fifth of this time. */
const SWITCH_PERIOD: Milliseconds = 10_000;
const SWITCHED_LAYER = 1;

/** Who is in the call. */
export interface CallOptions {
  readonly participants: number;
  /** How many of them publish. Everybody gets the tracks of all others. */
  readonly publishers: number;
  /** Participants change the layer they want from time to time, so that streams are spliced. */
  readonly switching: boolean;
  /** Gets what reaches the SFU and what is wanted of it, as it happens. */
  readonly record?: CallRecord;
}

/** What somebody needs to know who forwards the same packets to the same subscribers. */
export interface CallRecord {
  packet(publisher: number, packet: CameraPacket): void;
  preference(subscriber: number, layer: number): void;
}

/** Real time that the SFU took, in ms, and for what. */
export interface Cost {
  arrivals: Milliseconds;
  timers: Milliseconds;
  feedback: Milliseconds;
  /** Media packets put on downlinks; padding is not counted. */
  packets: number;
}

/** Packets on their way through the SFU. */
export interface Passage {
  /** Real time from the call into the SFU that made the packet leave, in ms. */
  readonly inside: Milliseconds[];
  /** Virtual time from the arrival: what the pacer holds back. */
  readonly paced: Milliseconds[];
}

/** What has left and was not looked at yet. */
class Departures implements Outbox {
  readonly packets: { to: Participant; bytes: Uint8Array; at: Milliseconds; inside: Milliseconds }[] = [];
  readonly messages: { to: Participant; text: string }[] = [];
  /** When the SFU was called last, in real time; `undefined` while nobody wants to know. */
  calledAt: Milliseconds | undefined;
  readonly #clock: () => Milliseconds;

  constructor(clock: () => Milliseconds) {
    this.#clock = clock;
  }

  packet(to: Participant, bytes: Uint8Array): void {
    const inside = this.calledAt === undefined ? 0 : performance.now() - this.calledAt;
    this.packets.push({ to, bytes, at: this.#clock(), inside });
  }

  message(to: Participant, text: string): void {
    this.messages.push({ to, text });
  }
}

/** One call. */
export class Call {
  readonly participants: readonly Participant[];
  readonly #record: CallRecord | undefined;
  readonly #clock: SteppedClock;
  readonly #departures: Departures;
  readonly #agenda = new TimerHeap();
  readonly #switching: boolean;
  #room: Room | undefined;
  #cost: Cost = noCost();
  #passage: Passage | undefined;

  constructor({ participants, publishers, switching, record }: CallOptions) {
    this.#record = record;
    this.#switching = switching;
    this.#clock = new SteppedClock(() => {
      if (this.#departures.calledAt !== undefined) this.#departures.calledAt = performance.now();
    });
    this.#departures = new Departures(() => this.#clock.now());
    const best = ENCODINGS[BEST_LAYER]?.bitrate ?? 0;
    this.#room = new Room({
      clock: this.#clock,
      random: seededRandom(1),
      sfu: { congestion: { startBitrate: START_HEADROOM * best * publishers } },
    });
    this.participants = Array.from({ length: participants }, (_, index) => {
      return new Participant(index, index < publishers, this.#departures);
    });
    for (const participant of this.participants) this.#room.connect(participant);
    for (const participant of this.participants) participant.join();
    this.#drain();
    for (const participant of this.participants) {
      participant.publish();
      this.#drain();
    }
    for (const participant of this.participants) this.#schedule(participant);
  }

  /** Lets so much time pass. */
  run(duration: Milliseconds): void {
    const until = this.#clock.now() + duration;
    for (let due = this.#agenda.takeDue(until); due !== undefined; due = this.#agenda.takeDue(until)) {
      this.#passTime(due.due);
      due.callback?.();
    }
    this.#passTime(until);
  }

  /** What the SFU took since the last call. */
  takeCost(): Cost {
    const cost = this.#cost;
    this.#cost = noCost();
    return cost;
  }

  /** Lets so much time pass, and tells how long packets were in the SFU. Costs are higher meanwhile. */
  watch(duration: Milliseconds): Passage {
    const passage: Passage = { inside: [], paced: [] };
    this.#passage = passage;
    this.#departures.calledAt = performance.now();
    this.run(duration);
    this.#passage = undefined;
    this.#departures.calledAt = undefined;
    return passage;
  }

  /**
   * Whether everybody got everything up to the last pictures, in the layer wanted.
   *
   * @throws Error where not
   */
  check(): void {
    for (const { index, tracks, camera } of this.participants) {
      const others = this.participants.filter((other) => other.camera !== undefined && other.camera !== camera);
      if (tracks.size !== others.length) throw new Error(`participant-${index} gets ${tracks.size} tracks.`);
      for (const track of tracks.values()) {
        const missing = track.camera.pictures - track.frames;
        // One may be under way; a picture that is forwarded in two layers makes up for one that is missing.
        if (missing > 1) throw new Error(`participant-${index} misses ${missing} frames of ${track.camera.pictures}.`);
        if (!this.#switching && track.layer !== BEST_LAYER)
          throw new Error(`participant-${index} gets layer ${track.layer}.`);
      }
    }
  }

  /** The SFU is thrown away; what cameras and subscribers keep stays. */
  dropSfu(): void {
    this.#room?.close('over');
    this.#room = undefined;
  }

  #schedule(participant: Participant): void {
    const { camera, index } = participant;
    const count = this.participants.length;
    if (camera !== undefined) {
      this.#repeat(PICTURE_INTERVAL, (PICTURE_INTERVAL * index) / count, (now) => {
        for (const packet of camera.takePicture(now)) {
          this.#record?.packet(index, packet);
          this.#agenda.add(packet.at, () => this.#arrive(participant, packet.bytes, packet.at));
        }
      });
    }
    this.#repeat(FEEDBACK_POLL, (FEEDBACK_POLL * index) / count, (now) => {
      const feedback = participant.feedback(now);
      if (feedback !== undefined) this.#arrive(participant, feedback, now, 'feedback');
    });
    if (!this.#switching) return;
    const prefer = (layer: number) => {
      this.#record?.preference(index, layer);
      participant.prefer(layer);
      this.#drain();
    };
    const first = (SWITCH_PERIOD / 10) * (1 + (index % 10));
    this.#repeat(SWITCH_PERIOD, first, () => prefer(SWITCHED_LAYER));
    this.#repeat(SWITCH_PERIOD, first + SWITCH_PERIOD / 5, () => prefer(BEST_LAYER));
  }

  #repeat(period: Milliseconds, first: Milliseconds, action: (now: Milliseconds) => void): void {
    let now = first;
    const act = () => {
      action(now);
      now += period;
      this.#agenda.add(now, act);
    };
    this.#agenda.add(now, act);
  }

  #arrive(from: Participant, bytes: Uint8Array, now: Milliseconds, what: 'arrivals' | 'feedback' = 'arrivals'): void {
    const start = performance.now();
    if (this.#departures.calledAt !== undefined) this.#departures.calledAt = start;
    from.deliver(bytes, now);
    this.#cost[what] += performance.now() - start;
    this.#drain();
  }

  #passTime(until: Milliseconds): void {
    const start = performance.now();
    this.#clock.runUntil(until);
    this.#cost.timers += performance.now() - start;
    this.#drain();
  }

  #drain(): void {
    const { packets, messages } = this.#departures;
    for (const { to, text } of messages) to.onMessage(text, (trackId) => this.#cameraOf(trackId));
    messages.length = 0;
    for (const { to, bytes, at, inside } of packets) {
      const paced = to.onPacket(bytes, at);
      if (paced === undefined) continue;
      this.#cost.packets += 1;
      this.#passage?.inside.push(inside);
      this.#passage?.paced.push(paced);
    }
    packets.length = 0;
  }

  #cameraOf(trackId: string) {
    return this.participants.find((participant) => participant.trackId === trackId)?.camera;
  }
}

function noCost(): Cost {
  return { arrivals: 0, timers: 0, feedback: 0, packets: 0 };
}
