// Streams of whole frames through our packetizers: as captures for dissectors, as packets for depacketizers.

import { createHash } from 'node:crypto';
import {
  type ExtensionElement,
  seededRandom,
  serializeRtp,
  writeAbsSendTime,
  writeToken,
  writeTransportSequence,
} from '@sluice/rtp';
import { CAPTURE_SFU_PORT, PacketCapture } from '@sluice/sfu-sim';
import { chromiumFrames, formatOf, madeUpH265Frames, madeUpOpusFrames, type SourceFrame } from './frames.ts';
import type { ExpectedCapture, ExpectedStream } from './manifest.d.mts';

const MAX_PAYLOAD = 1100;
const FIRST_SEQUENCE = 0xfff0;
const FIRST_TIMESTAMP = 0xffff_0000;
const MID_ID = 1;
const ABS_SEND_TIME_ID = 2;
const TRANSPORT_SEQUENCE_ID = 3;
/** The temporal layers of four frames on end in scalability mode L1T3. */
const L1T3 = [0, 2, 1, 2];

/** Writes one of the files. */
export type WriteFile = (name: string, chunks: readonly Uint8Array[]) => void;

interface StreamPlan {
  readonly name: string;
  readonly codec: string;
  readonly payloadType: number;
  readonly clockRate: number;
  readonly frames: readonly SourceFrame[];
  readonly temporalLayers?: readonly number[];
  /** What the dissector calls the codec, where it knows it. */
  readonly dissector?: string;
  /** What the codec's dissector shows, and how it has to look for one payload. */
  readonly payloadFields?: {
    readonly names: readonly string[];
    valuesOf(packet: WrittenPacket, first: WrittenPacket): string[];
  };
  readonly excused?: ExpectedCapture['excused'];
}

