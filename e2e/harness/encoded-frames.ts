// Frames of the browser's own encoders, and whether its decoders take them.

/** An encoded frame, as an encoder has put it out or an assembler has put it together. */
export interface EncodedFrame {
  readonly keyFrame: boolean;
  /** In microseconds. */
  readonly timestamp: number;
  readonly data: Uint8Array;
  /** Where the encoder says it. */
  readonly temporalLayer: number | undefined;
  /** The decoder configuration that comes with it (avcC), where there is a new one. */
  readonly description: Uint8Array | undefined;
}

/** Frames a second. */
export const FRAME_RATE = 30;

/** Whether the browser encodes and decodes that. */
export async function isSupported(config: VideoEncoderConfig): Promise<boolean> {
  const encoder = await VideoEncoder.isConfigSupported(config).catch(() => ({ supported: false }));
  const decoder = await VideoDecoder.isConfigSupported({ codec: config.codec }).catch(() => ({ supported: false }));
  return (encoder.supported ?? false) && (decoder.supported ?? false);
}

/** Encodes that many pictures in which everything moves, with key frames at the given places. */
export async function encodeBusyPictures(
  config: VideoEncoderConfig,
  count: number,
  keyFrames: readonly number[],
): Promise<EncodedFrame[]> {
  const frames: EncodedFrame[] = [];
  const errors: string[] = [];
  const encoder = new VideoEncoder({
    output: (chunk, metadata) => {
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      // `svc` is missing from TypeScript's library.
      const { svc, decoderConfig } = (metadata ?? {}) as EncodedVideoChunkMetadata & {
        svc?: { temporalLayerId: number };
      };
      const { description } = decoderConfig ?? {};
      frames.push({
        keyFrame: chunk.type === 'key',
        timestamp: chunk.timestamp,
        data,
        temporalLayer: svc?.temporalLayerId,
        description: description === undefined ? undefined : bytesOf(description),
      });
    },
    error: (error) => errors.push(error.message),
  });
  encoder.configure(config);
  const canvas = new OffscreenCanvas(config.width, config.height);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('No 2D canvas.');
  for (let i = 0; i < count; i++) {
    paint(context, i);
    const frame = new VideoFrame(canvas, { timestamp: Math.round((i * 1_000_000) / FRAME_RATE) });
    encoder.encode(frame, { keyFrame: keyFrames.includes(i) });
    frame.close();
    if (encoder.encodeQueueSize > 2) await new Promise((resolve) => encoder.addEventListener('dequeue', resolve));
  }
  await encoder.flush();
  encoder.close();
  if (errors.length > 0) throw new Error(errors.join());
  return frames;
}

/** What a decoder makes of frames: the size of each picture, and what it complains about. */
export async function decodeAll(
  config: VideoDecoderConfig,
  frames: readonly Pick<EncodedFrame, 'keyFrame' | 'timestamp' | 'data'>[],
): Promise<{ sizes: string[]; errors: string[] }> {
  const sizes: string[] = [];
  const errors: string[] = [];
  const decoder = new VideoDecoder({
    output: (frame) => {
      sizes.push(`${frame.displayWidth}x${frame.displayHeight}`);
      frame.close();
    },
    error: (error) => errors.push(error.message),
  });
  try {
    decoder.configure({ ...config, optimizeForLatency: true });
    for (const { keyFrame, timestamp, data } of frames) {
      decoder.decode(new EncodedVideoChunk({ type: keyFrame ? 'key' : 'delta', timestamp, data }));
    }
    await decoder.flush();
  } catch (error) {
    errors.push(String(error));
  }
  if (decoder.state !== 'closed') decoder.close();
  return { sizes, errors };
}

/** Squares of colours that follow from their place and the picture's number: no two pictures look alike. */
function paint(context: OffscreenCanvasRenderingContext2D, picture: number): void {
  const { width, height } = context.canvas;
  const side = 16;
  for (let y = 0; y < height; y += side) {
    for (let x = 0; x < width; x += side) {
      const seed = Math.imul((y / side) * 4099 + x / side + 17 * picture, 0x9e3779b1) >>> 8;
      context.fillStyle = `rgb(${seed & 0xff} ${(seed >> 8) & 0xff} ${(seed >> 16) & 0xff})`;
      context.fillRect(x, y, side, side);
    }
  }
}

function bytesOf(source: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
    : new Uint8Array(source).slice();
}
