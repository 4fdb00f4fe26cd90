import { seededRandom } from '@sluice/rtp';
import { describe, expect, it } from 'vitest';
import { type SyntheticCodecsOptions, syntheticCodecs } from '../../src/bench/synthetic-codecs.ts';
import { contentOf, OpenFrameCount, SyntheticVideoFrame } from '../../src/bench/synthetic-frames.ts';
import { VirtualClock } from '../../src/bench/virtual-clock.ts';

const CONFIG: VideoEncoderConfig = { codec: 'vp8', width: 1280, height: 720, bitrate: 1_500_000, framerate: 30 };

function setup(options: Partial<SyntheticCodecsOptions> = {}, seed = 1) {
  const clock = new VirtualClock();
  const codecs = syntheticCodecs({ clock, random: seededRandom(seed), ...options });
  let frameNumber = 0;
  const frame = (width = 1280, height = 720) => {
    const content = { sourceId: 9, frameNumber, captureTime: clock.now(), corrupt: false };
    const timestamp = Math.round((frameNumber++ * 1e6) / 30);
    return new SyntheticVideoFrame({ timestamp, width, height, content, count: codecs.openFrames });
  };
  const chunks: {
    chunk: EncodedVideoChunk;
    layer: number | undefined;
    metadata: EncodedVideoChunkMetadata | undefined;
    at: number;
  }[] = [];
  const errors: DOMException[] = [];
  const encoder = new codecs.VideoEncoder({
    output: (chunk, metadata) =>
      chunks.push({ chunk, layer: metadata?.svc?.temporalLayerId, metadata, at: clock.now() }),
    error: (error) => errors.push(error),
  });
  /** Encodes frames at 30 Hz, calling `before` ahead of each. */
  const encodeFrames = async (
    count: number,
    options: (i: number) => VideoEncoderEncodeOptions | undefined = () => undefined,
  ) => {
    for (let i = 0; i < count; i++) {
      const next = frame();
      encoder.encode(next, options(i));
      next.close();
      await clock.run(1000 / 30);
    }
  };
  const decode = async (input: EncodedVideoChunk[], codec = 'vp8') => {
    const frames: { content: ReturnType<typeof contentOf>; timestamp: number; width: number; height: number }[] = [];
    const decoderErrors: DOMException[] = [];
    const decoder = new codecs.VideoDecoder({
      output: (decoded) => {
        frames.push({
          content: contentOf(decoded),
          timestamp: decoded.timestamp,
          width: decoded.codedWidth,
          height: decoded.codedHeight,
        });
        decoded.close();
      },
      error: (error) => decoderErrors.push(error),
    });
    decoder.configure({ codec });
    for (const chunk of input) if (decoder.state === 'configured') decoder.decode(chunk);
    await clock.run(input.length * 20);
    return { frames, decoder, errors: decoderErrors };
  };
  return { clock, codecs, encoder, chunks, errors, frame, encodeFrames, decode };
}

const bytesIn = (chunks: { chunk: EncodedVideoChunk }[]) =>
  chunks.reduce((sum, { chunk }) => sum + chunk.byteLength, 0);
const types = (chunks: { chunk: EncodedVideoChunk }[]) => chunks.map(({ chunk }) => chunk.type);

