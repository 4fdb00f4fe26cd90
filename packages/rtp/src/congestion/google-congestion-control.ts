// Google congestion control: delay-based and loss-based estimates, probes and time-outs, and the smallest of what they
// allow (draft-ietf-rmcat-gcc-02; Carlucci et al., "Analysis and design of the Google congestion control for web
// real-time communication", MMSys 2016; the ways of libwebrtc's goog_cc where it has moved on).

import type { BitsPerSecond, Milliseconds } from '../units.ts';
import { AcknowledgedRate } from './acknowledged-rate.ts';
import { ApplicationLimited } from './application-limited.ts';
import type {
  CongestionController,
  FeedbackReport,
  LimitingCause,
  PacketResult,
  ProbeRequest,
  RateState,
  SentPacket,
} from './controller.ts';
import type { CongestionDecision } from './decision.ts';
import { DelayBased } from './delay-based.ts';
import { LossLikelihood } from './loss-likelihood.ts';
import { type CongestionOptions, type ResolvedCongestionOptions, resolveCongestionOptions } from './options.ts';
import { ProbeRate, type ProbeResult } from './probe-rate.ts';
import { ProbeController, type ProbePermission } from './probing.ts';
import type { DrainPhase } from './queue-drain.ts';
import { roundTripOf } from './round-trip.ts';
import { RttBackoff } from './rtt-backoff.ts';

/** Where it starts: nothing is known, nothing has moved. */
const START: RateState = { direction: 'hold', cause: 'start' };

export class GoogleCongestionControl implements CongestionController {
  readonly #options: ResolvedCongestionOptions;
  readonly #delayBased: DelayBased;
  readonly #lossBased: LossLikelihood;
  readonly #acknowledged: AcknowledgedRate;
  readonly #applicationLimited: ApplicationLimited;
  readonly #probing: ProbeController;
  readonly #probeRate: ProbeRate;
  readonly #rttBackoff: RttBackoff;
  #requests: ProbeRequest[] = [];
  #max: BitsPerSecond;
  #target: BitsPerSecond;
  #stableTarget: BitsPerSecond;
  #state: RateState = START;
  #rtt: Milliseconds | undefined;
  #acknowledgedBitrate: BitsPerSecond | undefined;
  #hasFeedback = false;
  #wasApplicationLimited = false;
  #processedAt: Milliseconds | undefined;
  /** When the sender's clock was last set, or the sender was suspended. */
  #clockSetAt = Number.NEGATIVE_INFINITY;
  /** The estimate comes from a probe, and nothing has lowered it since. */
  #probed = false;

  /** Throws an `ArgumentError` when the bitrates of `options` contradict each other. */
  constructor(options: CongestionOptions = {}) {
    const resolved = resolveCongestionOptions(options);
    const { startBitrate, maxBitrate } = resolved;
    this.#options = resolved;
    this.#delayBased = new DelayBased(startBitrate, resolved.delayBased);
    this.#lossBased = new LossLikelihood(startBitrate, resolved.lossLikelihood);
    this.#acknowledged = new AcknowledgedRate(resolved.acknowledgedRate);
    this.#applicationLimited = new ApplicationLimited(startBitrate, resolved.applicationLimited);
    this.#probing = new ProbeController(startBitrate, maxBitrate, resolved.probing);
    this.#probeRate = new ProbeRate(resolved.probeRate);
    this.#rttBackoff = new RttBackoff(resolved.rttBackoff);
    this.#max = maxBitrate;
    this.#target = startBitrate;
    this.#stableTarget = startBitrate;
  }

  get targetBitrate(): BitsPerSecond {
    return this.#target;
  }

  get stableTargetBitrate(): BitsPerSecond {
    return this.#stableTarget;
  }

  get pacingRate(): BitsPerSecond {
    const { pacingFactor, pacingFactorBeforeFeedback } = this.#options;
    return this.#target * (this.#hasFeedback ? pacingFactor : pacingFactorBeforeFeedback);
  }

  get rtt(): Milliseconds | undefined {
    return this.#rtt;
  }

  get lossRatio(): number {
    return this.#lossBased.lossRatio;
  }

  get acknowledgedBitrate(): BitsPerSecond | undefined {
    return this.#acknowledgedBitrate;
  }

  get state(): RateState {
    return this.#state;
  }

  /** Whether the application sends much less than it may, so that only probes tell what the path would carry. */
  get applicationLimited(): boolean {
    return this.#applicationLimited.since !== undefined;
  }

