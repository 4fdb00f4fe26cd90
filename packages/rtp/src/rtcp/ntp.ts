// NTP timestamps in reports (RFC 3550 §4): 64 bit, and the middle 32 of them that round trips are measured with.

import type { Milliseconds } from '../units.ts';
import type { ReportBlock } from './packet-types.ts';

/** A 64-bit NTP timestamp (RFC 3550 §4). */
export interface NtpTimestamp {
  /** Whole seconds since 1 January 1900, modulo 2^32. */
  readonly ntpSeconds: number;
  /** The rest in 2^-32 s, 32 bit. */
  readonly ntpFraction: number;
}

/** Seconds from the origin of NTP time to 1 January 1970 (RFC 5905 §6, figure 4). */
const UNIX_EPOCH = 2_208_988_800;
const FRACTIONS_PER_SECOND = 2 ** 32;
const COMPACT_UNITS_PER_MILLISECOND = 65.536;
const MAX_COMPACT = 0xffffffff;

/**
 * The NTP time of `now` ≥ 0. The clock's origin stands for 1 January 1970: milliseconds since then become true NTP time,
 * and on any other clock 0 is not mistaken for the 0 that says "no sender report yet" in a report block.
 */
export function clockToNtp(now: Milliseconds): NtpTimestamp {
  const rest = now % 1000;
  return {
    ntpSeconds: (Math.round((now - rest) / 1000) + UNIX_EPOCH) >>> 0,
    ntpFraction: Math.floor((rest / 1000) * FRACTIONS_PER_SECOND),
  };
}

/** The clock time of an NTP time made by `clockToNtp`, less than 2^-32 s earlier; up to 2^32 s (the year 2106). */
export function ntpToClock(ntp: NtpTimestamp): Milliseconds {
  return ((ntp.ntpSeconds - UNIX_EPOCH) >>> 0) * 1000 + (ntp.ntpFraction * 1000) / FRACTIONS_PER_SECOND;
}

/** The middle 32 bit of an NTP timestamp, in 1/65536 s, as in `lastSenderReport` (RFC 3550 §6.4.1). */
export function compactNtp(ntpSeconds: number, ntpFraction: number): number {
  return (((ntpSeconds & 0xffff) << 16) | (ntpFraction >>> 16)) >>> 0;
}

/** A duration in 1/65536 s, as in `delaySinceLastSenderReport` (RFC 3550 §6.4.1): 0 to 2^32 − 1, clamped. */
export function compactDuration(duration: Milliseconds): number {
  return Math.max(0, Math.min(MAX_COMPACT, Math.round(duration * COMPACT_UNITS_PER_MILLISECOND)));
}

/** The milliseconds in a duration of 1/65536 s. */
export function compactToMilliseconds(duration: number): Milliseconds {
  return duration / COMPACT_UNITS_PER_MILLISECOND;
}

/**
 * The round trip that a report block measures (RFC 3550 §6.4.1, figure 2), never below 0 ms; `undefined` when the
 * reporter had received no sender report.
 *
 * @param arrival - when the block arrived, on the clock that `clockToNtp` turned into the sender report's NTP time
 */
export function roundTripTime(
  report: Pick<ReportBlock, 'lastSenderReport' | 'delaySinceLastSenderReport'>,
  arrival: Milliseconds,
): Milliseconds | undefined {
  if (report.lastSenderReport === 0) return undefined;
  const { ntpSeconds, ntpFraction } = clockToNtp(arrival);
  const elapsed = compactNtp(ntpSeconds, ntpFraction) - report.lastSenderReport - report.delaySinceLastSenderReport;
  return compactToMilliseconds(Math.max(0, elapsed | 0));
}
