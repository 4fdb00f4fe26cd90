// Network-Assisted Dynamic Adaptation (RFC 8698): one congestion signal in milliseconds, made of queuing delay, loss and
// marking, and a rate that follows its value and its change. The receiver's part (§4.2) is done here as well, from the
// feedback on each packet (§5.3).

import type { BitsPerSecond, Milliseconds } from '../../units.ts';
import { APPLICATION_LIMITED_DEFAULTS, ApplicationLimited } from '../application-limited.ts';
import type {
  CongestionController,
  FeedbackReport,
  LimitingCause,
  ProbeRequest,
  RateState,
  SentPacket,
} from '../controller.ts';
import type { CongestionControllerFactory } from '../options.ts';
import { roundTripOf } from '../round-trip.ts';
import { congestionSignal, lossPenaltyOf, warpedDelay } from './congestion-signal.ts';
import { FeedbackTimeout } from './feedback-timeout.ts';
import { LossIntervals } from './loss-intervals.ts';
import { type NadaOptions, type ResolvedNadaOptions, resolveNadaOptions } from './nada-options.ts';
import { ObservationWindow, type WindowSummary } from './observation-window.ts';
import { QueuingDelay } from './queuing-delay.ts';
import { gradualUpdate, rampUp } from './reference-rate.ts';
import { Slowdown } from './slowdown.ts';

/** Growth ends at this multiple of what the application would make use of. */
const DESIRED_HEADROOM = 2;

const NO_PROBES: readonly ProbeRequest[] = [];

/**
 * A second controller beside `GoogleCongestionControl`. It needs no probes: a path that is not full is found by the
 * accelerated ramp-up, as long as the application sends what it may.
 */
export class NadaCongestionControl implements CongestionController {
  readonly #options: ResolvedNadaOptions;
  readonly #queuingDelay: QueuingDelay;
  readonly #window: ObservationWindow;
  readonly #lossIntervals = new LossIntervals();
  readonly #applicationLimited: ApplicationLimited;
  readonly #feedbackTimeout: FeedbackTimeout;
  readonly #slowdown: Slowdown;
  #max: BitsPerSecond;
  #desired: BitsPerSecond | undefined;
  /** r_ref. */
  #rate: BitsPerSecond;
  #state: RateState = { direction: 'hold', cause: 'start' };
  #rtt: Milliseconds | undefined;
  #updatedAt: Milliseconds | undefined;
  /** x_prev. */
  #signal: Milliseconds = 0;
  /** p_loss and p_mark, smoothed. */
  #lossRatio = 0;
  #markingRatio = 0;
  #summary: WindowSummary | undefined;

