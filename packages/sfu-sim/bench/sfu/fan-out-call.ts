// The fan-out of a call with werift: the same packets to the same subscribers, recorded as our SFU got them.

import { DEFAULT_HEADER_EXTENSION_IDS, type Milliseconds } from '@sluice/rtp';
import type { CallRecord } from './call.ts';
import { BEST_LAYER, type CameraPacket } from './camera.ts';
import type { Participant } from './participant.ts';
import { type FanOutTransport, WeriftFanOut } from './werift-fan-out.ts';

/** What happened, in order. */
type Step =
  | { readonly publisher: number; readonly packet: CameraPacket }
  | { readonly subscriber: number; readonly layer: number };

/** Takes down what reaches the SFU. */
export class Recording implements CallRecord {
  #steps: Step[] = [];

  packet(publisher: number, { at, bytes }: CameraPacket): void {
    // A copy: whoever forwards it may keep the original.
    this.#steps.push({ publisher, packet: { at, bytes: bytes.slice() } });
  }

  preference(subscriber: number, layer: number): void {
    this.#steps.push({ subscriber, layer });
  }

  /** What was recorded since the last call. */
  take(): Step[] {
    const steps = this.#steps;
    this.#steps = [];
    return steps;
  }
}

/** All tracks of a call, forwarded with werift. */
export class FanOutCall {
  #tracks: WeriftFanOut[] | undefined;
  #sent: Uint8Array[] = [];

  constructor(participants: readonly Participant[]) {
    const transports = participants.map((): FanOutTransport => {
      return { transportSequence: 1, send: (packet) => this.#sent.push(packet) };
    });
    const { absSendTime: absSendTimeId, transportSequence: transportSequenceId } = DEFAULT_HEADER_EXTENSION_IDS;
    this.#tracks = participants.flatMap(({ camera, index }) => {
      if (camera === undefined) return [];
      const track = new WeriftFanOut(camera.ssrcs);
      for (const [subscriber, transport] of transports.entries()) {
        if (subscriber === index) continue;
        const stream = {
          ssrc: 5000 + index,
          payloadType: 96,
          firstSequenceNumber: 1000 * index,
          absSendTimeId,
          transportSequenceId,
        };
        track.subscribe(subscriber, stream, transport, BEST_LAYER);
      }
      return [track];
    });
  }

  /** Forwards what was recorded, and answers how long that took in real time and how many packets left. */
  run(steps: readonly Step[]): { readonly elapsed: Milliseconds; readonly packets: number } {
    const tracks = this.#tracks ?? [];
    const start = performance.now();
    for (const step of steps) {
      if ('packet' in step) tracks[step.publisher]?.receive(step.packet.bytes, step.packet.at);
      else for (const track of tracks) track.prefer(step.subscriber, step.layer);
    }
    const elapsed = performance.now() - start;
    const packets = this.#sent.length;
    this.#sent = [];
    return { elapsed, packets };
  }

  /** Everything that is kept for subscribers is thrown away. */
  drop(): void {
    this.#tracks = undefined;
  }
}
