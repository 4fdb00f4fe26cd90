// How long an Opus packet sounds, by its first byte (RFC 6716 §3.1), in ticks of its RTP clock (RFC 7587 §4.1).

/** Ticks of the 48 kHz clock in 2.5 ms. */
const UNIT = 120;
/** The longest packet, 120 ms (RFC 6716 §3.2.5, R5). */
const MAX_DURATION = 5760;

/**
 * The duration of a packet in ticks of 48 kHz, 120 to 5760, also of one that holds no sound (DTX: a frame of no bytes is
 * as long as any other); `undefined` where the packet is none.
 */
export function opusDuration(packet: Uint8Array): number | undefined {
  const head = packet[0];
  if (head === undefined) return undefined;
  const duration = frameCount(head & 0x03, packet[1]) * frameDuration(head >> 3);
  return duration > 0 && duration <= MAX_DURATION ? duration : undefined;
}

/** Table 2: SILK frames of 10 to 60 ms, hybrid ones of 10 and 20 ms, CELT ones of 2.5 to 20 ms. */
function frameDuration(configuration: number): number {
  if (configuration >= 16) return UNIT << (configuration & 0x03);
  if (configuration >= 12) return (4 * UNIT) << (configuration & 0x01);
  const step = configuration & 0x03;
  return step === 3 ? 24 * UNIT : (4 * UNIT) << step;
}

/** §3.2: one, two, two, or as many as the second byte says; 0 where that is missing. */
function frameCount(code: number, second: number | undefined): number {
  if (code === 3) return second === undefined ? 0 : second & 0x3f;
  return code === 0 ? 1 : 2;
}
