// What a publisher's target pays for: audio first, then its video encodings (the ways of libwebrtc's
// SimulcastRateAllocator, with frame rates lowered before an encoding is turned off).
//
// Every video track first gets its base encoding, however slow: a camera its lowest, a screen its sharpest. Then screens
// get what they can use, then cameras encoding after encoding. What is left goes to the top.

import type { BitsPerSecond, Milliseconds } from '../units.ts';
import {
  type AudioAllocation,
  type EncodingAllocation,
  UPLINK_ALLOCATION_DEFAULTS,
  type UplinkAllocation,
  type UplinkAllocationOptions,
  type UplinkAudio,
  type UplinkDemand,
  type UplinkVideo,
} from './uplink-allocation.ts';
import { kilobits, UplinkLane } from './uplink-lane.ts';

interface AudioState {
  bitrate: BitsPerSecond;
  higherSince: Milliseconds | undefined;
  reason: string;
}

/** A video track in the course of an allocation. */
interface Track {
  readonly screen: boolean;
  /** In the order in which they are paid for. */
  readonly lanes: readonly UplinkLane[];
  /** Bits on the wire for each bit of media. */
  readonly wire: number;
}

/** Shares one publisher's target among its encoders. It remembers what it decided, so that encoders are not turned on and off. */
export class UplinkAllocator {
  readonly #options: UplinkAllocationOptions;
  readonly #audio = new Map<string, AudioState>();
  /** By track, lowest encoding first. */
  readonly #lanes = new Map<string, readonly UplinkLane[]>();
  /** `undefined` before there was any. */
  #videoOn: boolean | undefined;
  #videoAffordableSince: Milliseconds | undefined;
  #left: BitsPerSecond = 0;

  constructor(options: Partial<UplinkAllocationOptions> = {}) {
    this.#options = { ...UPLINK_ALLOCATION_DEFAULTS, ...options };
  }

