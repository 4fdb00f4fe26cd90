// Somebody in the call without a client: a stub transport that keeps what the SFU sends until it is not being timed.

import {
  createOffer,
  FeedbackReporter,
  type HeaderExtensionIds,
  isRtcp,
  type MediaDescription,
  type Milliseconds,
  mediaOf,
  offerMedia,
  PROTOCOL_VERSION,
  parseDescription,
  parseRtcp,
  parseServerMessage,
  RtpPacket,
  serializeRtcp,
  type Transport,
  type TransportHandler,
  writeDescription,
} from '@sluice/rtp';
import { Camera, ENCODINGS, readTail } from './camera.ts';
import { ReceivedTrack } from './received-track.ts';

/** From the SFU to a subscriber, and back. */
const ROUND_TRIP: Milliseconds = 40;

/** Where the SFU's packets and messages go for the time being, in the order in which they left. */
export interface Outbox {
  packet(from: Participant, bytes: Uint8Array): void;
  message(from: Participant, text: string): void;
}

/** A packet that has not arrived, or whose feedback is still on its way. */
interface InFlight {
  readonly packet: RtpPacket;
  readonly sentAt: Milliseconds;
}

/** One participant: it publishes a camera, or subscribes to everybody's, or both. */
export class Participant implements Transport {
  readonly index: number;
  readonly camera: Camera | undefined;
  /** By the SSRC under which the SFU sends them. */
  readonly tracks = new Map<number, ReceivedTrack>();
  readonly #outbox: Outbox;
  readonly #offered: MediaDescription | undefined;
  readonly #feedback = new FeedbackReporter();
  #handler: TransportHandler | undefined;
  #extensionIds: HeaderExtensionIds = {};
  #trackId: string | undefined;
  #trackIds: string[] = [];
  #inFlight: InFlight[] = [];
  #requests = 0;

  constructor(index: number, publishes: boolean, outbox: Outbox) {
    this.index = index;
    this.#outbox = outbox;
    if (!publishes) return;
    const rids = ENCODINGS.map(({ rid }) => rid);
    this.#offered = offerMedia({ mid: '0', kind: 'video', codecs: ['VP8'], rids, ssrcs: [] });
    this.camera = new Camera(index, this.#offered.codecs[0]?.payloadType ?? 0);
  }

  open(handler: TransportHandler): void {
    this.#handler = handler;
  }

  sendPacket(bytes: Uint8Array): void {
    this.#outbox.packet(this, bytes);
  }

  sendMessage(text: string): void {
    this.#outbox.message(this, text);
  }

  close(): void {
    this.#handler = undefined;
  }

  /** The id of the track it publishes. */
  get trackId(): string | undefined {
    return this.#trackId;
  }

  /** The SFU gets a packet of this participant. */
  deliver(bytes: Uint8Array, now: Milliseconds): void {
    this.#handler?.onPacket(bytes, now);
  }

  join(): void {
    const codecs = ['VP8'];
    const identity = `participant-${this.index}`;
    this.#tell({ type: 'join', protocol: PROTOCOL_VERSION, identity, autoSubscribe: true, codecs });
  }

  publish(): void {
    if (this.#offered === undefined) return;
    const offer = writeDescription(createOffer({ sessionVersion: 1, media: [this.#offered] }));
    const layers = ENCODINGS.map(({ rid, bitrate }) => ({ rid, maxBitrate: bitrate }));
    this.#tell({ type: 'publish', offer, tracks: [{ mid: '0', source: 'camera', name: '', muted: false, layers }] });
  }

  /** It wants no more than that layer of any track. */
  prefer(layer: number): void {
    const rid = ENCODINGS[layer]?.rid;
    for (const trackId of this.#trackIds) this.#tell({ type: 'set-preferred-layers', trackId, rid });
  }

  /** A message of the SFU has come. */
  onMessage(text: string, cameraOf: (trackId: string) => Camera | undefined): void {
    const message = parseServerMessage(text);
    if (message.type === 'refused') throw new Error(`The SFU refused: ${message.message}`);
    if (message.type === 'published') this.#trackId = message.tracks[0]?.trackId;
    if (message.type !== 'offer') return;
    const media = new Map(mediaOf(parseDescription(message.offer)).map((section) => [section.mid, section]));
    for (const { mid, trackId } of message.tracks) {
      const section = media.get(mid);
      const camera = cameraOf(trackId);
      const ssrc = section?.ssrcs[0]?.ssrc;
      if (section === undefined || camera === undefined || ssrc === undefined) throw new Error(`No track ${trackId}.`);
      this.#extensionIds = section.extensions;
      this.#trackIds.push(trackId);
      this.tracks.set(ssrc, new ReceivedTrack(camera, `participant-${this.index}, track ${trackId}`));
    }
  }

  /**
   * A packet of the SFU has left for this participant.
   *
   * @returns how long after it had left the camera; `undefined` where it is not media
   * @throws Error where it does not continue its track
   */
  onPacket(bytes: Uint8Array, sentAt: Milliseconds): Milliseconds | undefined {
    if (isRtcp(bytes)) {
      for (const packet of parseRtcp(bytes).packets) {
        if (packet.type === 'pli') this.camera?.wantKeyFrame(packet.mediaSsrc);
      }
      return undefined;
    }
    const packet = RtpPacket.parse(bytes);
    if (packet === undefined) throw new Error('The SFU sent what is no packet.');
    this.#inFlight.push({ packet, sentAt });
    const track = this.tracks.get(packet.ssrc);
    track?.onPacket(packet);
    return track && sentAt - track.camera.leftAt(readTail(bytes).packet);
  }

  /** The transport-wide feedback that reaches the SFU now, if any does. */
  feedback(now: Milliseconds): Uint8Array | undefined {
    const known = this.#inFlight.findIndex(({ sentAt }) => sentAt + ROUND_TRIP > now);
    const { transportSequence } = this.#extensionIds;
    for (const { packet, sentAt } of this.#inFlight.splice(0, known < 0 ? this.#inFlight.length : known)) {
      this.#feedback.onPacket(packet, transportSequence, sentAt + ROUND_TRIP / 2);
    }
    const packets = this.#feedback.due(now, this.index + 1);
    return packets.length === 0 ? undefined : serializeRtcp(packets);
  }

  #tell(message: Record<string, unknown>): void {
    this.#requests += 1;
    this.#handler?.onMessage(JSON.stringify({ ...message, requestId: this.#requests }));
  }
}
