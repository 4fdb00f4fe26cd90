// Congestion control of a publisher with real encoders: the estimate finds the uplink's capacity, and the encoders follow.

import { expect, test } from './harness.ts';

/** The rates are looked at over this much time, in ms. */
const WINDOW = 4000;

for (const capacity of [300_000, 1_000_000, 3_000_000]) {
  test(`uplink of ${capacity / 1000} kbit/s: the estimate lands within 15 % of it, and what is sent follows`, async ({
    page,
  }) => {
    test.setTimeout(120_000);
    const result = await page.evaluate(
      async ({ capacity, window: span }) => {
        const { SimulatedSfu, Room, NoiseSource, until } = window.sluice;
        const sfu = new SimulatedSfu({ seed: 7 });
        const estimates: { at: number; target: number }[] = [];
        const errors: string[] = [];
        const ada = new Room({
          tracer: (event) => {
            if (event.type === 'estimate') estimates.push({ at: event.at, target: Number(event['target']) });
          },
        });
        ada.on('error', ({ error }) => errors.push(error.message));
        await ada.connect(sfu.transport({ identity: 'ada', uplink: { rate: capacity, delay: 20 } }));
        const publication = await ada.localParticipant.publishTrack(new NoiseSource(640, 360), {
          codec: 'VP8',
          encodings: [{ rid: 'f', maxBitrate: 4_000_000 }],
        });
        // Sampled often: every point in time has what was sent in the window before it, and the estimates of that window.
        const sent: { at: number; bytes: number }[] = [];
        const measure = () => {
          const now = performance.now();
          const bytes = publication.stats.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
          sent.push({ at: now, bytes });
          const first = sent.find(({ at }) => now - at <= span);
          const before = estimates.filter(({ at }) => now - at <= span).map(({ target }) => target);
          const median = before.sort((a, b) => a - b)[before.length >> 1] ?? 0;
          const elapsed = now - (first?.at ?? now);
          return { elapsed, estimate: median, rate: ((bytes - (first?.bytes ?? bytes)) * 8000) / Math.max(1, elapsed) };
        };
        const within = (value: number, of: number) => Math.abs(value / of - 1) <= 0.15;
        let measured = measure();
        await until(
          'estimate and sent rate',
          () => {
            measured = measure();
            const { elapsed, estimate, rate } = measured;
            return elapsed > 0.9 * span && within(estimate, capacity) && within(rate, estimate);
          },
          60_000,
        ).catch(() => {});
        const { stats } = publication;
        ada.disconnect();
        return { ...measured, stats, errors };
      },
      { capacity, window: WINDOW },
    );
    expect(result.errors).toEqual([]);
    expect(result.estimate / capacity, 'estimate').toBeGreaterThan(0.85);
    expect(result.estimate / capacity, 'estimate').toBeLessThan(1.15);
    expect(result.rate / result.estimate, 'sent').toBeGreaterThan(0.85);
    expect(result.rate / result.estimate, 'sent').toBeLessThan(1.15);
    expect(result.stats).toMatchObject([{ rid: 'f', active: true, qualityLimitationReason: 'bandwidth' }]);
  });
}