  /** Who gets what from now on. To be called whenever the target or the demand changes, and every 20 ms or so. */
  allocate(demand: UplinkDemand, now: Milliseconds): UplinkAllocation {
    const { target, audio, video } = demand;
    keepOnly(this.#audio, audio);
    keepOnly(this.#lanes, video);
    const wantsVideo = video.some(({ encodings }) => encodings.some(({ wanted }) => wanted));
    const audioShares = this.#shareAudio(audio, target - (wantsVideo ? this.#options.videoFloor : 0), now);
    const audioRate = audioShares.reduce((sum, { bitrate }) => sum + bitrate + this.#options.audioOverhead, 0);
    const tracks = video.map((track) => this.#begin(track, demand.lossRatio));
    this.#left = Math.max(0, target - audioRate);
    if (wantsVideo) this.#shareVideo(tracks, now);
    return {
      audio: audioShares,
      video: video.map(({ id, encodings }) => this.#settle(id, encodings.length, now)),
      desired: this.#desired(demand),
    };
  }

  #shareAudio(audio: readonly UplinkAudio[], budget: BitsPerSecond, now: Milliseconds): AudioAllocation[] {
    const { audioFloor, audioOverhead, audioRaiseHeadroom, audioRaiseAfter } = this.#options;
    const each = budget / audio.length - audioOverhead;
    return audio.map(({ id, maxBitrate }) => {
      const bitrate = Math.round(Math.min(maxBitrate, Math.max(each, audioFloor)));
      const state = this.#audio.get(id);
      if (state === undefined) {
        const reason = audioReason(each, maxBitrate);
        this.#audio.set(id, { bitrate, higherSince: undefined, reason });
        return { bitrate, reason, changed: true };
      }
      const higher =
        bitrate >= state.bitrate * audioRaiseHeadroom || (bitrate === maxBitrate && bitrate > state.bitrate);
      state.higherSince = higher ? (state.higherSince ?? now) : undefined;
      const raised = state.higherSince !== undefined && now - state.higherSince >= audioRaiseAfter;
      const changed = bitrate < state.bitrate || raised;
      if (changed) {
        state.bitrate = bitrate;
        state.higherSince = undefined;
        state.reason = audioReason(each, maxBitrate);
      }
      return { bitrate: state.bitrate, reason: state.reason, changed };
    });
  }

  #begin({ id, content, repairRatio, encodings }: UplinkVideo, lossRatio: number): Track {
    const screen = content === 'screen';
    let lanes = this.#lanes.get(id);
    if (lanes?.length !== encodings.length) {
      const base = screen ? encodings.length - 1 : 0;
      lanes = encodings.map((encoding, i) => new UplinkLane(encoding, { base: i === base, screen }, this.#options));
      this.#lanes.set(id, lanes);
    }
    for (const [i, encoding] of encodings.entries()) lanes[i]?.begin(encoding);
    const wanted = lanes.filter((lane) => lane.wanted);
    for (const lane of lanes) if (!lane.wanted) lane.decide(0, 0);
    return {
      screen,
      lanes: screen ? wanted.toReversed() : wanted,
      wire: 1 + repairRatio + this.#options.videoOverhead + lossRatio,
    };
  }

  #shareVideo(tracks: readonly Track[], now: Milliseconds): void {
    if (!this.#decideVideo(now)) {
      const { videoFloor } = this.#options;
      const reason = `video off: ${kilobits(this.#left)} left, below ${kilobits(videoFloor)}`;
      for (const { lanes } of tracks) for (const lane of lanes) lane.drop(reason);
      return;
    }
    const screens = tracks.filter(({ screen }) => screen);
    const cameras = tracks.filter(({ screen }) => !screen);
    const ordered = [...screens, ...cameras];
    for (const track of ordered) this.#turnOn(track, 0, now, (lane) => lane.slowFloor);
    for (const track of ordered) this.#raise(track, 0, (lane) => lane.floor);
    for (const track of screens) this.#raise(track, 0, (lane) => lane.maxBitrate);
    for (const group of [cameras, screens]) {
      const most = Math.max(0, ...group.map(({ lanes }) => lanes.length));
      for (let i = 1; i < most; i++) for (const track of group) this.#climb(track, i, now);
    }
    for (const [i, track] of ordered.entries()) this.#spend(track, this.#left / (ordered.length - i));
  }

  /** Whether there is any video at all. */
  #decideVideo(now: Milliseconds): boolean {
    const { videoFloor, videoResumeHeadroom, reactivateAfter } = this.#options;
    if (this.#videoOn !== false) {
      this.#videoOn = this.#left >= videoFloor;
      this.#videoAffordableSince = undefined;
      return this.#videoOn;
    }
    if (this.#left < videoResumeHeadroom * videoFloor) this.#videoAffordableSince = undefined;
    else this.#videoAffordableSince ??= now;
    const since = this.#videoAffordableSince;
    this.#videoOn = since !== undefined && now - since >= reactivateAfter;
    return this.#videoOn;
  }

  #turnOn(track: Track, i: number, now: Milliseconds, share: (lane: UplinkLane) => BitsPerSecond): void {
    const lane = track.lanes[i];
    if (lane?.decide(this.#left / track.wire, now)) this.#raise(track, i, share);
  }

  /** The next encoding, when the ones before it are on and paid for. */
  #climb(track: Track, i: number, now: Milliseconds): void {
    const lane = track.lanes[i];
    const below = track.lanes[i - 1];
    if (lane === undefined || below === undefined) return;
    // Their share has to be there, but is not spent on them unless this one is on.
    let reserve = 0;
    for (const other of track.lanes.slice(0, i)) reserve += Math.max(0, other.reserve - other.granted);
    if (!lane.decide(Math.max(0, this.#left / track.wire - reserve), now, below.active)) return;
    this.#raise(track, i - 1, () => below.reserve);
    this.#raise(track, i, () => lane.floor);
  }

  #raise(track: Track, i: number, share: (lane: UplinkLane) => BitsPerSecond): void {
    const lane = track.lanes[i];
    if (lane !== undefined) this.#left -= track.wire * lane.grant(share(lane), this.#left / track.wire);
  }

  /** What is left over to the top encoding, then down. */
  #spend({ screen, lanes, wire }: Track, budget: BitsPerSecond): void {
    let left = budget;
    for (const lane of screen ? lanes : lanes.toReversed()) left -= wire * lane.grant(lane.maxBitrate, left / wire);
    this.#left -= budget - left;
  }

  #settle(id: string, length: number, now: Milliseconds): EncodingAllocation[] {
    return (this.#lanes.get(id) ?? []).slice(0, length).map((lane) => lane.settle(now));
  }

  /** It does not depend on loss: each change of it is probed for. */
  #desired({ audio, video }: UplinkDemand): BitsPerSecond {
    const { audioOverhead, videoOverhead, desiredHeadroom } = this.#options;
    let desired = 0;
    for (const { maxBitrate } of audio) desired += maxBitrate + audioOverhead;
    for (const { encodings, repairRatio } of video) {
      for (const { maxBitrate, wanted } of encodings) {
        if (wanted) desired += maxBitrate * (1 + repairRatio + videoOverhead);
      }
    }
    return Math.round(desiredHeadroom * desired);
  }
}

function audioReason(each: BitsPerSecond, maxBitrate: BitsPerSecond): string {
  return `${kilobits(Math.max(0, each))} for each audio track, of ${kilobits(maxBitrate)} at most`;
}

function keepOnly(states: Map<string, unknown>, tracks: readonly { readonly id: string }[]): void {
  for (const id of states.keys()) if (!tracks.some((track) => track.id === id)) states.delete(id);
}
