// Both kinds of feedback for congestion control in whole calls: what they lead to is the same.

import { type CongestionFeedbackFormat, isRtcp, parseRtcp, type Transport } from '@sluice/rtp';
import { expect, test } from 'vitest';
import { VirtualCall, type VirtualParticipant, videoPublication } from './virtual-call.ts';

/** Who has chosen what. */
interface Choice {
  readonly sfu?: CongestionFeedbackFormat;
  readonly rooms?: CongestionFeedbackFormat;
}

/** What came of a call. */
interface Outcome {
  /** The mean of Bob's estimate over the last ten seconds, in bit/s. */
  readonly downlink: number;
  /** Of Ada's. */
  readonly uplink: number;
  /** The layer Bob gets. */
  readonly rid: string | undefined;
  /** Types of the RTCP packets that told what arrived: of Ada's packets, and of Bob's. */
  readonly told: { readonly uplink: readonly string[]; readonly downlink: readonly string[] };
}

/** 30 s of a call: Ada sends audio and video up, Bob gets them. */
async function outcomeOf({ sfu, rooms }: Choice, rates: { uplink: number; downlink: number }): Promise<Outcome> {
  const call = new VirtualCall({ seed: 7, ...(sfu && { congestionFeedback: sfu }) });
  const told = { uplink: new Set<string>(), downlink: new Set<string>() };
  const join = async (name: string, transport: Transport): Promise<VirtualParticipant> => {
    const participant = call.participant(name, rooms && { congestionFeedback: rooms });
    await call.settle(participant.room.connect(transport));
    return participant;
  };
  const path = { uplink: { rate: rates.uplink, delay: 20 }, downlink: { rate: rates.downlink, delay: 20 } };
  const ada = await join('ada', overheard(call.sfu.transport({ identity: 'ada', uplink: path.uplink }), told.uplink));
  await call.settle(ada.room.localParticipant.publishTrack(call.microphone()));
  await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  const bobsTransport = call.sfu.transport({ identity: 'bob', downlink: path.downlink });
  const bob = await join('bob', overheard(bobsTransport, told.downlink));
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
  const begin = end - 10_000;
  const events = call.trace.ofType('estimate').filter((each) => each['direction'] === direction);
  const own = events.filter((each) => each['participant'] === participant);
  let sum = 0;
  for (const [i, { at, target }] of own.entries()) {
    const until = own[i + 1]?.at ?? end;
    if (until > begin) sum += Number(target) * (until - Math.max(at, begin));
  }
  return sum / 10_000;
}

const CCFB = { sfu: 'ccfb', rooms: 'ccfb' } as const;

test.each([
  { uplink: 3e6, downlink: 800_000, rid: 'h' },
  { uplink: 3e6, downlink: 300_000, rid: 'q' },
  { uplink: 800_000, downlink: 5e6, rid: 'h' },
])(
  'feedback by RTP sequence numbers leads to the same estimates: up $uplink, down $downlink',
  async ({ rid, ...rates }) => {
    const ccfb = await outcomeOf(CCFB, rates);
    const transportWide = await outcomeOf({}, rates);
    console.log(JSON.stringify({ rates, ccfb, transportWide }));
    expect(transportWide.told).toEqual({ uplink: ['transport-feedback'], downlink: ['transport-feedback'] });
    expect(ccfb.told).toEqual({ uplink: ['congestion-feedback'], downlink: ['congestion-feedback'] });
    expect([ccfb.rid, transportWide.rid]).toEqual([rid, rid]);
  },
);

test.each([{ sfu: 'ccfb' }, { rooms: 'ccfb' }] as const)(
  'feedback is transport-wide where only one side has chosen otherwise: %j',
  async (choice) => {
    const { told, rid } = await outcomeOf(choice, { uplink: 3e6, downlink: 800_000 });
    expect(told).toEqual({ uplink: ['transport-feedback'], downlink: ['transport-feedback'] });
    expect(rid).toBe('h');
  },
);