describe('rate', () => {
  it.each(['L1T1', 'L1T2', 'L1T3'])(
    'with %s is obeyed within 5 %% over 10 s and 10 %% over any second that has a key frame and its payback or neither',
    async (scalabilityMode) => {
      for (const bitrate of [150_000, 500_000, 2_500_000]) {
        const { encoder, chunks, encodeFrames } = setup();
        encoder.configure({ ...CONFIG, width: 320, height: 180, bitrate, scalabilityMode });
        await encodeFrames(300);
        expect(bytesIn(chunks) * 8).toBeGreaterThan(bitrate * 10 * 0.95);
        expect(bytesIn(chunks) * 8).toBeLessThan(bitrate * 10 * 1.05);
        for (const from of [0, ...Array.from({ length: 262 }, (_, i) => 9 + i)]) {
          expect(bytesIn(chunks.slice(from, from + 30)) * 8).toBeGreaterThan(bitrate * 0.9);
          expect(bytesIn(chunks.slice(from, from + 30)) * 8).toBeLessThan(bitrate * 1.1);
        }
      }
    },
  );

  it('gives the temporal layers their shares', async () => {
    const { encoder, chunks, encodeFrames } = setup();
    encoder.configure({ ...CONFIG, scalabilityMode: 'L1T3' });
    await encodeFrames(600);
    const share = (layer: number) => bytesIn(chunks.filter((c) => c.layer === layer)) / bytesIn(chunks);
    expect(share(0)).toBeCloseTo(0.5, 1);
    expect(share(1)).toBeCloseTo(0.2, 1);
    expect(share(2)).toBeCloseTo(0.3, 1);
  });

  it('pays a key frame back over the next eight frames', async () => {
    const { encoder, chunks, encodeFrames } = setup();
    encoder.configure(CONFIG);
    await encodeFrames(80, (i) => ({ keyFrame: i === 40 }));
    const mean = 1_500_000 / 30 / 8;
    const key = chunks[40]?.chunk.byteLength ?? 0;
    expect(key / mean).toBeGreaterThan(5);
    expect(key / mean).toBeLessThan(8);
    expect(bytesIn(chunks.slice(40, 49)) / (9 * mean)).toBeCloseTo(1, 1);
    expect(bytesIn(chunks.slice(41, 49)) / 8).toBeLessThan(0.5 * mean);
  });

  it('follows a new bitrate without a key frame', async () => {
    const { encoder, chunks, encodeFrames } = setup();
    encoder.configure(CONFIG);
    await encodeFrames(90);
    encoder.configure({ ...CONFIG, bitrate: 600_000 });
    await encodeFrames(90);
    expect(types(chunks.slice(1))).not.toContain('key');
    expect((bytesIn(chunks.slice(120)) * 8) / 2).toBeGreaterThan(0.95 * 600_000);
    expect((bytesIn(chunks.slice(120)) * 8) / 2).toBeLessThan(1.05 * 600_000);
  });

  it('overshoots when asked for less than the size can do', async () => {
    const { encoder, chunks, encodeFrames } = setup();
    encoder.configure({ ...CONFIG, bitrate: 40_000 });
    await encodeFrames(300);
    expect((bytesIn(chunks) * 8) / 10).toBeGreaterThan(300_000);
  });

  it('is the same bytes with the same seed', async () => {
    const run = async (seed: number) => {
      const { encoder, chunks, encodeFrames } = setup({}, seed);
      encoder.configure(CONFIG);
      await encodeFrames(30);
      return chunks.map(({ chunk }) => {
        const bytes = new Uint8Array(chunk.byteLength);
        chunk.copyTo(bytes);
        return Buffer.from(bytes).toString('base64');
      });
    };
    expect(await run(3)).toEqual(await run(3));
    expect(await run(3)).not.toEqual(await run(4));
  });
});

