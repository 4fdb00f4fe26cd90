// Everything this participant sends: its tracks' encoders, its packets, and what the SFU asks for.

import {
  AUDIO_CLOCK_RATE,
  type Clock,
  type CongestionController,
  type CongestionFeedbackFormat,
  closedMedia,
  congestionFeedbackOf,
  createOffer,
  FLEXFEC,
  type FlexFecProtection,
  findMedia,
  type HeaderExtensionIds,
  type MediaDescription,
  type Milliseconds,
  offerMedia,
  PacketSender,
  type PayloadFormat,
  parseDescription,
  payloadFormatOf,
  type Random,
  type RtcpPacket,
  type SsrcDescription,
  VIDEO_CLOCK_RATE,
  writeDescription,
} from '@sluice/rtp';
import { type OutgoingFrame, OutgoingStream } from './outgoing-stream.ts';

/** What the transport does with packets. */
export interface PublisherOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly send: (packet: Uint8Array) => void;
  /** Decides how fast packets leave. Default: they leave at once. */
  readonly congestion?: CongestionController;
  /** What feedback is offered: with `ccfb` both kinds, and the SFU chooses. Default `transport-cc`. */
  readonly congestionFeedback?: CongestionFeedbackFormat;
}

/** What an m-section of ours is to carry. */
export interface PublisherMedia {
  readonly kind: 'audio' | 'video';
  /** SDP name, e.g. `VP8`. */
  readonly codec: string;
  /** Empty for a track without simulcast. */
  readonly rids: readonly string[];
  /** How much repair to send beside it (RFC 8627); `undefined`: none. */
  readonly forwardErrorCorrection: FlexFecProtection | undefined;
  /** The SFU needs a key frame of that encoding; `undefined` for the only one. */
  readonly onKeyFrameRequest: (rid: string | undefined) => void;
}

/** One track's way out. */
export interface PublisherTrack {
  readonly mid: string;
  /** Begins to send repair packets: the SFU can make use of them. */
  protect(): void;
  /** Sends an encoded frame. */
  send(frame: OutgoingFrame, capturedAt: Milliseconds): void;
  /** The streams, in the order of the rids. */
  readonly streams: readonly OutgoingStream[];
}

interface Section {
  readonly media: MediaDescription;
  track: PublisherTrack | undefined;
}

/** The outgoing half of a client. */
export class Publisher {
  readonly #random: Random;
  readonly #congestionFeedback: CongestionFeedbackFormat;
  readonly #sender: PacketSender;
  readonly #sections: Section[] = [];
  #mids = 0;
  #offers = 0;

  constructor({ clock, random, send, congestion, congestionFeedback = 'transport-cc' }: PublisherOptions) {
    this.#random = random;
    this.#congestionFeedback = congestionFeedback;
    this.#sender = new PacketSender({ clock, send, congestion });
  }

  /** The outgoing packets. */
  get sender(): PacketSender {
    return this.#sender;
  }

