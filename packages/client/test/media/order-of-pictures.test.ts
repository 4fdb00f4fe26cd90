// However far layers lag behind one another, whatever is lost, and however slow the decoder is: pictures are shown in the
// order in which they were captured, each once.

import {
  payloadFormatOf,
  RtpPacket,
  RtpReceiveStream,
  seededRandom,
  serializeRtp,
  systemClock,
  TimestampRewriter,
  writeCaptureLag,
} from '@sluice/rtp';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MediaCodecs } from '../../src/media/media-codecs.ts';
import { VideoReceiver } from '../../src/media/video-receiver.ts';

const PICTURE_INTERVAL = 33;
const TICKS = 90 * PICTURE_INTERVAL;
const LAYERS = 3;
const KEY_FRAME_INTERVAL = 12;
const MAX_LAG = 5000;
const CAPTURE_LAG_ID = 12;

const format = payloadFormatOf('VP8')!;

/** Some pictures' time. */
interface Stretch {
  readonly pictures: number;
  /** The layer that the subscriber is to get, from its next key frame on. */
  readonly target: number;
  /** How long each layer takes from capture to the SFU, in ms. */
  readonly lags: readonly number[];
  /** How many frames the decoder manages in a picture's time. */
  readonly decoded: number;
}

/** A layer's frame at the SFU. */
interface Arrival {
  readonly at: number;
  readonly layer: number;
  readonly picture: number;
  readonly key: boolean;
}

interface Chunk {
  readonly timestamp: number;
  readonly data: Uint8Array;
}

/** Puts out what it was given when it is told to. */
class PatientDecoder {
  static readonly all: PatientDecoder[] = [];
  state = 'configured';
  readonly #output: VideoFrameOutputCallback;
  #chunks: Chunk[] = [];

  constructor({ output }: VideoDecoderInit) {
    this.#output = output;
    PatientDecoder.all.push(this);
  }

  configure() {}

  decode(chunk: Chunk) {
    this.#chunks.push(chunk);
  }

  close() {
    this.state = 'closed';
    this.#chunks = [];
  }

  work(frames: number) {
    for (const { timestamp, data } of this.#chunks.splice(0, frames)) {
      const picture = (data[4]! << 8) | data[5]!;
      this.#output({ timestamp, picture, displayWidth: 1, displayHeight: 1, close() {} } as unknown as VideoFrame);
    }
  }
}

class StoredChunk implements Chunk {
  readonly timestamp: number;
  readonly data: Uint8Array;

  constructor({ timestamp, data }: EncodedVideoChunkInit) {
    this.timestamp = timestamp;
    this.data = data as Uint8Array;
  }
}

/** An SFU as far as timestamps go, and one subscriber. */
class Scene {
  readonly shown: number[] = [];
  readonly sent: number[] = [];
  target = 0;
  #now = 0;
  #current: number | undefined;
  #sequence = 65_000;
  #forwarded = 0;
  readonly #isLost: (frame: number) => boolean;
  readonly #rewriter = new TimestampRewriter();
  readonly #packetizer = format.createPacketizer(seededRandom(1));
  readonly #stream = new RtpReceiveStream({ ssrc: 7, clockRate: 90_000, nack: false, captureLagId: CAPTURE_LAG_ID });
  readonly #receiver: VideoReceiver;

  constructor(isLost: (frame: number) => boolean) {
    this.#isLost = isLost;
    PatientDecoder.all.length = 0;
    this.#receiver = new VideoReceiver({
      clock: { ...systemClock, now: () => this.#now },
      codecs: { VideoDecoder: PatientDecoder, EncodedVideoChunk: StoredChunk } as unknown as MediaCodecs,
      format,
      codec: 'vp8',
      stream: this.#stream,
      name: 'camera',
      participant: 'bob',
      tracer: undefined,
      subscribedAt: 0,
      sendPli: () => {},
      onFirstFrame: () => {},
      onFrame: (frame) => this.shown.push((frame as unknown as { picture: number }).picture),
      onError: ({ message }) => expect.fail(message),
    });
  }

  arrive({ at, layer, picture, key }: Arrival): void {
    this.#now = at;
    // Each layer's RTP clock has another origin.
    const timestamp = (picture * TICKS + 1_500_000_000 * layer) >>> 0;
    if (layer !== this.#current) {
      if (layer !== this.target || !key) return;
      this.#current = layer;
      this.#rewriter.splice(timestamp, (4_294_000_000 + picture * TICKS) >>> 0);
    }
    const [payload] = this.#packetizer.packetize(
      Uint8Array.of(key ? 0 : 1, 0, 0, layer, picture >> 8, picture, 0, 0, 0, 0),
      1000,
    );
    const output = this.#rewriter.map(timestamp);
    const lag = this.#rewriter.lagOf(timestamp);
    const bytes = serializeRtp({
      payloadType: 96,
      sequenceNumber: this.#sequence,
      timestamp: output,
      ssrc: 7,
      marker: true,
      extensions: lag > 0 ? [{ id: CAPTURE_LAG_ID, value: writeCaptureLag(lag) }] : [],
      payload: payload!,
    });
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#forwarded += 1;
    this.sent.push(picture);
    if (this.#isLost(this.#forwarded)) return;
    const received = this.#stream.receive(RtpPacket.parse(bytes)!, at);
    if (received !== undefined) this.#receiver.receive(received);
  }

  tick(at: number, decoded: number): void {
    this.#now = at;
    this.#receiver.tick(at);
    for (const decoder of PatientDecoder.all) decoder.work(decoded);
  }
}

