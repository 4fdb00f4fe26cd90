// When the packets of one counted stream arrived, and how far that was reported: what both kinds of congestion feedback
// keep (draft-holmer-rmcat-transport-wide-cc-extensions-01, RFC 8888).

import { sequenceDistance } from '../sequence.ts';

const INITIAL_CAPACITY = 256;
const NOT_RECEIVED = 0;

/**
 * Arrivals by unwrapped sequence number: a ring that grows with the span of the numbers up to its bound, whatever comes.
 * Only the first arrival of a packet counts. Times are in whatever unit they are given in.
 */
export class ArrivalWindow {
  readonly #maxSpan: number;
  #times = new Float64Array(INITIAL_CAPACITY);
  #marks = new Uint8Array(INITIAL_CAPACITY);
  /** All that was received and not forgotten lies in [begin, end). */
  #begin = 0;
  #end = 0;
  #unreported = 0;
  #isUnused = true;
  #forgottenBefore = Number.NEGATIVE_INFINITY;

  /** @param maxSpan - numbers from the lowest to the highest that is kept, a power of two of at least 256 */
  constructor(maxSpan: number) {
    this.#maxSpan = maxSpan;
  }

  /** One behind the highest number received. */
  get end(): number {
    return this.#end;
  }

  /** The first number of which something is to be reported; `end` when there is nothing. */
  get unreported(): number {
    return this.#unreported;
  }

  /** How far the 16-bit `counter` is ahead of the highest number received; 0 when none was. */
  distance(counter: number): number {
    return this.#isUnused ? 0 : sequenceDistance(counter, this.#end - 1);
  }

  /** The 16-bit `counter` as a number that never wraps: the nearest one to the highest received. */
  unwrap(counter: number): number {
    return this.#isUnused ? counter : this.#end - 1 + this.distance(counter);
  }

  /** Whether everything from `sequence` on that was ever received is still known. */
  knowsSince(sequence: number): boolean {
    return sequence >= this.#forgottenBefore;
  }

  /**
   * A packet has arrived. What lies more than the bound below the highest is forgotten, reported or not.
   *
   * @param mark - 1 to 255, kept beside the time
   * @returns false, and nothing changes, when it was known already or lies too far behind
   */
  add(sequence: number, time: number, mark: number): boolean {
    if (this.#isUnused) {
      this.#isUnused = false;
      this.#begin = sequence;
      this.#end = sequence;
      this.#unreported = sequence;
    }
    if (this.mark(sequence) !== NOT_RECEIVED || this.#end - sequence > this.#maxSpan) return false;
    this.#reach(Math.min(this.#begin, sequence), Math.max(this.#end, sequence + 1));
    const index = sequence & (this.#marks.length - 1);
    this.#times[index] = time;
    this.#marks[index] = mark;
    this.reportAgain(sequence);
    return true;
  }

  /** When the packet arrived; means nothing unless it was received. */
  time(sequence: number): number {
    return this.#times[sequence & (this.#times.length - 1)] ?? 0;
  }

  /** The mark of a packet, 0 when it was not received or is forgotten. */
  mark(sequence: number): number {
    if (sequence < this.#begin || sequence >= this.#end) return NOT_RECEIVED;
    return this.#marks[sequence & (this.#marks.length - 1)] ?? NOT_RECEIVED;
  }

  /** Gives a packet that was received another mark, 1 to 255, to be reported. */
  remark(sequence: number, mark: number): void {
    this.#marks[sequence & (this.#marks.length - 1)] = mark;
    this.reportAgain(sequence);
  }

  /** The first number received from `sequence` on, or `end`. */
  nextReceived(sequence: number): number {
    const marks = this.#marks;
    const wrap = marks.length - 1;
    let next = sequence;
    while (next < this.#end && marks[next & wrap] === NOT_RECEIVED) next++;
    return next;
  }

  /** Everything before `sequence`, which is at most `end`, is reported. */
  reportedBefore(sequence: number): void {
    this.#unreported = sequence;
  }

  /** Reporting goes back to `sequence` where it is beyond. */
  reportAgain(sequence: number): void {
    if (sequence < this.#unreported) this.#unreported = sequence;
  }

  /**
   * Forgets what lies before `sequence`, from the lowest number up to the first arrival after `limit`, if everything is
   * reported.
   */
  forgetReported(sequence: number, limit: number): void {
    if (this.#unreported < this.#end) return;
    const end = Math.min(sequence, this.#end);
    const wrap = this.#marks.length - 1;
    let begin = this.#begin;
    for (; begin < end; begin++) {
      const index = begin & wrap;
      if (this.#marks[index] !== NOT_RECEIVED && (this.#times[index] ?? 0) > limit) break;
      this.#marks[index] = NOT_RECEIVED;
    }
    this.#moveBegin(begin);
  }

  /** Makes [begin, end) the range that is kept, without what is beyond the bound at its front. */
  #reach(begin: number, end: number): void {
    const kept = Math.max(begin, end - this.#maxSpan);
    if (kept > this.#begin) this.#forgetBefore(kept);
    if (end - kept > this.#marks.length) this.#grow(end - kept);
    this.#begin = kept;
    this.#end = end;
  }

  #forgetBefore(sequence: number): void {
    const wrap = this.#marks.length - 1;
    const end = Math.min(sequence, this.#end);
    for (let old = this.#begin; old < end; old++) this.#marks[old & wrap] = NOT_RECEIVED;
    this.#moveBegin(sequence);
    this.#unreported = Math.max(this.#unreported, sequence);
  }

  #moveBegin(begin: number): void {
    if (begin > this.#begin) this.#forgottenBefore = Math.max(this.#forgottenBefore, begin);
    this.#begin = begin;
  }

  #grow(span: number): void {
    const times = this.#times;
    const marks = this.#marks;
    const oldWrap = marks.length - 1;
    let capacity = marks.length;
    while (capacity < span) capacity *= 2;
    this.#times = new Float64Array(capacity);
    this.#marks = new Uint8Array(capacity);
    for (let sequence = this.#begin; sequence < this.#end; sequence++) {
      const index = sequence & (capacity - 1);
      this.#times[index] = times[sequence & oldWrap] ?? 0;
      this.#marks[index] = marks[sequence & oldWrap] ?? NOT_RECEIVED;
    }
  }
}