  /** Adds a track and answers the offer that announces it; nothing is sent before `accept`. */
  add(media: PublisherMedia): { track: PublisherTrack; offer: string } {
    const mid = String(this.#mids++);
    const format = payloadFormatOf(media.codec);
    if (format === undefined) throw new RangeError(`There is no RTP payload format for ${media.codec}.`);
    const cname = `c${this.#random.integer(0, 0x7fffffff).toString(36)}`;
    const section: Section = {
      media: offerMedia({
        mid,
        kind: media.kind,
        codecs: media.forwardErrorCorrection === undefined ? [media.codec] : [media.codec, FLEXFEC],
        rids: media.rids,
        congestionFeedback: this.#congestionFeedback === 'ccfb',
        // With simulcast the rid tells the streams apart; without, the SSRCs are announced.
        ssrcs: media.rids.length > 0 ? [] : [this.#announce(media, cname)],
        msid: { stream: cname, track: mid },
      }),
      track: undefined,
    };
    section.track = this.#createTrack(section.media, format, media);
    // A closed m-section's place is taken by the next one (RFC 8829 §5.2.2): descriptions stay bounded.
    const free = this.#sections.findIndex((candidate) => candidate.track === undefined);
    if (free < 0) this.#sections.push(section);
    else this.#sections[free] = section;
    return { track: section.track, offer: this.#describe() };
  }

  /**
   * Takes the SFU's answer to the offer with that track.
   *
   * @returns whether the track was accepted
   * @throws SignallingError for an answer that cannot be read
   */
  accept(track: PublisherTrack, sdp: string): boolean {
    const answer = parseDescription(sdp);
    const media = findMedia(answer, track.mid);
    if (media === undefined || media.rejected || media.direction !== 'recvonly') return false;
    if (this.#congestionFeedback === 'ccfb') this.#sender.congestionFeedback = congestionFeedbackOf(answer);
    if (media.codecs.some(({ name }) => name === FLEXFEC)) track.protect();
    return true;
  }

  /** Takes a track away. */
  remove(track: PublisherTrack): void {
    for (const stream of track.streams) this.#sender.remove(stream);
    const section = this.#sections.find((candidate) => candidate.track === track);
    if (section !== undefined) section.track = undefined;
  }

  /** Takes the SFU's feedback. */
  onRtcp(packet: RtcpPacket): void {
    this.#sender.onRtcp(packet);
  }

  /** Sends what is due. To be called every 25 ms or so. */
  tick(now: Milliseconds): void {
    this.#sender.tick(now);
  }

  /** Ends: what still waits to be sent is thrown away. */
  close(): void {
    this.#sender.close();
  }

  #createTrack(
    media: MediaDescription,
    format: PayloadFormat,
    { rids, onKeyFrameRequest, forwardErrorCorrection: protection }: PublisherMedia,
  ): PublisherTrack {
    const codec = media.codecs[0];
    const fecPayloadType = media.codecs.find(({ name }) => name === FLEXFEC)?.payloadType;
    const extensionIds: HeaderExtensionIds = media.extensions;
    const timestampOffset = this.#random.integer(0, 0x7fffffff);
    const names = rids.length > 0 ? rids : [undefined];
    const [announced] = media.ssrcs;
    const streams = names.map((rid) => {
      const stream = new OutgoingStream({
        sender: this.#sender,
        random: this.#random,
        kind: media.kind,
        format,
        clockRate: media.kind === 'video' ? VIDEO_CLOCK_RATE : AUDIO_CLOCK_RATE,
        timestampOffset,
        ssrc: announced?.ssrc ?? this.#ssrc(),
        payloadType: codec?.payloadType ?? 0,
        rtx:
          codec?.rtxPayloadType === undefined
            ? undefined
            : { ssrc: announced?.rtxSsrc ?? this.#ssrc(), payloadType: codec.rtxPayloadType },
        fec:
          fecPayloadType === undefined
            ? undefined
            : { ssrc: announced?.fecSsrc ?? this.#ssrc(), payloadType: fecPayloadType },
        extensionIds,
        mid: media.mid,
        rid,
        cname: media.msid?.stream ?? '',
        onKeyFrameRequest: () => onKeyFrameRequest(rid),
      });
      this.#sender.add(stream);
      return stream;
    });
    return {
      mid: media.mid,
      streams,
      protect: () => {
        for (const { stream } of streams) if (protection !== undefined) stream.setProtection(protection);
      },
      send: (frame, capturedAt) => streams.find(({ rid }) => rid === frame.rid)?.send(frame, capturedAt),
    };
  }

  #announce({ kind, forwardErrorCorrection }: PublisherMedia, cname: string): SsrcDescription {
    return {
      ssrc: this.#ssrc(),
      cname,
      ...(kind === 'video' && { rtxSsrc: this.#ssrc() }),
      ...(forwardErrorCorrection !== undefined && { fecSsrc: this.#ssrc() }),
    };
  }

  #ssrc(): number {
    return this.#random.integer(1, 0x7fffffff);
  }

  #describe(): string {
    this.#offers += 1;
    const media = this.#sections.map(({ media, track }) => (track === undefined ? closedMedia(media) : media));
    return writeDescription(createOffer({ sessionVersion: this.#offers, media }));
  }
}
