// One publisher with three encodings, one track through the SFU, one subscriber: packets in, packets out, and what the
// subscriber can make of them.

import {
  type AssembledFrame,
  type Clock,
  type CodecDescription,
  clockToNtp,
  FrameAssembler,
  PacketSender,
  type PayloadFormat,
  parseVp8Descriptor,
  payloadFormatOf,
  RtpPacket,
  RtpReceiveStream,
  type Vp8Descriptor,
} from '@sluice/rtp';
import fc from 'fast-check';
import { expect } from 'vitest';
import { Consumer, type PreferredLayers } from '../../src/sfu/consumer.ts';
import { Producer } from '../../src/sfu/producer.ts';
import type { ProducerLayer } from '../../src/sfu/producer-layer.ts';
import { type SourceCodec, SourceEncoding, type SourceFrame } from './simulcast-source.ts';

export const RIDS = ['q', 'h', 'f'] as const;
export const PICTURE_INTERVAL = 33;
export const FIRST_OUTPUT = 65_500;
const CAPTURE_LAG_ID = 12;
const DESCRIPTION: Omit<CodecDescription, 'name'> = { payloadType: 96, clockRate: 90_000, feedback: ['nack'] };

/** What becomes of a packet on its way to the SFU. */
export type Fate = { readonly lost: true } | { readonly lost: false; readonly delay: number };
export const PROMPT: Fate = { lost: false, delay: 0 };

/** A packet as the subscriber got it. */
export interface OutputPacket {
  readonly packet: RtpPacket;
  /** Of VP8 alone. */
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

/** How a scene is set. */
export interface SceneOptions {
  /** Default VP8. */
  readonly codec?: SourceCodec;
  /** Whether a newcomer is shown the key frame cache. Default false. */
  readonly replay?: boolean;
  /** Sets the encodings' numbers and clocks apart. Default 0: they are alike. */
  readonly seed?: number;
  /** Whether the publisher sends reports. Default false. */
  readonly reports?: boolean;
  /** How long each layer takes to the SFU, in ms. Default 0. */
  readonly lags?: readonly number[];
  /** How much too late each layer's sender reports say it is captured, in ms. Default 0. */
  readonly reportErrors?: readonly number[];
}

/** The whole of it. */
export class Scene {
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
  readonly format: PayloadFormat;
  readonly assembler: FrameAssembler;
  readonly encodings: SourceEncoding[];
  readonly producer: Producer;
  readonly consumer: Consumer;
  /** The packets of each layer that have reached the SFU since the consumer started, and those it was replayed. */
  readonly arrived = new Map<ProducerLayer, Set<number>>();
  readonly #codec: SourceCodec;
  #now = 1000;
  #started = false;
  #picture = 0;
  #sent = 0;
  #pending: Pending[] = [];
  #keyFrameWanted = new Set<ProducerLayer>();
  #stuckSince: number | undefined;

  constructor(options: SceneOptions = {}) {
    const { codec = 'VP8', replay = false, seed = 0, reports = false } = options;
    const { lags = [0, 0, 0], reportErrors = [0, 0, 0] } = options;
    const format = payloadFormatOf(codec);
    if (format === undefined) throw new Error(`There is no format for ${codec}.`);
    this.format = format;
    this.assembler = new FrameAssembler(format);
    this.#codec = codec;
    this.#lags = lags;
    this.#reportErrors = reportErrors;
    const clock: Clock = { now: () => this.#now, setTimeout: () => undefined, clearTimeout: () => {} };
    this.producer = new Producer({
      info: { trackId: 't', kind: 'video', source: 'camera', name: '', muted: false },
      owner: { participantId: 'p', identity: 'ada' },
      codec: { ...DESCRIPTION, name: codec },
      format,
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
          codec,
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
      id: 'video',
      producer: this.producer,
      layers: this.producer.layers,
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
      codec: this.#codec,
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
    const isVp8 = this.#codec === 'VP8' && packet.payload.length > 0;
    const descriptor = isVp8 ? parseVp8Descriptor(packet.payload) : undefined;
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

export function expectNoDuplicates({ outputs, receiver }: Scene): void {
  expect(new Set(outputs.map(({ packet }) => packet.sequenceNumber)).size).toBe(outputs.length);
  expect(receiver.packetsDuplicated).toBe(0);
}

/** In VP8, whose first payload tells by itself which frame it begins, also of which layer. */
export function expectEverySwitchToBeginWithAKeyFrame(scene: Scene): void {
  const { outputs, consumer, segments, encodings, format } = scene;
  for (let segment = 1; segment <= consumer.layerSwitches; segment++) {
    const first = outputs.find((output) => output.segment === segment)!;
    const { payload } = first.packet;
    expect(format.inspect(payload)?.keyFrameStart).toBe(true);
    if (format.codec !== 'VP8') continue;
    const start = format.depacketize([payload])!;
    const rid = segments[segment - 1]!.layer.rid;
    const ofLayer = [...encodings[RIDS.indexOf(rid as 'q')]!.frames.values()];
    const matches = ofLayer.some(({ key, data }) => key && start.every((byte, index) => data[index] === byte));
    expect(matches, `packet ${first.packet.sequenceNumber} begins a key frame of ${rid}`).toBe(true);
  }
}

/** Invariant 1: whatever came out can be decoded, given what came out before. */
export function expectDecodable({ assembled }: Scene): void {
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

export function expectTimestampsStrictlyForward({ timestamps }: Scene): void {
  for (const [index, timestamp] of timestamps.entries()) {
    if (index > 0) expect((timestamp - timestamps[index - 1]!) | 0).toBeGreaterThan(0);
  }
}

/** The holes in each segment of the output are packets that had not reached the SFU either. */
export function expectNoHolesOfOurMaking({ outputs, segments, arrived }: Scene): void {
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

/** What happens in a scene. */
export type Act =
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
/** Pictures, key frames that come by themselves, and wishes of the subscriber. */
export const script = fc.array(act, { minLength: 1, maxLength: 20 });

/** Most packets come at once, some late, some never. */
export const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 20, arbitrary: fc.constant(PROMPT) },
  { weight: 2, arbitrary: fc.record({ lost: fc.constant(false as const), delay: fc.integer({ min: 1, max: 30 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ lost: fc.constant(false as const), delay: fc.integer({ min: 30, max: 200 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ lost: true as const }) },
);

/** Plays a script. */
export function play(scene: Scene, acts: readonly Act[], fate?: (packet: number) => Fate): void {
  for (const step of acts) {
    if (step.type === 'prefer') scene.prefer(step.preferred);
    else if (step.type === 'key') scene.picture({ key: true, ...(fate && { fate }) });
    else for (let i = 0; i < step.count; i++) scene.picture({ size: step.size, ...(fate && { fate }) });
  }
}
