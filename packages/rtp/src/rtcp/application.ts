// Application-defined packets on the wire (RFC 3550 §6.7).

import { ArgumentError } from '../errors.ts';
import type { RtcpApplication } from './packet-types.ts';
import type { PacketWriter } from './packet-writer.ts';

/** Payload type of an application-defined packet. */
export const APPLICATION = 204;

const NAME_SIZE = 4;
const DATA_START = 8;
const ASCII_NAME = /^[\0-\x7f]{4}$/;

/** The application-defined packet in `body`; its data is a view. */
export function parseApplication(body: DataView, subtype: number): RtcpApplication | undefined {
  if (body.byteLength < DATA_START) return undefined;
  let name = '';
  for (let i = 0; i < NAME_SIZE; i++) name += String.fromCharCode(body.getUint8(4 + i));
  if (!ASCII_NAME.test(name)) return undefined;
  const data = new Uint8Array(body.buffer, body.byteOffset + DATA_START, body.byteLength - DATA_START);
  return { type: 'application', subtype, ssrc: body.getUint32(0), name, data };
}

/** Writes an application-defined packet. */
export function writeApplication(writer: PacketWriter, packet: RtcpApplication): void {
  if (!ASCII_NAME.test(packet.name)) {
    throw new ArgumentError(`RTCP application name is ${JSON.stringify(packet.name)}: give four ASCII characters.`);
  }
  if (packet.data.length % 4 !== 0) {
    throw new ArgumentError(
      `RTCP application data is ${packet.data.length} bytes long: fill it up to a multiple of 4.`,
    );
  }
  writer.begin(packet.subtype, APPLICATION);
  writer.uint32(packet.ssrc, 'SSRC');
  for (let i = 0; i < NAME_SIZE; i++) writer.uint8(packet.name.charCodeAt(i), 'application name');
  writer.bytes(packet.data);
  writer.end();
}
