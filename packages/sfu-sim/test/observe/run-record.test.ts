// The record of whole calls: what the trace tells is what happened, and every export of it can be read.

import type { TraceEvent } from '@sluice/rtp';
import { figuresOf, PacketCapture, type RunRecord, renderRecord, toChromeTrace, toJsonLines } from '@sluice/sfu-sim';
import { beforeAll, describe, expect, test } from 'vitest';
import { VirtualCall, type VirtualParticipant, videoTrack } from '../calls/virtual-call.ts';
import { type PcapngBlock, type PcapngOption, readPcapng } from './pcapng.ts';
import { parsePrometheus } from './prometheus.ts';

interface Run {
  readonly record: RunRecord;
  readonly call: VirtualCall;
  readonly bob: VirtualParticipant;
}

/** Bob's downlink falls to 300 kbit/s and comes back. */
async function strangledCall(seed: number): Promise<Run> {
  const capture = new PacketCapture();
  const call = new VirtualCall({ seed, capture });
  const ada = await call.join('ada', { uplink: { rate: 4e6, delay: 20 } });
  await call.settle(ada.room.localParticipant.publishTrack(call.microphone()));
  await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  await call.clock.run(3000);
  const bob = await call.join('bob', { downlink: { rate: 2e6, delay: 30, loss: 0.02 } });
  await call.clock.run(6000);
  call.sfu.participant('bob').downlink.set({ rate: 300_000 });
  await call.clock.run(8000);
  call.sfu.participant('bob').downlink.set({ rate: 2e6 });
  await call.clock.run(12_000);
  const { events } = call.trace;
  return {
    record: { title: 'strangled', seed, from: 0, to: call.clock.now(), events, capture: capture.take() },
    call,
    bob,
  };
}

/** Block type 6 (draft-ietf-opsawg-pcapng §4.3). */
const ENHANCED_PACKET = 6;
/** Of the block, IPv4 and UDP. */
const HEADERS = 20 + 20 + 8;

/** Whether the packet goes to the port of session announcements (RFC 2974). */
function isAnnouncement({ body }: PcapngBlock): boolean {
  return body.getUint16(20 + 20 + 2) === 9875;
}

function comment(options: readonly PcapngOption[]): string | undefined {
  const found = options.find(({ code }) => code === 1);
  return found && new TextDecoder().decode(found.value);
}

let run: Run;
beforeAll(async () => {
  run = await strangledCall(7);
});

test('the delay from capture to display is true to a tenth of a millisecond', () => {
  const { bob, record } = run;
  const shown = record.events.filter(({ type }) => type === 'frame-shown');
  expect(shown.map(({ at }) => at)).toEqual(bob.shown.map(({ at }) => at));
  const known = shown.flatMap(({ ['delay']: delay }, i) =>
    typeof delay === 'number' ? [delay - bob.shown[i]!.delay] : [],
  );
  expect(known.length).toBeGreaterThan(shown.length * 0.9);
  expect(Math.max(...known.map(Math.abs))).toBeLessThan(0.1);
  const [, video] = figuresOf(record).subscriptions;
  const delays = bob.shown.map(({ delay }) => delay).sort((a, b) => a - b);
  expect(video?.frameDelayP95Ms).toBeCloseTo(delays[Math.ceil(delays.length * 0.95) - 1]!, 1);
});

