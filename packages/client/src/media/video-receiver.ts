// Packets of one video track in, decoded frames out: loss is repaired while that makes sense, nothing that refers to a
// lost frame ever reaches the decoder.

import {
  type AssembledFrame,
  type Clock,
  type ColorSpace,
  FrameAssembler,
  FreezeDetector,
  KeyFrameArbiter,
  type Microseconds,
  type Milliseconds,
  ntpToClock,
  type PayloadFormat,
  type ReceivedPacket,
  type RtpReceiveStream,
  type SluiceEventType,
  type Tracer,
  Unwrapper,
} from '@sluice/rtp';
import { MediaError } from '../room/errors.ts';
import { fromWireColorSpace } from './color-space.ts';
import type { MediaCodecs } from './media-codecs.ts';

/** How long a new track may go without a key frame before one is asked for: the SFU sends one by itself. */
const FIRST_KEY_FRAME_PATIENCE: Milliseconds = 500;

/** Frames inside the decoder at once; beyond, everything before the next key frame is skipped. */
const MAX_UNDECODED = 150;

/** Frames captured less than this apart are one picture in two layers, as no two relations of clocks are quite equal. */
const SAME_PICTURE: Microseconds = 5000;

/** From this many frames behind on, frames are decoded but not shown until the newest is reached. */
const CATCH_UP_BACKLOG = 3;

/** What has become of a video track's frames. Names follow webrtc-stats where the meaning is equal. */
export interface VideoReceiverStats {
  /** From the subscription to the first decoded frame; `undefined` before it. */
  readonly timeToFirstFrame: Milliseconds | undefined;
  readonly framesReceived: number;
  readonly framesDecoded: number;
  readonly keyFramesDecoded: number;
  /** Decoded but not shown: to catch up with the live picture, or because that or a newer picture was shown already. */
  readonly framesDropped: number;
  /** Size of the newest decoded frame in pixels; 0 before it. */
  readonly frameWidth: number;
  readonly frameHeight: number;
  readonly pliCount: number;
  readonly decoderErrors: number;
  /** Packets that never reached the decoder, as what they refer to was missing. */
  readonly packetsDiscarded: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly packetsRecovered: number;
  readonly bytesReceived: number;
  readonly jitter: Milliseconds;
}

/** What a video receiver is made of. */
export interface VideoReceiverOptions {
  readonly clock: Clock;
  readonly codecs: Pick<MediaCodecs, 'VideoDecoder' | 'EncodedVideoChunk'>;
  readonly format: PayloadFormat;
  /** WebCodecs codec string, e.g. `vp8`. */
  readonly codec: string;
  readonly stream: RtpReceiveStream;
  /** The trace's names of the track, and of whom it is received by. */
  readonly name: string;
  readonly participant: string;
  readonly tracer: Tracer | undefined;
  readonly subscribedAt: Milliseconds;
  /** Gets each frame to show, and closes it. */
  readonly onFrame: (frame: VideoFrame) => void;
  readonly onFirstFrame: (timeToFirstFrame: Milliseconds) => void;
  /** A key frame is needed. */
  readonly sendPli: () => void;
  readonly onError: (error: MediaError) => void;
}

/** A frame inside the decoder. */
interface Undecoded {
  readonly timestamp: Microseconds;
  /** When it was captured, on the timestamps' scale: before the timestamp, where a new layer lags. */
  readonly capturedAt: Microseconds;
}

/** One incoming video track. */
export class VideoReceiver {
  readonly #options: VideoReceiverOptions;
  readonly #createdAt: Milliseconds;
  readonly #assembler: FrameAssembler;
  readonly #arbiter = new KeyFrameArbiter({ minInterval: 250, retryInterval: 1000, maxAttempts: 10 });
  readonly #timestamps = new Unwrapper(32);
  #decoder: VideoDecoder | undefined;
  /** The colour space the decoder was configured with, as JSON. */
  #configured: string | undefined;
  /** Oldest first. */
  #undecoded: Undecoded[] = [];
  #closed = false;
  /** As far as it has been seen to. */
  #packetsAbandoned = 0;
  #framesReceived = 0;
  #framesDecoded = 0;
  #keyFramesDecoded = 0;
  #framesDropped = 0;
  /** When the newest picture shown was captured. */
  #lastShown: Microseconds = Number.NEGATIVE_INFINITY;
  readonly #freezes = new FreezeDetector();
  #size = { width: 0, height: 0 };
  #pliCount = 0;
  #decoderErrors = 0;
  #timeToFirstFrame: Milliseconds | undefined;

