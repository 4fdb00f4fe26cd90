// Everything this participant gets: the SFU's offers, the way of each packet to its track, and the feedback on it.

import {
  answer,
  type Clock,
  type CodecDescription,
  type CongestionFeedbackFormat,
  congestionFeedbackOf,
  type Description,
  findMedia,
  type MediaDescription,
  type Milliseconds,
  mediaOf,
  parseDescription,
  payloadFormatOf,
  type Random,
  type ReceivedPacket,
  ReceiverSession,
  type RtcpNack,
  type RtcpPacket,
  type RtpPacket,
  RtpReceiveStream,
  SignallingError,
  writeDescription,
} from '@sluice/rtp';

/** Packets that overtook the offer announcing them: this many wait for it, for so long. */
const MAX_EARLY_PACKETS = 512;
const MAX_EARLY_AGE: Milliseconds = 2000;

/** A track that has begun to come in. */
export interface IncomingTrack {
  readonly trackId: string;
  readonly kind: 'audio' | 'video';
  readonly codec: CodecDescription;
  readonly stream: RtpReceiveStream;
  /** Asks the SFU for a key frame. */
  readonly sendPli: () => void;
}

/** What takes a track's packets. */
export interface TrackReceiver {
  receive(packet: ReceivedPacket): void;
  /** Called every few milliseconds. */
  tick(now: Milliseconds): void;
}

/** What a subscriber is made of. */
export interface SubscriberOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly sendRtcp: (packets: readonly RtcpPacket[]) => void;
  /** How to tell what arrived, where it is offered: otherwise by `transport-cc`. */
  readonly congestionFeedback: CongestionFeedbackFormat;
  /** Lost packets are asked for: for the trace. */
  readonly onNack: ((nack: RtcpNack) => void) | undefined;
  /** A packet with a piece of a data message came. */
  readonly onData: (payload: Uint8Array) => void;
  /** A track comes in; `undefined` refuses it. */
  readonly onTrack: (track: IncomingTrack) => TrackReceiver | undefined;
  /** An offer of the SFU ended a track. */
  readonly onTrackEnded: (trackId: string) => void;
}

interface Incoming {
  readonly media: MediaDescription;
  readonly receiver: TrackReceiver;
  readonly trackId: string;
}

