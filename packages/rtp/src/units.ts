// Numbers that carry their unit in the type. A plain number may become any of them, but one unit is never taken for
// another by mistake: arithmetic yields a plain number, and naming the result's type says what it is.

declare const unit: unique symbol;

type Quantity<Unit extends string> = number & { readonly [unit]?: Unit };

/** Milliseconds, float, on the scale of the `Clock` in use. */
export type Milliseconds = Quantity<'ms'>;

/** Microseconds: the unit of WebCodecs timestamps. */
export type Microseconds = Quantity<'us'>;

/** Ticks of an RTP media clock (RFC 3550 §5.1), modulo 2^32. */
export type RtpTicks = Quantity<'ticks'>;

/** Bit/s. */
export type BitsPerSecond = Quantity<'bit/s'>;

/** Bytes. */
export type Bytes = Quantity<'byte'>;

/** The clock rate of every RTP video payload format here (RFC 7741 §4.1 and its siblings), in Hz. */
export const VIDEO_CLOCK_RATE = 90_000;

/** The clock rate of Opus in RTP (RFC 7587 §4.1), in Hz. */
export const AUDIO_CLOCK_RATE = 48_000;
