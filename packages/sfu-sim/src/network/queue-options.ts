// How long a queue may get, and what keeps it short.

import type { Bytes, Milliseconds } from '@sluice/rtp';
import { checkNumber, checkObject, checkTime, refuse } from './option-checks.ts';

/** A queue in front of a capacity. */
export interface QueueOptions {
  /**
   * Limit in ms at the rate of the moment (a trace: its mean rate), 0 or more. A packet that would wait longer than this
   * before its first bit is sent is dropped, so an idle link always takes one. Default 300, as in RFC 8867 §5, or no such
   * limit when there is one in `bytes`.
   */
  readonly time?: Milliseconds;
  /**
   * Limit in bytes on the wire, what is being sent included, 0 or more. A packet that does not fit is dropped, unless the
   * queue is empty. Default: no such limit.
   */
  readonly bytes?: Bytes;
  /** `drop-tail` (the default) drops at the limits only, `codel` also from the head (RFC 8289). */
  readonly discipline?: 'drop-tail' | 'codel';
  /** How long packets may go on waiting, for CoDel: ms, above 0. Default 5. */
  readonly target?: Milliseconds;
  /** Over how long that is watched, for CoDel: ms, above 0; about the longest round trip. Default 100. */
  readonly interval?: Milliseconds;
}

/** A time limit in ms, or all there is to say about a queue. */
export type QueueOption = Milliseconds | QueueOptions;

/** A queue with every default filled in; `Infinity` is no limit. */
export type QueueLimits = Required<QueueOptions>;

const DEFAULT_TIME: Milliseconds = 300;
const KEYS = ['time', 'bytes', 'discipline', 'target', 'interval'];

/** @throws ArgumentError when `value` is not a `QueueOption` */
export function checkQueue(field: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) return checkTime(field, value);
  checkObject(field, value, KEYS, 'finite milliseconds or an object');
  const { time, bytes, discipline, target, interval } = value as Partial<QueueOptions>;
  if (time !== undefined) checkTime(`${field}.time`, time);
  if (bytes !== undefined) checkNumber(`${field}.bytes`, bytes, 0, Number.MAX_VALUE, 'finite bytes, 0 or more');
  if (discipline !== undefined && discipline !== 'drop-tail' && discipline !== 'codel') {
    refuse(`${field}.discipline`, discipline, "'drop-tail' or 'codel'");
  }
  for (const [name, period] of [['target', target] as const, ['interval', interval] as const]) {
    if (period === undefined) continue;
    checkNumber(`${field}.${name}`, period, Number.MIN_VALUE, Number.MAX_VALUE, 'finite milliseconds above 0');
  }
}

/** Fills in the defaults. */
export function queueLimits(option: QueueOption): QueueLimits {
  const given = typeof option === 'number' ? { time: option } : option;
  const { bytes = Number.POSITIVE_INFINITY, discipline = 'drop-tail', target = 5, interval = 100 } = given;
  const { time = given.bytes === undefined ? DEFAULT_TIME : Number.POSITIVE_INFINITY } = given;
  return { time, bytes, discipline, target, interval };
}
