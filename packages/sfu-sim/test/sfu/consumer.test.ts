import {
  type AssembledFrame,
  type Clock,
  type CodecDescription,
  clockToNtp,
  FrameAssembler,
  PacketSender,
  parseVp8Descriptor,
  payloadFormatOf,
  RtpPacket,
  RtpReceiveStream,
  type Vp8Descriptor,
} from '@sluice/rtp';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Consumer, type PreferredLayers } from '../../src/sfu/consumer.ts';
import { Producer } from '../../src/sfu/producer.ts';
import type { ProducerLayer } from '../../src/sfu/producer-layer.ts';
import { SourceEncoding, type SourceFrame } from './simulcast-source.ts';

const RIDS = ['q', 'h', 'f'] as const;
const vp8Format = payloadFormatOf('VP8')!;
const PICTURE_INTERVAL = 33;
const FIRST_OUTPUT = 65_500;
const CAPTURE_LAG_ID = 12;
const CODEC: CodecDescription = { payloadType: 96, name: 'VP8', clockRate: 90_000, feedback: ['nack'] };

type Fate = { readonly lost: true } | { readonly lost: false; readonly delay: number };
const PROMPT: Fate = { lost: false, delay: 0 };

/** A packet as the subscriber got it. */
interface OutputPacket {
  readonly packet: RtpPacket;
  readonly descriptor: Vp8Descriptor | undefined;
  /** Counts the changes of layer before it. */
  readonly segment: number;
}

/** What the SFU had got of one layer when the consumer forwarded it. */
interface Segment {
  readonly layer: ProducerLayer;
  readonly first: number;
  newest: number;
}

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly layer: ProducerLayer;
  readonly packet: RtpPacket;
}

/** One publisher with three encodings, one track through the SFU, one subscriber. */
class Scene {
  readonly outputs: OutputPacket[] = [];
  readonly segments: Segment[] = [];
  readonly assembled: SourceFrame[] = [];
  readonly assembledRaw: AssembledFrame[] = [];
  readonly timestamps: number[] = [];
  /** How long each layer takes to the SFU, in ms. */
  readonly #lags: readonly number[];
  /** How much too late each layer's sender reports say it is captured, in ms. */
  readonly #reportErrors: readonly number[];
  readonly receiver = new RtpReceiveStream({ ssrc: 7, clockRate: 90_000, nack: false, captureLagId: CAPTURE_LAG_ID });
  readonly assembler = new FrameAssembler(vp8Format);
  readonly encodings: SourceEncoding[];
  readonly producer: Producer;
  readonly consumer: Consumer;
  /** The packets of each layer that have reached the SFU since the consumer started, and those it was replayed. */
  readonly arrived = new Map<ProducerLayer, Set<number>>();
  #now = 1000;
  #started = false;
  #picture = 0;
  #sent = 0;
  #pending: Pending[] = [];
  #keyFrameWanted = new Set<ProducerLayer>();
  #stuckSince: number | undefined;

