// Everything this participant sends: its tracks' encoders, its packets, and what the SFU asks for.

import {
  AUDIO_CLOCK_RATE,
  type Clock,
  closedMedia,
  type Description,
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
  VIDEO_CLOCK_RATE,
  writeDescription,
} from '@sluice/rtp';
import { type OutgoingFrame, OutgoingStream } from './outgoing-stream.ts';

/** What the transport does with packets. */
export interface PublisherOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly send: (packet: Uint8Array) => void;
}

/** What an m-section of ours is to carry. */
export interface PublisherMedia {
  readonly kind: 'audio' | 'video';
  /** SDP name, e.g. `VP8`. */
  readonly codec: string;
  /** Empty for a track without simulcast. */
  readonly rids: readonly string[];
  /** The SFU needs a key frame of that encoding; `undefined` for the only one. */
  readonly onKeyFrameRequest: (rid: string | undefined) => void;
}

/** One track's way out. */
export interface PublisherTrack {
  readonly mid: string;
  /** Sends an encoded frame. */
  send(frame: OutgoingFrame & { readonly rid: string | undefined }): void;
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
  readonly #sender: PacketSender;
  readonly #sections: Section[] = [];
  readonly #streams = new Map<number, { stream: OutgoingStream; onKeyFrameRequest: () => void }>();
  #mids = 0;
  #offers = 0;

  constructor(options: PublisherOptions) {
    this.#random = options.random;
    this.#sender = new PacketSender({ clock: options.clock, send: options.send });
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
    // With simulcast the rid tells the streams apart; without, the SSRC is announced.
    const ssrc = this.#random.integer(1, 0x7fffffff);
    const section: Section = {
      media: offerMedia({
        mid,
        kind: media.kind,
        codecs: [media.codec],
        rids: media.rids,
        ssrcs: media.rids.length > 0 ? [] : [{ ssrc, cname }],
        msid: { stream: cname, track: mid },
      }),
      track: undefined,
    };
    section.track = this.#createTrack(section.media, format, media, ssrc);
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
    const media = parseDescription(sdp).media.find(({ mid }) => mid === track.mid);
    return media !== undefined && !media.rejected && media.direction === 'recvonly';
  }

  /** Takes a track away. */
  remove(track: PublisherTrack): void {
    for (const stream of track.streams) this.#streams.delete(stream.ssrc);
    const section = this.#sections.find((candidate) => candidate.track === track);
    if (section !== undefined) section.track = undefined;
  }

  /** Takes the SFU's feedback. */
  onRtcp(packet: RtcpPacket, now: Milliseconds): void {
    switch (packet.type) {
      case 'nack':
        this.#streams.get(packet.mediaSsrc)?.stream.retransmit(packet.sequenceNumbers, now);
        break;
      case 'pli':
        this.#streams.get(packet.mediaSsrc)?.onKeyFrameRequest();
        break;
      case 'fir':
        for (const { ssrc } of packet.entries) this.#streams.get(ssrc)?.onKeyFrameRequest();
        break;
      case 'receiver-report':
        for (const block of packet.reports) this.#streams.get(block.ssrc)?.stream.onReportBlock(block, now);
        break;
    }
  }

  /** Sends the sender reports that are due (RFC 3550 §6.4.1). */
  tick(now: Milliseconds): void {
    const reports: RtcpPacket[] = [];
    for (const { stream } of this.#streams.values()) {
      const report = stream.dueSenderReport(now);
      if (report !== undefined) reports.push(report);
    }
    this.#sender.sendRtcp(reports);
  }

  #createTrack(
    media: MediaDescription,
    format: PayloadFormat,
    { rids, onKeyFrameRequest }: PublisherMedia,
    ssrc: number,
  ): PublisherTrack {
    const codec = media.codecs[0];
    const extensionIds: HeaderExtensionIds = media.extensions;
    const timestampOffset = this.#random.integer(0, 0x7fffffff);
    const names = rids.length > 0 ? rids : [undefined];
    const streams = names.map((rid) => {
      const stream = new OutgoingStream({
        sender: this.#sender,
        random: this.#random,
        kind: media.kind,
        format,
        clockRate: media.kind === 'video' ? VIDEO_CLOCK_RATE : AUDIO_CLOCK_RATE,
        timestampOffset,
        ssrc: rid === undefined ? ssrc : this.#random.integer(1, 0x7fffffff),
        payloadType: codec?.payloadType ?? 0,
        rtxPayloadType: codec?.rtxPayloadType,
        extensionIds,
        mid: media.mid,
        rid,
      });
      this.#streams.set(stream.ssrc, { stream, onKeyFrameRequest: () => onKeyFrameRequest(rid) });
      return stream;
    });
    return {
      mid: media.mid,
      streams,
      send: (frame) => streams.find(({ rid }) => rid === frame.rid)?.send(frame),
    };
  }

  #describe(): string {
    this.#offers += 1;
    const description: Description = {
      sessionId: 1,
      sessionVersion: this.#offers,
      media: this.#sections.map(({ media, track }) => (track === undefined ? closedMedia(media) : media)),
    };
    return writeDescription(description);
  }
}
