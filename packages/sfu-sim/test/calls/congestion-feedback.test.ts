// Both kinds of feedback for congestion control in whole calls: what they lead to is the same.

import {
  type CongestionControllerFactory,
  type CongestionFeedbackFormat,
  isRtcp,
  nadaCongestionController,
  parseRtcp,
  type Transport,
} from '@sluice/rtp';
import { expect, test } from 'vitest';
import { VirtualCall, type VirtualParticipant, videoPublication } from './virtual-call.ts';

/** Who has chosen what. */
interface Choice {
  readonly sfu?: CongestionFeedbackFormat;
  readonly rooms?: CongestionFeedbackFormat;
  readonly congestionController?: CongestionControllerFactory;
}

/** What came of a call. */
interface Outcome {
  /** The mean of Bob's estimate over the last 20 s, in bit/s. */
  readonly downlink: number;
  /** Of Ada's. */
  readonly uplink: number;
  /** The layer Bob gets. */
  readonly rid: string | undefined;
  /** Types of the RTCP packets that told what arrived: of Ada's packets, and of Bob's. */
  readonly told: { readonly uplink: readonly string[]; readonly downlink: readonly string[] };
}

/** How long the estimates are averaged over: several rounds of going up and down. */
const WINDOW = 20_000;

/** 30 s of a call: Ada sends audio and video up, Bob gets them. */
async function outcomeOf(
  { sfu, rooms, ...control }: Choice,
  rates: { uplink: number; downlink: number },
): Promise<Outcome> {
  const call = new VirtualCall({ seed: 7, ...(sfu && { congestionFeedback: sfu }), ...control });
  const told = { uplink: new Set<string>(), downlink: new Set<string>() };
  const join = async (name: string, transport: Transport): Promise<VirtualParticipant> => {
    const participant = call.participant(name, { ...(rooms && { congestionFeedback: rooms }), ...control });
    await call.settle(participant.room.connect(transport));
    return participant;
  };
  const path = { uplink: { rate: rates.uplink, delay: 20 }, downlink: { rate: rates.downlink, delay: 20 } };
  const ada = await join('ada', overheard(call.sfu.transport({ identity: 'ada', uplink: path.uplink }), told.uplink));
  await call.settle(ada.room.localParticipant.publishTrack(call.microphone()));
  await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  const bobsTransport = call.sfu.transport({ identity: 'bob', downlink: path.downlink });
  const bob = await join('bob', overheard(bobsTransport, told.downlink));
  await call.clock.run(1000);
  // Before an answer has chosen, feedback is transport-wide.
  told.uplink.clear();
  told.downlink.clear();
  await call.clock.run(30_000);
  expect([...ada.errors, ...bob.errors]).toEqual([]);
  return {
    downlink: meanEstimate(call, 'downlink', 'bob'),
    uplink: meanEstimate(call, 'uplink', 'ada'),
    rid: videoPublication(bob.room).layers.rid,
    told: { uplink: [...told.uplink], downlink: [...told.downlink] },
  };
}

/** A transport that notes which feedback goes over it, whichever way. */
function overheard(transport: Transport, told: Set<string>): Transport {
  const note = (bytes: Uint8Array) => {
    if (!isRtcp(bytes)) return;
    for (const { type } of parseRtcp(bytes).packets) if (/^(transport|congestion)-feedback$/.test(type)) told.add(type);
  };
  return {
    open: (handler) =>
      transport.open({
        onPacket: (packet, arrival) => {
          note(packet);
          handler.onPacket(packet, arrival);
        },
        onMessage: (message) => handler.onMessage(message),
        onClose: (reason) => handler.onClose(reason),
      }),
    sendPacket: (packet) => {
      note(packet);
      transport.sendPacket(packet);
    },
    sendMessage: (message) => transport.sendMessage(message),
    close: (reason) => transport.close(reason),
  };
}

function meanEstimate(call: VirtualCall, direction: 'uplink' | 'downlink', participant: string): number {
  const end = call.clock.now();
  const begin = end - WINDOW;
  const events = call.trace.ofType('estimate').filter((each) => each['direction'] === direction);
  const own = events.filter((each) => each['participant'] === participant);
  let sum = 0;
  for (const [i, { at, target }] of own.entries()) {
    const until = own[i + 1]?.at ?? end;
    if (until > begin) sum += Number(target) * (until - Math.max(at, begin));
  }
  return sum / WINDOW;
}

const CCFB = { sfu: 'ccfb', rooms: 'ccfb' } as const;

test.each([
  { uplink: 4e6, downlink: 1.2e6, rid: 'h' },
  { uplink: 4e6, downlink: 300_000, rid: 'q' },
  { uplink: 1e6, downlink: 5e6, rid: 'h' },
])('feedback by RTP sequence numbers leads to the same: up $uplink, down $downlink, layer $rid', async (conditions) => {
  const { rid, ...rates } = conditions;
  const ccfb = await outcomeOf(CCFB, rates);
  const transportWide = await outcomeOf({}, rates);
  expect(transportWide.told).toEqual({ uplink: ['transport-feedback'], downlink: ['transport-feedback'] });
  expect(ccfb.told).toEqual({ uplink: ['congestion-feedback'], downlink: ['congestion-feedback'] });
  expect([ccfb.rid, transportWide.rid]).toEqual([rid, rid]);
  for (const way of ['downlink', 'uplink'] as const) {
    const ratio = ccfb[way] / transportWide[way];
    console.log(`${way}: ${Math.round(ccfb[way] / 1000)}k and ${Math.round(transportWide[way] / 1000)}k`);
    // The rounds of going up and down do not fall on the same times.
    expect(ratio).toBeGreaterThan(0.85);
    expect(ratio).toBeLessThan(1.15);
  }
});

test.each([{ sfu: 'ccfb' }, { rooms: 'ccfb' }] as const)(
  'feedback is transport-wide where only one side has chosen otherwise: %j',
  async (choice) => {
    const { told, rid } = await outcomeOf(choice, { uplink: 4e6, downlink: 300_000 });
    expect(told).toEqual({ uplink: ['transport-feedback'], downlink: ['transport-feedback'] });
    expect(rid).toBe('q');
  },
);

test.each(['transport-cc', 'ccfb'] as const)('NADA goes by either kind of feedback: %s', async (format) => {
  const choice = { sfu: format, rooms: format, congestionController: nadaCongestionController };
  const { downlink, uplink, rid } = await outcomeOf(choice, { uplink: 4e6, downlink: 1.2e6 });
  console.log(`NADA with ${format}: ${Math.round(downlink / 1000)}k down, ${Math.round(uplink / 1000)}k up, ${rid}`);
  expect(rid).toBe('h');
  expect(uplink).toBeGreaterThan(2e6);
});