test('figures agree with what SFU, client and links have counted themselves', () => {
  const { call, bob, record } = run;
  const figures = figuresOf(record);
  const { stats } = videoTrack(bob.room);
  const video = figures.subscriptions.find(({ kind }) => kind === 'video');
  expect(video?.timeToFirstFrameMs).toBe(stats.timeToFirstFrame);
  expect(video?.framesShown).toBe(stats.framesDecoded - stats.framesDropped);
  const consumer = call.sfu
    .participant('bob')
    .stats()
    .consumers.find(({ kind }) => kind === 'video');
  // The SFU counts the first layer as a switch.
  expect(video?.layerSwitches).toBe((consumer?.layerSwitches ?? 0) - 1);
  const requested = call.sfu
    .participant('ada')
    .stats()
    .producers.flatMap(({ layers }) => layers);
  const keyFramesRequested = requested.reduce((sum, layer) => sum + layer.keyFramesRequested, 0);
  expect(figures.summary['keyframesRequested']).toBe(keyFramesRequested);
  expect(keyFramesRequested).toBeGreaterThan(0);
  const { downlink } = call.sfu.participant('bob');
  const link = figures.links.find(({ link }) => link === 'bob/downlink');
  expect(link?.packetsSent).toBe(downlink.stats.sent.packets);
  expect(link?.packetsDropped).toBe(
    Object.values(downlink.stats.dropped).reduce((sum, { packets }) => sum + packets, 0),
  );
  expect(video?.freezeCount).toBe(record.events.filter(({ type }) => type === 'video-frozen').length);
});

test('every decision is there with who, and why in plain words', () => {
  const allocated = run.record.events
    .filter(({ type }) => type === 'layer-allocated')
    .map(({ reason }) => String(reason));
  expect(allocated.length).toBeGreaterThanOrEqual(3);
  expect(
    allocated.some((reason) => /^h( at T1)?→q: share \d+ kbit\/s < \d+ kbit\/s measured for h at T1$/.test(reason)),
  ).toBe(true);
  expect(
    allocated.some((reason) => /^q→h( at T1)?: share \d+ kbit\/s ≥ \d+ kbit\/s measured for h( at T1)?$/.test(reason)),
  ).toBe(true);
  const wanted = run.record.events.filter(({ type }) => type === 'key-frame-wanted');
  expect(wanted).toContainEqual(expect.objectContaining({ participant: 'bob', rid: 'q', reason: 'layer-switch' }));
  for (const type of [
    'estimate',
    'frame-encoded',
    'frame-assembled',
    'frame-decoded',
    'nack-sent',
    'audio-concealed',
  ]) {
    expect(
      run.record.events.some((event) => event.type === type),
      type,
    ).toBe(true);
  }
});

test('estimates come at most every 100 ms, but for a subscription that asks at once', () => {
  const times = run.record.events.filter((event) => event.type === 'estimate' && event['participant'] === 'bob');
  const gaps = times.slice(2).map(({ at }, i) => at - times[i + 1]!.at);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(99.9);
});

test('the same seed gives every file byte for byte', async () => {
  const [first, second] = [renderRecord(run.record), renderRecord((await strangledCall(7)).record)];
  expect([...first.keys()]).toEqual([...second.keys()]);
  for (const [name, content] of first) {
    const other = second.get(name)!;
    const same = typeof content === 'string' ? content === other : Buffer.compare(content, other as Uint8Array) === 0;
    expect(same, name).toBe(true);
  }
  const other = renderRecord((await strangledCall(8)).record);
  expect(other.get('events.jsonl') === first.get('events.jsonl')).toBe(false);
});

