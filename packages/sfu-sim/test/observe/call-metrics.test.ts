import type { SluiceEvent } from '@sluice/rtp';
import { CallMetrics } from '@sluice/sfu-sim';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { estimate, link, packet, pictures, subscription, trace } from './hand-made-trace.ts';
import { parsePrometheus } from './prometheus.ts';

const joined = (participant: string): SluiceEvent => ({ at: 0, type: 'participant-joined', participant });
const left = (participant: string): SluiceEvent => ({
  at: 9000,
  type: 'participant-left',
  participant,
  reason: 'left',
});
const published: SluiceEvent = { at: 0, type: 'track-published', participant: 'ada', track: 'T1', kind: 'video' };

function metricsOf(...events: (SluiceEvent | readonly SluiceEvent[])[]) {
  const metrics = new CallMetrics();
  metrics.add(trace(...events));
  return parsePrometheus(metrics.toPrometheus());
}

test('row 31: counters and gauges say what the trace says, in bytes and seconds', () => {
  const who = { participant: 'bob', track: 'T1' };
  const families = metricsOf(
    [joined('ada'), joined('bob'), published, subscription(0), link(0, 1e6), estimate(10, 8e5)],
    [packet(10, 1, 10), packet(20, 2, 10), packet(30, 3, 'queue')].flat(),
    pictures(100, 300, 40),
    { at: 400, type: 'video-frozen', ...who, duration: 250 },
    { at: 500, type: 'video-frozen', ...who, duration: 500 },
  );
  const direction = { participant: 'bob', direction: 'downlink' };
  expect(families.get('sluice_link_sent_packets_total')?.samples).toEqual([{ labels: direction, value: 3 }]);
  expect(families.get('sluice_link_delivered_bytes_total')?.samples).toEqual([{ labels: direction, value: 1944 }]);
  expect(families.get('sluice_link_dropped_packets_total')?.samples).toEqual([
    { labels: { ...direction, reason: 'queue' }, value: 1 },
  ]);
  expect(families.get('sluice_estimate_bytes_per_second')?.samples).toEqual([{ labels: direction, value: 1e5 }]);
  expect(families.get('sluice_link_capacity_bytes_per_second')?.samples[0]?.value).toBe(125_000);
  expect(families.get('sluice_frames_shown_total')?.samples).toEqual([{ labels: who, value: 5 }]);
  expect(families.get('sluice_freeze_seconds_total')?.samples).toEqual([{ labels: who, value: 0.75 }]);
  expect(families.get('sluice_participants')?.samples).toEqual([{ labels: {}, value: 2 }]);
});

test('names end as their types and units ask', () => {
  const families = metricsOf([joined('bob'), link(0, 1e6), estimate(1, 8e5), packet(1, 1, 2)].flat());
  expect(families.size).toBeGreaterThan(5);
  for (const [name, { type, help }] of families) {
    expect(name).toMatch(/^sluice_/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(help).toMatch(/\.$/);
  }
});

test('row 31: what belongs to a participant goes when it leaves, and does not come back with what is late', () => {
  const who = { participant: 'bob', track: 'T1' };
  const call = [joined('ada'), joined('bob'), published, subscription(0), link(0, 1e6), pictures(0, 200, 40)].flat();
  const late: SluiceEvent[] = [
    { at: 9100, type: 'frame-decoded', ...who, width: 1, height: 1 },
    ...packet(9100, 7, 10),
    estimate(9100, 1e6),
  ];
  const text = JSON.stringify([...metricsOf(call, left('bob'), late)]);
  expect(text).not.toContain('bob');
  // The publisher's leaving ends what others got of its track.
  expect(JSON.stringify([...metricsOf(call, left('ada'), late.slice(0, 1))])).not.toContain('T1');
});

test('what belongs to a subscription goes with it, and to a track when it is unpublished', () => {
  const call = [joined('ada'), joined('bob'), published, subscription(0), pictures(0, 200, 40)].flat();
  expect(metricsOf(call).has('sluice_frames_shown_total')).toBe(true);
  const unsubscribed: SluiceEvent = { at: 300, type: 'track-unsubscribed', participant: 'bob', track: 'T1' };
  expect(metricsOf(call, unsubscribed).has('sluice_frames_shown_total')).toBe(false);
  const unpublished: SluiceEvent = { at: 300, type: 'track-unpublished', participant: 'ada', track: 'T1' };
  expect(metricsOf(call, unpublished).has('sluice_frames_shown_total')).toBe(false);
});

test('any name is escaped so that it reads back as it was', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('a"b\\c\nd', '\\n', '"} 1\n')), (participant) => {
      const event: SluiceEvent = { at: 0, type: 'link-changed', link: `${participant}/uplink`, rate: 8, delay: 0 };
      const [sample] = metricsOf(event).get('sluice_link_capacity_bytes_per_second')?.samples ?? [];
      expect(sample).toEqual({ labels: { participant, direction: 'uplink' }, value: 1 });
    }),
  );
});
