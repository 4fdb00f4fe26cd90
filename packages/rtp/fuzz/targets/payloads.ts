// Payload formats: what they say of payloads, the frames they put together, what they rewrite; packetisers; RED.

import { check, type FuzzTarget } from '../../../../scripts/fuzz/target.ts';
import { payloadFormatOf } from '../../src/payload/formats.ts';
import type { PayloadFormat } from '../../src/payload/payload-format.ts';
import { parseRed, RedPacketizer, writeRed } from '../../src/payload/red.ts';
import { seededRandom } from '../../src/random.ts';
import { mediaFrames, mediaPayloads } from '../corpus.ts';
import { hostile, hostileSequence, partsOf, Script } from '../inputs.ts';

/** What a payload may grow by: VP8 and VP9 write 15 bits of picture id where 7 came. */
const MAX_GROWTH = 1;
/** What a frame may be larger by than its payloads: start codes of four bytes for units of two and their sizes. */
const MAX_FRAME_FACTOR = 4;

const WEIGHTS = { VP8: 14, VP9: 16, H264: 16, H265: 14, AV1: 18, opus: 1 } as const;

export const payloadTargets: readonly FuzzTarget[] = [
  ...Object.entries(WEIGHTS).map(([codec, weight]) => payloadTarget(codec, weight)),
  ...(['VP8', 'VP9', 'H264', 'H265', 'AV1'] as const).map((codec) => packetizerTarget(codec)),
  redTarget(),
];

function formatOf(codec: string): PayloadFormat {
  const format = payloadFormatOf(codec);
  if (format === undefined) throw new Error(`There is no payload format ${codec}.`);
  return format;
}

function payloadTarget(codec: string, weight: number): FuzzTarget {
  const format = formatOf(codec);
  const corpus = mediaPayloads(codec);
  return {
    name: `payload-${codec.toLowerCase()}`,
    weight,
    generate: (random) => hostileSequence(random, corpus, random.integer(1, 4)),
    run: (input) => readPayloads(format, input),
  };
}

function readPayloads(format: PayloadFormat, input: Uint8Array): void {
  const payloads: Uint8Array[] = [];
  const rewriter = format.createRewriter();
  let size = 0;
  for (const { tag, bytes } of partsOf(input)) {
    payloads.push(bytes);
    size += bytes.length;
    const info = format.inspect(bytes);
    if (info !== undefined) {
      check(info.temporalLayer >= 0 && info.temporalLayer <= 7, `The temporal layer is ${info.temporalLayer}.`);
      check(!info.keyFrameStart || info.frameStart || !format.marksFrameStart, 'A key frame starts within a frame.');
      const { pictureId = 0, resolution = { width: 1, height: 1 } } = info;
      check(pictureId >= 0 && pictureId <= 0x7fff, `The picture id is ${pictureId}.`);
      check(resolution.width > 0 && resolution.height > 0, `The picture is ${resolution.width}×${resolution.height}.`);
    }
    if ((tag & 0x0c) === 0) rewriter.splice(bytes);
    if ((tag & 0x30) === 0) rewriter.drop(bytes);
    const { payload, head } = rewriter.rewrite(bytes) ?? {};
    if (payload === undefined) continue;
    check((head?.length ?? 0) <= payload.length, 'A head is longer than its payload.');
    const rewritten = payload.slice();
    if (head !== undefined) rewritten.set(head);
    const growth = rewritten.length - bytes.length;
    check(growth >= 0 && growth <= MAX_GROWTH, `A payload of ${bytes.length} bytes grew by ${growth}.`);
    if (info === undefined) continue;
    const after = format.inspect(rewritten);
    check(after?.frameStart === info.frameStart, 'A rewritten payload says something else of its frame.');
    check(after?.keyFrameStart === info.keyFrameStart, 'A rewritten payload says something else of key frames.');
    check(after?.temporalLayer === info.temporalLayer, 'A rewritten payload has another temporal layer.');
  }
  const frame = format.depacketize(payloads);
  const limit = MAX_FRAME_FACTOR * size + 4;
  check((frame?.length ?? 0) <= limit, `Payloads of ${size} bytes became a frame of ${frame?.length}.`);
}

/** Frames of any bytes into payloads and back: what came back once comes back again unchanged. */
function packetizerTarget(codec: string): FuzzTarget {
  const format = formatOf(codec);
  const corpus = mediaFrames(codec).filter(({ length }) => length < 4000);
  const verbatim = codec === 'VP8' || codec === 'VP9';
  return {
    name: `packetizer-${codec.toLowerCase()}`,
    weight: 1,
    generate: (random) => hostile(random, corpus),
    run: (input) => {
      const frame = input.subarray(1);
      const max = 64 + 5 * (input[0] ?? 0);
      const once = throughPackets(format, frame, max);
      if (verbatim && frame.length > 0) {
        check(once !== undefined && Buffer.compare(once, frame) === 0, 'A frame came back as another one.');
      }
      const twice = once && throughPackets(format, once, max);
      check(once === undefined || Buffer.compare(once, twice ?? new Uint8Array(0)) === 0, 'A frame changed once more.');
    },
  };
}

function throughPackets(format: PayloadFormat, frame: Uint8Array, max: number): Uint8Array | undefined {
  const payloads = format.createPacketizer(seededRandom(1)).packetize(frame, max, (frame[0] ?? 0) & 1);
  for (const { length } of payloads) check(length <= max, `A payload has ${length} bytes instead of ${max} at most.`);
  if (payloads.length === 0) return undefined;
  const back = format.depacketize(payloads);
  check(back !== undefined, 'What the packetiser made is no frame.');
  return back;
}

function redTarget(): FuzzTarget {
  const packetizer = new RedPacketizer({ payloadType: 111, distance: 3 });
  const corpus = Array.from({ length: 32 }, (_, i) =>
    packetizer.packetize(
      Uint8Array.from({ length: 5 + i * 3 }, (__, at) => at + i),
      i * 960,
      1200,
    ),
  );
  return { name: 'red', weight: 5, generate: (random) => hostile(random, corpus), run: readRed };
}

function readRed(payload: Uint8Array): void {
  const blocks = parseRed(payload);
  if (blocks !== undefined) {
    let size = 0;
    for (const { data } of blocks) size += data.length;
    check(size < payload.length, `Blocks of ${size} bytes were found in ${payload.length}.`);
    check(Buffer.compare(writeRed(blocks), payload) === 0, 'RED was written as something else.');
  }
  const script = new Script(payload);
  const packetizer = new RedPacketizer({ payloadType: 111, distance: script.uint8() % 9 });
  for (let i = 0; i < 4 && !script.done; i++) {
    const timestamp = script.uint16() << 4;
    const max = 1 + script.uint16();
    const frame = script.bytes(script.uint8());
    const { length } = packetizer.packetize(frame, timestamp >>> 0, max);
    check(length <= Math.max(max, frame.length + 1), `A RED payload has ${length} bytes instead of ${max} at most.`);
  }
}
