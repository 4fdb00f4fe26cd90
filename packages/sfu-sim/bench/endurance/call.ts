// A call that goes on for days: somebody is always on air, others come, go, mute and lose their network.

import { Room } from '@sluice/client';
import { type Random, seededRandom } from '@sluice/rtp';
import { type LinkOptions, SimulatedSfu } from '@sluice/sfu-sim';
import {
  contentOf,
  OpenFrameCount,
  syntheticCamera,
  syntheticCodecs,
  syntheticMicrophone,
  VirtualClock,
} from '@sluice/sfu-sim/bench';

/** What has been seen since the beginning. */
export interface Seen {
  frames: number;
  /** Pictures that refer to something that was not decoded. */
  corrupt: number;
  /** Pictures that are not newer than the one before. */
  backwards: number;
  pieces: number;
  errors: number;
  joins: number;
  mutes: number;
  networkChanges: number;
}

/** Small pictures: what is looked for does not depend on their size, and a day is long. */
const CAMERA = { width: 320, height: 180, frameRate: 15 };

const GOOD: LinkOptions = { rate: 3e6, delay: 20, loss: 0 };
const LINKS: readonly LinkOptions[] = [
  GOOD,
  { rate: 1e6, delay: 50, loss: 0.01 },
  { rate: 300_000, delay: 80, loss: 0.03 },
  { rate: 9000, delay: 100, loss: 0 },
  { rate: 3e6, delay: 10, loss: 0.1 },
];

/** Somebody in the room. */
interface Guest {
  readonly name: string;
  readonly room: Room;
  /** Pictures shown to it. */
  frames: number;
}

/** The call. */
export class EnduranceCall {
  readonly clock = new VirtualClock();
  readonly openFrames = new OpenFrameCount();
  readonly sfu: SimulatedSfu;
  readonly seen: Seen = {
    frames: 0,
    corrupt: 0,
    backwards: 0,
    pieces: 0,
    errors: 0,
    joins: 0,
    mutes: 0,
    networkChanges: 0,
  };
  readonly #random: Random;
  readonly #residents: Guest[] = [];
  readonly #guests: Guest[] = [];
  #names = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.sfu = new SimulatedSfu({ clock: this.clock, seed });
  }

  /** Two who stay to the end join: one of them publishes. */
  async begin(): Promise<void> {
    this.#residents.push(await this.#join(true), await this.#join(false));
  }

  /** An hour in which others come and go; in the end none of them is left. */
  async hour(): Promise<void> {
    const end = this.clock.now() + 3_600_000;
    while (this.clock.now() < end) {
      await this.clock.run(Math.min(this.#random.integer(5000, 60_000), end - this.clock.now()));
      await this.#change();
    }
    for (const { room } of this.#guests.splice(0)) room.disconnect();
    await this.clock.run(10_000);
  }

  /** How often the counters of the video between the two who stay have begun anew. */
  wrapArounds(): { readonly name: string; readonly times: number }[] {
    const [publisher, viewer] = this.#residents;
    if (publisher === undefined || viewer === undefined) throw new Error('The call has not begun.');
    const [producer] = this.sfu
      .participant(publisher.name)
      .stats()
      .producers.filter(({ kind }) => kind === 'video');
    const consumer = this.sfu
      .participant(viewer.name)
      .stats()
      .consumers.find(({ trackId }) => trackId === producer?.trackId);
    const bits = (count: number, size: number) => Math.floor(count / 2 ** size);
    const seconds = this.clock.now() / 1000;
    return [
      { name: 'sequence numbers, 16 bit', times: bits(consumer?.packetsSent ?? 0, 16) },
      { name: 'picture ids, 15 bit', times: bits(viewer.frames, 15) },
      { name: 'RTP timestamps, 32 bit', times: bits(seconds * 90_000, 32) },
      { name: 'send times, 24 bit', times: Math.floor(seconds / 64) },
    ];
  }

  /** All leave. */
  async end(): Promise<void> {
    for (const { room } of this.#residents.splice(0)) room.disconnect();
    await this.clock.run(10_000);
  }

  async #change(): Promise<void> {
    const all = [...this.#residents, ...this.#guests];
    const somebody = all[this.#random.integer(0, all.length - 1)];
    const what = this.#random.integer(0, 4);
    if (what === 0 && this.#guests.length < 2) this.#guests.push(await this.#join(this.#random.integer(0, 1) === 1));
    else if (what === 1 && this.#guests.length > 0) this.#guests.shift()?.room.disconnect();
    else if (what === 2 && somebody !== undefined) await this.#toggleMute(somebody);
    else if (somebody !== undefined) this.#changeNetwork(somebody);
  }

  async #join(publishes: boolean): Promise<Guest> {
    this.#names += 1;
    this.seen.joins += 1;
    const name = `guest-${this.#names}`;
    const { clock, openFrames } = this;
    const random = this.#random.fork(name);
    const room = new Room({
      clock,
      random,
      codecs: syntheticCodecs({ clock, random: random.fork('codecs'), openFrames }),
    });
    room.on('error', () => {
      this.seen.errors += 1;
    });
    const guest: Guest = { name, room, frames: 0 };
    this.#watch(guest);
    await this.#settle(room.connect(this.sfu.transport({ identity: name, uplink: GOOD, downlink: GOOD })));
    if (publishes) {
      await this.#settle(room.localParticipant.publishTrack(syntheticMicrophone({ clock, codecs: this })));
      await this.#settle(room.localParticipant.publishTrack(syntheticCamera({ clock, codecs: this, ...CAMERA })));
    }
    return guest;
  }

  #watch(guest: Guest): void {
    const { seen } = this;
    guest.room.on('trackSubscribed', ({ track }) => {
      if (track.kind === 'video') {
        let newest = -1;
        track.addSink({
          write(frame) {
            const { frameNumber, corrupt } = contentOf(frame);
            seen.frames += 1;
            guest.frames += 1;
            if (corrupt) seen.corrupt += 1;
            if (frameNumber <= newest) seen.backwards += 1;
            newest = frameNumber;
            frame.close();
          },
        });
      } else {
        track.addSink({
          write(data) {
            seen.pieces += 1;
            data.close();
          },
        });
      }
    });
  }

  async #toggleMute({ room }: Guest): Promise<void> {
    for (const publication of room.localParticipant.trackPublications.values()) {
      this.seen.mutes += 1;
      await this.#settle(publication.muted ? publication.unmute() : publication.mute());
    }
  }

  #changeNetwork({ name }: Guest): void {
    this.seen.networkChanges += 1;
    const participant = this.sfu.participant(name);
    const link = this.#random.integer(0, 1) === 0 ? participant.uplink : participant.downlink;
    link.set(LINKS[this.#random.integer(0, LINKS.length - 1)] ?? {});
  }

  /** Lets time pass until the promise is settled; signalling on a path of 9 kbit/s takes a while. */
  async #settle<Result>(promise: Promise<Result>): Promise<Result | undefined> {
    let settled = false;
    const finished = promise
      .catch(() => {
        this.seen.errors += 1;
        return undefined;
      })
      .finally(() => {
        settled = true;
      });
    while (!settled) await this.clock.run(10);
    return finished;
  }
}
