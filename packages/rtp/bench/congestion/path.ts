// A sender, the path and the receiver's feedback, reduced to what a controller sees of them.

import type { CongestionController } from '../../src/congestion/controller.ts';
import { SendHistory } from '../../src/congestion/send-history.ts';

export const PACKET_SIZE = 1_200;

const FEEDBACK_INTERVAL = 50;
const PROCESS_INTERVAL = 25;
const ONE_WAY_DELAY = 25;

/** A path that carries what is sent, with 2 ms of jitter and one packet in 200 lost. */
export class Path {
  readonly #history = new SendHistory();
  readonly #controller: CongestionController;
  readonly #spacing: number;
  readonly #arrivals: (number | undefined)[] = [];
  #sequence = 0;
  #base = 0;
  #feedbackCount = 0;
  #now = 0;
  #nextFeedback = FEEDBACK_INTERVAL;
  #nextProcess = 0;

  constructor(controller: CongestionController, bitrate: number) {
    this.#controller = controller;
    this.#spacing = (PACKET_SIZE * 8_000) / bitrate;
    controller.setDesiredBitrate(bitrate, 0);
  }

  /** Sends and acknowledges so many packets; the target afterwards. */
  run(packets: number): number {
    for (let i = 0; i < packets; i++) this.#send();
    return this.#controller.targetBitrate;
  }

  #send(): void {
    const sequence = this.#sequence++;
    const now = this.#now;
    const sent = { sequence, size: PACKET_SIZE, sentAt: now };
    this.#history.onPacketSent(sent);
    this.#controller.onPacketSent(sent);
    const jitter = ((sequence * 7919) % 16) / 8;
    this.#arrivals.push(sequence % 200 === 99 ? undefined : now + ONE_WAY_DELAY + jitter);
    this.#now += this.#spacing;
    if (this.#now >= this.#nextProcess) {
      this.#nextProcess += PROCESS_INTERVAL;
      this.#controller.onProcess(this.#now);
      this.#controller.takeProbeRequests();
    }
    if (this.#now >= this.#nextFeedback) this.#acknowledge();
  }

  #acknowledge(): void {
    this.#nextFeedback += FEEDBACK_INTERVAL;
    const feedback = {
      baseSequence: this.#base & 0xffff,
      feedbackCount: this.#feedbackCount++ & 0xff,
      arrivals: this.#arrivals,
    };
    this.#controller.onFeedback(this.#history.onFeedback(feedback, this.#now + ONE_WAY_DELAY));
    this.#base = this.#sequence;
    this.#arrivals.length = 0;
  }
}
