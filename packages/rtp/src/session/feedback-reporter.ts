// The receiving end's half of transport-wide congestion control: what arrived when, told at a steady pace.

import type { RtcpPacket } from '../rtcp/packets.ts';
import { feedbackInterval, TransportFeedbackRecorder } from '../rtcp/transport-feedback-recorder.ts';
import { readTransportSequence } from '../rtp/header-extensions.ts';
import type { RtpPacket } from '../rtp/packet.ts';
import type { Milliseconds } from '../units.ts';

/** Records the packets of one transport and makes the feedback on them. */
export class FeedbackReporter {
  readonly #recorder = new TransportFeedbackRecorder();
  #mediaSsrc: number | undefined;
  #lastFeedback: Milliseconds = Number.NEGATIVE_INFINITY;

  /** @param extensionId - of the transport-wide sequence number; `undefined` where it was not negotiated */
  onPacket(packet: RtpPacket, extensionId: number | undefined, arrival: Milliseconds): void {
    const value = extensionId === undefined ? undefined : packet.extension(extensionId);
    const sequence = value && readTransportSequence(value);
    if (sequence === undefined) return;
    this.#mediaSsrc = packet.ssrc;
    this.#recorder.onPacket(sequence, arrival);
  }

  /** The feedback to send now; empty while it is not time or nothing came. */
  due(now: Milliseconds, senderSsrc: number): RtcpPacket[] {
    if (this.#mediaSsrc === undefined || now - this.#lastFeedback < feedbackInterval(undefined)) return [];
    this.#lastFeedback = now;
    return this.#recorder.nextFeedback(senderSsrc, this.#mediaSsrc);
  }
}
