// RTCP packets as tshark shows them: what its fields have to say of a packet that we wrote.

import type { ReportBlock, RtcpPacket } from '@sluice/rtp';

/** Values by field; a field that is not named has none. Several values of one field are joined by commas. */
type FieldValues = Readonly<Record<string, string | readonly (number | string)[]>>;

const BLOCK_FIELDS = {
  'rtcp.ssrc.fraction': ({ fractionLost }: ReportBlock) => fractionLost,
  'rtcp.ssrc.cum_nr': ({ cumulativeLost }: ReportBlock) => cumulativeLost,
  'rtcp.ssrc.ext_high': ({ extendedHighestSequence }: ReportBlock) => extendedHighestSequence,
  'rtcp.ssrc.jitter': ({ jitter }: ReportBlock) => jitter,
  'rtcp.ssrc.lsr': ({ lastSenderReport }: ReportBlock) => lastSenderReport,
  'rtcp.ssrc.dlsr': ({ delaySinceLastSenderReport }: ReportBlock) => delaySinceLastSenderReport,
} as const;

/** RFC 3550 §6.5, RFC 8852 §5, RFC 9143 §15.1. */
const ITEM_NUMBERS: Readonly<Record<string, number>> = {
  cname: 1,
  name: 2,
  email: 3,
  phone: 4,
  location: 5,
  tool: 6,
  note: 7,
  'rtp-stream-id': 12,
  'repaired-rtp-stream-id': 13,
  mid: 15,
};

/** The fields that are compared. */
export const RTCP_FIELDS: readonly string[] = [
  'rtcp.version',
  'rtcp.pt',
  'rtcp.rc',
  'rtcp.sc',
  'rtcp.rtpfb.fmt',
  'rtcp.psfb.fmt',
  'rtcp.length_check',
  'rtcp.senderssrc',
  'rtcp.mediassrc',
  'rtcp.ssrc.identifier',
  'rtcp.timestamp.ntp.msw',
  'rtcp.timestamp.ntp.lsw',
  'rtcp.timestamp.rtp',
  'rtcp.sender.packetcount',
  'rtcp.sender.octetcount',
  ...Object.keys(BLOCK_FIELDS),
  'rtcp.sdes.type',
  'rtcp.sdes.length',
  'rtcp.sdes.text',
  'rtcp.app.subtype',
  'rtcp.app.name',
  'rtcp.app.data',
  'rtcp.rtpfb.nack_pid',
  'rtcp.psfb.fir.fci.ssrc',
  'rtcp.psfb.fir.fci.csn',
  'rtcp.psfb.remb.fci.number_ssrcs',
  'rtcp.psfb.remb.fci.br_exp',
  'rtcp.psfb.remb.fci.br_mantissa',
  'rtcp.psfb.remb.fci.ssrc',
  'rtcp.rtpfb.transportcc.baseseq',
  'rtcp.rtpfb.transportcc.statuscount',
  'rtcp.rtpfb.transportcc.reftime',
  'rtcp.rtpfb.transportcc.pktcount',
  'rtcp.rtpfb.transportcc.recv_delta',
  'rtcp.rtpfb.tmmbr.fci.ssrc',
  'rtcp.rtpfb.tmmbr.fci.exp',
  'rtcp.rtpfb.tmmbr.fci.mantissa',
  'rtcp.rtpfb.tmmbr.fci.measuredoverhead',
  'rtcp.xr.bt',
  'rtcp.xr.timestamp',
  'rtcp.xr.lrr',
  'rtcp.xr.dlrr',
];

/** The values of `RTCP_FIELDS` for the one packet in a datagram. */
export function rtcpValues(packet: RtcpPacket): string[] {
  const values: FieldValues = { 'rtcp.version': '2', 'rtcp.length_check': '1', ...valuesOf(packet) };
  return RTCP_FIELDS.map((field) => {
    const value = values[field];
    return value === undefined || typeof value === 'string' ? (value ?? '') : value.join(',');
  });
}

