import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clockToNtp,
  compactDuration,
  compactNtp,
  compactToMilliseconds,
  ntpToClock,
  roundTripTime,
} from '../../src/rtcp/ntp.ts';

const clockTime = fc.double({ min: 0, max: 4e12, noNaN: true });

describe('NTP timestamps', () => {
  it('count from 1900 when the clock counts from 1970', () => {
    expect(clockToNtp(0)).toEqual({ ntpSeconds: 0x83aa7e80, ntpFraction: 0 });
    expect(clockToNtp(1500)).toEqual({ ntpSeconds: 0x83aa7e81, ntpFraction: 0x80000000 });
  });

  it('wrap in 2036 and come back right', () => {
    const february2036 = Date.UTC(2036, 1, 7, 6, 28, 16);
    expect(clockToNtp(february2036)).toEqual({ ntpSeconds: 0, ntpFraction: 0 });
    expect(ntpToClock({ ntpSeconds: 0, ntpFraction: 0 })).toBe(february2036);
  });

  it('come back as the time they were made from', () => {
    fc.assert(
      fc.property(clockTime, (time) => {
        const ntp = clockToNtp(time);
        expect(Number.isInteger(ntp.ntpFraction) && ntp.ntpFraction >= 0 && ntp.ntpFraction < 2 ** 32).toBe(true);
        expect(Math.abs(ntpToClock(ntp) - time)).toBeLessThanOrEqual(2 ** -22 + time * 2 ** -52);
      }),
    );
  });
});

describe('the compact form', () => {
  it('is the middle 32 bit (RFC 3550 §6.4.1, figure 2)', () => {
    expect(compactNtp(0xb44db705, 0x20000000)).toBe(0xb7052000);
  });

  it('is not 0 at the origin of a virtual clock', () => {
    const { ntpSeconds, ntpFraction } = clockToNtp(0);
    expect(compactNtp(ntpSeconds, ntpFraction)).not.toBe(0);
  });

  it('holds durations of up to 18.2 hours and clamps the rest', () => {
    expect(compactDuration(5250)).toBe(0x00054000);
    expect(compactToMilliseconds(0x00054000)).toBe(5250);
    expect(compactDuration(-1)).toBe(0);
    expect(compactDuration(1e9)).toBe(0xffffffff);
  });
});

describe('the round trip', () => {
  it('is what remains of the time since the sender report without the delay at the receiver', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 4e12, noNaN: true }),
        fc.double({ min: 0, max: 30_000, noNaN: true }),
        fc.double({ min: 0, max: 10_000, noNaN: true }),
        (sent, held, roundTrip) => {
          const { ntpSeconds, ntpFraction } = clockToNtp(sent);
          const lastSenderReport = compactNtp(ntpSeconds, ntpFraction);
          fc.pre(lastSenderReport !== 0);
          const measured = roundTripTime(
            { lastSenderReport, delaySinceLastSenderReport: compactDuration(held) },
            sent + held + roundTrip,
          );
          expect(Math.abs((measured ?? Number.NaN) - roundTrip)).toBeLessThan(0.05);
        },
      ),
    );
  });

  it('of the example in RFC 3550 §6.4.1, figure 2, is 6.125 s', () => {
    const report = { lastSenderReport: 0xb7052000, delaySinceLastSenderReport: 0x00054000 };
    const arrival = ntpToClock({ ntpSeconds: 0xb44db710, ntpFraction: 0x80000000 });
    expect(roundTripTime(report, arrival)).toBe(6125);
  });

  it('is unknown before the receiver has a sender report, and never negative', () => {
    expect(roundTripTime({ lastSenderReport: 0, delaySinceLastSenderReport: 0 }, 1000)).toBeUndefined();
    const { ntpSeconds, ntpFraction } = clockToNtp(1000);
    const lastSenderReport = compactNtp(ntpSeconds, ntpFraction);
    expect(roundTripTime({ lastSenderReport, delaySinceLastSenderReport: 65_536 }, 1500)).toBe(0);
  });
});