describe('key frames', () => {
  it('come first, and at exactly the frame they are asked for', async () => {
    const { encoder, chunks, encodeFrames } = setup();
    encoder.configure(CONFIG);
    await encodeFrames(50, (i) => ({ keyFrame: i === 17 || i === 40 }));
    expect(types(chunks).flatMap((type, i) => (type === 'key' ? [i] : []))).toEqual([0, 17, 40]);
    expect(chunks[17]?.metadata?.decoderConfig).toEqual({ codec: 'vp8', codedWidth: 1280, codedHeight: 720 });
    expect(chunks[18]?.metadata?.decoderConfig).toBeUndefined();
  });

  it.each([
    ['vp8', 'key', 'delta'],
    ['avc1.42E01F', 'key', 'key'],
    ['vp09.00.10.08', 'delta', 'key'],
    ['av01.0.04M.08', 'delta', 'key'],
  ])('come with a new size or scalability mode as %s has it', async (codec, onResize, onMode) => {
    const { encoder, chunks, encodeFrames } = setup();
    encoder.configure({ ...CONFIG, codec });
    await encodeFrames(3);
    encoder.configure({ ...CONFIG, codec, width: 640, height: 360 });
    await encodeFrames(3);
    encoder.configure({ ...CONFIG, codec, width: 640, height: 360, scalabilityMode: 'L1T3' });
    await encodeFrames(3);
    expect(types(chunks)).toEqual(['key', 'delta', 'delta', onResize, 'delta', 'delta', onMode, 'delta', 'delta']);
  });

  it('begin with the VP8 header of RFC 6386 §9.1', async () => {
    const { encoder, chunks, encodeFrames } = setup();
    encoder.configure({ ...CONFIG, width: 640, height: 360 });
    await encodeFrames(2);
    const [key, delta] = chunks.map(({ chunk }) => {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      return bytes;
    });
    expect((key?.[0] ?? 1) & 1).toBe(0);
    expect([...(key?.subarray(3, 10) ?? [])]).toEqual([0x9d, 0x01, 0x2a, 640 & 0xff, 640 >> 8, 360 & 0xff, 360 >> 8]);
    expect((delta?.[0] ?? 0) & 1).toBe(1);
  });

  it('take the configuration that held when the frame was handed in', async () => {
    const { encoder, chunks, clock, frame, decode } = setup();
    encoder.configure(CONFIG);
    encoder.encode(frame());
    encoder.configure({ ...CONFIG, width: 320, height: 180 });
    encoder.encode(frame());
    await clock.run(100);
    const { frames } = await decode(chunks.map(({ chunk }) => chunk));
    expect(frames.map(({ width, height }) => [width, height])).toEqual([
      [1280, 720],
      [320, 180],
    ]);
  });
});

describe('time', () => {
  it('passes while a frame is encoded, one after the other', async () => {
    const { encoder, chunks, clock, frame } = setup();
    encoder.configure(CONFIG);
    encoder.encode(frame());
    encoder.encode(frame());
    expect(encoder.encodeQueueSize).toBe(2);
    await clock.run(0);
    expect(encoder.encodeQueueSize).toBe(1);
    await clock.run(100);
    expect(chunks[0]?.at).toBeCloseTo(7.8, 1);
    expect(chunks[1]?.at).toBeCloseTo(15.6, 1);
  });

  it('tells with dequeue that the queue has become shorter', async () => {
    const { encoder, clock, frame } = setup();
    const sizes: number[] = [];
    let events = 0;
    encoder.ondequeue = () => sizes.push(encoder.encodeQueueSize);
    encoder.addEventListener('dequeue', () => events++);
    encoder.configure(CONFIG);
    for (let i = 0; i < 3; i++) encoder.encode(frame());
    await clock.run(100);
    expect(sizes).toEqual([2, 1, 0]);
    expect(events).toBe(3);
  });

  it('has passed for all frames when flush resolves', async () => {
    const { encoder, chunks, clock, frame } = setup();
    encoder.configure(CONFIG);
    for (let i = 0; i < 3; i++) encoder.encode(frame());
    let flushedAt = -1;
    void encoder.flush().then(() => {
      flushedAt = clock.now();
    });
    await clock.run(1000);
    expect(chunks).toHaveLength(3);
    expect(flushedAt).toBe(chunks[2]?.at);
  });
});

