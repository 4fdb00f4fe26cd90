// One encoding on its way out: frames become packets.

import {
  type ColorSpace,
  type ExtensionElement,
  type HeaderExtensionIds,
  type Microseconds,
  type Milliseconds,
  type Packetizer,
  type PacketSender,
  type PayloadFormat,
  type Random,
  type RtcpSenderReport,
  RtpSendStream,
  type SendingStream,
  type TrackKind,
  writeAudioLevel,
  writeColorSpace,
  writeToken,
} from '@sluice/rtp';

/** Payload bytes of a packet: with headers and extensions it stays below 1280 bytes, the least MTU of IPv6. */
const MAX_PAYLOAD_SIZE = 1150;

/** How often sender reports are sent: at first more often, as an SFU cannot switch encodings before it has one of each. */
const REPORT_INTERVAL: Milliseconds = 1000;
const FIRST_REPORT_INTERVAL: Milliseconds = 200;
const FIRST_REPORTS = 5;

const NO_EXTENSIONS: readonly ExtensionElement[] = [];

/** An encoded frame on its way out. */
export interface OutgoingFrame {
  /** Which encoding it is of; `undefined` for the only one. */
  readonly rid: string | undefined;
  readonly data: Uint8Array;
  readonly timestamp: Microseconds;
  readonly keyFrame: boolean;
  readonly temporalLayer: number | undefined;
  readonly colorSpace: ColorSpace | undefined;
  /** How loud it is, in −dBov; `undefined` for video. */
  readonly audioLevel?: number | undefined;
}

/** What an outgoing stream is made of. */
export interface OutgoingStreamOptions {
  readonly sender: PacketSender;
  readonly random: Random;
  readonly kind: TrackKind;
  readonly format: PayloadFormat;
  readonly clockRate: number;
  /** Added to every RTP timestamp; random, as RFC 3550 §5.1 asks, and equal for all encodings of a track. */
  readonly timestampOffset: number;
  readonly ssrc: number;
  readonly payloadType: number;
  /** The retransmission stream, where one was negotiated. */
  readonly rtx: { readonly ssrc: number; readonly payloadType: number } | undefined;
  /** The repair stream, where one was offered; nothing is sent in it before `stream.setProtection`. */
  readonly fec: { readonly ssrc: number; readonly payloadType: number } | undefined;
  readonly extensionIds: HeaderExtensionIds;
  readonly mid: string;
  readonly rid: string | undefined;
  readonly cname: string;
  /** The SFU needs a key frame. */
  readonly onKeyFrameRequest: () => void;
}

/** One outgoing encoding. */
export class OutgoingStream implements SendingStream {
  readonly rid: string | undefined;
  readonly kind: TrackKind;
  readonly cname: string;
  readonly extensionIds: HeaderExtensionIds;
  readonly stream: RtpSendStream;
  readonly #options: OutgoingStreamOptions;
  readonly #packetizer: Packetizer;
  #sequenceNumber: number;
  #lastReport: Milliseconds = Number.NEGATIVE_INFINITY;
  #reports = 0;

  constructor(options: OutgoingStreamOptions) {
    const { random, rid, extensionIds, mid, rtx, fec } = options;
    this.rid = rid;
    this.kind = options.kind;
    this.cname = options.cname;
    this.extensionIds = extensionIds;
    this.#options = options;
    this.#packetizer = options.format.createPacketizer(random);
    this.#sequenceNumber = random.integer(0, 0x7fff);
    const element = (id: number | undefined, token: string | undefined): ExtensionElement[] =>
      id === undefined || token === undefined ? [] : [{ id, value: writeToken(token) }];
    const named = element(extensionIds.mid, mid);
    const repairing = [...named, ...element(extensionIds.repairedRid, rid)];
    this.stream = new RtpSendStream({
      ssrc: options.ssrc,
      payloadType: options.payloadType,
      extensions: [...named, ...element(extensionIds.rid, rid)],
      ...(rtx && { rtx: { ...rtx, firstSequenceNumber: random.integer(0, 0xffff), extensions: repairing } }),
      ...(fec && {
        fec: {
          ...fec,
          firstSequenceNumber: random.integer(0, 0xffff),
          extensions: repairing,
          protection: { ratio: 0 },
        },
      }),
    });
  }

  /** Sends a frame. */
  send(frame: OutgoingFrame, capturedAt: Milliseconds): void {
    const { clockRate, timestampOffset, sender } = this.#options;
    const ticks = Math.round((frame.timestamp * clockRate) / 1_000_000);
    const timestamp = (timestampOffset + (ticks % 0x100000000)) >>> 0;
    const payloads = this.#packetizer.packetize(frame.data, MAX_PAYLOAD_SIZE, frame.temporalLayer);
    if (frame.keyFrame) this.stream.markKeyFrame(timestamp);
    let left = payloads.length;
    for (const payload of payloads) {
      left -= 1;
      const marker = left === 0;
      const extensions = marker ? this.#lastPacketExtensions(frame) : NO_EXTENSIONS;
      const fields = this.stream.send(this.#sequenceNumber, timestamp, marker, payload, capturedAt, extensions);
      this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
      sender.send(fields, this.extensionIds, this.kind);
    }
  }

  /** The colour space travels on the last packet of a key frame, as libwebrtc sends it; the level with every Opus packet. */
  #lastPacketExtensions({ keyFrame, colorSpace, audioLevel }: OutgoingFrame): readonly ExtensionElement[] {
    const levelId = this.extensionIds.audioLevel;
    if (levelId !== undefined && audioLevel !== undefined) {
      // Nobody has looked whether it is speech.
      return [{ id: levelId, value: writeAudioLevel({ level: audioLevel, voice: false }) }];
    }
    const id = this.extensionIds.colorSpace;
    if (id === undefined || !keyFrame || colorSpace === undefined) return NO_EXTENSIONS;
    return [{ id, value: writeColorSpace(colorSpace) }];
  }

  onKeyFrameRequest(): void {
    this.#options.onKeyFrameRequest();
  }

  /** The sender report to send now; `undefined` before the first packet, and until it is time for the next one. */
  dueSenderReport(now: Milliseconds): RtcpSenderReport | undefined {
    const interval = this.#reports < FIRST_REPORTS ? FIRST_REPORT_INTERVAL : REPORT_INTERVAL;
    if (now - this.#lastReport < interval) return undefined;
    const report = this.stream.senderReport(now, this.#options.clockRate);
    if (report === undefined) return undefined;
    this.#lastReport = now;
    this.#reports += 1;
    return report;
  }
}