describe('exports', () => {
  test('JSON lines give back the events', () => {
    const lines = toJsonLines(run.record.events).trimEnd().split('\n');
    expect(lines).toHaveLength(run.record.events.length);
    const back = lines.map((line) => JSON.parse(line) as TraceEvent);
    expect(back.map(({ type }) => type)).toEqual(run.record.events.map(({ type }) => type));
    expect(back.every(({ at }, i) => Math.abs(at - run.record.events[i]!.at) <= 0.0005)).toBe(true);
    expect(toJsonLines(run.record.events.slice(0, 1))).toMatch(
      /^\{"at":0,"type":"link-changed","link":"ada\/uplink","rate":4000000,/,
    );
  });

  test('Chrome trace events have what their kind asks for, a process for each participant, and no two names for a thread', () => {
    const { traceEvents } = JSON.parse(toChromeTrace(run.record));
    const kinds = new Set<string>();
    const names = new Map<string, string>();
    for (const event of traceEvents) {
      kinds.add(event.ph);
      expect(typeof event.name).toBe('string');
      expect([event.ts, event.pid, event.tid].every(Number.isInteger)).toBe(true);
      if (event.ph === 'M') {
        const key = `${event.name} ${event.pid} ${event.tid}`;
        expect(names.has(key)).toBe(false);
        names.set(key, event.args.name);
      }
      if (event.ph === 'X') expect(Number.isInteger(event.dur) && event.dur >= 0).toBe(true);
      if (event.ph === 'i') expect(event.s).toBe('t');
      if (event.ph === 'C') expect(Object.values(event.args).every(Number.isFinite)).toBe(true);
    }
    expect([...kinds].sort()).toEqual(['C', 'M', 'X', 'i']);
    expect([...names].filter(([key]) => key.startsWith('process')).map(([, name]) => name)).toEqual(['ada', 'bob']);
    const times = traceEvents.map(({ ts }: { ts: number }) => ts);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  test('counters are in the Prometheus format, and agree with the figures', () => {
    const families = parsePrometheus(renderRecord(run.record).get('metrics.prom') as string);
    const sum = (name: string) => families.get(name)?.samples.reduce((total, { value }) => total + value, 0);
    expect(sum('sluice_frames_shown_total')).toBe(run.bob.shown.length);
    expect(sum('sluice_freezes_total') ?? 0).toBe(figuresOf(run.record).summary['freezeCount']);
  });

  test('the capture has every packet that arrived or was dropped, with why', () => {
    const blocks = readPcapng(renderRecord(run.record).get('capture.pcapng') as Uint8Array);
    const packets = blocks.filter((block) => block.type === ENHANCED_PACKET && !isAnnouncement(block));
    const count = (type: string) => run.record.events.filter((event) => event.type === type).length;
    expect(packets).toHaveLength(count('packet-arrived') + count('packet-dropped'));
    expect(packets.filter(({ options }) => comment(options) === 'dropped: loss')).toHaveLength(
      run.record.events.filter((event) => event.type === 'packet-dropped' && event['reason'] === 'loss').length,
    );
    expect(count('packet-dropped')).toBeGreaterThan(10);
  });

  test('the capture says what the payload types mean before the first packet that has one', () => {
    const blocks = readPcapng(renderRecord(run.record).get('capture.pcapng') as Uint8Array);
    const packets = blocks.filter(({ type }) => type === ENHANCED_PACKET);
    const sdp = packets.filter(isAnnouncement).map(({ body }) => {
      const payload = new Uint8Array(body.buffer, body.byteOffset + HEADERS, body.byteLength - HEADERS);
      expect([...payload.subarray(0, 2)]).toEqual([0x20, 0]);
      return new TextDecoder().decode(payload.subarray(8));
    });
    // One for ada's microphone, one more when her camera comes, and one for what bob gets.
    expect(sdp).toHaveLength(3);
    for (const text of sdp) expect(text).toMatch(/^application\/sdp\0v=0\r\no=- 0 0 IN IP4 10\.255\.255\.254\r\n/);
    expect(sdp[1]).toContain('c=IN IP4 10.0.0.1\r\n');
    expect(sdp[1]).toContain('m=audio 10000 RTP/AVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\n');
    expect(sdp[1]).toContain('a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n');
    expect(sdp[2]).toContain('c=IN IP4 10.0.0.2\r\n');
    const hasCodec = ({ body }: PcapngBlock) => [96, 111].includes(body.getUint8(HEADERS + 1) & 0x7f);
    expect(packets.findIndex(isAnnouncement)).toBeLessThan(packets.findIndex(hasCodec));
  });
});

test('mute is no freeze, neither in the figures nor in the trace', async () => {
  const call = new VirtualCall({ seed: 3 });
  const ada = await call.join('ada');
  await call.join('bob');
  const publication = await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  await call.clock.run(3000);
  await call.settle(publication.mute());
  await call.clock.run(4000);
  await call.settle(publication.unmute());
  await call.clock.run(2000);
  expect(call.trace.ofType('frame-shown').at(-1)?.at).toBeGreaterThan(call.clock.now() - 500);
  expect(call.trace.ofType('video-frozen')).toEqual([]);
  expect(figuresOf({ events: call.trace.events, to: call.clock.now() }).summary['freezeCount']).toBe(0);
});