describe('temporal layers', () => {
  it.each([
    ['L1T1', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['L1T2', [0, 1, 0, 1, 0, 1, 0, 1]],
    ['L1T3', [0, 2, 1, 2, 0, 2, 1, 2]],
  ])('%s has its pattern', async (scalabilityMode, pattern) => {
    const { encoder, chunks, encodeFrames } = setup();
    encoder.configure({ ...CONFIG, scalabilityMode });
    await encodeFrames(8);
    expect(chunks.map(({ layer }) => layer)).toEqual(pattern);
  });

  it('can be dropped from the top and picked up again', async () => {
    const { encoder, chunks, encodeFrames, decode } = setup();
    encoder.configure({ ...CONFIG, scalabilityMode: 'L1T3' });
    await encodeFrames(48);
    const highest = (i: number) => (i < 16 ? 2 : i < 28 ? 0 : i < 36 ? 1 : 2);
    const kept = chunks.filter(({ layer }, i) => (layer ?? 0) <= highest(i));
    const { frames } = await decode(kept.map(({ chunk }) => chunk));
    expect(frames).toHaveLength(kept.length);
    expect(frames.filter(({ content }) => content.corrupt)).toEqual([]);
  });

  it('are damaged from a lost base frame to the next key frame', async () => {
    const { encoder, chunks, encodeFrames, decode } = setup();
    encoder.configure({ ...CONFIG, scalabilityMode: 'L1T3' });
    await encodeFrames(24, (i) => ({ keyFrame: i === 16 }));
    const { frames, errors } = await decode(chunks.filter((_, i) => i !== 4).map(({ chunk }) => chunk));
    const corrupt = frames.filter(({ content }) => content.corrupt).map(({ content }) => content.frameNumber);
    expect(corrupt).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(errors).toEqual([]);
  });

  it('of another encoder do not fit', async () => {
    const one = setup({}, 1);
    const two = setup({}, 2);
    for (const { encoder, encodeFrames } of [one, two]) {
      encoder.configure(CONFIG);
      await encodeFrames(4);
    }
    const spliced = [...one.chunks.slice(0, 2), ...two.chunks.slice(2)].map(({ chunk }) => chunk);
    const { frames } = await one.decode(spliced);
    expect(frames.map(({ content }) => content.corrupt)).toEqual([false, false, true, true]);
  });
});

describe('decoder', () => {
  it('hands out each frame with its timestamp, size and content', async () => {
    const { encoder, chunks, encodeFrames, decode } = setup();
    encoder.configure({ ...CONFIG, width: 640, height: 360 });
    await encodeFrames(3);
    const { frames } = await decode(chunks.map(({ chunk }) => chunk));
    expect(frames).toEqual(
      [0, 33_333, 66_667].map((timestamp, frameNumber) => ({
        timestamp,
        width: 640,
        height: 360,
        content: { sourceId: 9, frameNumber, captureTime: expect.closeTo((frameNumber * 1000) / 30), corrupt: false },
      })),
    );
  });

  it('throws DataError for a delta after configure and after flush, and stays configured', async () => {
    const { encoder, chunks, encodeFrames, codecs, clock } = setup();
    encoder.configure(CONFIG);
    await encodeFrames(2);
    const [key, delta] = chunks.map(({ chunk }) => chunk);
    if (key === undefined || delta === undefined) throw new Error('no chunks');
    const decoder = new codecs.VideoDecoder({ output: (frame) => frame.close(), error: () => {} });
    decoder.configure({ codec: 'vp8' });
    expect(() => decoder.decode(delta)).toThrow(expect.objectContaining({ name: 'DataError' }));
    expect(decoder.state).toBe('configured');
    decoder.decode(key);
    decoder.decode(delta);
    void decoder.flush();
    expect(() => decoder.decode(delta)).toThrow(expect.objectContaining({ name: 'DataError' }));
    await clock.run(100);
  });

  it('shows damage of a truncated VP8 frame without an error', async () => {
    const { encoder, chunks, encodeFrames, codecs, decode } = setup();
    encoder.configure(CONFIG);
    await encodeFrames(3);
    const [first, second, third] = chunks.map(({ chunk }) => chunk);
    if (first === undefined || second === undefined || third === undefined) throw new Error('no chunks');
    const bytes = new Uint8Array(second.byteLength);
    second.copyTo(bytes);
    const truncated = new codecs.EncodedVideoChunk({
      type: 'delta',
      timestamp: second.timestamp,
      data: bytes.subarray(0, 60),
    });
    const { frames } = await decode([first, truncated, third]);
    expect(frames.map(({ content }) => content.corrupt)).toEqual([false, true, true]);
  });

  it.each(['vp09.00.10.08', 'av01.0.04M.08'])('closes with EncodingError on a missing reference: %s', async (codec) => {
    const { encoder, chunks, encodeFrames, decode } = setup();
    encoder.configure({ ...CONFIG, codec });
    await encodeFrames(4);
    const { frames, decoder, errors } = await decode(
      chunks.filter((_, i) => i !== 1).map(({ chunk }) => chunk),
      codec,
    );
    expect(frames).toHaveLength(1);
    expect(decoder.state).toBe('closed');
    expect(errors.map(({ name }) => name)).toEqual(['EncodingError']);
  });

  it('can be told to close on a missing reference with VP8, too', async () => {
    const { encoder, chunks, encodeFrames, decode } = setup({ missingReference: 'error' });
    encoder.configure(CONFIG);
    await encodeFrames(3);
    const { errors } = await decode(chunks.filter((_, i) => i !== 1).map(({ chunk }) => chunk));
    expect(errors).toHaveLength(1);
  });
});

describe('state machine', () => {
  const invalidState = expect.objectContaining({ name: 'InvalidStateError' });

  it('refuses to work before configure and after close', async () => {
    const { encoder, frame } = setup();
    const open = frame();
    expect(() => encoder.encode(open)).toThrow(invalidState);
    await expect(encoder.flush()).rejects.toEqual(invalidState);
    encoder.configure(CONFIG);
    encoder.close();
    expect(encoder.state).toBe('closed');
    expect(() => encoder.encode(open)).toThrow(invalidState);
    expect(() => encoder.configure(CONFIG)).toThrow(invalidState);
    expect(() => encoder.reset()).toThrow(invalidState);
    expect(() => encoder.close()).toThrow(invalidState);
  });

  it('drops its work on reset, and begins with a key frame again', async () => {
    const { encoder, chunks, frame, clock, encodeFrames } = setup();
    encoder.configure(CONFIG);
    await encodeFrames(2);
    encoder.encode(frame());
    const flushed = encoder.flush();
    encoder.reset();
    await expect(flushed).rejects.toMatchObject({ name: 'AbortError' });
    expect(encoder.state).toBe('unconfigured');
    expect(encoder.encodeQueueSize).toBe(0);
    await clock.run(100);
    expect(chunks).toHaveLength(2);
    encoder.configure(CONFIG);
    await encodeFrames(2);
    expect(types(chunks)).toEqual(['key', 'delta', 'key', 'delta']);
  });

  it('throws TypeError for what is no configuration and reports NotSupportedError for what is none of its own', async () => {
    const { encoder, errors, clock, codecs } = setup();
    expect(() => encoder.configure({ ...CONFIG, width: 0 })).toThrow(TypeError);
    expect(() => encoder.configure({ ...CONFIG, codec: '' })).toThrow(TypeError);
    expect(encoder.state).toBe('unconfigured');
    encoder.configure({ ...CONFIG, scalabilityMode: 'L3T3' });
    expect(errors).toEqual([]);
    await clock.run(0);
    expect(errors.map(({ name }) => name)).toEqual(['NotSupportedError']);
    expect(encoder.state).toBe('closed');
    const supported = async (codec: string) =>
      (await codecs.VideoEncoder.isConfigSupported({ ...CONFIG, codec })).supported;
    expect(await supported('vp8')).toBe(true);
    expect(await supported('hvc1.1.6.L93.B0')).toBe(false);
    expect((await codecs.VideoDecoder.isConfigSupported({ codec: 'theora' })).supported).toBe(false);
  });

  it('refuses a closed frame with TypeError', () => {
    const { encoder, frame, codecs } = setup();
    encoder.configure(CONFIG);
    const closed = frame();
    closed.close();
    expect(() => encoder.encode(closed)).toThrow(TypeError);
    expect(codecs.openFrames.usedAfterClose).toBe(1);
  });
});

describe('open frames', () => {
  it('are none once everything was closed once', async () => {
    const { encoder, chunks, encodeFrames, decode, codecs } = setup();
    encoder.configure(CONFIG);
    await encodeFrames(10);
    await decode(chunks.map(({ chunk }) => chunk));
    expect(codecs.openFrames).toMatchObject({ open: 0, total: 20, closedTwice: 0, usedAfterClose: 0 });
  });

  it('include clones, and mistakes are counted', () => {
    const count = new OpenFrameCount();
    const content = { sourceId: 1, frameNumber: 0, captureTime: 0, corrupt: false };
    const frame = new SyntheticVideoFrame({ timestamp: 0, width: 640, height: 360, content, count });
    const clone = frame.clone();
    expect(count.open).toBe(2);
    frame.close();
    frame.close();
    expect([frame.codedWidth, clone.codedWidth]).toEqual([0, 640]);
    expect(() => frame.clone()).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
    expect(count).toMatchObject({ open: 1, closedTwice: 1, usedAfterClose: 1 });
    clone.close();
    expect(count.open).toBe(0);
  });
});
