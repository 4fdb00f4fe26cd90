// Codecs that fail when told to: anybody's, synthetic or the browser's.

import type { MediaCodecs } from '@sluice/client';

/** Codecs with the strings to pull. */
export interface FaultyCodecs {
  readonly codecs: MediaCodecs;
  /** While `true`, video encoders take frames and do nothing; afterwards they do it all. */
  setStalled(stalled: boolean): void;
  /** Every video decoder that works closes and reports an `EncodingError`. */
  failDecoders(): void;
}

interface Stalled {
  readonly frame: VideoFrame;
  readonly options: VideoEncoderEncodeOptions | undefined;
}

/** Lays faults over codecs. */
export function faultyCodecs(codecs: MediaCodecs): FaultyCodecs {
  const encoders = new Set<{ resume(): void }>();
  const decoders = new Set<{ fail(): void }>();
  let stalled = false;

  class VideoEncoder extends codecs.VideoEncoder {
    readonly #waiting: Stalled[] = [];

    constructor(init: VideoEncoderInit) {
      super(init);
      encoders.add(this);
    }

    override get encodeQueueSize(): number {
      return super.encodeQueueSize + this.#waiting.length;
    }

    override encode(frame: VideoFrame, options?: VideoEncoderEncodeOptions): void {
      if (stalled) this.#waiting.push({ frame: frame.clone(), options });
      else super.encode(frame, options);
    }

    override reset(): void {
      this.#discard();
      super.reset();
    }

    override close(): void {
      encoders.delete(this);
      this.#discard();
      super.close();
    }

    resume(): void {
      for (const { frame, options } of this.#waiting.splice(0)) {
        if (this.state === 'configured') super.encode(frame, options);
        frame.close();
      }
    }

    #discard(): void {
      for (const { frame } of this.#waiting.splice(0)) frame.close();
    }
  }

  class VideoDecoder extends codecs.VideoDecoder {
    readonly #onError: WebCodecsErrorCallback;

    constructor(init: VideoDecoderInit) {
      super(init);
      this.#onError = init.error;
      decoders.add(this);
    }

    override close(): void {
      decoders.delete(this);
      super.close();
    }

    fail(): void {
      if (this.state !== 'configured') return;
      this.close();
      this.#onError(new DOMException('the scenario made the decoder fail', 'EncodingError'));
    }
  }

  return {
    codecs: {
      VideoEncoder,
      VideoDecoder,
      AudioEncoder: codecs.AudioEncoder,
      AudioDecoder: codecs.AudioDecoder,
      EncodedVideoChunk: codecs.EncodedVideoChunk,
      EncodedAudioChunk: codecs.EncodedAudioChunk,
    },
    setStalled(value) {
      stalled = value;
      if (!stalled) for (const encoder of [...encoders]) encoder.resume();
    },
    failDecoders() {
      for (const decoder of [...decoders]) decoder.fail();
    },
  };
}
