// The same fan-out as one would write it with the werift package: its classes read and write the packets, and what it has
// none for is done by hand. It forwards at once: no pacing, no congestion control, no key frame cache, no timers.

import type { Milliseconds } from '@sluice/rtp';
import { RtpPacket, serializeTransportWideCC, Vp8RtpPayload } from 'werift';

/** As many packets can be sent again as with us. */
const HISTORY_SIZE = 1024;

/** Where the counters of VP8 are, in packets that have long picture ids and TL0PICIDX. */
const PICTURE_ID_OFFSET = 2;
const TL0_OFFSET = 4;

/** A track on its way to a subscriber. */
export interface FanOutStream {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly firstSequenceNumber: number;
  readonly absSendTimeId: number;
  readonly transportSequenceId: number;
}

/** The transport-wide counter of a subscriber, and where its packets go. */
export interface FanOutTransport {
  transportSequence: number;
  readonly send: (packet: Uint8Array) => void;
}

interface Anchor {
  readonly timestamp: number;
  readonly output: number;
  readonly arrival: Milliseconds;
}

/** One subscriber's part of a track. */
class Output {
  readonly history = new Map<number, Buffer>();
  readonly #stream: FanOutStream;
  readonly #transport: FanOutTransport;
  layer: number | undefined;
  target: number;
  #sequenceOffset = 0;
  #timestampOffset = 0;
  #pictureIdOffset = 0;
  #tl0Offset = 0;
  #lastSequence: number;
  #lastPictureId = -1;
  #lastTl0 = 0;
  #anchor: Anchor | undefined;

  constructor(stream: FanOutStream, transport: FanOutTransport, target: number) {
    this.#stream = stream;
    this.#transport = transport;
    this.target = target;
    this.#lastSequence = stream.firstSequenceNumber - 1;
  }

  /** The stream goes on with another layer, of which this is the first packet. */
  splice(layer: number, source: Source): void {
    const { sequenceNumber, timestamp, pictureId, tl0, arrival } = source;
    this.layer = layer;
    this.#sequenceOffset = this.#lastSequence + 1 - sequenceNumber;
    this.#pictureIdOffset = this.#lastPictureId + 1 - pictureId;
    this.#tl0Offset = this.#lastTl0 + 1 - tl0;
    const anchor = this.#anchor;
    const output = anchor ? anchor.output + Math.round((arrival - anchor.arrival) * 90) : timestamp;
    this.#timestampOffset = output - timestamp;
    this.#anchor = undefined;
  }

  forward(packet: RtpPacket, source: Source): void {
    const { header, payload } = packet;
    const { ssrc, payloadType, absSendTimeId, transportSequenceId } = this.#stream;
    const sequenceNumber = (source.sequenceNumber + this.#sequenceOffset) & 0xffff;
    const timestamp = (source.timestamp + this.#timestampOffset) >>> 0;
    const pictureId = (source.pictureId + this.#pictureIdOffset) & 0x7fff;
    const tl0 = (source.tl0 + this.#tl0Offset) & 0xff;
    header.ssrc = ssrc;
    header.payloadType = payloadType;
    header.sequenceNumber = sequenceNumber;
    header.timestamp = timestamp;
    header.extensions = [
      { id: absSendTimeId, payload: source.absSendTime },
      { id: transportSequenceId, payload: serializeTransportWideCC(this.#transport.transportSequence) },
    ];
    this.#transport.transportSequence = (this.#transport.transportSequence + 1) & 0xffff;
    // In place: the next subscriber's numbers are written over these.
    payload.writeUInt16BE(0x8000 | pictureId, PICTURE_ID_OFFSET);
    payload.writeUInt8(tl0, TL0_OFFSET);
    const bytes = packet.serialize();
    this.history.set(sequenceNumber, bytes);
    this.history.delete((sequenceNumber - HISTORY_SIZE) & 0xffff);
    this.#lastSequence = sequenceNumber;
    this.#lastPictureId = pictureId;
    if (((tl0 - this.#lastTl0) & 0xff) < 0x80) this.#lastTl0 = tl0;
    if (this.#anchor === undefined || ((source.timestamp - this.#anchor.timestamp) | 0) > 0) {
      this.#anchor = { timestamp: source.timestamp, output: timestamp, arrival: source.arrival };
    }
    this.#transport.send(bytes);
  }
}

/** What an incoming packet says, before it is written over. */
interface Source {
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly pictureId: number;
  readonly tl0: number;
  readonly arrival: Milliseconds;
  readonly absSendTime: Buffer;
}

/** A track: its layers' SSRCs, and who gets it. */
export class WeriftFanOut {
  readonly #layers: ReadonlyMap<number, number>;
  readonly #outputs = new Map<number, Output>();

  /** @param ssrcs - of the layers, lowest first */
  constructor(ssrcs: readonly number[]) {
    this.#layers = new Map(ssrcs.map((ssrc, layer) => [ssrc, layer]));
  }

  /** The subscriber gets the track from the next key frame of that layer on. */
  subscribe(subscriber: number, stream: FanOutStream, transport: FanOutTransport, layer: number): void {
    this.#outputs.set(subscriber, new Output(stream, transport, layer));
  }

  /** The subscriber wants another layer. */
  prefer(subscriber: number, layer: number): void {
    const output = this.#outputs.get(subscriber);
    if (output !== undefined) output.target = layer;
  }

  /** Takes a packet of the publisher and forwards it. Its bytes are written to. */
  receive(bytes: Uint8Array, arrival: Milliseconds): void {
    const packet = RtpPacket.deSerialize(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    const layer = this.#layers.get(packet.header.ssrc);
    if (layer === undefined) return;
    const vp8 = Vp8RtpPayload.deSerialize(packet.payload);
    const absSendTime = Buffer.alloc(3);
    absSendTime.writeUIntBE(Math.floor((arrival / 1000) * 2 ** 18) & 0xffffff, 0, 3);
    const source: Source = {
      sequenceNumber: packet.header.sequenceNumber,
      timestamp: packet.header.timestamp,
      pictureId: vp8.pictureId ?? 0,
      tl0: packet.payload.readUInt8(TL0_OFFSET),
      arrival,
      absSendTime,
    };
    const startsKeyFrame = vp8.payloadHeaderExist && vp8.isKeyframe;
    for (const output of this.#outputs.values()) {
      if (output.layer !== layer) {
        if (output.target !== layer || !startsKeyFrame) continue;
        output.splice(layer, source);
      }
      output.forward(packet, source);
    }
  }
}
