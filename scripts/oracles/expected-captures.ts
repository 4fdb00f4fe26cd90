// Headers and RTCP of every kind, drawn from the arbitraries of the unit tests, as captures for dissectors.

import { type RtcpPacket, serializeRtcp, serializeRtp } from '@sluice/rtp';
import { CAPTURE_SFU_PORT, PacketCapture } from '@sluice/sfu-sim';
import fc from 'fast-check';
import { rtpFields } from '../../packages/rtp/test/oracles/packets.ts';
import { rtcpPacket } from '../../packages/rtp/test/rtcp/arbitraries.ts';
import type { WriteFile } from './expected-streams.ts';
import type { ExpectedCapture } from './manifest.d.mts';
import { RTCP_FIELDS, rtcpValues } from './rtcp-fields.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** RTP packets with contributing sources, padding and header extensions of both forms; some of them dropped. */
export function headerCapture(write: WriteFile): ExpectedCapture {
  const packets = fc.sample(dissectable, { seed: 1, numRuns: 400 });
  const capture = new PacketCapture({ epoch: Date.UTC(2026, 0, 1) });
  packets.forEach((fields, i) => {
    const dropped = i % 7 === 0 ? 'queue' : undefined;
    const direction = i % 2 === 0 ? 'uplink' : 'downlink';
    capture.record({ at: i, participant: `p${i % 3}`, direction, packet: serializeRtp(fields), dropped });
  });
  write('headers.pcapng', capture.take());
  const rows = packets.map((fields, i) => {
    const { extensions, csrcs, payload, paddingSize } = fields;
    return [
      ((Date.UTC(2026, 0, 1) + i) / 1000).toFixed(6),
      `p${i % 3}/${i % 2 === 0 ? 'uplink' : 'downlink'}`,
      i % 7 === 0 ? 'dropped: queue' : '',
      '2',
      String(Number(paddingSize > 0)),
      String(Number(extensions.length > 0)),
      String(csrcs.length),
      String(fields.payloadType),
      String(fields.sequenceNumber),
      String(fields.timestamp),
      `0x${fields.ssrc.toString(16).padStart(8, '0')}`,
      String(Number(fields.marker)),
      csrcs.map((csrc) => `0x${csrc.toString(16).padStart(8, '0')}`).join(','),
      extensions.map(({ id }) => id).join(','),
      extensions.map(({ value }) => value.length).join(','),
      // An empty element has no data to tshark.
      extensions.flatMap(({ value }) => (value.length > 0 ? [hex(value)] : [])).join(','),
      hex(payload),
      paddingSize > 0 ? String(paddingSize) : '',
    ];
  });
  return {
    name: 'headers',
    file: 'headers.pcapng',
    decodeAs: [`udp.port==${CAPTURE_SFU_PORT},rtp`],
    fields: [
      'frame.time_epoch',
      'frame.interface_name',
      'frame.comment',
      'rtp.version',
      'rtp.padding',
      'rtp.ext',
      'rtp.cc',
      'rtp.p_type',
      'rtp.seq',
      'rtp.timestamp',
      'rtp.ssrc',
      'rtp.marker',
      'rtp.csrc.item',
      'rtp.ext.rfc5285.id',
      'rtp.ext.rfc5285.len',
      'rtp.ext.rfc5285.data',
      'rtp.payload',
      'rtp.padding.count',
    ],
    rows,
  };
}

/** RTCP packets of every type, one in each datagram. */
export function rtcpCapture(write: WriteFile): ExpectedCapture {
  const packets: RtcpPacket[] = fc.sample(readable, { seed: 1, numRuns: 1000 });
  const capture = new PacketCapture();
  packets.forEach((packet, at) => {
    capture.record({ at, participant: 'ada', direction: 'uplink', packet: serializeRtcp([packet]) });
  });
  write('rtcp.pcapng', capture.take());
  return {
    name: 'rtcp',
    file: 'rtcp.pcapng',
    decodeAs: [`udp.port==${CAPTURE_SFU_PORT},rtcp`],
    fields: RTCP_FIELDS,
    rows: packets.map(rtcpValues),
  };
}

/**
 * What tshark can take apart. Payload types from 102 on: others are static (RFC 3551 §6), RTCP's (RFC 5761 §4), or mean
 * something to tshark by default. No empty element at the end: it stops ahead of the last two bytes of the block.
 */
const dissectable = rtpFields
  .filter(({ extensions }) => extensions.at(-1)?.value.length !== 0)
  .map((fields) => ({ ...fields, payloadType: 102 + (fields.payloadType % 26) }));

/**
 * What tshark can show: texts and names in printable ASCII. It takes transport-wide feedback without arrival times, which
 * libwebrtc knows, for malformed.
 */
const readable = rtcpPacket
  .filter((packet) => packet.type !== 'transport-feedback' || packet.hasArrivalTimes)
  .map((packet): RtcpPacket => {
    const ascii = (text: string) => text.replaceAll(/[^ -~]|,/g, '.');
    switch (packet.type) {
      case 'source-description': {
        const chunks = packet.chunks.map(({ ssrc, items }) => ({
          ssrc,
          items: items.map(({ type, text }) => ({ type, text: ascii(text) })),
        }));
        return { ...packet, chunks };
      }
      case 'bye':
        return packet.reason === undefined ? packet : { ...packet, reason: ascii(packet.reason) };
      case 'application':
        return { ...packet, name: ascii(packet.name) };
      default:
        return packet;
    }
  });