function valuesOf(packet: RtcpPacket): FieldValues {
  switch (packet.type) {
    case 'sender-report':
      return {
        ...reports(200, packet.reports),
        'rtcp.senderssrc': word(packet.ssrc),
        'rtcp.timestamp.ntp.msw': [packet.ntpSeconds],
        'rtcp.timestamp.ntp.lsw': [packet.ntpFraction],
        'rtcp.timestamp.rtp': [packet.rtpTimestamp],
        'rtcp.sender.packetcount': [packet.packetCount],
        'rtcp.sender.octetcount': [packet.octetCount],
      };
    case 'receiver-report':
      return { ...reports(201, packet.reports), 'rtcp.senderssrc': word(packet.ssrc) };
    case 'source-description': {
      const items = packet.chunks.flatMap((chunk) => chunk.items);
      return {
        'rtcp.pt': '202',
        'rtcp.sc': [packet.chunks.length],
        'rtcp.ssrc.identifier': packet.chunks.map(({ ssrc }) => word(ssrc)),
        // The end of each chunk's items is of type 0.
        'rtcp.sdes.type': packet.chunks.flatMap((chunk) => [
          ...chunk.items.map(({ type }) => ITEM_NUMBERS[type] ?? 0),
          0,
        ]),
        'rtcp.sdes.length': items.map(({ text }) => Buffer.byteLength(text)),
        // An empty text is none to tshark.
        'rtcp.sdes.text': items.map(({ text }) => text).filter((text) => text !== ''),
      };
    }
    case 'bye':
      return {
        'rtcp.pt': '203',
        'rtcp.sc': [packet.ssrcs.length],
        'rtcp.ssrc.identifier': packet.ssrcs.map(word),
        ...(packet.reason !== undefined && {
          'rtcp.sdes.length': [Buffer.byteLength(packet.reason)],
          'rtcp.sdes.text': packet.reason,
        }),
      };
    case 'application':
      return {
        'rtcp.pt': '204',
        'rtcp.app.subtype': [packet.subtype],
        'rtcp.ssrc.identifier': word(packet.ssrc),
        'rtcp.app.name': packet.name,
        'rtcp.app.data': Buffer.from(packet.data).toString('hex'),
      };
    case 'nack':
      return {
        ...transportFeedback(1, packet),
        'rtcp.rtpfb.nack_pid': packet.sequenceNumbers,
      };
    case 'pli':
      return payloadFeedback(1, packet.senderSsrc, packet.mediaSsrc);
    case 'fir':
      return {
        ...payloadFeedback(4, packet.senderSsrc, 0),
        'rtcp.psfb.fir.fci.ssrc': packet.entries.map(({ ssrc }) => word(ssrc)),
        'rtcp.psfb.fir.fci.csn': packet.entries.map(({ commandSequence }) => commandSequence),
      };
    case 'remb': {
      const { exponent, mantissa } = floating(packet.bitrate, 18);
      return {
        ...payloadFeedback(15, packet.senderSsrc, 0),
        'rtcp.psfb.remb.fci.number_ssrcs': [packet.ssrcs.length],
        'rtcp.psfb.remb.fci.br_exp': [exponent],
        'rtcp.psfb.remb.fci.br_mantissa': [mantissa],
        'rtcp.psfb.remb.fci.ssrc': packet.ssrcs.map(word),
      };
    }
    case 'transport-feedback': {
      const deltas: string[] = [];
      let previous = 0;
      for (const arrival of packet.packets) {
        if (arrival === undefined) continue;
        const ticks = arrival * 4 - previous;
        previous = arrival * 4;
        deltas.push(hexadecimal(ticks & 0xffff, ticks >= 0 && ticks <= 0xff ? 2 : 4));
      }
      return {
        ...transportFeedback(15, packet),
        'rtcp.rtpfb.transportcc.baseseq': [packet.baseSequence],
        'rtcp.rtpfb.transportcc.statuscount': [packet.packets.length],
        'rtcp.rtpfb.transportcc.reftime': [packet.referenceTime / 64],
        'rtcp.rtpfb.transportcc.pktcount': [packet.feedbackCount],
        'rtcp.rtpfb.transportcc.recv_delta': deltas,
      };
    }
    case 'tmmbr':
    case 'tmmbn': {
      const limits = packet.limits.map(({ bitrate }) => floating(bitrate, 17));
      return {
        ...transportFeedback(packet.type === 'tmmbr' ? 3 : 4, { senderSsrc: packet.senderSsrc, mediaSsrc: 0 }),
        'rtcp.rtpfb.tmmbr.fci.ssrc': packet.limits.map(({ ssrc }) => word(ssrc)),
        'rtcp.rtpfb.tmmbr.fci.exp': limits.map(({ exponent }) => exponent),
        'rtcp.rtpfb.tmmbr.fci.mantissa': limits.map(({ mantissa }) => mantissa),
        // tshark leaves out the highest of the nine bits (RFC 5104 §4.2.1.1).
        'rtcp.rtpfb.tmmbr.fci.measuredoverhead': packet.limits.map(({ overhead }) => overhead & 0xff),
      };
    }
    case 'extended-report': {
      const answers = packet.blocks.flatMap((block) => ('answers' in block ? block.answers : []));
      const times = packet.blocks.flatMap((block) => ('ntpSeconds' in block ? [block] : []));
      return {
        'rtcp.pt': '207',
        'rtcp.senderssrc': word(packet.ssrc),
        'rtcp.xr.bt': packet.blocks.map(({ type }) => (type === 'receiver-reference-time' ? 4 : 5)),
        'rtcp.xr.timestamp': times.map(({ ntpSeconds, ntpFraction }) => {
          const nanoseconds = Math.floor((ntpFraction * 1e9) / 2 ** 32);
          return `${ntpSeconds}.${String(nanoseconds).padStart(9, '0')}`;
        }),
        'rtcp.ssrc.identifier': answers.map(({ ssrc }) => word(ssrc)),
        'rtcp.xr.lrr': answers.map(({ lastReceiverReport }) => lastReceiverReport),
        'rtcp.xr.dlrr': answers.map(({ delaySinceLastReceiverReport }) => delaySinceLastReceiverReport),
      };
    }
    case 'congestion-feedback':
      // tshark 4.0 does not know the format, and takes what comes first for the SSRC of a media source.
      return {
        ...transportFeedback(11, {
          senderSsrc: packet.senderSsrc,
          mediaSsrc: packet.streams[0]?.ssrc ?? packet.reportTimestamp,
        }),
      };
  }
}