  constructor({ replay = false, seed = 0, reports = false, lags = [0, 0, 0], reportErrors = [0, 0, 0] } = {}) {
    this.#lags = lags;
    this.#reportErrors = reportErrors;
    const clock: Clock = { now: () => this.#now, setTimeout: () => undefined, clearTimeout: () => {} };
    this.producer = new Producer({
      info: { trackId: 't', kind: 'video', source: 'camera', name: '', muted: false },
      owner: { participantId: 'p', identity: 'ada' },
      codec: CODEC,
      format: vp8Format,
      layers: RIDS.map((rid) => ({ rid, maxBitrate: undefined })),
      nack: false,
      forwardErrorCorrection: false,
      colorSpaceId: undefined,
      keyframeCache: {},
      keyFrameArbiter: {},
    });
    this.encodings = RIDS.map(
      (rid, layer) =>
        new SourceEncoding({
          rid,
          layer,
          ssrc: 100 + layer,
          firstSequence: (65_400 + 7919 * layer * seed) & 0xffff,
          firstTimestamp: (4_294_900_000 + 1_234_567_891 * layer * seed) >>> 0,
          firstPictureId: (32_700 + 977 * layer * seed) & 0x7fff,
        }),
    );
    this.producer.layers.forEach((layer, index) => {
      this.producer.bind(layer, 100 + index);
      this.arrived.set(layer, new Set());
      if (reports) this.#report(index);
    });
    const sender = new PacketSender({ clock, send: (bytes) => this.#onOutput(bytes) });
    this.consumer = new Consumer({
      clock,
      producer: this.producer,
      sender,
      stream: { ssrc: 7, payloadType: 96, rtx: { ssrc: 8, payloadType: 97, firstSequenceNumber: 0 } },
      extensionIds: { captureLag: CAPTURE_LAG_ID },
      firstSequenceNumber: FIRST_OUTPUT,
      replay,
      drainRate: () => Number.POSITIVE_INFINITY,
      onLayersChanged: () => {},
      onKeyFrameWanted: (layer) => this.#keyFrameWanted.add(layer),
    });
    const onPacket = this.consumer.onPacket.bind(this.consumer);
    this.consumer.onPacket = (layer, forwarded) => {
      this.arrived.get(layer)!.add(forwarded.packet.sequence);
      onPacket(layer, forwarded);
      this.#note(layer, forwarded.packet.sequence);
    };
  }

  /** The subscriber comes. */
  start(): void {
    this.#started = true;
    this.consumer.start();
  }

  /** The encoder of a layer begins anew, with another SSRC, other sequence numbers and another RTP clock. */
  replaceStream(index: number): void {
    const layer = this.producer.layers[index]!;
    this.#keyFrameWanted.add(layer);
    this.encodings[index] = new SourceEncoding({
      rid: RIDS[index]!,
      layer: index,
      ssrc: 200 + index,
      firstSequence: 30_000,
      firstTimestamp: 2_000_000_000,
      firstPictureId: 20_000,
    });
    this.producer.bind(layer, 200 + index);
    this.arrived.set(layer, new Set());
    this.#report(index);
  }

  #report(index: number): void {
    const { stream } = this.producer.layers[index]!;
    stream!.onSenderReport(
      {
        type: 'sender-report',
        ssrc: stream!.ssrc,
        ...clockToNtp(this.#now + (this.#reportErrors[index] ?? 0)),
        rtpTimestamp: this.encodings[index]!.timestampAt(this.#now),
        packetCount: 0,
        octetCount: 0,
        reports: [],
      },
      this.#now,
    );
  }

  prefer(preferred: PreferredLayers): void {
    this.consumer.setPreferredLayers(preferred);
  }

  /** One picture of all encodings, and the packets that arrive until the next. */
  picture(options: { key?: boolean; size?: number; fate?: (packet: number) => Fate } = {}): void {
    const { key = false, size = 150, fate = () => PROMPT } = options;
    this.encodings.forEach((encoding, index) => {
      const layer = this.producer.layers[index]!;
      const wanted = this.#keyFrameWanted.delete(layer) || this.#picture === 0 || key;
      for (const packet of encoding.encode(this.#picture, this.#now, wanted, size << index)) {
        const what = fate(this.#sent);
        this.#sent += 1;
        const at = this.#now + (this.#lags[index] ?? 0);
        if (!what.lost) this.#pending.push({ at: at + what.delay, order: this.#sent, layer, packet });
      }
    });
    this.#picture += 1;
    this.#deliverUntil(this.#now + PICTURE_INTERVAL);
    if (!this.#started) return;
    this.consumer.tick(this.#now);
    this.#subscriberTick();
  }

  #deliverUntil(time: number): void {
    this.#pending.sort((a, b) => a.at - b.at || a.order - b.order);
    while (this.#pending[0] !== undefined && this.#pending[0].at < time) {
      const { at, layer, packet } = this.#pending.shift()!;
      this.#now = at;
      const received = layer.stream!.receive(packet, at);
      if (received !== undefined) this.producer.receive(layer, received);
    }
    this.#now = time;
  }

  /** Keeps book of what the consumer is given while it forwards a layer. */
  #note(layer: ProducerLayer, sequence: number): void {
    if (this.consumer.currentLayer !== layer) return;
    const index = this.consumer.layerSwitches - 1;
    this.segments[index] ??= { layer, first: sequence, newest: sequence };
    const segment = this.segments[index]!;
    segment.newest = Math.max(segment.newest, sequence);
  }

  #onOutput(bytes: Uint8Array): void {
    const packet = RtpPacket.parse(bytes)!;
    const descriptor = packet.payload.length === 0 ? undefined : parseVp8Descriptor(packet.payload);
    this.outputs.push({ packet, descriptor, segment: this.consumer.layerSwitches });
    const received = this.receiver.receive(packet, this.#now);
    if (received === undefined) return;
    for (const frame of this.assembler.push(received)) {
      this.assembledRaw.push(frame);
      const source = this.encodings.map((encoding) => encoding.frameOf(frame.data)).find((found) => found);
      expect(source, 'a frame that no encoder made').toBeDefined();
      this.assembled.push(source!);
      this.timestamps.push(frame.timestamp);
    }
  }

  /** A subscriber that waits for a missing packet, or for a key frame, gives up after 300 ms and asks. */
  #subscriberTick(): void {
    const stuck = this.assembler.closed || this.assembler.blockedSince !== undefined;
    if (!stuck || this.consumer.currentLayer === undefined) {
      this.#stuckSince = undefined;
      return;
    }
    this.#stuckSince ??= this.#now;
    if (this.#now - this.#stuckSince < 300) return;
    this.#stuckSince = undefined;
    this.assembler.close();
    this.consumer.onKeyFrameRequest('pli');
  }
}

function expectNoDuplicates({ outputs, receiver }: Scene): void {
  expect(new Set(outputs.map(({ packet }) => packet.sequenceNumber)).size).toBe(outputs.length);
  expect(receiver.packetsDuplicated).toBe(0);
}

function expectEverySwitchToBeginWithAKeyFrame({ outputs, consumer, segments, encodings }: Scene): void {
  for (let segment = 1; segment <= consumer.layerSwitches; segment++) {
    const first = outputs.find((output) => output.segment === segment)!;
    const { payload } = first.packet;
    expect(vp8Format.inspect(payload)?.keyFrameStart).toBe(true);
    const start = vp8Format.depacketize([payload])!;
    const rid = segments[segment - 1]!.layer.rid;
    const ofLayer = [...encodings[RIDS.indexOf(rid as 'q')]!.frames.values()];
    const matches = ofLayer.some(({ key, data }) => key && start.every((byte, index) => data[index] === byte));
    expect(matches, `packet ${first.packet.sequenceNumber} begins a key frame of ${rid}`).toBe(true);
  }
}

/** Invariant 1: whatever came out can be decoded, given what came out before. */
function expectDecodable({ assembled }: Scene): void {
  const decoded = new Set<SourceFrame>();
  let last: SourceFrame | undefined;
  for (const frame of assembled) {
    if (!frame.key) {
      expect(decoded.has(frame.reference!), `the reference of ${frame.rid} ${frame.number}`).toBe(true);
      expect(frame.rid).toBe(last!.rid);
    }
    decoded.add(frame);
    last = frame;
  }
}

function expectTimestampsStrictlyForward({ timestamps }: Scene): void {
  for (const [index, timestamp] of timestamps.entries()) {
    if (index > 0) expect((timestamp - timestamps[index - 1]!) | 0).toBeGreaterThan(0);
  }
}

/** The holes in each segment of the output are packets that had not reached the SFU either. */
function expectNoHolesOfOurMaking({ outputs, segments, arrived }: Scene): void {
  segments.forEach(({ layer, first, newest }, index) => {
    const numbers = outputs
      .filter(({ segment }) => segment === index + 1)
      .map(({ packet }) => (packet.sequenceNumber - outputs[0]!.packet.sequenceNumber) & 0xffff);
    const holes = Math.max(...numbers) - Math.min(...numbers) + 1 - numbers.length;
    let missing = 0;
    for (let at = first; at < newest; at++) if (!arrived.get(layer)!.has(at)) missing += 1;
    expect(holes, `holes in segment ${index + 1}`).toBeLessThanOrEqual(missing);
  });
  const all = outputs.map(({ packet, segment }) => ({ number: packet.sequenceNumber, segment }));
  for (let segment = 2; segment <= segments.length; segment++) {
    const before = all
      .filter((output) => output.segment < segment)
      .map(({ number }) => (number - FIRST_OUTPUT) & 0xffff);
    const first = all.find((output) => output.segment === segment)!;
    expect((first.number - FIRST_OUTPUT) & 0xffff).toBe(Math.max(...before) + 1);
  }
}

type Act =
  | { readonly type: 'pictures'; readonly count: number; readonly size: number }
  | { readonly type: 'key' }
  | { readonly type: 'prefer'; readonly preferred: PreferredLayers };

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('pictures' as const),
      count: fc.integer({ min: 1, max: 12 }),
      size: fc.integer({ min: 1, max: 250 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('key' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('prefer' as const),
      preferred: fc.record({
        rid: fc.constantFrom('q', 'h', 'f', undefined),
        temporalLayer: fc.constantFrom(0, 1, 2, undefined),
      }),
    }),
  },
);
const script = fc.array(act, { minLength: 1, maxLength: 20 });

function play(scene: Scene, acts: readonly Act[], fate?: (packet: number) => Fate): void {
  for (const step of acts) {
    if (step.type === 'prefer') scene.prefer(step.preferred);
    else if (step.type === 'key') scene.picture({ key: true, ...(fate && { fate }) });
    else for (let i = 0; i < step.count; i++) scene.picture({ size: step.size, ...(fate && { fate }) });
  }
}

describe('a publisher without loss, a subscriber that changes its mind', () => {
  const scenes = fc.tuple(script, fc.integer({ min: 0, max: 1000 }), fc.boolean(), fc.boolean());

  function run([acts, seed, reports, replay]: [Act[], number, boolean, boolean]): Scene {
    const scene = new Scene({ seed, reports, replay });
    scene.picture();
    scene.start();
    play(scene, acts);
    return scene;
  }

  test('invariant 2: sequence numbers, picture ids and TL0PICIDX go on one by one, timestamps strictly forward', () => {
    fc.assert(
      fc.property(scenes, (input) => {
        const scene = run(input);
        const { outputs } = scene;
        outputs.forEach(({ packet, descriptor }, index) => {
          expect(packet.sequenceNumber).toBe((FIRST_OUTPUT + index) & 0xffff);
          const before = outputs[index - 1];
          expect(descriptor).toBeDefined();
          if (before === undefined) return;
          const newFrame = vp8Format.inspect(packet.payload)!.frameStart;
          expect(packet.timestamp !== before.packet.timestamp).toBe(newFrame);
          expect(before.packet.marker).toBe(newFrame);
          const step = (descriptor!.pictureId! - before.descriptor!.pictureId!) & 0x7fff;
          expect(step).toBe(newFrame ? 1 : 0);
          const tl0Step = (descriptor!.tl0PictureIndex! - before.descriptor!.tl0PictureIndex!) & 0xff;
          expect(tl0Step).toBe(newFrame && descriptor!.temporalLayer === 0 ? 1 : 0);
        });
        expectTimestampsStrictlyForward(scene);
      }),
    );
  });

  test('invariant 1: every frame forwarded comes out whole, byte for byte, and can be decoded; every switch is a key frame', () => {
    fc.assert(
      fc.property(scenes, (input) => {
        const scene = run(input);
        expectDecodable(scene);
        expectEverySwitchToBeginWithAKeyFrame(scene);
        expect(scene.assembled.length).toBe(scene.outputs.filter(({ packet }) => packet.marker).length);
        expect(scene.assembler.packetsDiscarded).toBe(0);
        expect(scene.assembler.closed).toBe(scene.outputs.length === 0);
      }),
    );
  });

  test('the subscriber gets no layer above those it prefers, and the preferred ones within a key frame', () => {
    fc.assert(
      fc.property(scenes, fc.constantFrom(...RIDS), fc.constantFrom(0, 1, 2), (input, rid, temporalLayer) => {
        const scene = run(input);
        scene.prefer({ rid, temporalLayer });
        for (let i = 0; i < 25; i++) scene.picture();
        const seen = scene.assembled.length;
        for (let i = 0; i < 8; i++) scene.picture();
        const later = scene.assembled.slice(seen);
        expect(new Set(later.map((frame) => frame.rid))).toEqual(new Set([rid]));
        expect(later.length).toBe([2, 4, 8][temporalLayer]);
        expect(Math.max(...later.map((frame) => frame.temporalLayer))).toBe(temporalLayer);
      }),
      { numRuns: 40 },
    );
  });

  test('timestamps keep the distance of capture across a switch', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.integer({ min: 1, max: 1000 }), (reports, seed) => {
        const scene = new Scene({ reports, seed });
        scene.prefer({ rid: 'q' });
        scene.start();
        for (let i = 0; i < 10; i++) scene.picture();
        scene.prefer({ rid: 'f' });
        scene.picture({ key: true });
        for (let i = 0; i < 10; i++) scene.picture();
        const steps = scene.timestamps.slice(1).map((timestamp, i) => (timestamp - scene.timestamps[i]!) | 0);
        expect(scene.assembled.at(-1)!.rid).toBe('f');
        // The picture of the switch is sent in both encodings, one tick apart; the next one is on time again.
        expect(steps.filter((step) => step !== PICTURE_INTERVAL * 90)).toEqual([1, PICTURE_INTERVAL * 90 - 1]);
        expect(scene.assembled.map(({ number }) => number)).toEqual([
          0,
          1,
          2,
          3,
          4,
          5,
          6,
          7,
          8,
          9,
          10,
          10,
          ...Array.from({ length: 10 }, (_, i) => 11 + i),
        ]);
      }),
    );
  });
});

describe('a publisher whose layers lag behind one another', () => {
  const lags = fc.array(fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 5000 })), { minLength: 3, maxLength: 3 });

