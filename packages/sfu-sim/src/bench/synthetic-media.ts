// A camera and a microphone on a clock.

import type { AudioSource, VideoSource } from '@sluice/client';
import { ArgumentError, type Clock, every, type Microseconds, type Milliseconds, type Random } from '@sluice/rtp';
import { OpenFrameCount, SyntheticAudioData, SyntheticVideoFrame } from './synthetic-frames.ts';

/** What synthetic cameras and microphones have in common. */
export interface SyntheticSourceOptions {
  clock: Clock;
  /** Draws the id and the origin of the timestamps, which is 0 without it. */
  random?: Random;
  /** What its frames' content is marked with. Default: drawn, or 1 without `random`. */
  sourceId?: number;
  /** Whose `openFrames` counts what it produces: that of the codecs it feeds. Default: a count of its own. */
  codecs?: { readonly openFrames: OpenFrameCount };
}

/** What a synthetic camera is like. */
export interface SyntheticCameraOptions extends SyntheticSourceOptions {
  /** Pixels. Default 1280 × 720. */
  width?: number;
  height?: number;
  /** Hz. Default 30. */
  frameRate?: number;
}

/** A camera whose frames come at exact intervals, the first one interval after `start`. */
export interface SyntheticCamera extends VideoSource {
  readonly sourceId: number;
  readonly openFrames: OpenFrameCount;
  /** The device goes away: no more frames, and `onEnded` if it was started. It cannot be started again. */
  end(): void;
}

/** @throws ArgumentError when size or frame rate are not above 0 */
export function syntheticCamera(options: SyntheticCameraOptions): SyntheticCamera {
  const { clock, width = 1280, height = 720, frameRate = 30 } = options;
  assertPositive({ width, height, frameRate });
  const device = new Device<VideoFrame>(options, 1000 / frameRate, (shot) => {
    const { sourceId, frameNumber, captureTime, timestamp, count } = shot;
    return new SyntheticVideoFrame({
      timestamp,
      duration: Math.round(1e6 / frameRate),
      width,
      height,
      content: { sourceId, frameNumber, captureTime, corrupt: false },
      count,
    });
  });
  return {
    kind: 'video',
    width,
    height,
    frameRate,
    sourceId: device.sourceId,
    openFrames: device.openFrames,
    start: (onFrame, onEnded) => device.start(clock, onFrame, onEnded),
    stop: () => device.stop(),
    end: () => device.end(),
  };
}

/** What a synthetic microphone is like. */
export interface SyntheticMicrophoneOptions extends SyntheticSourceOptions {
  /** Hz. Default 48 000. */
  sampleRate?: number;
  /** Default 1. */
  channels?: number;
  /** ms of sound in each piece, and so in each Opus packet. Default 20. */
  packetDuration?: Milliseconds;
  /** Amplitude at first, 0 to 1. Default 0.25. */
  level?: number;
}

/** A microphone whose data comes at exact intervals, the first one interval after `start`. */
export interface SyntheticMicrophone extends AudioSource {
  readonly sourceId: number;
  readonly openFrames: OpenFrameCount;
  /** Amplitude of what is captured from now on, 0 to 1: set it to let someone speak or fall silent. */
  level: number;
  /** The device goes away: no more data, and `onEnded` if it was started. It cannot be started again. */
  end(): void;
}

/** @throws ArgumentError when sample rate, channels or packet duration are not above 0 */
export function syntheticMicrophone(options: SyntheticMicrophoneOptions): SyntheticMicrophone {
  const { clock, sampleRate = 48_000, channels = 1, packetDuration = 20, level = 0.25 } = options;
  assertPositive({ sampleRate, channels, packetDuration });
  const device = new Device<AudioData>(options, packetDuration, (shot) => {
    const { sourceId, frameNumber, captureTime, timestamp, count } = shot;
    return new SyntheticAudioData({
      timestamp,
      sampleRate,
      numberOfFrames: Math.round((sampleRate * packetDuration) / 1000),
      numberOfChannels: channels,
      content: { sourceId, frameNumber, captureTime, corrupt: false, level: microphone.level },
      count,
    });
  });
  const microphone: SyntheticMicrophone = {
    kind: 'audio',
    sampleRate,
    channels,
    level,
    sourceId: device.sourceId,
    openFrames: device.openFrames,
    start: (onData, onEnded) => device.start(clock, onData, onEnded),
    stop: () => device.stop(),
    end: () => device.end(),
  };
  return microphone;
}

interface Shot {
  readonly sourceId: number;
  readonly frameNumber: number;
  readonly captureTime: Milliseconds;
  readonly timestamp: Microseconds;
  readonly count: OpenFrameCount;
}

/** What produces something at intervals between `start` and `stop`. */
class Device<Media> {
  readonly sourceId: number;
  readonly openFrames: OpenFrameCount;
  readonly #period: Milliseconds;
  readonly #capture: (shot: Shot) => Media;
  /** Timestamps of cameras are on a scale of their own. */
  readonly #origin: Microseconds;
  #frameNumber = 0;
  #cancel: (() => void) | undefined;
  #onEnded: (() => void) | undefined;
  #ended = false;

  constructor(options: SyntheticSourceOptions, period: Milliseconds, capture: (shot: Shot) => Media) {
    this.sourceId = options.sourceId ?? options.random?.integer(1, 0x7fffffff) ?? 1;
    this.#origin = options.random?.integer(0, 0x7fffffff) ?? 0;
    this.openFrames = options.codecs?.openFrames ?? new OpenFrameCount();
    this.#period = period;
    this.#capture = capture;
  }

  start(clock: Clock, onMedia: (media: Media) => void, onEnded: () => void): void {
    if (this.#ended) throw new DOMException('the device has gone away', 'InvalidStateError');
    if (this.#cancel !== undefined) throw new DOMException('the source is started already', 'InvalidStateError');
    this.#onEnded = onEnded;
    this.#cancel = every(clock, this.#period, () => {
      const captureTime = clock.now();
      const timestamp = this.#origin + Math.round(captureTime * 1000);
      const frameNumber = this.#frameNumber++;
      const count = this.openFrames;
      onMedia(this.#capture({ sourceId: this.sourceId, frameNumber, captureTime, timestamp, count }));
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#onEnded = undefined;
  }

  end(): void {
    const onEnded = this.#onEnded;
    this.#ended = true;
    this.stop();
    onEnded?.();
  }
}

function assertPositive(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(value > 0 && value < Number.POSITIVE_INFINITY))
      throw new ArgumentError(`${name} is ${value}: it must be above 0`);
  }
}
