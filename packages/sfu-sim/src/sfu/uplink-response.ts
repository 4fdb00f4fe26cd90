// Whether a publisher gives way when its way to the SFU carries much less than it sends. The publisher makes its own
// estimate, of feedback; the SFU knows what that feedback says: how much was sent, by the numbers and the send times in the
// packets, and how much of it arrived.

import { type BitsPerSecond, type Bytes, type Milliseconds, Unwrapper } from '@sluice/rtp';

/** What is compared is measured over so long, and not over fewer packets. */
const WINDOW = { duration: 1000, packets: 10 } as const;

/** A publisher is told to send less by feedback which says that less than this share of what it sends arrives. */
const DROP = 0.7;

/** How long a publisher has for giving way, round trip included. What it sent before that is not held against it. */
const GRACE: Milliseconds = 2000;

/** Answers are forgotten after so long. */
const MEMORY: Milliseconds = 15_000;

/** A send clock that jumps by more than this against ours was set: what was measured by it is of no use. */
const CLOCK_SET: Milliseconds = 10_000;

/** Send times are read to 1/1024 s: the upper 16 bits of `absSendTime`. */
const TICKS_PER_SECOND = 1024;

/** What the spans and counts of a window begin at. */
interface WindowStart {
  readonly arrival: Milliseconds;
  readonly sentAt: Milliseconds;
  readonly sequence: number;
}

/** Less than what is sent gets through: told by feedback, to be answered by the publisher. */
interface Episode {
  /** What was sent at its beginning. */
  readonly offered: BitsPerSecond;
  /** What arrived of it. */
  readonly delivered: BitsPerSecond;
  /** On the send clock: what was sent later is the answer. */
  readonly answerFrom: Milliseconds;
}

/**
 * Watches all packets of one transport. When less than 70 % of what is sent arrives in a second, the estimate of every
 * congestion control has to fall by more than 30 %. Two seconds later the publisher has answered if what it sends has
 * fallen by at least half as much as it had to; it has ignored it if it has not, and the path is still short; and nothing is
 * known if the path has recovered by itself meanwhile.
 *
 * Times of sending make it right behind deep queues, where nothing is lost and old packets come long after the publisher has
 * given way. Without them, or with forged ones, loss alone tells.
 */
export class UplinkResponse {
  readonly #sequences = new Unwrapper(16);
  #ticks = new Unwrapper(16);
  /** The newest of the window before. */
  #since: WindowStart | undefined;
  #newestSequence = Number.NEGATIVE_INFINITY;
  #newestSentAt = Number.NEGATIVE_INFINITY;
  #lastArrival: Milliseconds = Number.NEGATIVE_INFINITY;
  /** The shortest way seen, as far as two clocks can tell: what is longer waited in a queue. */
  #shortest: Milliseconds = Number.POSITIVE_INFINITY;
  #bytes: Bytes = 0;
  #packets = 0;
  #episode: Episode | undefined;
  #answers: { at: Milliseconds; answered: boolean }[] = [];

  /**
   * Takes a packet of the transport.
   *
   * @param sequence - its transport-wide sequence number, 16 bit; `undefined`: it has none, and is not looked at
   * @param sendTime - the upper 16 bits of its `absSendTime`; `undefined`: it says none
   */
  onPacket(size: Bytes, arrival: Milliseconds, sequence: number | undefined, sendTime: number | undefined): void {
    if (sequence === undefined) return;
    const silent = arrival - this.#lastArrival > CLOCK_SET;
    this.#lastArrival = arrival;
    if (silent) this.#restart();
    let sentAt = sendTime === undefined ? arrival : (this.#ticks.unwrap(sendTime) * 1000) / TICKS_PER_SECOND;
    if (Math.abs(arrival - sentAt - this.#shortest) > CLOCK_SET && Number.isFinite(this.#shortest)) {
      this.#restart();
      if (sendTime !== undefined) sentAt = (this.#ticks.unwrap(sendTime) * 1000) / TICKS_PER_SECOND;
    }
    this.#shortest = Math.min(this.#shortest, arrival - sentAt);
    this.#newestSentAt = Math.max(this.#newestSentAt, sentAt);
    this.#newestSequence = Math.max(this.#newestSequence, this.#sequences.unwrap(sequence));
    if (this.#since === undefined) {
      this.#begin(arrival);
      return;
    }
    this.#bytes += size;
    this.#packets += 1;
    const { duration, packets } = WINDOW;
    if (arrival - this.#since.arrival >= duration && this.#packets >= packets) this.#closeWindow(this.#since, arrival);
  }

  /**
   * The share of the times when it had to that the publisher gave way, in the last 15 s, 0 to 1; `undefined` where it never
   * had to.
   */
  share(now: Milliseconds): number | undefined {
    while (this.#answers[0] !== undefined && now - this.#answers[0].at > MEMORY) this.#answers.shift();
    const { length } = this.#answers;
    return length === 0 ? undefined : this.#answers.filter(({ answered }) => answered).length / length;
  }

  #closeWindow(since: WindowStart, arrival: Milliseconds): void {
    const elapsed = arrival - since.arrival;
    const sentIn = this.#newestSentAt - since.sentAt;
    const sent = Math.max(this.#packets, this.#newestSequence - since.sequence);
    const delivered = (this.#bytes * 8000) / elapsed;
    // Where the send clock stood still there is no rate: packets of one instant, or none but stragglers.
    const offered = (this.#bytes * 8000 * sent) / (this.#packets * (sentIn > 0 ? sentIn : elapsed));
    const short = delivered < DROP * offered;
    this.#judge(since.sentAt, offered, short, arrival);
    if (short && this.#episode === undefined) {
      this.#episode = { offered, delivered, answerFrom: arrival - this.#shortest + GRACE };
    }
    this.#begin(arrival);
  }

  /** Looks for the answer in what was sent from `from` on. */
  #judge(from: Milliseconds, offered: BitsPerSecond, short: boolean, arrival: Milliseconds): void {
    const episode = this.#episode;
    if (episode === undefined || from < episode.answerFrom) return;
    this.#episode = undefined;
    const wanted = 1 - episode.delivered / episode.offered;
    const answered = 1 - offered / episode.offered >= wanted / 2;
    if (answered || short) this.#answers.push({ at: arrival, answered });
  }

  #begin(arrival: Milliseconds): void {
    this.#since = { arrival, sentAt: this.#newestSentAt, sequence: this.#newestSequence };
    this.#bytes = 0;
    this.#packets = 0;
  }

  #restart(): void {
    this.#ticks = new Unwrapper(16);
    this.#since = undefined;
    this.#episode = undefined;
    this.#newestSentAt = Number.NEGATIVE_INFINITY;
    this.#shortest = Number.POSITIVE_INFINITY;
  }
}