  /** When each frame was captured by what the subscriber is told, and by its picture's number, in ticks from the first. */
  function captureTimes({ assembled, assembledRaw }: Scene): { said: number; true: number }[] {
    const captured = assembledRaw.map(({ timestamp, captureLag }) => timestamp - captureLag);
    return captured.map((said, i) => ({
      said: (said - captured[0]!) | 0,
      true: (assembled[i]!.number - assembled[0]!.number) * PICTURE_INTERVAL * 90,
    }));
  }

  function run(scene: Scene, acts: readonly Act[]): void {
    scene.picture();
    scene.start();
    // Until the layer that lags most has come, too.
    for (let i = 0; i < 155; i++) scene.picture({ key: i % 20 === 0 });
    play(scene, acts);
  }

  test('the subscriber is told of each frame when it was captured, and timestamps go strictly forward', () => {
    fc.assert(
      fc.property(script, lags, fc.integer({ min: 0, max: 1000 }), fc.boolean(), (acts, layerLags, seed, replay) => {
        const scene = new Scene({ reports: true, lags: layerLags, seed, replay });
        run(scene, acts);
        expectTimestampsStrictlyForward(scene);
        expectDecodable(scene);
        // A tick of rounding at each switch.
        for (const { said, true: captured } of captureTimes(scene)) expect(Math.abs(said - captured)).toBeLessThan(45);
      }),
      { numRuns: 60 },
    );
  });

