// Receiving a stream: order, loss, duplicates, retransmissions and frames, with packets in any order, with any numbers,
// at any time.

import { check, type FuzzTarget } from '../../../../scripts/fuzz/target.ts';
import { payloadFormatOf } from '../../src/payload/formats.ts';
import type { PayloadFormat } from '../../src/payload/payload-format.ts';
import { writeRtxPayload } from '../../src/recovery/retransmission-history.ts';
import { serializeRtcp } from '../../src/rtcp/packets.ts';
import { FrameAssembler } from '../../src/rtp/frame-assembler.ts';
import { RtpPacket } from '../../src/rtp/packet.ts';
import { type ReceivedPacket, RtpReceiveStream } from '../../src/rtp/receive-stream.ts';
import { mediaPackets } from '../corpus.ts';
import { randomBytes, Script } from '../inputs.ts';

/** Numbers asked for at once at most: what `NackOptions.maxMissing` is by default. */
const MAX_MISSING = 1000;
/** How much further the timestamps are when the stream begins anew. */
const LAP_TICKS = 9_000_000;
/** What a frame may be larger by than its payloads, as for payload formats. */
const MAX_FRAME_FACTOR = 4;

const SOURCES = ['VP8', 'VP9', 'H264', 'H265', 'AV1', 'opus'].map((codec) => {
  const format = payloadFormatOf(codec);
  if (format === undefined) throw new Error(`There is no payload format ${codec}.`);
  const packets = mediaPackets(codec);
  return { format, packets, frames: framesOf(format, packets) };
});

type Source = (typeof SOURCES)[number];

/** The frames of a stream of which nothing is lost, by timestamp. */
function framesOf(format: PayloadFormat, packets: readonly Uint8Array[]): ReadonlyMap<number, Uint8Array> {
  const payloads = new Map<number, Uint8Array[]>();
  for (const bytes of packets) {
    const packet = RtpPacket.parse(bytes);
    if (packet !== undefined)
      payloads.set(packet.timestamp, [...(payloads.get(packet.timestamp) ?? []), packet.payload]);
  }
  return new Map(
    [...payloads].map(([timestamp, parts]) => [timestamp, format.depacketize(parts) ?? new Uint8Array(0)]),
  );
}

export const streamTargets: readonly FuzzTarget[] = [
  {
    name: 'receive-stream',
    weight: 3,
    generate: (random) => randomBytes(random, random.integer(1, 80)),
    run: (input) => {
      const script = new Script(input);
      const receiver = new Receiver(script.uint8());
      while (!script.done) receiver.step(script);
      receiver.finish();
    },
  },
  longLived(),
];

/** One receiver through thousands of inputs, so that what piles up is seen. */
function longLived(): FuzzTarget {
  let receivers: Receiver[] = [];
  return {
    name: 'receive-stream-long',
    weight: 3,
    generate: (random) => randomBytes(random, random.integer(1, 50)),
    restart: () => {
      receivers = SOURCES.map((_, i) => new Receiver(i));
    },
    run: (input) => {
      const script = new Script(input);
      const receiver = receivers[script.uint8() % receivers.length];
      while (!script.done) receiver?.step(script);
      receiver?.finish();
    },
  };
}

