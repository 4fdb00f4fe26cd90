// What the tests of forward error correction send: media packets that all differ, and repair packets made by the book.

import { serializeFlexFec } from '../../src/recovery/flexfec-packet.ts';
import { type RtpFields, RtpPacket, serializeRtp } from '../../src/rtp/packet.ts';

export const SSRC = 0xcafe_0001;

export function media(sequenceNumber: number, fields: Partial<RtpFields> = {}): Uint8Array {
  const payload = Uint8Array.from({ length: 20 + (sequenceNumber % 7) }, (_, i) => sequenceNumber * 31 + i);
  const timestamp = 90_000 + 3000 * sequenceNumber;
  return serializeRtp({ payloadType: 96, sequenceNumber, timestamp, ssrc: SSRC, marker: false, payload, ...fields });
}

export function repairPacket(payload: Uint8Array, csrcs: readonly number[] = [SSRC]): RtpPacket {
  const fields = { payloadType: 97, sequenceNumber: 1, timestamp: 5, ssrc: 2, marker: false, csrcs, payload };
  return RtpPacket.parse(serializeRtp(fields))!;
}

/** The parity of the packets, byte by byte as RFC 8627 §6.2 has it. */
export function parityOf(packets: readonly Uint8Array[]) {
  const recovery = new Uint8Array(8);
  const payload = new Uint8Array(Math.max(...packets.map(({ length }) => length)) - 12);
  for (const packet of packets) {
    const size = packet.length - 12;
    const bits = [packet[0]!, packet[1]!, size >> 8, size, packet[4]!, packet[5]!, packet[6]!, packet[7]!];
    for (let i = 0; i < 8; i++) recovery[i]! ^= bits[i]!;
    for (let i = 0; i < size; i++) payload[i]! ^= packet[12 + i]!;
  }
  return { recovery, payload };
}

export function repairOf(...packets: Uint8Array[]): RtpPacket {
  const sequenceNumbers = packets.map((packet) => RtpPacket.parse(packet)!.sequenceNumber);
  return repairPacket(serializeFlexFec({ ...parityOf(packets), streams: [sequenceNumbers] }));
}

/** A row (at most one row) or column of a block, in the form with fixed columns and rows. */
export function blockRepair(columns: number, rows: number, packets: readonly Uint8Array[]): RtpPacket {
  const { recovery, payload } = parityOf(packets);
  const [, , high = 0, low = 0] = packets[0] ?? [];
  recovery[0] = 0x40 | (recovery[0]! & 0x3f);
  return repairPacket(Uint8Array.from([...recovery, high, low, columns, rows, ...payload]));
}
