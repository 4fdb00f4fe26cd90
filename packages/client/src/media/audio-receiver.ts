// Packets of one audio track in, decoded audio out.

import { type Milliseconds, type ReceivedPacket, type RtpReceiveStream, Unwrapper } from '@sluice/rtp';
import { MediaError } from '../room/errors.ts';
import type { MediaCodecs } from './media-codecs.ts';

/** What has become of an audio track's packets. Names follow webrtc-stats where the meaning is equal. */
export interface AudioReceiverStats {
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly bytesReceived: number;
  readonly jitter: Milliseconds;
  /** Packets that came after a later one had been decoded. */
  readonly packetsDiscarded: number;
  /** Pieces of audio decoded. */
  readonly framesDecoded: number;
  /** Audio decoded, in samples per channel. */
  readonly totalSamplesReceived: number;
  readonly decoderErrors: number;
}

/** What an audio receiver is made of. */
export interface AudioReceiverOptions {
  readonly codecs: Pick<MediaCodecs, 'AudioDecoder' | 'EncodedAudioChunk'>;
  readonly clockRate: number;
  readonly channels: number;
  readonly stream: RtpReceiveStream;
  /** Gets each piece of audio, and closes it. */
  readonly onData: (data: AudioData) => void;
  readonly onError: (error: MediaError) => void;
}

/** One incoming audio track. Packets are decoded as they come; one that was overtaken is left out. */
export class AudioReceiver {
  readonly #options: AudioReceiverOptions;
  readonly #timestamps = new Unwrapper(32);
  #decoder: AudioDecoder | undefined;
  #lastSequence = Number.NEGATIVE_INFINITY;
  #closed = false;
  #discarded = 0;
  #framesDecoded = 0;
  #samples = 0;
  #errors = 0;

  constructor(options: AudioReceiverOptions) {
    this.#options = options;
  }

  get stats(): AudioReceiverStats {
    const { stream } = this.#options;
    return {
      packetsReceived: stream.packetsReceived,
      packetsLost: stream.packetsLost,
      bytesReceived: stream.bytesReceived,
      jitter: stream.jitter,
      packetsDiscarded: this.#discarded,
      framesDecoded: this.#framesDecoded,
      totalSamplesReceived: this.#samples,
      decoderErrors: this.#errors,
    };
  }

  /** Takes a packet. */
  receive(packet: ReceivedPacket): void {
    if (this.#closed || packet.payload.length === 0) return;
    if (packet.sequence <= this.#lastSequence) {
      this.#discarded += 1;
      return;
    }
    this.#lastSequence = packet.sequence;
    const { codecs, clockRate } = this.#options;
    const timestamp = Math.round((this.#timestamps.unwrap(packet.timestamp) * 1_000_000) / clockRate);
    try {
      this.#decoder ??= this.#createDecoder();
      this.#decoder.decode(new codecs.EncodedAudioChunk({ type: 'key', timestamp, data: packet.payload }));
    } catch (cause) {
      this.#onFailure(cause);
    }
  }

  /** Nothing is due in between packets. */
  tick(): void {}

  /** Ends. */
  close(): void {
    this.#closed = true;
    this.#discardDecoder();
  }

  #createDecoder(): AudioDecoder {
    const { codecs, clockRate, channels, onData } = this.#options;
    const decoder: AudioDecoder = new codecs.AudioDecoder({
      output: (data) => {
        if (this.#decoder !== decoder) {
          data.close();
          return;
        }
        this.#framesDecoded += 1;
        this.#samples += data.numberOfFrames;
        onData(data);
      },
      error: (cause) => {
        if (this.#decoder === decoder) this.#onFailure(cause);
      },
    });
    decoder.configure({ codec: 'opus', sampleRate: clockRate, numberOfChannels: channels });
    return decoder;
  }

  #onFailure(cause: unknown): void {
    this.#errors += 1;
    this.#discardDecoder();
    this.#options.onError(
      new MediaError('decoder', 'The audio decoder failed; the next packet gets a new one.', { cause }),
    );
  }

  #discardDecoder(): void {
    const decoder = this.#decoder;
    this.#decoder = undefined;
    if (decoder !== undefined && decoder.state !== 'closed') decoder.close();
  }
}
