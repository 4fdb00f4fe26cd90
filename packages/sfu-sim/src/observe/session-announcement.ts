// A capture's session announcements: SDP in packets of the Session Announcement Protocol (RFC 2974). The real signalling
// goes through a channel that no capture shows; by these packets Wireshark learns which ports carry RTP and what the
// payload types mean, so that a capture opens decoded, without settings.

import {
  type CodecDescription,
  type MediaDescription,
  mediaOf,
  parseDescription,
  parseServerMessage,
  SluiceError,
} from '@sluice/rtp';

/** Where announcements go (RFC 2974 §3): 224.2.127.254, port 9875. */
export const ANNOUNCEMENT_ADDRESS = 0xe002_7ffe;
export const ANNOUNCEMENT_PORT = 9875;

/** Version 1, an announcement, IPv4, neither encrypted nor compressed, no authentication (RFC 2974 §6). */
const SAP_FLAGS = 0x20;
const SAP_HEADER_SIZE = 8;
const SAP_PAYLOAD_TYPE = 'application/sdp\0';

type Kind = MediaDescription['kind'];

/** What is sent under which payload type to and from one participant; a later meaning takes the place of an earlier. */
export class AnnouncedCodecs {
  readonly #codecs: Readonly<Record<Kind, Map<number, CodecDescription>>> = { audio: new Map(), video: new Map() };

  /** Takes a message from the SFU; `true` when an SDP offer or answer in it says something new. */
  learn(message: string): boolean {
    const sdp = descriptionIn(message);
    if (sdp === undefined) return false;
    let news = false;
    for (const { kind, codecs, rejected } of mediaOf(parseDescription(sdp))) {
      if (rejected) continue;
      for (const codec of codecs) {
        const known = this.#codecs[kind].get(codec.payloadType);
        if (known?.name === codec.name && known.rtxPayloadType === codec.rtxPayloadType) continue;
        this.#codecs[kind].set(codec.payloadType, codec);
        news = true;
      }
    }
    return news;
  }

  /**
   * The payload of an announcement of all that is known.
   *
   * @param source - the IPv4 address that announces
   * @param media - where the media goes: the participant's address and port
   */
  announcement(source: number, media: { readonly address: number; readonly port: number }, name: string): Uint8Array {
    const lines = [
      'v=0',
      `o=- 0 0 IN IP4 ${dotted(source)}`,
      `s=${name.replaceAll(/[\r\n]/g, ' ') || ' '}`,
      `c=IN IP4 ${dotted(media.address)}`,
      't=0 0',
      ...this.#sections(media.port),
    ];
    const text = new TextEncoder().encode(`${SAP_PAYLOAD_TYPE}${lines.join('\r\n')}\r\n`);
    const bytes = new Uint8Array(SAP_HEADER_SIZE + text.length);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, SAP_FLAGS);
    view.setUint16(2, media.port); // The message identifier: one of its own for each participant.
    view.setUint32(4, source);
    bytes.set(text, SAP_HEADER_SIZE);
    return bytes;
  }

  *#sections(port: number): Generator<string> {
    for (const [kind, codecs] of Object.entries(this.#codecs)) {
      if (codecs.size === 0) continue;
      const lines: string[] = [];
      const payloadTypes: number[] = [];
      for (const { payloadType, name, clockRate, channels, rtxPayloadType } of codecs.values()) {
        payloadTypes.push(payloadType);
        lines.push(`a=rtpmap:${payloadType} ${name}/${clockRate}${channels === undefined ? '' : `/${channels}`}`);
        if (rtxPayloadType === undefined) continue;
        payloadTypes.push(rtxPayloadType);
        lines.push(`a=rtpmap:${rtxPayloadType} rtx/${clockRate}`, `a=fmtp:${rtxPayloadType} apt=${payloadType}`);
      }
      yield `m=${kind} ${port} RTP/AVPF ${payloadTypes.join(' ')}`;
      yield* lines;
      yield 'a=rtcp-mux';
    }
  }
}

function descriptionIn(message: string): string | undefined {
  try {
    const parsed = parseServerMessage(message);
    if (parsed.type === 'published') return parsed.answer;
    return parsed.type === 'offer' ? parsed.offer : undefined;
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}