  takeProbeRequests(): readonly ProbeRequest[] {
    const requests = this.#requests;
    if (requests.length > 0) this.#requests = [];
    return requests;
  }

  setDesiredBitrate(desired: BitsPerSecond | undefined, now: Milliseconds): void {
    this.#probing.setDesiredBitrate(desired, now);
    this.#collectProbes(now);
  }

  setMaxBitrate(max: BitsPerSecond, now: Milliseconds): void {
    this.#max = Math.max(max, this.#options.minBitrate);
    this.#probing.setMaxBitrate(this.#max, now);
    this.#update(now);
  }

  onPacketSent({ size, sentAt }: SentPacket): void {
    this.#applicationLimited.onPacketSent(size, sentAt);
    this.#rttBackoff.onPacketSent(sentAt);
  }

  onFeedback({ at, packets, rtt }: FeedbackReport): void {
    if (packets.length === 0) return;
    this.#hasFeedback = true;
    const arrived = inOrderOfReception(packets, this.#clockSetAt, at);
    const before = this.#measureRtt(rtt ?? roundTripOf(arrived, at), at);
    this.#followApplication(at);
    this.#acknowledged.onFeedback(arrived);
    this.#acknowledgedBitrate = this.#acknowledged.bitrate;

    const probe = this.#probeResult(arrived, at);
    const estimate = this.#delayBased.estimate;
    const throughput = {
      average: this.#acknowledgedBitrate,
      recent: this.#acknowledged.recentBitrate,
      applicationLimited: this.applicationLimited,
    };
    const lost = packets.some(({ receivedAt }) => receivedAt === undefined);
    const phase = this.#delayBased.drainPhase;
    const { probed, recovered, decreased } = this.#delayBased.onFeedback(arrived, throughput, probe, lost, at);
    // With those who filled the queue the overflows are gone.
    const othersGone = phase === 'truce' && this.#delayBased.drainPhase === 'idle';
    const otherPath = probed && this.#delayBased.estimate >= this.#options.newPathGain * this.#stableTarget;
    if (othersGone || otherPath) this.#lossBased.forget();
    if (probed) this.#lossBased.setEstimate(this.#delayBased.estimate);
    this.#probed = probed || (this.#probed && this.#delayBased.estimate >= estimate);
    this.#lossBased.onFeedback({ at, packets, acknowledged: this.#acknowledgedBitrate });

    this.#update(at, true);
    const bitrate = this.#delayBased.estimate;
    if (decreased !== undefined) this.#tell({ at, decision: 'decrease', bitrate, reason: decreased });
    this.#tellPhase(phase, at);
    if (recovered) this.#probing.onRecovered(at);
    if (othersGone) this.#probing.onOthersGone(at);
    if (before !== undefined) this.#probing.onReturned(before, at);
    this.#collectProbes(at);
  }

  onProcess(now: Milliseconds): void {
    // Times before and after that cannot be compared.
    if (Math.abs(now - (this.#processedAt ?? now)) > this.#options.maxProcessInterval) {
      this.#clockSetAt = now;
      this.#tell({ at: now, decision: 'clock-set', reason: 'process-interval' });
    }
    this.#processedAt = now;
    this.#followApplication(now);
    this.#update(now);
    this.#probing.process(now);
    this.#collectProbes(now);
  }

  #followApplication(now: Milliseconds): void {
    const { since } = this.#applicationLimited;
    this.#probing.setApplicationLimited(since, now);
    const limited = since !== undefined;
    if (limited === this.#wasApplicationLimited) return;
    this.#wasApplicationLimited = limited;
    this.#tell({ at: now, decision: limited ? 'application-limited' : 'application-unlimited', reason: 'budget' });
  }

  /** The rate before an outage, when this is the first measurement after it. */
  #measureRtt(rtt: Milliseconds | undefined, now: Milliseconds): BitsPerSecond | undefined {
    if (rtt === undefined) return undefined;
    const smoothed = this.#rtt ?? rtt;
    this.#rtt = smoothed + this.#options.rttWeight * (rtt - smoothed);
    this.#delayBased.setRtt(this.#rtt);
    return this.#rttBackoff.onRtt(rtt, now);
  }

  /** The latest result, kept from throwing the estimate much below what demonstrably arrives. */
  #probeResult(arrived: readonly PacketResult[], at: Milliseconds): BitsPerSecond | undefined {
    let result: ProbeResult | undefined;
    for (const packet of arrived) result = this.#probeRate.onPacket(packet) ?? result;
    if (result === undefined) return undefined;
    const { bitrate, saturated } = result;
    const adopted = this.#isConvincing(result);
    this.#tell({ at, decision: 'probe-result', bitrate, reason: saturated ? 'saturated' : 'unsaturated', adopted });
    if (!adopted) return undefined;
    if (this.#acknowledgedBitrate === undefined) return bitrate;
    const arriving = this.#options.probeDropFraction * this.#acknowledgedBitrate;
    return Math.max(bitrate, Math.min(this.#delayBased.estimate, arriving));
  }

  /**
   * A train that left late and slowly, as on a busy machine, says nothing of what the path carries beyond it. And among
   * others a train that saturates the path finds a share of it, a little above or below its own: no reason to change.
   */
  #isConvincing({ bitrate, saturated, reason }: ProbeResult): boolean {
    if (saturated && (reason === 'start' || bitrate < this.#delayBased.estimate)) return true;
    return bitrate >= (saturated ? this.#options.probeGain : 1) * this.#delayBased.estimate;
  }

  #update(now: Milliseconds, byFeedback = false): void {
    const { minBitrate } = this.#options;
    const before = this.#target;
    const reduced = this.#rttBackoff.backOff(before, now);
    if (reduced !== undefined) {
      this.#tell({ at: now, decision: 'decrease', bitrate: reduced, reason: 'rtt' });
      this.#delayBased.setEstimate(reduced, now);
      this.#lossBased.setEstimate(reduced);
    }
    const lossLimit = this.#lossBased.update(this.#delayBased.estimate, now);
    this.#stableTarget = Math.min(Math.max(lossLimit, minBitrate), this.#max);
    this.#target = Math.max(this.#stableTarget * this.#delayBased.drainFactor, minBitrate);
    this.#note(this.#target - before, byFeedback);
    this.#applicationLimited.setEstimate(this.#target);
    this.#probing.setEstimate(this.#stableTarget, this.#probePermission(), now);
  }

  /** Feedback alone can say that the target holds: between two of them nothing is to be expected. */
  #note(change: BitsPerSecond, byFeedback: boolean): void {
    const steady = byFeedback ? 'hold' : this.#state.direction;
    const direction = change > 0 ? 'increase' : change < 0 ? 'decrease' : steady;
    const cause = this.#cause();
    if (direction !== this.#state.direction || cause !== this.#state.cause) this.#state = { direction, cause };
  }

  #cause(): LimitingCause {
    if (this.#rttBackoff.active) return 'rtt';
    if (!this.#hasFeedback) return 'start';
    if (this.#target >= this.#max) return 'max';
    if (this.#lossBased.state !== 'unlimited') return 'loss';
    return this.#probed ? 'probe' : 'delay';
  }

  #probePermission(): ProbePermission {
    const { usage, drainPhase } = this.#delayBased;
    if (this.#rttBackoff.active || usage === 'overuse' || drainPhase === 'drain') return 'blocked';
    const { state } = this.#lossBased;
    if (state === 'unlimited') return 'free';
    return state === 'decreasing' ? 'blocked' : 'capped';
  }

  #tellPhase(before: DrainPhase, at: Milliseconds): void {
    const { drainPhase: phase, queueDelay } = this.#delayBased;
    if (phase === before) return;
    if (before === 'truce') this.#tell({ at, decision: 'truce-over', queueDelay, reason: 'queue' });
    if (before === 'drain' && phase === 'idle') this.#tell({ at, decision: 'drained', queueDelay, reason: 'queue' });
    if (phase !== 'idle') this.#tell({ at, decision: phase, queueDelay, reason: 'queue' });
  }

  #tell(decision: CongestionDecision): void {
    this.#options.onDecision?.(decision);
  }

  #collectProbes(now: Milliseconds): void {
    for (const request of this.#probing.takeRequests()) {
      this.#probeRate.expect(request, now);
      this.#tell({ at: now, decision: 'probe', bitrate: request.targetBitrate, reason: request.reason });
      this.#requests.push(request);
    }
  }
}

/** Those that arrived and were sent between `since` and `until`. */
function inOrderOfReception(
  packets: readonly PacketResult[],
  since: Milliseconds,
  until: Milliseconds,
): readonly PacketResult[] {
  return packets
    .filter(({ sentAt, receivedAt }) => receivedAt !== undefined && sentAt >= since && sentAt <= until)
    .sort((a, b) => (a.receivedAt ?? 0) - (b.receivedAt ?? 0));
}
