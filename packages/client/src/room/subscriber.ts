// Everything this participant gets: the SFU's offers, the way of each packet to its track, and the feedback on it.

import {
  answer,
  type Clock,
  type CodecDescription,
  type Description,
  FeedbackReporter,
  type MediaDescription,
  type Milliseconds,
  parseDescription,
  type Random,
  type ReceivedPacket,
  type RtcpPacket,
  type RtcpSenderReport,
  type RtpPacket,
  RtpReceiveStream,
  SignallingError,
  writeDescription,
} from '@sluice/rtp';

/** How often receiver reports are sent. */
const REPORT_INTERVAL: Milliseconds = 1000;

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
  /** A track comes in; `undefined` refuses it. */
  readonly onTrack: (track: IncomingTrack) => TrackReceiver | undefined;
  /** An offer of the SFU ended a track. */
  readonly onTrackEnded: (trackId: string) => void;
}

interface Incoming {
  readonly media: MediaDescription;
  readonly stream: RtpReceiveStream;
  readonly receiver: TrackReceiver;
  readonly trackId: string;
}

interface Route {
  readonly incoming: Incoming;
  readonly retransmission: boolean;
}

/** The incoming half of a client. */
export class Subscriber {
  readonly #options: SubscriberOptions;
  readonly #ssrc: number;
  readonly #feedback = new FeedbackReporter();
  readonly #byMid = new Map<string, Incoming>();
  readonly #routes = new Map<number, Route>();
  #early: { packet: RtpPacket; arrival: Milliseconds }[] = [];
  #transportSequenceId: number | undefined;
  #lastReport: Milliseconds = 0;
  #unroutable = 0;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#ssrc = options.random.integer(1, 0x7fffffff);
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
      const media = offer.media.find((candidate) => candidate.mid === mid);
      if (media === undefined || media.ssrcs.length === 0 || media.codecs.length === 0) {
        throw new SignallingError('malformed-sdp', `The offer does not describe the track with the mid "${mid}".`);
      }
    }
    const answered = answer(offer, () => true);
    // In a bundle an identifier means the same in each m-section (RFC 8843 §9.1).
    this.#transportSequenceId = offer.media.find(
      ({ extensions }) => extensions.transportSequence,
    )?.extensions.transportSequence;
    this.#endMissing(answered);
    const media = answered.media.map((section, i) => {
      const offered = offer.media[i];
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
      for (const [ssrc, route] of this.#routes) if (route.incoming === incoming) this.#routes.delete(ssrc);
    }
  }

  /** Takes an RTP packet. One of an unknown stream waits for a while: its offer may be on the way. */
  receive(packet: RtpPacket, arrival: Milliseconds): void {
    this.#feedback.onPacket(packet, this.#transportSequenceId, arrival);
    if (this.#deliver(packet, arrival)) return;
    if (this.#early.length >= MAX_EARLY_PACKETS) {
      this.#early.shift();
      this.#unroutable += 1;
    }
    this.#early.push({ packet, arrival });
  }

  /** Takes the SFU's report on one of its streams. */
  onSenderReport(report: RtcpSenderReport, arrival: Milliseconds): void {
    this.#routes.get(report.ssrc)?.incoming.stream.onSenderReport(report, arrival);
  }

  /** Asks for lost packets, and reports what came. To be called every few milliseconds. */
  tick(now: Milliseconds): void {
    const feedback: RtcpPacket[] = this.#feedback.due(now, this.#ssrc);
    for (const { stream, receiver } of this.#byMid.values()) {
      const sequenceNumbers = stream.dueNacks(now);
      if (sequenceNumbers.length > 0) {
        feedback.push({ type: 'nack', senderSsrc: this.#ssrc, mediaSsrc: stream.ssrc, sequenceNumbers });
      }
      receiver.tick(now);
    }
    if (now - this.#lastReport >= REPORT_INTERVAL && this.#byMid.size > 0) {
      this.#lastReport = now;
      const reports = [...this.#byMid.values()].map(({ stream }) => stream.reportBlock(now));
      feedback.push({ type: 'receiver-report', ssrc: this.#ssrc, reports });
    }
    if (feedback.length > 0) this.#options.sendRtcp(feedback);
    this.#dropEarly(now);
  }

  #add(media: MediaDescription, trackId: string): boolean {
    const codec = media.codecs[0];
    const ssrc = media.ssrcs[0];
    if (codec === undefined || ssrc === undefined) return false;
    const stream = new RtpReceiveStream({
      ssrc: ssrc.ssrc,
      clockRate: codec.clockRate,
      nack: codec.feedback.includes('nack') ? {} : false,
      colorSpaceId: media.extensions.colorSpace,
    });
    const receiver = this.#options.onTrack({
      trackId,
      kind: media.kind,
      codec,
      stream,
      sendPli: () => this.#options.sendRtcp([{ type: 'pli', senderSsrc: this.#ssrc, mediaSsrc: ssrc.ssrc }]),
    });
    if (receiver === undefined) return false;
    const incoming: Incoming = { media, stream, receiver, trackId };
    this.#byMid.set(media.mid, incoming);
    this.#routes.set(ssrc.ssrc, { incoming, retransmission: false });
    if (ssrc.rtxSsrc !== undefined) this.#routes.set(ssrc.rtxSsrc, { incoming, retransmission: true });
    return true;
  }

  #deliver(packet: RtpPacket, arrival: Milliseconds): boolean {
    const route = this.#routes.get(packet.ssrc);
    if (route === undefined) return false;
    const { stream, receiver } = route.incoming;
    const received = route.retransmission ? stream.receiveRtx(packet, arrival) : stream.receive(packet, arrival);
    if (received !== undefined) receiver.receive(received);
    return true;
  }

  #replayEarly(): void {
    const early = this.#early;
    this.#early = [];
    for (const { packet, arrival } of early) this.receive(packet, arrival);
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
