// One packet from the wire to the wire: parsed, renumbered, its extensions replaced, written into a buffer of its own.

import { RtpPacket as RtpJsPacket } from 'rtp.js/packets';
import { RtpPacket as WeriftPacket } from 'werift';
import type { Work } from '../../../../scripts/bench/measure.ts';
import {
  type DepartureStamp,
  type ExtensionElement,
  PacketAllocator,
  RtpPacket,
  serializeRtp,
  writeToken,
} from '../../src/index.ts';
import { bufferOf, bytesOf, dataViewOf, requireSameBytes } from './agreement.ts';
import { PEERS } from './peers.ts';

const PACKET_SIZE = 1200;
const IDS = { mid: 1, rid: 2, absSendTime: 4, transportSequence: 5 } as const;
const OUTGOING_SSRC = 0x5eed_cafe;
const FIRST_TIMESTAMP = 0xffff_0000;

/** A second of a stream, so that no two packets in a row are the same. */
const incoming = Array.from({ length: 128 }, (_, i) => incomingPacket(i));
/** The setters of rtp.js write into the packet that came in: it has its own. */
const incomingOfRtpJs = incoming.map((bytes) => bytes.slice());

/** Parse, rewrite and serialise, by us and by libraries. */
export function packetRoundTrip(): Work {
  incoming.forEach((bytes, i) => {
    const ours = sluiceRoundTrip(bytes, i);
    requireSameBytes('rtp.js', ours, rtpJsRoundTrip(bytes.slice(), i));
    requireSameBytes('werift', ours, weriftRoundTrip(bytes, i));
  });
  return {
    name: 'parse, rewrite, serialise packet',
    unit: 'µs/packet',
    operations: incoming.length,
    ours: () => throughAll(incoming, sluiceRoundTrip),
    peers: [
      { name: PEERS.rtpJs, run: () => throughAll(incomingOfRtpJs, rtpJsRoundTrip) },
      { name: PEERS.werift, run: () => throughAll(incoming, weriftRoundTrip) },
    ],
  };
}

/** What forwarding one packet to one receiver costs us. */
export function packetForwarding(): Work {
  return {
    name: 'forward packet',
    unit: 'µs/packet',
    operations: incoming.length,
    ours: () => throughAll(incoming, forward),
  };
}

const allocator = new PacketAllocator();
const reused = new ArrayBuffer(2 * PACKET_SIZE);
const outgoingMid: readonly ExtensionElement[] = [{ id: IDS.mid, value: writeToken('17') }];
const stamp: { -readonly [Name in keyof DepartureStamp]: number } = {
  absSendTimeId: IDS.absSendTime,
  absSendTime: 0,
  transportSequenceId: IDS.transportSequence,
  transportSequence: 0,
};

/** The path of a packet through an SFU: the receiver's own mid in place of mid and rid, and the stamp of departure. */
function forward(bytes: Uint8Array, i: number): Uint8Array {
  const packet = parsed(bytes);
  stamp.absSendTime = i * 1000;
  stamp.transportSequence = i;
  return serializeRtp(
    {
      payloadType: packet.payloadType,
      sequenceNumber: i,
      timestamp: FIRST_TIMESTAMP + i,
      ssrc: OUTGOING_SSRC,
      marker: packet.marker,
      extensions: outgoingMid,
      payload: packet.payload,
    },
    stamp,
    allocator,
  );
}

/** All four elements are read, and two of them written anew. */
function sluiceRoundTrip(bytes: Uint8Array, i: number): Uint8Array {
  const packet = parsed(bytes);
  const extensions = packet.extensions.map(({ id, value }) => {
    if (id === IDS.absSendTime) return { id, value: absSendTimeOf(i) };
    if (id === IDS.transportSequence) return { id, value: transportSequenceOf(i) };
    return { id, value };
  });
  const fields = {
    payloadType: packet.payloadType,
    sequenceNumber: i,
    timestamp: FIRST_TIMESTAMP + i,
    ssrc: OUTGOING_SSRC,
    marker: packet.marker,
    extensions,
    payload: packet.payload,
  };
  return serializeRtp(fields, undefined, allocator);
}

function rtpJsRoundTrip(bytes: Uint8Array, i: number): Uint8Array {
  const packet = new RtpJsPacket(dataViewOf(bytes));
  packet.setSequenceNumber(i);
  packet.setTimestamp(FIRST_TIMESTAMP + i);
  packet.setSsrc(OUTGOING_SSRC);
  packet.setExtension(IDS.absSendTime, dataViewOf(absSendTimeOf(i)));
  packet.setExtension(IDS.transportSequence, dataViewOf(transportSequenceOf(i)));
  // Into memory that is there already, as ours: a buffer for each packet is what costs it most otherwise.
  packet.serialize(reused);
  return bytesOf(packet.getView());
}

function weriftRoundTrip(bytes: Uint8Array, i: number): Uint8Array {
  const packet = WeriftPacket.deSerialize(bufferOf(bytes));
  const { header } = packet;
  header.sequenceNumber = i;
  header.timestamp = FIRST_TIMESTAMP + i;
  header.ssrc = OUTGOING_SSRC;
  for (const extension of header.extensions) {
    if (extension.id === IDS.absSendTime) extension.payload = bufferOf(absSendTimeOf(i));
    else if (extension.id === IDS.transportSequence) extension.payload = bufferOf(transportSequenceOf(i));
  }
  return packet.serialize();
}

function throughAll(packets: readonly Uint8Array[], handle: (bytes: Uint8Array, i: number) => Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < packets.length; i++) {
    const bytes = packets[i];
    if (bytes === undefined) continue;
    const out = handle(bytes, i);
    sum += (out[3] ?? 0) + (out[out.length - 1] ?? 0) + out.length;
  }
  return sum;
}

function parsed(bytes: Uint8Array): RtpPacket {
  const packet = RtpPacket.parse(bytes);
  if (packet === undefined) throw new Error('The packet cannot be parsed.');
  return packet;
}

function absSendTimeOf(i: number): Uint8Array {
  return Uint8Array.of(i >> 8, i, 0x80);
}

function transportSequenceOf(i: number): Uint8Array {
  return Uint8Array.of(i >> 8, i);
}

function incomingPacket(i: number): Uint8Array {
  const extensions = [
    { id: IDS.mid, value: writeToken('0') },
    { id: IDS.rid, value: writeToken('h') },
    { id: IDS.absSendTime, value: Uint8Array.of(0x12, 0x34, i) },
    { id: IDS.transportSequence, value: Uint8Array.of(0x70, i) },
  ];
  const fields = {
    payloadType: 96,
    sequenceNumber: (65_500 + i) & 0xffff,
    timestamp: 3000 * (i >> 2),
    ssrc: 0x1234_5678,
    marker: i % 4 === 3,
    extensions,
  };
  const headerSize = serializeRtp({ ...fields, payload: new Uint8Array(0) }).length;
  const payload = Uint8Array.from({ length: PACKET_SIZE - headerSize }, (_, at) => (at * 31 + i * 17) & 0xff);
  return serializeRtp({ ...fields, payload });
}
