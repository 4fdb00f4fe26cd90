// A `SenderSession` on a clock: the part of sending that needs a timer, shared by client and SFU.

import type { Clock, TimerHandle } from '../clock.ts';
import type { PacerPriority } from '../congestion/pacer-queue.ts';
import type { CongestionFeedbackFormat } from '../rtcp/feedback-types.ts';
import type { RtcpPacket } from '../rtcp/packets.ts';
import type { HeaderExtensionIds } from '../rtp/header-extensions.ts';
import type { RtpFields } from '../rtp/packet.ts';
import type { Milliseconds } from '../units.ts';
import { type PacketWatcher, SenderSession, type SenderSessionOptions, type SendingStream } from './sender-session.ts';

/** What a `PacketSender` is made of. */
export interface PacketSenderOptions extends SenderSessionOptions {
  readonly clock: Clock;
}

/** One end's outgoing packets, which leave when the pacer allows. */
export class PacketSender {
  readonly #clock: Clock;
  readonly #session: SenderSession;
  #timer: TimerHandle;
  /** When the timer calls; infinite when there is none. */
  #timerDue: Milliseconds = Number.POSITIVE_INFINITY;
  /** When there is something to do next: it may have been put off since the timer was set. */
  #due: Milliseconds = Number.POSITIVE_INFINITY;

  constructor(options: PacketSenderOptions) {
    this.#clock = options.clock;
    this.#session = new SenderSession(options);
  }

  /** Counters. */
  get statistics(): Pick<SenderSession, 'packetsSent' | 'bytesSent' | 'queueSize' | 'congestion'> {
    return this.#session;
  }

  /** Which feedback the receiver has promised. Default `transport-cc`. */
  set congestionFeedback(format: CongestionFeedbackFormat) {
    this.#session.congestionFeedback = format;
  }

  /** From now on the stream is reported on, and the receiver's requests for it are answered. */
  add(outgoing: SendingStream): void {
    this.#session.add(outgoing);
  }

  /** The stream is over. */
  remove(outgoing: SendingStream): void {
    this.#session.remove(outgoing);
  }

  /**
   * Takes back what waits of the stream, and of what repairs it.
   *
   * @returns the sequence numbers of its own packets among them
   */
  withdraw(outgoing: SendingStream): number[] {
    return this.#session.withdraw(outgoing);
  }

  /**
   * Sends an RTP packet as soon as the pacer allows.
   *
   * @param watcher - hears what becomes of it. Default: nobody does
   */
  send(fields: RtpFields, extensionIds: HeaderExtensionIds, priority: PacerPriority, watcher?: PacketWatcher): void {
    const now = this.#clock.now();
    this.#session.send(fields, extensionIds, priority, now, watcher);
    this.#schedule(now);
  }

  /** Sends RTCP packets as one compound, or nothing when there are none; they are not paced. */
  sendRtcp(packets: readonly RtcpPacket[]): void {
    this.#session.sendRtcp(packets);
  }

  /** Takes one of the receiver's RTCP packets; what is not for a sender is ignored. */
  onRtcp(packet: RtcpPacket): void {
    const now = this.#clock.now();
    this.#session.onRtcp(packet, now);
    this.#schedule(now);
  }

  /** Moves congestion control on, and sends the reports that are due. To be called every 25 ms or so. */
  tick(now: Milliseconds): void {
    this.#session.tick(now);
    this.#schedule(now);
  }

  /** Ends; what still waits for the pacer is thrown away. */
  close(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#session.flush();
  }

  #schedule(now: Milliseconds): void {
    this.#due = this.#session.nextProcessTime(now) ?? Number.POSITIVE_INFINITY;
    // Each packet puts off what keeps the path alive: a timer that calls too early costs less than a new one each time.
    if (this.#due >= this.#timerDue) return;
    this.#clock.clearTimeout(this.#timer);
    this.#setTimer(now);
  }

  #setTimer(now: Milliseconds): void {
    this.#timerDue = this.#due;
    if (this.#due !== Number.POSITIVE_INFINITY) this.#timer = this.#clock.setTimeout(this.#onTimer, this.#due - now);
  }

  readonly #onTimer = (): void => {
    const now = this.#clock.now();
    if (this.#due > Math.max(this.#timerDue, now)) {
      this.#setTimer(now);
      return;
    }
    this.#timerDue = Number.POSITIVE_INFINITY;
    this.#session.process(now);
    this.#schedule(now);
  };
}
