// AV1 behind the `PayloadFormat` interface: OBUs into RTP payloads and back (RTP Payload Format For AV1 §4 and §5).

import {
  av1SequenceResolution,
  isAv1KeyFrame,
  isLeftOut,
  OBU_TYPE,
  type Obu,
  parseAv1Payload,
  readObu,
  writeObus,
} from './av1.ts';
import { Av1Packetizer } from './av1-packetizer.ts';
import { concatenate } from './concatenate.ts';
import { type PayloadFormat, type PayloadInfo, UNCHANGED } from './payload-format.ts';
import type { Resolution } from './vp8.ts';

/** The AV1 payload format. A frame is a temporal unit. */
export const av1Format: PayloadFormat = {
  codec: 'AV1',
  marksFrameStart: false,
  inspect(payload): PayloadInfo | undefined {
    const parsed = parseAv1Payload(payload);
    if (parsed === undefined) return undefined;
    const { continues, sequenceStart, elements } = parsed;
    let temporalLayer: number | undefined;
    let resolution: Resolution | undefined;
    let sequenceHeader = false;
    let keyFrame = true;
    let tilesFirst = false;
    for (let i = continues ? 1 : 0; i < elements.length; i++) {
      const element = elements[i];
      const obu = element && readObu(element, 0, true)?.obu;
      if (obu === undefined) continue;
      temporalLayer ??= obu.temporalLayer;
      if (obu.type === OBU_TYPE.sequenceHeader) {
        sequenceHeader = true;
        resolution ??= av1SequenceResolution(obu.data);
      } else if (obu.type === OBU_TYPE.frame || obu.type === OBU_TYPE.frameHeader) {
        keyFrame &&= isAv1KeyFrame(obu.data) && (obu.spatialLayer ?? 0) === 0;
      } else if (obu.type === OBU_TYPE.tileGroup && i === 0) {
        tilesFirst = true;
      }
    }
    return {
      frameStart: !continues && !tilesFirst,
      // Sequence headers may be repeated ahead of any frame. Nobody can begin at one that refers to others, nor at
      // an upper spatial layer.
      keyFrameStart: sequenceStart || (!continues && sequenceHeader && keyFrame),
      temporalLayer: temporalLayer ?? 0,
      layerSync: false,
      ...(resolution && { resolution }),
      ...(sequenceHeader && { parameterSets: true }),
      ...(continues && temporalLayer === undefined && { continued: true }),
    };
  },
  depacketize(payloads) {
    const obus: Obu[] = [];
    let begun: Uint8Array[] = [];
    for (const payload of payloads) {
      const parsed = parseAv1Payload(payload);
      if (parsed === undefined || parsed.continues !== begun.length > 0) return undefined;
      const last = parsed.elements.length - 1;
      for (let i = 0; i <= last; i++) {
        const element = parsed.elements[i];
        if (element === undefined) continue;
        begun.push(element);
        if (i === last && parsed.continued) continue;
        const whole = begun.length === 1 ? element : concatenate(begun);
        begun = [];
        if (whole.length === 0) continue;
        const read = readObu(whole);
        if (read === undefined || read.end !== whole.length) return undefined;
        if (!isLeftOut(read.obu)) obus.push(read.obu);
      }
    }
    return obus.length === 0 || begun.length > 0 ? undefined : writeObus(obus);
  },
  createPacketizer: () => new Av1Packetizer(),
  createRewriter: () => UNCHANGED,
};