/** The incoming half of a client. */
export class Subscriber {
  readonly #options: SubscriberOptions;
  readonly #ssrc: number;
  readonly #session: ReceiverSession<Incoming>;
  readonly #byMid = new Map<string, Incoming>();
  #early: { packet: RtpPacket; arrival: Milliseconds }[] = [];
  #unroutable = 0;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#ssrc = options.random.integer(1, 0x7fffffff);
    this.#session = new ReceiverSession({
      ssrc: this.#ssrc,
      onData: (payload) => options.onData(payload),
      onPacket: ({ receiver }, packet) => receiver.receive(packet),
    });
  }

  /** Packets dropped because they belong to no announced track. */
  get packetsUnroutable(): number {
    return this.#unroutable;
  }

  /**
   * Takes an offer, and answers it.
   *
   * @param trackIds - what the new m-sections carry, by mid
   * @throws SignallingError for an offer that cannot be read; nothing has changed then
   */
  onOffer(sdp: string, trackIds: ReadonlyMap<string, string>): string {
    const offer = parseDescription(sdp);
    for (const mid of trackIds.keys()) {
      const media = findMedia(offer, mid);
      if (media === undefined || media.ssrcs.length === 0 || media.codecs.length === 0) {
        throw new SignallingError('malformed-sdp', `The offer does not describe the track with the mid "${mid}".`);
      }
    }
    const congestionFeedback = this.#options.congestionFeedback === 'ccfb';
    const answered = answer(offer, { forwardErrorCorrection: true, congestionFeedback });
    this.#session.congestionFeedback = congestionFeedbackOf(answered);
    // In a bundle an identifier means the same in each m-section (RFC 8843 §9.1).
    this.#session.transportSequenceId = mediaOf(offer).find(
      ({ extensions }) => extensions.transportSequence,
    )?.extensions.transportSequence;
    this.#endMissing(answered);
    const media = answered.media.map((section) => {
      const offered = findMedia(offer, section.mid);
      const trackId = trackIds.get(section.mid);
      if (offered === undefined || trackId === undefined || section.rejected) return section;
      return this.#add(offered, trackId) ? section : { ...section, direction: 'inactive' as const, rejected: true };
    });
    this.#replayEarly();
    return writeDescription({ ...answered, media });
  }

  /** A track is over. */
  remove(trackId: string): void {
    for (const [mid, incoming] of this.#byMid) {
      if (incoming.trackId !== trackId) continue;
      this.#byMid.delete(mid);
      this.#session.release(incoming);
    }
  }

  /** Takes an RTP packet. One of an unknown stream waits for a while: its offer may be on the way. */
  receive(packet: RtpPacket, arrival: Milliseconds): void {
    if (this.#session.receive(packet, arrival)) return;
    this.#keepEarly(packet, arrival);
  }

  /** Takes one of the SFU's RTCP packets; what is not for a receiver is ignored. */
  onRtcp(packet: RtcpPacket, arrival: Milliseconds): void {
    this.#session.onRtcp(packet, arrival);
  }

  /** Asks for lost packets, and reports what came. To be called every few milliseconds. */
  tick(now: Milliseconds): void {
    const feedback = this.#session.due(now);
    if (feedback.length > 0) this.#options.sendRtcp(feedback);
    const { onNack } = this.#options;
    if (onNack) for (const packet of feedback) if (packet.type === 'nack') onNack(packet);
    for (const { receiver } of this.#byMid.values()) receiver.tick(now);
    this.#dropEarly(now);
  }

  #keepEarly(packet: RtpPacket, arrival: Milliseconds): void {
    if (this.#early.length >= MAX_EARLY_PACKETS) {
      this.#early.shift();
      this.#unroutable += 1;
    }
    this.#early.push({ packet, arrival });
  }

  #add(media: MediaDescription, trackId: string): boolean {
    const codec = media.codecs.find(({ name }) => payloadFormatOf(name) !== undefined);
    const ssrc = media.ssrcs[0];
    if (codec === undefined || ssrc === undefined) return false;
    const stream = new RtpReceiveStream({
      ssrc: ssrc.ssrc,
      clockRate: codec.clockRate,
      nack: codec.feedback.includes('nack') ? {} : false,
      forwardErrorCorrection: ssrc.fecSsrc !== undefined,
      colorSpaceId: media.extensions.colorSpace,
      captureLagId: media.extensions.captureLag,
    });
    const receiver = this.#options.onTrack({
      trackId,
      kind: media.kind,
      codec,
      stream,
      sendPli: () => this.#options.sendRtcp([{ type: 'pli', senderSsrc: this.#ssrc, mediaSsrc: ssrc.ssrc }]),
    });
    if (receiver === undefined) return false;
    const incoming: Incoming = { media, receiver, trackId };
    this.#byMid.set(media.mid, incoming);
    this.#session.bind(ssrc.ssrc, incoming, stream, 'media');
    if (ssrc.rtxSsrc !== undefined) this.#session.bind(ssrc.rtxSsrc, incoming, stream, 'rtx');
    if (ssrc.fecSsrc !== undefined) this.#session.bind(ssrc.fecSsrc, incoming, stream, 'fec');
    return true;
  }

  #replayEarly(): void {
    const early = this.#early;
    this.#early = [];
    for (const { packet, arrival } of early) {
      if (!this.#session.deliver(packet, arrival)) this.#early.push({ packet, arrival });
    }
  }

  #dropEarly(now: Milliseconds): void {
    while ((this.#early[0]?.arrival ?? now) < now - MAX_EARLY_AGE) {
      this.#early.shift();
      this.#unroutable += 1;
    }
  }

  #endMissing(description: Description): void {
    for (const [mid, { trackId }] of this.#byMid) {
      const section = description.media.find((media) => media.mid === mid);
      if (section !== undefined && !section.rejected) continue;
      this.remove(trackId);
      this.#options.onTrackEnded(trackId);
    }
  }
}
