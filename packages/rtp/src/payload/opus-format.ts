// The Opus RTP payload format (RFC 7587): one packet is one frame, and any of them may be decoded first.

import { type PayloadFormat, type PayloadInfo, UNCHANGED } from './payload-format.ts';

const INFO: PayloadInfo = { frameStart: true, keyFrameStart: true, temporalLayer: 0, layerSync: false };

/** The Opus payload format (RFC 7587 §4.2). */
export const opusFormat: PayloadFormat = {
  codec: 'opus',
  marksFrameStart: true,
  inspect: (payload) => (payload.length > 0 ? INFO : undefined),
  depacketize: (payloads) => (payloads.length === 1 ? payloads[0] : undefined),
  createPacketizer: () => ({ packetize: (frame) => [frame] }),
  createRewriter: () => UNCHANGED,
};
