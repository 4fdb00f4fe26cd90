// A whole call as its capture has it: a dissector that is told nothing has to know RTP, RTCP and the codecs by themselves.

import { RtpPacket } from '@sluice/rtp';
import { simulate } from '@sluice/sfu-sim/bench';
import { readPcapng } from '../../packages/sfu-sim/test/observe/pcapng.ts';
import type { WriteFile } from './expected-streams.ts';
import type { ExpectedCapture } from './manifest.d.mts';

const ENHANCED_PACKET = 6;
const PACKET_OFFSET = 20;
const HEADERS = 28;
const ANNOUNCEMENT_PORT = 9875;

/** By payload type: the codec's dissector; retransmissions have none. */
const DISSECTORS: ReadonlyMap<number, string> = new Map([
  [96, ':vp8'],
  [97, ''],
  [111, ':opus'],
]);

/** Two who publish to each other for some seconds, over links that lose packets. */
export async function runCapture(write: WriteFile): Promise<ExpectedCapture> {
  const publish = ['microphone', 'camera'] as const;
  const run = await simulate(
    {
      seed: 7,
      duration: 4000,
      participants: {
        ada: { publish, uplink: { delay: 20, loss: 0.02 }, downlink: { delay: 20 } },
        bob: { publish, uplink: { delay: 20 }, downlink: { rate: 2e6, delay: 20, loss: 0.02 } },
      },
    },
    { capture: true },
  );
  const file = run.render().get('capture.pcapng');
  if (!(file instanceof Uint8Array)) throw new Error('The run has no capture.');
  write('run.pcapng', [file]);
  const packets = readPcapng(file).filter(({ type }) => type === ENHANCED_PACKET);
  return {
    name: 'run',
    file: 'run.pcapng',
    decodeAs: [],
    fields: ['frame.protocols', 'rtp.p_type', 'rtp.ssrc', 'rtp.seq'],
    rows: packets.map(({ body }) => rowOf(new Uint8Array(body.buffer, body.byteOffset, body.byteLength))),
  };
}

function rowOf(block: Uint8Array): string[] {
  const datagram = block.subarray(PACKET_OFFSET);
  const port = ((datagram[22] ?? 0) << 8) | (datagram[23] ?? 0);
  if (port === ANNOUNCEMENT_PORT) return ['raw:ip:udp:sap:sdp', '', '', ''];
  const packet = datagram.subarray(HEADERS);
  const second = packet[1] ?? 0;
  // RTCP (RFC 5761 §4).
  if (second >= 192 && second <= 223) return ['raw:ip:udp:rtp:rtcp', '', '', ''];
  const parsed = RtpPacket.parse(packet);
  if (parsed === undefined) throw new Error('The capture has a packet that is neither RTP nor RTCP.');
  const { payloadType, ssrc, sequenceNumber } = parsed;
  const protocols = `raw:ip:udp:rtp${DISSECTORS.get(payloadType) ?? ' of an unknown codec'}`;
  return [protocols, String(payloadType), `0x${ssrc.toString(16).padStart(8, '0')}`, String(sequenceNumber)];
}