  constructor(options: VideoReceiverOptions) {
    this.#options = options;
    this.#createdAt = options.clock.now();
    this.#assembler = new FrameAssembler(options.format);
  }

  get stats(): VideoReceiverStats {
    const { stream } = this.#options;
    return {
      timeToFirstFrame: this.#timeToFirstFrame,
      framesReceived: this.#framesReceived,
      framesDecoded: this.#framesDecoded,
      keyFramesDecoded: this.#keyFramesDecoded,
      framesDropped: this.#framesDropped,
      frameWidth: this.#size.width,
      frameHeight: this.#size.height,
      pliCount: this.#pliCount,
      decoderErrors: this.#decoderErrors,
      packetsDiscarded: this.#assembler.packetsDiscarded,
      packetsReceived: stream.packetsReceived,
      packetsLost: stream.packetsLost,
      packetsRecovered: stream.packetsRecovered,
      bytesReceived: stream.bytesReceived,
      jitter: stream.jitter,
    };
  }

  /** Takes a packet. */
  receive(packet: ReceivedPacket): void {
    if (this.#closed) return;
    const frames = this.#assembler.push(packet);
    this.#options.stream.forgetBefore(this.#assembler.floor);
    for (const frame of frames) this.#decode(frame);
  }

  /** Gives up on what takes too long, and asks for key frames. To be called every few milliseconds. */
  tick(now: Milliseconds): void {
    const { blockedSince } = this.#assembler;
    const { packetsAbandoned } = this.#options.stream;
    const hopeless = packetsAbandoned > this.#packetsAbandoned;
    this.#packetsAbandoned = packetsAbandoned;
    if (blockedSince !== undefined && (hopeless || now - blockedSince > this.#lossPatience())) {
      this.#waitForKeyFrame('packet-loss');
    }
    if (this.#assembler.closed) {
      const fresh = this.#framesReceived === 0;
      if (!fresh || now - this.#createdAt > FIRST_KEY_FRAME_PATIENCE) {
        this.#arbiter.want(fresh ? 'no-key-frame' : 'gate-closed');
      }
    }
    const reason = this.#arbiter.wantedBecause;
    const decision = this.#arbiter.poll(now);
    if (decision === undefined) return;
    this.#trace(decision === 'ask' ? 'pli-sent' : 'pli-exhausted', { reason });
    if (decision !== 'ask') return;
    this.#pliCount += 1;
    this.#options.sendPli();
  }

  /** The publisher paused the track, and that the picture stands still is no freeze; or lets it go on. */
  setMuted(muted: boolean): void {
    if (muted) this.#freezes.pause();
    else this.#freezes.resume();
  }

  /** Ends; frames inside the decoder are thrown away. */
  close(): void {
    this.#closed = true;
    this.#discardDecoder();
  }

  /** A retransmission takes a round trip, and the second request follows two round trips after the first. */
  #lossPatience(): Milliseconds {
    const roundTrip = this.#options.stream.roundTrip ?? 100;
    return Math.min(1000, Math.max(250, 4 * roundTrip));
  }

  #waitForKeyFrame(reason: string): void {
    this.#trace('gate-closed', { reason });
    this.#assembler.close();
    this.#arbiter.want(reason);
  }

