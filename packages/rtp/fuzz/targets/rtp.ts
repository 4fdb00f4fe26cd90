// RTP packets: reading, all header extensions, and writing what was read.

import { check, type FuzzTarget } from '../../../../scripts/fuzz/target.ts';
import { parseDependencyDescriptor } from '../../src/payload/dependency-descriptor.ts';
import { isRtcp } from '../../src/rtcp/packets.ts';
import { readAbsSendTime, readToken, readTransportSequence } from '../../src/rtp/header-extensions.ts';
import {
  readAudioLevel,
  readColorSpace,
  readFrameMarking,
  readPlayoutDelay,
  readVideoOrientation,
} from '../../src/rtp/media-extensions.ts';
import { type ExtensionElement, type RtpFields, RtpPacket, serializeRtp } from '../../src/rtp/packet.ts';
import { rtpPackets } from '../corpus.ts';
import { hostile, randomBytes, Script } from '../inputs.ts';

const READERS: readonly ((value: Uint8Array) => unknown)[] = [
  readToken,
  readTransportSequence,
  readAbsSendTime,
  readColorSpace,
  readAudioLevel,
  readFrameMarking,
  readPlayoutDelay,
  readVideoOrientation,
  (value) => parseDependencyDescriptor(value),
];

export const rtpTargets: readonly FuzzTarget[] = [
  { name: 'rtp-packet', weight: 30, generate: (random) => hostile(random, rtpPackets), run: readPacket },
  {
    name: 'rtp-fields',
    weight: 4,
    generate: (random) => randomBytes(random, random.integer(0, 160)),
    run: writeFields,
  },
];

function readPacket(bytes: Uint8Array): void {
  isRtcp(bytes);
  const packet = RtpPacket.parse(bytes);
  if (packet === undefined) return;
  const { payload, paddingSize, csrcs, extensions } = packet;
  const headerSize = 12 + 4 * csrcs.length;
  check(isWithin(payload, bytes), 'The payload is not a view into the packet.');
  check(headerSize + payload.length + paddingSize <= bytes.length, 'Payload and padding are larger than the packet.');
  let size = 0;
  for (const { id, value } of extensions) {
    check(id >= 1 && id <= 255, `There is an extension element ${id}.`);
    check(isWithin(value, bytes), `Extension element ${id} is not a view into the packet.`);
    size += 1 + value.length;
    for (const read of READERS) read(value);
  }
  check(
    headerSize + size + payload.length + paddingSize <= bytes.length,
    'The extensions are larger than their block.',
  );
  for (let id = 0; id < 20; id++) {
    const first = extensions.find((element) => element.id === id)?.value;
    const found = packet.extension(id);
    check(
      found?.byteOffset === first?.byteOffset && found?.length === first?.length,
      `Element ${id} is not the first.`,
    );
  }
  const { payloadType, sequenceNumber, timestamp, ssrc, marker } = packet;
  const head = { payloadType, sequenceNumber, timestamp, ssrc, marker };
  requireSurvival({ ...head, csrcs, extensions, payload, paddingSize });
}

function writeFields(input: Uint8Array): void {
  const script = new Script(input);
  const flags = script.uint8();
  const head = {
    payloadType: script.uint8() & 0x7f,
    sequenceNumber: script.uint16(),
    timestamp: script.uint32(),
    ssrc: script.uint32(),
    marker: (flags & 1) !== 0,
  };
  const csrcs = Array.from({ length: flags >> 4 }, () => script.uint32());
  const extensions: ExtensionElement[] = [];
  const small = (flags & 2) !== 0;
  for (let left = script.uint8() & 0x0f; left > 0; left--) {
    const id = small ? 1 + (script.uint8() % 14) : Math.max(1, script.uint8());
    extensions.push({ id, value: script.bytes(small ? 1 + (script.uint8() & 0x0f) : script.uint8()) });
  }
  const paddingSize = (flags & 4) !== 0 ? script.uint8() : 0;
  requireSurvival({ ...head, csrcs, extensions, paddingSize, payload: script.bytes(2000) });
}

/** What is written is read as it was. */
function requireSurvival(fields: RtpFields): void {
  const again = RtpPacket.parse(serializeRtp(fields));
  check(again !== undefined, 'What was written cannot be read.');
  const same =
    again.payloadType === fields.payloadType &&
    again.sequenceNumber === fields.sequenceNumber &&
    again.timestamp === fields.timestamp &&
    again.ssrc === fields.ssrc &&
    again.marker === fields.marker &&
    again.paddingSize === (fields.paddingSize ?? 0);
  check(same, 'The fixed header was written as another one.');
  check(String(again.csrcs) === String(fields.csrcs ?? []), 'Contributing sources were lost.');
  check(Buffer.compare(again.payload, fields.payload) === 0, 'The payload was written as another one.');
  const elements = fields.extensions ?? [];
  const { extensions } = again;
  check(extensions.length === elements.length, `${elements.length} extension elements became ${extensions.length}.`);
  extensions.forEach(({ id, value }, i) => {
    const before = elements[i];
    const equal = before !== undefined && before.id === id && Buffer.compare(before.value, value) === 0;
    check(equal, `Extension element ${i} was written as another one.`);
  });
}

function isWithin(part: Uint8Array, whole: Uint8Array): boolean {
  const start = part.byteOffset - whole.byteOffset;
  return part.buffer === whole.buffer && start >= 0 && start + part.length <= whole.length;
}
