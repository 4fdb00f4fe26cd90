// Forward error correction: lost and changed packets, lost and changed repair packets.

import { check, type FuzzTarget } from '../../../../scripts/fuzz/target.ts';
import { FlexFecDecoder } from '../../src/recovery/flexfec-decoder.ts';
import { FlexFecEncoder } from '../../src/recovery/flexfec-encoder.ts';
import { parseFlexFec } from '../../src/recovery/flexfec-packet.ts';
import { RtpPacket, serializeRtp } from '../../src/rtp/packet.ts';
import { randomBytes, Script } from '../inputs.ts';

const SSRC = 0x5151_5151;
/** What a decoder keeps at most, as it says itself. */
const MAX_PENDING = 64;
/** What one repair packet protects of one stream at most: sizes of rows and columns have 8 bit (RFC 8627 §4.2.2.2). */
const MAX_PROTECTED = 255;

export const flexFecTargets: readonly FuzzTarget[] = [
  {
    name: 'flexfec',
    weight: 2,
    generate: (random) => randomBytes(random, random.integer(1, 160)),
    run: protect,
  },
  {
    name: 'flexfec-payload',
    weight: 3,
    generate: (random) => randomBytes(random, random.integer(0, 200)),
    run: readPayload,
  },
];

/** One stream through an encoder, a lossy path and a decoder. */
function protect(input: Uint8Array): void {
  const script = new Script(input);
  const encoder = new FlexFecEncoder({
    ssrc: SSRC,
    ratio: script.uint8() / 255,
    maxPackets: 1 + (script.uint8() % 110),
  });
  const decoder = new FlexFecDecoder({ ssrc: SSRC });
  const sent = new Map<number, Uint8Array>();
  let sequence = script.uint16();
  let now = 0;
  let tampered = false;
  while (!script.done) {
    const action = script.uint8();
    now += action & 0x0f;
    const media = mediaPacket(sequence, script);
    sent.set(sequence, media);
    const repairs = encoder.add(media, now, (action & 0x30) === 0x30);
    if (action < 200) requireOriginals(decoder.onMedia(media, now), sent, tampered);
    for (const { csrcs, payload } of repairs) {
      const bytes = repairPacket(csrcs, payload);
      const fate = script.uint8();
      if (fate < 40) continue;
      if (fate < 80) {
        // What is recovered of a changed repair packet is wrong, and nobody can tell.
        tampered = true;
        bytes[12 + (script.uint8() % (bytes.length - 12))] = script.uint8();
      }
      const packet = RtpPacket.parse(bytes);
      if (packet !== undefined) requireOriginals(decoder.onRepair(packet, now), sent, tampered);
    }
    check(decoder.pending <= MAX_PENDING, `${decoder.pending} repair packets wait.`);
    sequence = (sequence + 1 + (action > 250 ? script.uint16() : 0)) & 0xffff;
  }
}

function requireOriginals(recovered: readonly Uint8Array[], sent: ReadonlyMap<number, Uint8Array>, tampered: boolean) {
  for (const bytes of recovered) {
    const packet = RtpPacket.parse(bytes);
    check(packet !== undefined && packet.ssrc === SSRC, 'What was recovered is no packet of the stream.');
    if (tampered) continue;
    const original = sent.get(packet.sequenceNumber);
    const same = original !== undefined && Buffer.compare(original, bytes) === 0;
    check(same, `Packet ${packet.sequenceNumber} was recovered as another one.`);
  }
}

/** A repair packet of any bytes, for a decoder that has media. */
function readPayload(input: Uint8Array): void {
  const script = new Script(input);
  const sources = script.uint8() & 0x03;
  const now = script.uint8();
  const payload = script.bytes(input.length);
  const parsed = parseFlexFec(payload, sources);
  if (parsed?.type === 'parity') {
    check(parsed.streams.length === sources, `${parsed.streams.length} of ${sources} streams are protected.`);
    for (const { length } of parsed.streams) check(length <= MAX_PROTECTED, `${length} packets are protected at once.`);
  }
  const decoder = new FlexFecDecoder({ ssrc: SSRC });
  const first = ((payload[8] ?? 0) << 8) | (payload[9] ?? 0);
  for (let i = 0; i < 3; i++) decoder.onMedia(mediaPacket((first + i) & 0xffff, script), now);
  const packet = RtpPacket.parse(repairPacket([SSRC], payload));
  if (packet === undefined) return;
  const recovered = decoder.onRepair(packet, now);
  requireOriginals(recovered, new Map(), true);
  for (const { length } of recovered) check(length <= 12 + 0xffff, `A packet of ${length} bytes was recovered.`);
}

function mediaPacket(sequenceNumber: number, script: Script): Uint8Array {
  const payload = script.bytes(1 + (script.uint8() & 0x0f));
  const marker = (sequenceNumber & 3) === 0;
  return serializeRtp({ payloadType: 96, sequenceNumber, timestamp: sequenceNumber * 90, ssrc: SSRC, marker, payload });
}

function repairPacket(csrcs: readonly number[], payload: Uint8Array): Uint8Array {
  return serializeRtp({ payloadType: 120, sequenceNumber: 0, timestamp: 0, ssrc: 7, marker: false, csrcs, payload });
}
