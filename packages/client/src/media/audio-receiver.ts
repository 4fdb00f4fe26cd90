// Packets of one audio track in, decoded audio out.

import {
  type AudioConcealedEvent,
  type Clock,
  type Microseconds,
  type Milliseconds,
  type ReceivedPacket,
  type RtpReceiveStream,
  type Tracer,
  Unwrapper,
} from '@sluice/rtp';
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
  readonly clock: Clock;
  readonly codecs: Pick<MediaCodecs, 'AudioDecoder' | 'EncodedAudioChunk'>;
  readonly clockRate: number;
  readonly channels: number;
  readonly stream: RtpReceiveStream;
  /** The trace's names of the track, and of whom it is received by. */
  readonly name: string;
  readonly participant: string;
  readonly tracer: Tracer | undefined;
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
  #lastTimestamp: Microseconds = 0;
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
    const { codecs, clockRate, tracer } = this.#options;
    const timestamp = Math.round((this.#timestamps.unwrap(packet.timestamp) * 1_000_000) / clockRate);
    if (tracer && packet.sequence > this.#lastSequence + 1) this.#traceConcealed(tracer, packet.sequence, timestamp);
    this.#lastSequence = packet.sequence;
    this.#lastTimestamp = timestamp;
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

  /** What was missing before a packet, all packets taken to be of one length. */
  #traceConcealed(tracer: Tracer, sequence: number, timestamp: Microseconds): void {
    const packets = sequence - this.#lastSequence - 1;
    if (!Number.isFinite(packets)) return;
    const { clock, participant, name } = this.#options;
    const duration = ((timestamp - this.#lastTimestamp) * packets) / (packets + 1) / 1000;
    tracer({
      at: clock.now(),
      type: 'audio-concealed',
      participant,
      track: name,
      packets,
      duration,
    } satisfies AudioConcealedEvent);
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