interface WrittenPacket {
  /** The frame it is of, counted from 0, and whether it is the first one of it. */
  readonly frame: number;
  readonly startsFrame: boolean;
  readonly temporalLayer: number | undefined;
  /** Frames of temporal layer 0 up to this one. */
  readonly baseFrames: number;
  readonly at: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly extensions: readonly ExtensionElement[];
  readonly payload: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Writes the files of all streams, and tells what is in them. */
export function writeStreams(write: WriteFile): { captures: ExpectedCapture[]; streams: ExpectedStream[] } {
  const plans = planStreams();
  return {
    captures: plans.map((plan, i) => writeCapture(plan, i, write)),
    streams: plans.map((plan, i) => writePackets(plan, i, write)),
  };
}

function planStreams(): StreamPlan[] {
  const random = seededRandom(1);
  const vp8 = { codec: 'VP8', payloadType: 96, clockRate: 90_000, frames: chromiumFrames('VP8', 'vp8-one', 96) };
  const vp9 = { codec: 'VP9', payloadType: 98, clockRate: 90_000, frames: chromiumFrames('VP9', 'vp9-one', 98) };
  const dissectedVp8 = { ...vp8, dissector: 'vp8', payloadFields: VP8_FIELDS };
  return [
    { ...dissectedVp8, name: 'vp8' },
    { ...dissectedVp8, name: 'vp8-layers', temporalLayers: L1T3 },
    { ...vp9, name: 'vp9' },
    { ...vp9, name: 'vp9-layers', temporalLayers: L1T3 },
    {
      name: 'h264',
      codec: 'H264',
      payloadType: 108,
      clockRate: 90_000,
      frames: chromiumFrames('H264', 'h264-one', 108),
      dissector: 'h264',
      payloadFields: H264_FIELDS,
      excused: { filter: 'h264.undecoded', reason: 'tshark does not look into slices' },
    },
    {
      name: 'h265',
      codec: 'H265',
      payloadType: 110,
      clockRate: 90_000,
      frames: madeUpH265Frames(random.fork('h265')),
    },
    { name: 'av1', codec: 'AV1', payloadType: 45, clockRate: 90_000, frames: chromiumFrames('AV1', 'av1-one', 45) },
    {
      name: 'opus',
      codec: 'opus',
      payloadType: 111,
      clockRate: 48_000,
      frames: madeUpOpusFrames(random.fork('opus')),
      dissector: 'opus',
      payloadFields: OPUS_FIELDS,
    },
  ];
}

/** RFC 7741 §4.2: what the packetizer has to say of each packet, whatever numbers it began with. */
const VP8_FIELDS: StreamPlan['payloadFields'] = {
  names: ['x', 'n', 's', 'partid', 'i', 'l', 't', 'k', 'pictureid', 'tl0picidx', 'tid', 'y'].map((n) => `vp8.pld.${n}`),
  valuesOf({ frame, startsFrame, temporalLayer, baseFrames }, first) {
    const [, , high = 0, low = 0, index = 0] = first.payload;
    const layered = temporalLayer === undefined ? 0 : 1;
    const numbers = [
      1,
      0,
      Number(startsFrame),
      0,
      1,
      layered,
      layered,
      0,
      (((high & 0x7f) << 8) + low + frame) & 0x7fff,
    ];
    const layers = temporalLayer === undefined ? ['', '', ''] : [(index + baseFrames - 1) & 0xff, temporalLayer, 0];
    return [...numbers, ...layers].map(String);
  },
};

/** RFC 6184 §5.3, §5.7.1 and §5.8: types in the order in which they stand in the payload; of fragments the unit's, S and E. */
const H264_FIELDS: StreamPlan['payloadFields'] = {
  names: ['h264.nal_unit_hdr', 'h264.nal_unit_type', 'h264.start.bit', 'h264.end.bit'],
  valuesOf({ payload }) {
    const [indicator = 0, header = 0] = payload;
    const type = indicator & 0x1f;
    if (type === 28) return ['28', String(header & 0x1f), String(header >> 7), String((header >> 6) & 1)];
    const types = [type];
    if (type === 24) {
      for (let offset = 1; offset < payload.length; ) {
        const size = ((payload[offset] ?? 0) << 8) | (payload[offset + 1] ?? 0);
        types.push((payload[offset + 2] ?? 0) & 0x1f);
        offset += 2 + size;
      }
    }
    return [types.join(','), '', '', ''];
  },
};

/** RFC 6716 §3.1. */
const OPUS_FIELDS: StreamPlan['payloadFields'] = {
  names: ['opus.TOC.config', 'opus.TOC.s', 'opus.TOC.c'],
  valuesOf: ({ payload: [head = 0] }) => [head >> 3, (head >> 2) & 1, head & 3].map(String),
};

function packetsOf(
  { codec, payloadType, clockRate, frames, temporalLayers }: StreamPlan,
  index: number,
): WrittenPacket[] {
  const packetizer = formatOf(codec).createPacketizer(seededRandom(index));
  const packets: WrittenPacket[] = [];
  let baseFrames = 0;
  frames.forEach((frame, i) => {
    const temporalLayer = temporalLayers?.[i % temporalLayers.length];
    if (temporalLayer === 0) baseFrames += 1;
    const payloads = packetizer.packetize(frame.data, MAX_PAYLOAD, temporalLayer);
    payloads.forEach((payload, k) => {
      const count = packets.length;
      const at = (frame.timestamp * 1000) / clockRate + k / 8;
      const fields = {
        payloadType,
        sequenceNumber: (FIRST_SEQUENCE + count) & 0xffff,
        timestamp: (FIRST_TIMESTAMP + frame.timestamp) >>> 0,
        ssrc: ssrcOf(index),
        marker: k === payloads.length - 1,
        extensions: [
          { id: MID_ID, value: writeToken(`${index}`) },
          { id: ABS_SEND_TIME_ID, value: writeAbsSendTime(at) },
          { id: TRANSPORT_SEQUENCE_ID, value: writeTransportSequence(count) },
        ],
        payload,
      };
      const place = { frame: i, startsFrame: k === 0, temporalLayer, baseFrames };
      packets.push({ at, ...place, ...fields, bytes: serializeRtp(fields) });
    });
  });
  return packets;
}

function ssrcOf(index: number): number {
  return 0x8000_0000 + index;
}

function writeCapture(plan: StreamPlan, index: number, write: WriteFile): ExpectedCapture {
  const { name, payloadType, dissector, payloadFields } = plan;
  const capture = new PacketCapture();
  const packets = packetsOf(plan, index);
  for (const { at, bytes } of packets) {
    capture.record({ at, participant: name, direction: 'uplink', packet: bytes });
  }
  const file = `${name}.pcapng`;
  write(file, capture.take());
  const [first] = packets;
  const rows = packets.map((packet) => [
    (packet.at / 1000).toFixed(6),
    `${name}/uplink`,
    '10.0.0.1',
    '10000',
    String(packet.bytes.length + 8),
    String(payloadType),
    String(packet.sequenceNumber),
    String(packet.timestamp),
    `0x${ssrcOf(index).toString(16)}`,
    String(Number(packet.marker)),
    packet.extensions.map(({ id }) => id).join(','),
    packet.extensions.map(({ value }) => Buffer.from(value).toString('hex')).join(','),
    ...(payloadFields?.valuesOf(packet, first ?? packet) ?? []),
  ]);
  return {
    name,
    file,
    decodeAs: [`udp.port==${CAPTURE_SFU_PORT},rtp`, ...(dissector ? [`rtp.pt==${payloadType},${dissector}`] : [])],
    fields: [
      'frame.time_epoch',
      'frame.interface_name',
      'ip.src',
      'udp.srcport',
      'udp.length',
      'rtp.p_type',
      'rtp.seq',
      'rtp.timestamp',
      'rtp.ssrc',
      'rtp.marker',
      'rtp.ext.rfc5285.id',
      'rtp.ext.rfc5285.data',
      ...(payloadFields?.names ?? []),
    ],
    rows,
    ...(plan.excused && { excused: plan.excused }),
  };
}

function writePackets(plan: StreamPlan, index: number, write: WriteFile): ExpectedStream {
  const { name, codec, payloadType, clockRate, frames } = plan;
  const file = `${name}.rtp`;
  write(
    file,
    packetsOf(plan, index).flatMap(({ bytes }) => [Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]),
  );
  const media = codec === 'opus' ? 'audio' : 'video';
  const rtpmap = codec === 'opus' ? 'opus/48000/2' : `${codec}/${clockRate}`;
  const lines = [
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=${media} PORT RTP/AVP ${payloadType}`,
    `a=rtpmap:${payloadType} ${rtpmap}`,
    ...(codec === 'H264' ? [`a=fmtp:${payloadType} packetization-mode=1`] : []),
  ];
  const sha256 = (parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex');
  return {
    name,
    codec,
    payloadType,
    clockRate,
    file,
    sdp: lines.map((line) => `${line}\r\n`).join(''),
    frames: frames.map(({ data }) => sha256([data])),
    all: sha256(frames.map(({ data }) => data)),
  };
}