  test('what the reports of encodings that share a clock differ by makes no picture newer than it is', () => {
    fc.assert(
      fc.property(
        script,
        lags,
        fc.array(fc.nat({ max: 200 }), { minLength: 3, maxLength: 3 }),
        (acts, layerLags, errors) => {
          const scene = new Scene({ reports: true, lags: layerLags, reportErrors: errors });
          run(scene, acts);
          for (const { said, true: captured } of captureTimes(scene)) expect(said).toBe(captured);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a publisher whose packets get lost, late and out of order', () => {
  const fate: fc.Arbitrary<Fate> = fc.oneof(
    { weight: 20, arbitrary: fc.constant(PROMPT) },
    { weight: 2, arbitrary: fc.record({ lost: fc.constant(false as const), delay: fc.integer({ min: 1, max: 30 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({ lost: fc.constant(false as const), delay: fc.integer({ min: 30, max: 200 }) }),
    },
    { weight: 1, arbitrary: fc.constant({ lost: true as const }) },
  );
  const scenes = fc.tuple(script, fc.array(fate, { minLength: 1, maxLength: 400 }), fc.boolean());

  function run([acts, fates, replay]: [Act[], Fate[], boolean]): Scene {
    const scene = new Scene({ seed: 5, replay });
    scene.picture();
    scene.start();
    play(scene, acts, (packet) => fates[packet] ?? PROMPT);
    return scene;
  }

  test('invariant 2: no duplicate, no hole but where a packet was missing, and every switch is a key frame', () => {
    fc.assert(
      fc.property(scenes, (input) => {
        const scene = run(input);
        expectNoDuplicates(scene);
        expectNoHolesOfOurMaking(scene);
        expectEverySwitchToBeginWithAKeyFrame(scene);
      }),
      { numRuns: 150 },
    );
  });

  test('invariant 1: what comes out is whole, byte for byte, in order, and can be decoded', () => {
    fc.assert(
      fc.property(scenes, (input) => {
        const scene = run(input);
        expectDecodable(scene);
        expectTimestampsStrictlyForward(scene);
      }),
      { numRuns: 150 },
    );
  });

  test('once the path is clean again, the subscriber gets every frame of its layers again', () => {
    fc.assert(
      fc.property(scenes, (input) => {
        const scene = run(input);
        scene.prefer({});
        for (let i = 0; i < 45; i++) scene.picture();
        const seen = scene.assembled.length;
        for (let i = 0; i < 8; i++) scene.picture();
        expect(scene.assembled.length - seen).toBe(8);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a key frame whose first packet comes behind the others', () => {
  /** The first packet of the next key frame of `f` comes `delay` ms late. */
  function lateStart(delay: number): Scene {
    const scene = new Scene();
    scene.prefer({ rid: 'q' });
    scene.picture();
    scene.start();
    for (let i = 0; i < 5; i++) scene.picture();
    scene.prefer({ rid: 'f' });
    const begun = scene.encodings.map(({ frames }) => frames.size);
    let packets = 0;
    scene.picture({
      key: true,
      fate: () => {
        packets += 1;
        // 160 bytes of q in 2 packets, 310 of h in 4, then f.
        return packets === 7 ? { lost: false, delay } : PROMPT;
      },
    });
    expect(begun).toEqual([6, 6, 6]);
    return scene;
  }

  test.each([1, 40, 200])('the switch %i ms late leaves no hole of our making', (delay) => {
    const scene = lateStart(delay);
    for (let i = 0; i < 10; i++) scene.picture();
    expectNoHolesOfOurMaking(scene);
    expectEverySwitchToBeginWithAKeyFrame(scene);
    expectDecodable(scene);
  });

  test('of a layer of which nothing is kept, the next key frame is waited for', () => {
    const scene = new Scene();
    let packets = 0;
    scene.prefer({ rid: 'q' });
    scene.start();
    scene.picture({
      fate: () => {
        packets += 1;
        return packets === 1 ? { lost: false, delay: 1 } : PROMPT;
      },
    });
    for (let i = 0; i < 5; i++) scene.picture();
    expect(scene.outputs).toEqual([]);
    scene.picture({ key: true });
    scene.picture();
    expect(scene.assembled.map(({ number }) => number)).toEqual([6, 7]);
    expectNoHolesOfOurMaking(scene);
  });

  test('the subscriber sees every picture after it without asking for a key frame', () => {
    const scene = lateStart(1);
    const seen = scene.assembled.length;
    for (let i = 0; i < 10; i++) scene.picture();
    expect(scene.assembled.length - seen).toBe(10);
    expect(scene.assembler.blockedSince).toBeUndefined();
  });
});

test.each(['first', 'last'])(
  'a frame under way when its temporal layer is given up is still finished: %s packet late',
  (which) => {
    const scene = new Scene();
    scene.prefer({ rid: 'q' });
    scene.picture();
    scene.start();
    scene.picture({ key: true });
    const late = which === 'first' ? 1 : 2;
    let packets = 0;
    scene.picture({
      fate: () => {
        packets += 1;
        return packets === late ? { lost: false, delay: 40 } : PROMPT;
      },
    });
    scene.prefer({ rid: 'q', temporalLayer: 0 });
    for (let i = 0; i < 8; i++) scene.picture();
    expect(scene.assembled.map(({ number, temporalLayer }) => [number, temporalLayer])).toEqual([
      [1, 0],
      [2, 2],
      [5, 0],
      [9, 0],
    ]);
    expectNoHolesOfOurMaking(scene);
  },
);

test('padding takes the place of a straggler above the preferred temporal layer', () => {
  const scene = new Scene();
  scene.prefer({ rid: 'q', temporalLayer: 0 });
  scene.picture();
  scene.start();
  scene.picture({ key: true });
  for (let i = 0; i < 2; i++) scene.picture();
  // The last picture before the next of the lowest temporal layer.
  scene.picture({ size: 1, fate: () => ({ lost: false, delay: 40 }) });
  for (let i = 0; i < 8; i++) scene.picture();
  expect(scene.assembled.map(({ number }) => number)).toEqual([1, 5, 9]);
  expect(scene.outputs.some(({ packet }) => packet.payload.length === 0)).toBe(true);
  expectNoHolesOfOurMaking(scene);
  expect(scene.receiver.packetsLost).toBe(0);
});

test('a layer that comes from a new stream goes on in sequence and in time', () => {
  const scene = new Scene({ reports: true });
  scene.prefer({ rid: 'q' });
  scene.picture();
  scene.start();
  for (let i = 0; i < 5; i++) scene.picture();
  scene.replaceStream(0);
  for (let i = 0; i < 5; i++) scene.picture();
  expect(scene.outputs.map(({ packet }) => packet.sequenceNumber)).toEqual(
    scene.outputs.map((_, index) => (FIRST_OUTPUT + index) & 0xffff),
  );
  expect(scene.assembled.filter(({ key }) => key).map(({ number }) => number)).toEqual([1, 6]);
  const steps = scene.timestamps.slice(1).map((timestamp, i) => (timestamp - scene.timestamps[i]!) | 0);
  expect(steps).toEqual(steps.map(() => PICTURE_INTERVAL * 90));
});

describe('a newcomer', () => {
  test('invariant 3: the replay comes before anything live and joins it without a gap or a duplicate', () => {
    fc.assert(
      fc.property(script, fc.integer({ min: 0, max: 30 }), (acts, before) => {
        const scene = new Scene({ replay: true });
        for (let i = 0; i <= before; i++) scene.picture();
        scene.start();
        const replayed = scene.assembled.length;
        expect(replayed).toBe(before + 1);
        expect(scene.consumer.packetsReplayed).toBe(scene.outputs.length);
        expect(scene.assembled[0]!.key).toBe(true);
        play(scene, acts);
        expect(scene.outputs.map(({ packet }) => packet.sequenceNumber)).toEqual(
          scene.outputs.map((_, index) => (FIRST_OUTPUT + index) & 0xffff),
        );
        expectDecodable(scene);
      }),
    );
  });

  test('row 1: a warm cache costs the publisher no key frame', () => {
    const scene = new Scene({ replay: true });
    scene.picture();
    for (let i = 0; i < 30; i++) scene.picture();
    scene.start();
    for (let i = 0; i < 30; i++) scene.picture();
    expect(scene.assembled.length).toBe(61);
    expect(scene.assembled.filter(({ key }) => key).length).toBe(1);
  });
});

describe('row 8: after a mute', () => {
  test('a newcomer is not shown a key frame that was in flight when the track was muted', () => {
    const scene = new Scene({ replay: true });
    scene.picture();
    scene.producer.setMuted(true);
    scene.picture({ key: true });
    scene.start();
    expect(scene.outputs).toEqual([]);
  });

  test('nor after the track goes on', () => {
    const scene = new Scene({ replay: true });
    scene.picture();
    scene.producer.setMuted(true);
    scene.picture({ key: true });
    scene.producer.setMuted(false);
    scene.start();
    expect(scene.outputs).toEqual([]);
    scene.picture({ key: true });
    expect(scene.assembled.map(({ number }) => number)).toEqual([2]);
  });
});