  /** Throws an `ArgumentError` when `options` are impossible. */
  constructor(options: NadaOptions = {}) {
    const resolved = resolveNadaOptions(options);
    this.#options = resolved;
    this.#queuingDelay = new QueuingDelay(resolved);
    this.#window = new ObservationWindow(resolved.observationWindow, resolved.updateInterval);
    this.#applicationLimited = new ApplicationLimited(resolved.startBitrate, {
      ...APPLICATION_LIMITED_DEFAULTS,
      usage: resolved.applicationLimitUsage,
    });
    this.#feedbackTimeout = new FeedbackTimeout(resolved);
    this.#slowdown = new Slowdown(resolved);
    this.#max = resolved.maxBitrate;
    this.#rate = resolved.startBitrate;
  }

  get targetBitrate(): BitsPerSecond {
    return this.#rate;
  }

  /** The target: queues are drained by pacing alone. */
  get stableTargetBitrate(): BitsPerSecond {
    return this.#rate;
  }

  get pacingRate(): BitsPerSecond {
    const { pacingFactor, slowdownFactor } = this.#options;
    return this.#rate * (this.#slowdown.active ? slowdownFactor : pacingFactor);
  }

  get rtt(): Milliseconds | undefined {
    return this.#rtt;
  }

  get lossRatio(): number {
    return this.#summary?.lossRatio ?? 0;
  }

  get acknowledgedBitrate(): BitsPerSecond | undefined {
    return this.#summary?.receivingRate;
  }

  get state(): RateState {
    return this.#state;
  }

  /** x_curr: what the last update went by. */
  get congestionSignal(): Milliseconds {
    return this.#signal;
  }

  /** None. */
  takeProbeRequests(): readonly ProbeRequest[] {
    return NO_PROBES;
  }

  setDesiredBitrate(desired: BitsPerSecond | undefined): void {
    this.#desired = desired;
  }

  setMaxBitrate(max: BitsPerSecond): void {
    this.#max = Math.max(max, this.#options.minBitrate);
    if (this.#rate > this.#max) this.#setRate(this.#max, 'max');
  }

  onPacketSent({ size, sentAt }: SentPacket): void {
    this.#applicationLimited.onPacketSent(size, sentAt);
    this.#feedbackTimeout.onPacketSent(sentAt);
  }

  onFeedback({ at, packets, rtt }: FeedbackReport): void {
    if (packets.length === 0) return;
    this.#feedbackTimeout.onFeedback(at);
    this.#measureRtt(rtt ?? roundTripOf(packets, at));
    for (const packet of packets) {
      const { sentAt, receivedAt } = packet;
      const sample =
        receivedAt === undefined ? 0 : this.#queuingDelay.onPacket({ sentAt, receivedAt, acknowledgedAt: at });
      if (!packet.previouslyLost) this.#lossIntervals.onPacket(receivedAt === undefined);
      this.#window.onPacket(packet, sample);
    }
    this.#updatedAt ??= at - this.#options.updateInterval;
    if (at - this.#updatedAt >= this.#options.updateInterval) this.#update(at);
  }

  onProcess(now: Milliseconds): void {
    const { confirmedAt, filtered } = this.#queuingDelay;
    // With room to spare there is no queue of ours.
    const baselineAge = this.#isApplicationLimited ? 0 : now - (confirmedAt ?? now);
    this.#slowdown.process(baselineAge, filtered, now);
    if (this.#feedbackTimeout.isDue(this.#rtt ?? 0, now))
      this.#setRate(this.#rate * this.#options.timeoutFactor, 'rtt');
  }

  get #isApplicationLimited(): boolean {
    return this.#applicationLimited.since !== undefined;
  }

  #measureRtt(rtt: Milliseconds | undefined): void {
    if (rtt === undefined) return;
    const smoothed = this.#rtt ?? rtt;
    this.#rtt = smoothed + this.#options.rttWeight * (rtt - smoothed);
  }

  /** Once in DELTA: the signal from what was observed, and the rate from the signal. */
  #update(now: Milliseconds): void {
    const { ratioWeight, timeScale } = this.#options;
    const summary = this.#window.summarise();
    this.#summary = summary;
    this.#lossRatio += ratioWeight * (summary.lossRatio - this.#lossRatio);
    this.#markingRatio += ratioWeight * (summary.markingRatio - this.#markingRatio);
    const delay = this.#countedDelay();
    const previousSignal = this.#signal;
    const signal = congestionSignal(delay, this.#lossRatio, this.#markingRatio, this.#options);
    // After a gap in the feedback, one step shall not make up for all of it.
    const elapsed = Math.min(now - (this.#updatedAt ?? now), timeScale);
    this.#signal = signal;
    this.#updatedAt = now;

    const rate = this.#nextRate(summary, { signal, previousSignal, elapsed });
    const isLoss = lossPenaltyOf(this.#lossRatio, this.#options) > delay;
    this.#setRate(this.#limitGrowth(rate, summary.receivingRate), isLoss ? 'loss' : 'delay');
  }

  /** d_tilde: warped as far as there are losses. */
  #countedDelay(): Milliseconds {
    const { filtered } = this.#queuingDelay;
    const presence = this.#lossIntervals.presence(this.#options.lossExpiry);
    return presence * warpedDelay(filtered, this.#options) + (1 - presence) * filtered;
  }

  /** The mode is that of §4.2: accelerated while nothing was lost and no packet waited within the window. */
  #nextRate(summary: WindowSummary, update: Parameters<typeof gradualUpdate>[1]): BitsPerSecond {
    const { lossRatio, longestQueuingDelay, receivingRate } = summary;
    const isFree = lossRatio === 0 && longestQueuingDelay < this.#options.rampUpQueuingDelay;
    if (!isFree) return gradualUpdate(this.#rate, update, this.#options);
    const accelerated = rampUp(this.#rate, receivingRate ?? 0, this.#rtt ?? 0, this.#options);
    // What arrives is then no measure, and the ramp-up would end at a small multiple of it.
    if (!this.#isApplicationLimited) return accelerated;
    return Math.max(accelerated, gradualUpdate(this.#rate, update, this.#options));
  }

  /** Beyond the RFC: what nothing speaks against is not yet what the path carries. */
  #limitGrowth(rate: BitsPerSecond, receivingRate: BitsPerSecond | undefined): BitsPerSecond {
    if (rate <= this.#rate) return rate;
    let limit = DESIRED_HEADROOM * (this.#desired ?? Number.POSITIVE_INFINITY);
    if (this.#isApplicationLimited) {
      limit = Math.min(limit, this.#options.applicationLimitFactor * (receivingRate ?? 0));
    }
    return Math.min(rate, Math.max(limit, this.#rate));
  }

  #setRate(rate: BitsPerSecond, cause: LimitingCause): void {
    const before = this.#rate;
    this.#rate = Math.min(Math.max(rate, this.#options.minBitrate), this.#max);
    this.#applicationLimited.setEstimate(this.#rate);
    const direction = this.#rate > before ? 'increase' : this.#rate < before ? 'decrease' : 'hold';
    const limit = this.#rate >= this.#max ? 'max' : cause;
    if (direction !== this.#state.direction || limit !== this.#state.cause) this.#state = { direction, cause: limit };
  }
}

/** NADA within the bounds of `CongestionOptions`, whose other settings are not its own, to be handed to a room or an SFU. */
export const nadaCongestionController: CongestionControllerFactory = ({
  startBitrate = 300_000,
  minBitrate = 5_000,
  maxBitrate = 30_000_000,
}) => new NadaCongestionControl({ startBitrate, minBitrate, maxBitrate });
