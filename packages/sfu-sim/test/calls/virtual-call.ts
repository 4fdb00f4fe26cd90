// Calls in virtual time: an SFU, rooms with synthetic codecs, and an eye on every frame.

import { type RemoteTrackPublication, type RemoteVideoTrack, Room, type RoomOptions } from '@sluice/client';
import { type Clock, seededRandom } from '@sluice/rtp';
import { EventTrace, SimulatedSfu, type SimulatedSfuOptions, type SimulatedTransportOptions } from '@sluice/sfu-sim';
import {
  contentOf,
  OpenFrameCount,
  syntheticCamera,
  syntheticCodecs,
  syntheticMicrophone,
  VirtualClock,
} from '@sluice/sfu-sim/bench';

/** A frame that was shown. */
export interface ShownFrame {
  readonly at: number;
  readonly frameNumber: number;
  readonly width: number;
  readonly corrupt: boolean;
  /** From capture to display, in ms. */
  readonly delay: number;
}

/** A participant of the virtual call, with what it saw and heard. */
export interface VirtualParticipant {
  readonly room: Room;
  /** Every frame of every video track, in the order in which they were shown. */
  readonly shown: ShownFrame[];
  /** Numbers of the audio pieces heard. */
  readonly heard: number[];
  readonly errors: Error[];
}

/** A whole call on one virtual clock. */
export class VirtualCall {
  readonly clock = new VirtualClock();
  readonly trace = new EventTrace();
  readonly openFrames = new OpenFrameCount();
  readonly sfu: SimulatedSfu;
  readonly #seed: number;

  constructor(options: SimulatedSfuOptions = {}) {
    this.#seed = options.seed ?? 1;
    this.sfu = new SimulatedSfu({ clock: this.clock, tracer: this.trace.record, ...options, seed: this.#seed });
  }

  /** A room that is not connected yet. */
  participant(name: string, options: Partial<RoomOptions> = {}): VirtualParticipant {
    const random = seededRandom(this.#seed).fork(name);
    const room = new Room({
      clock: this.clock,
      random,
      codecs: syntheticCodecs({ clock: this.clock, random: random.fork('codecs'), openFrames: this.openFrames }),
      tracer: this.trace.record,
      ...options,
    });
    const participant: VirtualParticipant = { room, shown: [], heard: [], errors: [] };
    room.on('error', ({ error }) => participant.errors.push(error));
    room.on('trackSubscribed', ({ track }) => {
      if (track.kind === 'video') watch(track, this.clock, participant.shown);
      else
        track.addSink({
          write(data) {
            participant.heard.push(contentOf(data).frameNumber);
            data.close();
          },
        });
    });
    return participant;
  }

  /** A room that has joined. */
  async join(name: string, options: SimulatedTransportOptions = {}): Promise<VirtualParticipant> {
    const participant = this.participant(name);
    await this.settle(participant.room.connect(this.sfu.transport({ identity: name, ...options })));
    return participant;
  }

  camera(options: { width?: number; height?: number; frameRate?: number } = {}) {
    return syntheticCamera({ clock: this.clock, codecs: this, ...options });
  }

  microphone() {
    return syntheticMicrophone({ clock: this.clock, codecs: this });
  }

  /** Lets time pass until the promise is settled. */
  async settle<Result>(promise: Promise<Result>, limit = 20_000): Promise<Result> {
    let settled = false;
    const finished = promise.finally(() => {
      settled = true;
    });
    finished.catch(() => {});
    const deadline = this.clock.now() + limit;
    while (!settled && this.clock.now() < deadline) await this.clock.run(1);
    if (!settled) throw new Error(`Nothing came of it in ${limit} ms of virtual time.`);
    return finished;
  }

  /** Lets time pass until the condition holds. */
  async until(condition: () => boolean, limit = 20_000): Promise<void> {
    const deadline = this.clock.now() + limit;
    while (!condition()) {
      if (this.clock.now() >= deadline) throw new Error(`It did not come about in ${limit} ms of virtual time.`);
      await this.clock.run(1);
    }
  }
}

/** The only video publication of somebody else. */
export function videoPublication(room: Room): RemoteTrackPublication {
  for (const participant of room.remoteParticipants.values()) {
    for (const publication of participant.trackPublications.values()) {
      if (publication.kind === 'video') return publication;
    }
  }
  throw new Error('Nobody publishes video.');
}

/** The only video track that comes in. */
export function videoTrack(room: Room): RemoteVideoTrack {
  const track = videoPublication(room).track;
  if (track?.kind !== 'video') throw new Error('No video comes in.');
  return track;
}

function watch(track: RemoteVideoTrack, clock: Clock, shown: ShownFrame[]): void {
  track.addSink({
    write(frame) {
      const { frameNumber, corrupt, captureTime } = contentOf(frame);
      const at = clock.now();
      shown.push({ at, frameNumber, width: frame.displayWidth, corrupt, delay: at - captureTime });
      frame.close();
    },
  });
}
