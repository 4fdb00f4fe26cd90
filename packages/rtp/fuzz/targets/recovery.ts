// What makes up for loss: requests for packets, and retransmissions.

import { check, type FuzzTarget } from '../../../../scripts/fuzz/target.ts';
import { NackGenerator } from '../../src/recovery/nack-generator.ts';
import { readRtxSequence } from '../../src/recovery/retransmission-history.ts';
import { parseRtcp, type RtcpNack, serializeRtcp } from '../../src/rtcp/packets.ts';
import { RtpPacket, serializeRtp } from '../../src/rtp/packet.ts';
import { RtpSendStream } from '../../src/rtp/send-stream.ts';
import { mediaPackets } from '../corpus.ts';
import { randomBytes, Script } from '../inputs.ts';

const MAX_MISSING = 100;
const MAX_AGE = 2000;
const media = mediaPackets('VP8');

export const recoveryTargets: readonly FuzzTarget[] = [
  {
    name: 'nack-generator',
    weight: 6,
    generate: (random) => randomBytes(random, random.integer(1, 100)),
    run: chase,
  },
  {
    name: 'retransmission',
    weight: 3,
    generate: (random) => randomBytes(random, random.integer(1, 120)),
    run: retransmit,
  },
];

function chase(input: Uint8Array): void {
  const script = new Script(input);
  const generator = new NackGenerator({ maxMissing: MAX_MISSING, reorderingTolerance: script.uint8() & 0x1f });
  let now = 0;
  let sequence = 0x1_0000;
  while (!script.done) {
    const action = script.uint8();
    now += action & 0x0f;
    const ahead = action < 100 ? 1 + (action & 3) : action >= 140 && action < 160 ? script.uint16() : 0;
    sequence += ahead;
    if (ahead > 0) generator.onPacket(sequence, now);
    else if (action < 140) generator.onPacket(sequence - (script.uint8() & 0x3f), now);
    else if (action < 180) generator.forgetBefore(sequence - script.uint8());
    else now += action;
    const before = generator.missing;
    check(before <= MAX_MISSING, `${before} packets are chased.`);
    const due = generator.due(now);
    check(due.length <= before, `${due.length} packets are asked for of ${before} missing ones.`);
    check(
      due.every((asked) => asked < sequence),
      'A packet is asked for that was not sent yet.',
    );
    const { roundTrip = 1 } = generator;
    check(roundTrip >= 0, `The round trip is ${roundTrip} ms.`);
    // With no time between question and answer there is nothing to wait for.
    check(roundTrip === 0 || generator.due(now).length === 0, 'A packet is asked for twice at the same time.');
  }
}

function retransmit(input: Uint8Array): void {
  const script = new Script(input);
  const stream = new RtpSendStream({
    ssrc: 1,
    payloadType: 96,
    rtx: { ssrc: 2, payloadType: 97, firstSequenceNumber: script.uint16(), history: { capacity: 64, maxAge: MAX_AGE } },
  });
  const sentAt = new Map<number, number>();
  let now = 0;
  let sequence = script.uint16();
  while (!script.done) {
    const action = script.uint8();
    now += action & 0x1f;
    if (action < 160) {
      sequence = (sequence + (action < 140 ? 1 : script.uint16())) & 0xffff;
      stream.send(sequence, now * 90, (action & 1) === 0, media[action]?.subarray(12) ?? new Uint8Array(1), now);
      sentAt.set(sequence, now);
    } else if (action < 180) {
      stream.onReportBlock({ ...BLOCK, lastSenderReport: script.uint32(), fractionLost: script.uint8() }, now);
      stream.senderReport(now, 90_000);
    } else {
      answer(stream, asked(script, sequence), sentAt, now);
    }
  }
  check(stream.fractionLost >= 0 && stream.fractionLost <= 1, `The fraction lost is ${stream.fractionLost}.`);
  check((stream.roundTrip ?? 0) >= 0, `The round trip is ${stream.roundTrip} ms.`);
}

const BLOCK = {
  ssrc: 1,
  fractionLost: 0,
  cumulativeLost: 0,
  extendedHighestSequence: 0,
  jitter: 0,
  lastSenderReport: 0,
  delaySinceLastSenderReport: 0,
};

/** What a NACK of any bytes, of which some are near what was sent, asks for. */
function asked(script: Script, sequence: number): readonly number[] {
  const sequenceNumbers = Array.from({ length: 1 + (script.uint8() & 0x0f) }, () => {
    const near = (sequence - (script.uint8() & 0x7f)) & 0xffff;
    return script.uint8() < 200 ? near : script.uint16();
  });
  const nack: RtcpNack = { type: 'nack', senderSsrc: 9, mediaSsrc: 1, sequenceNumbers };
  const [packet] = parseRtcp(serializeRtcp([nack])).packets;
  return packet?.type === 'nack' ? [...packet.sequenceNumbers, ...packet.sequenceNumbers.slice(0, 2)] : [];
}

function answer(stream: RtpSendStream, wanted: readonly number[], sentAt: ReadonlyMap<number, number>, now: number) {
  const answers = stream.retransmit(wanted, now);
  check(answers.length <= wanted.length, `${answers.length} packets answer a request for ${wanted.length}.`);
  for (const fields of answers) {
    const packet = RtpPacket.parse(serializeRtp(fields));
    const original = packet && readRtxSequence(packet.payload);
    check(original !== undefined && wanted.includes(original), `Packet ${original} was not asked for.`);
    const age = now - (sentAt.get(original) ?? Number.NEGATIVE_INFINITY);
    check(age <= MAX_AGE, `Packet ${original} is sent again after ${age} ms.`);
  }
}