function run(stretches: readonly Stretch[], isLost: (frame: number) => boolean = () => false): Scene {
  const scene = new Scene(isLost);
  const newest = Array.from({ length: LAYERS }, () => 0);
  let waiting: Arrival[] = [];
  let picture = 0;
  for (const { pictures, target, lags, decoded } of stretches) {
    scene.target = target;
    for (const end = picture + pictures; picture < end; picture++) {
      const now = picture * PICTURE_INTERVAL;
      for (let layer = 0; layer < LAYERS; layer++) {
        // What was captured first arrives first.
        const at = Math.max(newest[layer]!, now + lags[layer]!);
        newest[layer] = at;
        waiting.push({ at, layer, picture, key: picture % KEY_FRAME_INTERVAL === 4 * layer });
      }
      waiting.sort((a, b) => a.at - b.at || a.picture - b.picture);
      const due = waiting.filter(({ at }) => at < now + PICTURE_INTERVAL);
      waiting = waiting.slice(due.length);
      for (const arrival of due) scene.arrive(arrival);
      scene.tick(now + PICTURE_INTERVAL, decoded);
    }
  }
  return scene;
}

/** The order of capture, none twice. */
function expectInOrder(shown: readonly number[]): void {
  expect(shown.filter((picture, i) => i > 0 && picture <= shown[i - 1]!)).toEqual([]);
}

test('of a layer two seconds behind, nothing is shown before it has caught up with what was', () => {
  const lags = [0, 0, 2000];
  const { shown, sent } = run([
    { pictures: 60, target: 0, lags, decoded: 3 },
    { pictures: 120, target: 2, lags, decoded: 3 },
  ]);
  expectInOrder(shown);
  expect(sent.length - new Set(sent).size).toBeGreaterThan(50);
  expect(shown).toEqual(Array.from({ length: shown.length }, (_, i) => i));
  expect(shown.at(-1)).toBeGreaterThan(115);
});

test('where the newest frame sent was left out to catch up, the first one shown of the layer behind is newer than the last', () => {
  const lags = [0, 0, 300];
  const { shown } = run([
    { pictures: 49, target: 0, lags, decoded: 2 },
    // The decoder stands still around the switch, to picture 44 after picture 53, then makes up for it.
    { pictures: 6, target: 2, lags, decoded: 0 },
    { pictures: 60, target: 2, lags, decoded: 4 },
  ]);
  expectInOrder(shown);
  expect(shown.at(-1)).toBeGreaterThan(100);
});

test('where the newest frames sent were lost, too', () => {
  const lags = [0, 0, 300];
  const { shown } = run(
    [
      // Picture 44 of the other layer comes after picture 53.
      { pictures: 49, target: 0, lags, decoded: 2 },
      { pictures: 60, target: 2, lags, decoded: 2 },
    ],
    (frame) => frame >= 48 && frame <= 54,
  );
  expectInOrder(shown);
  expect(shown.at(-1)).toBeGreaterThan(85);
});

test('pictures are shown in the order of capture, none twice, and the live one in the end', () => {
  const stretch = fc.record({
    pictures: fc.integer({ min: 1, max: 80 }),
    target: fc.integer({ min: 0, max: LAYERS - 1 }),
    lags: fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: MAX_LAG })), {
      minLength: LAYERS,
      maxLength: LAYERS,
    }),
    decoded: fc.integer({ min: 0, max: 4 }),
  });
  fc.assert(
    fc.property(
      fc.array(stretch, { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat({ max: 15 }), { minLength: 1, maxLength: 100 }),
      (stretches, fates) => {
        let last = 0;
        const { shown, sent } = run(
          [
            ...stretches,
            // All that waits arrives, and half a second more passes without loss.
            { pictures: Math.ceil(MAX_LAG / PICTURE_INTERVAL) + 40, target: 0, lags: [0, 0, 0], decoded: 10 },
          ],
          (frame) => {
            last = frame;
            return frame < 600 && fates[frame % fates.length] === 0;
          },
        );
        expectInOrder(shown);
        if (last > 650) expect(shown.at(-1)).toBe(sent.at(-1));
      },
    ),
    { numRuns: 200 },
  );
});