  #decode(frame: AssembledFrame): void {
    const { clock, codecs, codec } = this.#options;
    this.#framesReceived += 1;
    if (this.#options.tracer) {
      this.#trace('frame-assembled', { keyFrame: frame.keyFrame, size: frame.data.byteLength });
    }
    if (frame.keyFrame) this.#arbiter.onKeyFrame(clock.now());
    if (this.#undecoded.length >= MAX_UNDECODED) {
      this.#discardDecoder();
      this.#waitForKeyFrame('decoder-overload');
      return;
    }
    // Behind a replaced decoder only a key frame makes sense; the assembler's gate was closed, so this is one.
    if (this.#decoder === undefined && !frame.keyFrame) return;
    try {
      this.#decoder ??= this.#createDecoder();
      if (frame.keyFrame) this.#configure(this.#decoder, codec, frame.colorSpace);
      const ticks = this.#timestamps.unwrap(frame.timestamp);
      const timestamp = toMicroseconds(ticks);
      this.#undecoded.push({ timestamp, capturedAt: toMicroseconds(ticks - frame.captureLag) });
      this.#decoder.decode(
        new codecs.EncodedVideoChunk({ type: frame.keyFrame ? 'key' : 'delta', timestamp, data: frame.data }),
      );
      if (frame.keyFrame) this.#keyFramesDecoded += 1;
    } catch (cause) {
      this.#onFailure(cause);
    }
  }

  #createDecoder(): VideoDecoder {
    const decoder: VideoDecoder = new this.#options.codecs.VideoDecoder({
      output: (frame) => {
        if (this.#decoder === decoder) this.#onDecoded(frame);
        else frame.close();
      },
      error: (cause) => {
        if (this.#decoder === decoder) this.#onFailure(cause);
      },
    });
    this.#configured = undefined;
    return decoder;
  }

  /** Tells the decoder how to read the colours, where it does not know it yet. */
  #configure(decoder: VideoDecoder, codec: string, colorSpace: ColorSpace | undefined): void {
    const key = JSON.stringify(colorSpace ?? null);
    if (this.#configured === key) return;
    this.#configured = key;
    decoder.configure({
      codec,
      optimizeForLatency: true,
      ...(colorSpace && { colorSpace: fromWireColorSpace(colorSpace) }),
    });
  }

  #onDecoded(frame: VideoFrame): void {
    this.#framesDecoded += 1;
    this.#size = { width: frame.displayWidth, height: frame.displayHeight };
    const { capturedAt } = this.#undecoded.find(({ timestamp }) => timestamp === frame.timestamp) ?? {
      capturedAt: frame.timestamp,
    };
    this.#undecoded = this.#undecoded.filter(({ timestamp }) => timestamp > frame.timestamp);
    if (this.#options.tracer) this.#trace('frame-decoded', this.#size);
    if (this.#timeToFirstFrame === undefined) {
      this.#timeToFirstFrame = this.#options.clock.now() - this.#options.subscribedAt;
      this.#trace('first-frame', { timeToFirstFrame: this.#timeToFirstFrame });
      this.#options.onFirstFrame(this.#timeToFirstFrame);
    }
    if (this.#undecoded.length >= CATCH_UP_BACKLOG || capturedAt - this.#lastShown < SAME_PICTURE) {
      this.#framesDropped += 1;
      frame.close();
    } else {
      this.#lastShown = capturedAt;
      if (this.#options.tracer) this.#traceShown(frame.timestamp, capturedAt);
      this.#options.onFrame(frame);
    }
  }

  #onFailure(cause: unknown): void {
    this.#decoderErrors += 1;
    this.#discardDecoder();
    this.#waitForKeyFrame('decoder-error');
    this.#options.onError(
      new MediaError('decoder', `The decoder of ${this.#options.name} failed; it goes on at the next key frame.`, {
        cause,
      }),
    );
  }

  #discardDecoder(): void {
    const decoder = this.#decoder;
    this.#decoder = undefined;
    this.#undecoded = [];
    if (decoder !== undefined && decoder.state !== 'closed') decoder.close();
  }

  #traceShown(timestamp: Microseconds, capturedAt: Microseconds): void {
    const { clock, stream } = this.#options;
    const now = clock.now();
    const duration = this.#freezes.onFrame(now);
    if (duration !== undefined) this.#trace('video-frozen', { duration });
    const { senderClock } = stream;
    // A report's place among the unwrapped timestamps is the one nearest to the frame's.
    const ticks = Math.round((capturedAt * 90) / 1000);
    const delay = senderClock && now - ntpToClock(senderClock) - ((ticks - senderClock.rtpTimestamp) | 0) / 90;
    this.#trace('frame-shown', { timestamp, delay });
  }

  #trace(type: SluiceEventType, details: Record<string, string | number | boolean | undefined>): void {
    const { tracer, clock, participant, name } = this.#options;
    tracer?.({ at: clock.now(), type, participant, track: name, ...details });
  }
}

/** From ticks of video's RTP clock. */
function toMicroseconds(ticks: number): Microseconds {
  return Math.round((ticks * 1000) / 90);
}