/** The smallest exponent, and what remains of the value in so many bits (RFC 5104 §4.2.1.1, draft-alvestrand-rmcat-remb). */
function floating(value: number, bits: number): { exponent: number; mantissa: number } {
  let mantissa = Math.floor(value);
  let exponent = 0;
  for (; mantissa >= 2 ** bits; exponent++) mantissa = Math.floor(mantissa / 2);
  return { exponent, mantissa };
}

function reports(type: number, blocks: readonly ReportBlock[]): FieldValues {
  const values = Object.entries(BLOCK_FIELDS).map(([field, read]) => [field, blocks.map(read)]);
  return {
    'rtcp.pt': [type],
    'rtcp.rc': [blocks.length],
    'rtcp.ssrc.identifier': blocks.map(({ ssrc }) => word(ssrc)),
    ...Object.fromEntries(values),
  };
}

function transportFeedback(format: number, packet: { senderSsrc: number; mediaSsrc: number }): FieldValues {
  return {
    'rtcp.pt': '205',
    'rtcp.rtpfb.fmt': [format],
    'rtcp.senderssrc': word(packet.senderSsrc),
    'rtcp.mediassrc': word(packet.mediaSsrc),
  };
}

function payloadFeedback(format: number, senderSsrc: number, mediaSsrc: number): FieldValues {
  return {
    'rtcp.pt': '206',
    'rtcp.psfb.fmt': [format],
    'rtcp.senderssrc': word(senderSsrc),
    'rtcp.mediassrc': word(mediaSsrc),
  };
}

function word(value: number): string {
  return hexadecimal(value, 8);
}

function hexadecimal(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
