// One encoding's share of an uplink, with the hysteresis that keeps its encoder calm: on and off, frame rate, bit rate.

import type { BitsPerSecond, Milliseconds } from '../units.ts';
import type { EncodingAllocation, UplinkAllocationOptions, UplinkEncoding } from './uplink-allocation.ts';

/** What kind of encoding it is. */
export interface LaneKind {
  /** The first of its track to be paid for: a slow picture is better than none. */
  readonly base: boolean;
  readonly screen: boolean;
}

/** The state of one encoding. */
export class UplinkLane {
  readonly #options: UplinkAllocationOptions;
  readonly #kind: LaneKind;
  #encoding: UplinkEncoding;
  #active = false;
  #bitrate: BitsPerSecond = 0;
  #frameRate = 0;
  #reason = 'not decided yet';
  #changed = false;
  #limited = false;
  /** Granted so far in the current allocation. */
  #granted: BitsPerSecond = 0;
  /** It was turned off for want of bits. */
  #dropped = false;
  #affordableSince: Milliseconds | undefined;
  #fasterSince: Milliseconds | undefined;
  #raisedAt: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(encoding: UplinkEncoding, kind: LaneKind, options: UplinkAllocationOptions) {
    this.#encoding = encoding;
    this.#kind = kind;
    this.#options = options;
  }

  get active(): boolean {
    return this.#active;
  }

  get wanted(): boolean {
    return this.#encoding.wanted;
  }

  get granted(): BitsPerSecond {
    return this.#granted;
  }

  /** At the full frame rate. */
  get floor(): BitsPerSecond {
    return Math.min(this.#encoding.minBitrate, this.#encoding.maxBitrate);
  }

  /** At the lowest frame rate. */
  get slowFloor(): BitsPerSecond {
    return this.#floorAt(this.#minFrameRate);
  }

  /** What it is to have before the next encoding gets anything. */
  get reserve(): BitsPerSecond {
    return this.floor + this.#options.lowerEncodingShare * (this.maxBitrate - this.floor);
  }

  get maxBitrate(): BitsPerSecond {
    return this.#encoding.maxBitrate;
  }

  /** Begins an allocation. */
  begin(encoding: UplinkEncoding): void {
    this.#encoding = encoding;
    this.#granted = 0;
    this.#changed = false;
  }

  /**
   * Whether it is to be on with `left` to spend. Decided once in each allocation.
   *
   * @param possible - false: it may not be on now, but the bits for it may be there already
   */
  decide(left: BitsPerSecond, now: Milliseconds, possible = true): boolean {
    const { keepShare, reactivateAfter, activateHeadroom, screenActivateHeadroom } = this.#options;
    if (!this.wanted) {
      this.#turnOff('not wanted');
      this.#dropped = false;
      return false;
    }
    if (this.#active) {
      if (possible && left >= keepShare * this.slowFloor) return true;
      this.#dropped = true;
      this.#turnOff(
        `off: ${kilobits(left)} left, below ${kilobits(this.slowFloor)} for ${this.#minFrameRate} frames/s`,
      );
      return false;
    }
    const headroom = this.#kind.screen ? screenActivateHeadroom : activateHeadroom;
    const need = Math.min(headroom * (this.#kind.base ? this.slowFloor : this.floor), this.maxBitrate);
    if (left < need) {
      this.#affordableSince = undefined;
      this.#reason = `off: ${kilobits(left)} left, below ${kilobits(need)} to begin with`;
      return false;
    }
    this.#affordableSince ??= now;
    if (!possible || (this.#dropped && now - this.#affordableSince < reactivateAfter)) return false;
    this.#active = true;
    this.#changed = true;
    this.#bitrate = 0;
    this.#frameRate = 0;
    this.#reason = `on: ${kilobits(left)} left, ${kilobits(need)} to begin with`;
    return true;
  }

  /** It gets no bits, whatever its state. */
  drop(reason: string): void {
    this.#dropped = false;
    this.#turnOff(reason);
  }

  /** Raises what it gets to `bitrate`, as far as `left` and its maximum allow. Answers what that takes of `left`. */
  grant(bitrate: BitsPerSecond, left: BitsPerSecond): BitsPerSecond {
    const more = Math.min(Math.min(bitrate, this.maxBitrate) - this.#granted, left);
    if (!this.#active || more <= 0) return 0;
    this.#granted += more;
    return more;
  }

  /** Ends an allocation: what was granted becomes what the encoder is told. */
  settle(now: Milliseconds): EncodingAllocation {
    if (this.#active) {
      this.#settleBitrate(now);
      this.#settleFrameRate(now);
      this.#limited = this.#granted < this.maxBitrate || this.#frameRate < this.#encoding.frameRate;
    } else {
      this.#limited = this.wanted;
    }
    return {
      rid: this.#encoding.rid,
      active: this.#active,
      bitrate: this.#active ? this.#bitrate : 0,
      frameRate: this.#active ? this.#frameRate : 0,
      limited: this.#limited,
      reason: this.#reason,
      changed: this.#changed,
    };
  }

  get #minFrameRate(): number {
    const { screenMinFrameRate, cameraMinFrameRate, upperMinFrameRate } = this.#options;
    const { base, screen } = this.#kind;
    const lowest = screen ? screenMinFrameRate : base ? cameraMinFrameRate : upperMinFrameRate;
    return Math.min(lowest, this.#encoding.frameRate);
  }

  #floorAt(frameRate: number): BitsPerSecond {
    return (this.floor * frameRate) / this.#encoding.frameRate;
  }

  #turnOff(reason: string): void {
    this.#changed = this.#active;
    this.#active = false;
    this.#affordableSince = undefined;
    this.#fasterSince = undefined;
    this.#reason = reason;
  }

  /** Down at once and a little further, up in steps. */
  #settleBitrate(now: Milliseconds): void {
    const { raiseShare, raiseInterval, lowerMargin } = this.#options;
    const granted = this.#granted;
    if (this.#bitrate === 0) this.#bitrate = granted;
    else if (granted < this.#bitrate) this.#bitrate = granted * (1 - lowerMargin);
    else {
      const worthwhile = granted >= this.#bitrate * (1 + raiseShare) || granted === this.maxBitrate;
      if (granted === this.#bitrate || !worthwhile || now - this.#raisedAt < raiseInterval) return;
      this.#bitrate = granted;
      this.#raisedAt = now;
    }
    this.#bitrate = Math.max(1, Math.floor(this.#bitrate));
  }

  #settleFrameRate(now: Milliseconds): void {
    const { keepShare, frameRateHeadroom, frameRateAfter } = this.#options;
    const full = this.#encoding.frameRate;
    const before = this.#frameRate;
    if (before === 0) {
      this.#frameRate = this.#affordableFrameRate(1);
      if (this.#frameRate < full) this.#reason += `; ${this.#slowed()}`;
      return;
    }
    if (before > full || this.#granted < keepShare * this.#floorAt(before)) {
      this.#setFrameRate(Math.min(this.#affordableFrameRate(1), full));
      return;
    }
    const faster = before < full ? this.#affordableFrameRate(frameRateHeadroom) : before;
    if (faster <= before) {
      this.#fasterSince = undefined;
      return;
    }
    this.#fasterSince ??= now;
    if (now - this.#fasterSince >= frameRateAfter) this.#setFrameRate(faster);
  }

  #setFrameRate(frameRate: number): void {
    this.#fasterSince = undefined;
    if (frameRate === this.#frameRate) return;
    this.#frameRate = frameRate;
    this.#changed = true;
    this.#reason = this.#slowed();
  }

  #slowed(): string {
    const than = this.#granted < this.floor ? 'below' : 'of at least';
    return `${this.#frameRate} frames/s: ${kilobits(this.#granted)} ${than} ${kilobits(this.floor)} for ${this.#encoding.frameRate}`;
  }

  /** The highest frame rate whose floor, that many times, is granted; the lowest when none is. */
  #affordableFrameRate(headroom: number): number {
    const { frameRate: full } = this.#encoding;
    if (this.#granted >= Math.min(headroom * this.floor, this.maxBitrate)) return full;
    const steps = this.#options.frameRates.filter((step) => step < full && step > this.#minFrameRate);
    return steps.find((step) => this.#granted >= headroom * this.#floorAt(step)) ?? this.#minFrameRate;
  }
}

/** For reasons. */
export function kilobits(rate: BitsPerSecond): string {
  return `${Math.round(rate / 1000)} kbit/s`;
}
