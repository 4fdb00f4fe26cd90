// How loud captured audio is (RFC 6464 §3).

/** The level of silence, in −dBov. */
const SILENCE = 127;

/** The loudness of the pieces of audio since the last reading. */
export class AudioLoudness {
  #samples = new Float32Array(0);
  #energy = 0;
  #count = 0;
  #level = SILENCE;

  /** Takes a piece, which stays the caller's. */
  add(data: AudioData): void {
    if (this.#samples.length < data.numberOfFrames) this.#samples = new Float32Array(data.numberOfFrames);
    const plane = this.#samples.subarray(0, data.numberOfFrames);
    for (let planeIndex = 0; planeIndex < data.numberOfChannels; planeIndex += 1) {
      data.copyTo(plane, { planeIndex, format: 'f32-planar' });
      for (const sample of plane) this.#energy += sample * sample;
      this.#count += plane.length;
    }
  }

  /** The level in −dBov, 0 to 127; that of before where nothing came since. */
  take(): number {
    if (this.#count > 0) {
      const decibels = 10 * Math.log10(this.#energy / this.#count);
      this.#level = Number.isNaN(decibels) ? SILENCE : Math.round(Math.min(SILENCE, Math.max(0, -decibels)));
    }
    this.#energy = 0;
    this.#count = 0;
    return this.#level;
  }
}