class Receiver {
  readonly #stream = new RtpReceiveStream({ ssrc: 1, clockRate: 90_000, nack: {}, colorSpaceId: 8 });
  readonly #assembler: FrameAssembler;
  readonly #source: Source;
  /** Nothing was changed so far, only lost, late or doubled: each frame has to be as it was sent. */
  #untouched = true;
  #now = 1000;
  #next = 0;
  #sequenceOffset = 0;
  #timestampOffset = 0;
  #floor = Number.NEGATIVE_INFINITY;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(choice: number) {
    const source = SOURCES[choice % SOURCES.length];
    if (source === undefined) throw new Error('There are no streams.');
    this.#assembler = new FrameAssembler(source.format);
    this.#source = source;
  }

  /** Mostly the next packet of the stream; else a loss, a straggler, a jump, a changed packet, or something else. */
  step(script: Script): void {
    const action = script.uint8();
    this.#now += (action & 0x0f) * 0.5;
    switch (action >> 4) {
      case 0:
        this.#next += 1 + (script.uint8() & 0x1f);
        return;
      case 1:
        return this.#deliver(this.#next - 1 - (script.uint8() & 0x3f));
      case 2:
        this.#sequenceOffset = script.uint16();
        this.#untouched = false;
        return;
      case 3:
        this.#timestampOffset = script.uint32();
        this.#untouched = false;
        return this.#deliver(this.#next++);
      case 4: {
        const at = script.uint8();
        this.#untouched = false;
        return this.#deliver(this.#next++, (bytes) => {
          bytes[12 + (at % Math.max(1, bytes.length - 12))] = script.uint8();
        });
      }
      case 5:
        this.#recover(this.#next - 1 - (script.uint8() & 0x1f));
        return;
      case 6:
        this.#ask();
        return;
      case 7:
        this.#control(script.uint8());
        return;
      default:
        this.#deliver(this.#next++);
    }
  }

  /** What must hold in the end. */
  finish(): void {
    this.#ask();
    const { jitter, packetsLost, packetsReceived, roundTrip = 0 } = this.#stream;
    check(Number.isFinite(jitter) && jitter >= 0, `The jitter is ${jitter} ms.`);
    check(packetsLost >= 0 && packetsReceived >= 0, `${packetsLost} packets were lost, ${packetsReceived} received.`);
    check(roundTrip >= 0, `The round trip is ${roundTrip} ms.`);
    serializeRtcp([{ type: 'receiver-report', ssrc: 1, reports: [this.#stream.reportBlock(this.#now)] }]);
    const limit = MAX_FRAME_FACTOR * this.#bytesIn + 4;
    check(this.#bytesOut <= limit, `${this.#bytesIn} bytes became frames of ${this.#bytesOut} bytes.`);
  }

  #deliver(index: number, change?: (bytes: Uint8Array) => void): void {
    const packet = RtpPacket.parse(this.#copy(index, change));
    const received = packet && this.#stream.receive(packet, this.#now);
    if (received !== undefined) this.#assemble(received);
  }

  /** The packet comes as a retransmission. */
  #recover(index: number): void {
    const packet = RtpPacket.parse(this.#copy(index));
    if (packet === undefined) return;
    const payload = writeRtxPayload(packet.sequenceNumber, packet.payload);
    const bytes = new Uint8Array(12 + payload.length);
    bytes.set(packet.bytes.subarray(0, 12));
    bytes[0] = 0x80;
    bytes.set(payload, 12);
    const rtx = RtpPacket.parse(bytes);
    const received = rtx && this.#stream.receiveRtx(rtx, this.#now);
    if (received !== undefined) this.#assemble(received);
  }

  #assemble(packet: ReceivedPacket): void {
    const { closed } = this.#assembler;
    this.#bytesIn += packet.payload.length;
    const frames = this.#assembler.push(packet);
    check(!closed || (frames[0]?.keyFrame ?? true), 'The first frame through a closed gate is no key frame.');
    for (const { data, timestamp } of frames) {
      this.#bytesOut += data.length;
      if (this.#untouched) this.#requireOriginal(timestamp, data);
    }
    const { floor, blockedSince = 0 } = this.#assembler;
    check(floor >= this.#floor, `What is of use began at ${this.#floor} and begins at ${floor} now.`);
    check(blockedSince <= this.#now, 'The gate waits since a time to come.');
    this.#floor = floor;
  }

  #requireOriginal(timestamp: number, data: Uint8Array): void {
    for (let lap = Math.floor(this.#next / this.#source.packets.length); lap >= -4; lap--) {
      const original = this.#source.frames.get((timestamp - lap * LAP_TICKS) >>> 0);
      if (original === undefined) continue;
      check(Buffer.compare(original, data) === 0, 'A frame came out as another one.');
      return;
    }
    check(false, 'A frame came out that was never sent.');
  }

  #ask(): void {
    const due = this.#stream.dueNacks(this.#now);
    check(due.length <= MAX_MISSING, `${due.length} packets are asked for at once.`);
    if (due.length > 0) serializeRtcp([{ type: 'nack', senderSsrc: 1, mediaSsrc: 1, sequenceNumbers: due }]);
  }

  #control(choice: number): void {
    if (choice < 40) this.#assembler.close();
    else if (choice < 80) this.#stream.forgetBefore(this.#floor);
    else if (choice < 120) this.#now += choice * 10;
    else this.#stream.reportBlock(this.#now);
  }

  /** The packet of that number, as it would have been sent by now: the capture again and again. */
  #copy(index: number, change?: (bytes: Uint8Array) => void): Uint8Array {
    const { packets } = this.#source;
    const count = packets.length;
    const lap = Math.floor(index / count);
    const bytes = (packets[index - lap * count] ?? new Uint8Array(12)).slice();
    const sequence = index + this.#sequenceOffset;
    bytes[2] = sequence >> 8;
    bytes[3] = sequence;
    const view = new DataView(bytes.buffer);
    view.setUint32(4, view.getUint32(4) + lap * LAP_TICKS + this.#timestampOffset);
    change?.(bytes);
    return bytes;
  }
}
