// Keeps what a transport delivers, and tells when there is more.

import type { TransportHandler } from '@sluice/rtp';

/** Long enough for a busy machine: only a test that fails waits for it. */
const LIMIT = 10_000;

/** The owner of a transport in a test. */
export class RecordingHandler implements TransportHandler {
  readonly packets: { bytes: Uint8Array; arrival: number; at: number }[] = [];
  readonly messages: string[] = [];
  /** Messages and the end, in the order in which they came. */
  readonly log: string[] = [];
  closed: string | undefined;
  #waiting: (() => void)[] = [];

  onPacket(bytes: Uint8Array, arrival: number): void {
    this.packets.push({ bytes, arrival, at: performance.now() });
    this.#changed();
  }

  onMessage(message: string): void {
    this.messages.push(message);
    this.log.push(`message ${message}`);
    this.#changed();
  }

  onClose(reason: string): void {
    this.closed = reason;
    this.log.push(`close ${reason}`);
    this.#changed();
  }

  /** Waits until the condition holds, looking whenever something has arrived. */
  async until(condition: () => boolean): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`It never came; what did: ${this.log.slice(-5).join(', ')}`)), LIMIT);
    });
    try {
      while (!condition()) {
        await Promise.race([new Promise<void>((resolve) => this.#waiting.push(resolve)), timeout]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** The bytes of the packets that came. */
export function packetsOf(handler: RecordingHandler): number[][] {
  return handler.packets.map(({ bytes }) => [...bytes]);
}
