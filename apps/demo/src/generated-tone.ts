// Sound for those without a microphone: a soft note twice a second. Made without an AudioContext, which may not run
// before the user has touched the page.

import type { AudioSource } from '@sluice/client';

const PIECE: Milliseconds = 20;
const NOTES: readonly Hertz[] = [220, 277.18, 329.63, 440, 329.63, 277.18, 246.94, 329.63];
const NOTE_SECONDS = 0.5;
const LOUDNESS = 0.12;

type Milliseconds = number;
type Hertz = number;

/** Plays until it is stopped. */
export class GeneratedTone implements AudioSource {
  readonly kind = 'audio';
  readonly sampleRate = 48_000;
  readonly channels = 1;
  #timer: ReturnType<typeof setInterval> | undefined;

  start(onData: (data: AudioData) => void): void {
    const startedAt = performance.now();
    const samplesPerPiece = (this.sampleRate * PIECE) / 1000;
    let pieces = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor((performance.now() - startedAt) / PIECE);
      // What a sleeping tab has missed is left out but for the last second.
      pieces = Math.max(pieces, due - 1000 / PIECE);
      for (; pieces < due; pieces++) onData(this.#piece(pieces * samplesPerPiece, samplesPerPiece));
    }, PIECE);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #piece(first: number, count: number): AudioData {
    const samples = new Float32Array(count);
    for (let i = 0; i < count; i++) samples[i] = sampleAt((first + i) / this.sampleRate);
    return new AudioData({
      format: 'f32-planar',
      sampleRate: this.sampleRate,
      numberOfFrames: count,
      numberOfChannels: this.channels,
      timestamp: Math.round((first * 1_000_000) / this.sampleRate),
      data: samples,
    });
  }
}

function sampleAt(seconds: number): number {
  const note = NOTES[Math.floor(seconds / NOTE_SECONDS) % NOTES.length] ?? 220;
  const since = seconds % NOTE_SECONDS;
  // A quick rise and a slow fall, down to nothing at the note's end: no clicks.
  const envelope = Math.min(1, since / 0.02) * Math.exp(-5 * since) * Math.min(1, (NOTE_SECONDS - since) / 0.02);
  return LOUDNESS * envelope * Math.sin(2 * Math.PI * note * since);
}
