// A microphone that hears a tone of 440 Hz.

import type { AudioSource } from '@sluice/client';
import { type Clock, every } from '@sluice/rtp';

const PERIOD = 20;
const FREQUENCY = 440;
const LEVEL = 0.1;

/** The tone, in pieces of 20 ms of 48 kHz, mono. */
export class ToneMicrophone implements AudioSource {
  readonly kind = 'audio';
  readonly sampleRate = 48_000;
  readonly channels = 1;
  readonly #clock: Clock;
  #samples = 0;
  #stop: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(onData: (data: AudioData) => void): void {
    const { sampleRate } = this;
    const length = (sampleRate * PERIOD) / 1000;
    this.#stop = every(this.#clock, PERIOD, () => {
      const data = new Float32Array(length);
      for (let i = 0; i < length; i++) {
        data[i] = LEVEL * Math.sin((2 * Math.PI * FREQUENCY * (this.#samples + i)) / sampleRate);
      }
      this.#samples += length;
      const timestamp = Math.round(this.#clock.now() * 1000);
      onData(
        new AudioData({ format: 'f32', sampleRate, numberOfFrames: length, numberOfChannels: 1, timestamp, data }),
      );
    });
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
