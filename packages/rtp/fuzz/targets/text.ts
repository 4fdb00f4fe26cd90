// Text from the other side of the reliable channel: session descriptions and messages.

import { isDeepStrictEqual } from 'node:util';
import { check, type FuzzTarget } from '../../../../scripts/fuzz/target.ts';
import { SignallingError } from '../../src/errors.ts';
import { parseDescription } from '../../src/sdp/parse.ts';
import { writeDescription } from '../../src/sdp/write.ts';
import { parseClientMessage, parseServerMessage, requestIdOf } from '../../src/signalling/messages.ts';
import { chromiumOffer } from '../../test/sdp/chromium-offer.ts';
import { hostile } from '../inputs.ts';

const utf8 = new TextDecoder();
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The whole offer, and parts of it that are quicker to read. */
const descriptions = [
  chromiumOffer,
  writeDescription(parseDescription(chromiumOffer)),
  `${chromiumOffer.split('m=')[0]}m=${chromiumOffer.split('m=')[1]}`,
  `${chromiumOffer.split('m=')[0]}m=${chromiumOffer.split('m=')[2]}`,
  ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', 'm=video 9 UDP/TLS/RTP/SAVPF 96', 'a=mid:0', ''].join('\r\n'),
].map(bytesOf);

const track = { trackId: 't1', kind: 'video', source: 'camera', name: 'Camera', muted: false };
const participant = { participantId: 'p1', identity: 'ada', tracks: [track] };

const messages = [
  { type: 'join', requestId: 1, protocol: 1, identity: 'ada', autoSubscribe: true, codecs: ['VP8', 'opus'] },
  {
    type: 'publish',
    requestId: 2,
    offer: 'v=0',
    tracks: [{ mid: '0', source: 'camera', name: '', muted: false, layers: [{ rid: 'q', maxBitrate: 150_000 }] }],
  },
  { type: 'unpublish', requestId: 3, trackId: 't1' },
  { type: 'mute', requestId: 4, trackId: 't1', muted: true },
  { type: 'subscribe', requestId: 5, trackId: 't1' },
  { type: 'answer', negotiationId: 6, answer: 'v=0' },
  { type: 'set-preferred-layers', requestId: 7, trackId: 't1', rid: 'h', temporalLayer: 1 },
  { type: 'leave' },
  { type: 'joined', requestId: 1, protocol: 1, participantId: 'p1', identity: 'ada', participants: [participant] },
  { type: 'published', requestId: 2, answer: 'v=0', tracks: [{ mid: '0', trackId: 't1' }] },
  { type: 'refused', requestId: 2, reason: 'x', message: 'y' },
  { type: 'participant-joined', participant },
  { type: 'track-published', participantId: 'p1', track },
  { type: 'offer', negotiationId: 1, offer: 'v=0', tracks: [{ mid: '0', trackId: 't1' }] },
  { type: 'layers-changed', trackId: 't1', rid: 'q', temporalLayer: 0, reason: 'x' },
  // Names that every object has.
  ...['constructor', 'toString', '__proto__', 'hasOwnProperty'].map((type) => ({ type, requestId: 1 })),
].map((message) => bytesOf(JSON.stringify(message)));

export const textTargets: readonly FuzzTarget[] = [
  { name: 'sdp', weight: 1, generate: (random) => hostile(random, descriptions), run: readDescription },
  { name: 'messages', weight: 2, generate: (random) => hostile(random, messages), run: readMessage },
];

/** What was written is read, and stays as it is from then on. Once it may change: a section without formats gets one. */
function readDescription(input: Uint8Array): void {
  const description = unlessRefused(() => parseDescription(utf8.decode(input)));
  if (description === undefined) return;
  const settled = parseDescription(writeDescription(description));
  check(settled.media.length === description.media.length, 'A section was lost or added.');
  const again = parseDescription(writeDescription(settled));
  check(isDeepStrictEqual(again, settled), 'A description was written as another one.');
}

function readMessage(input: Uint8Array): void {
  const text = utf8.decode(input);
  requestIdOf(text);
  const fromClient = unlessRefused(() => parseClientMessage(text));
  const fromServer = unlessRefused(() => parseServerMessage(text));
  const message = fromClient ?? fromServer;
  if (message === undefined) return;
  const parse = fromClient === undefined ? parseServerMessage : parseClientMessage;
  check(isDeepStrictEqual(parse(JSON.stringify(message)), message), 'A message was written as another one.');
}

/** A refusal is the documented answer; anything else that is thrown is not. */
function unlessRefused<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SignallingError) return undefined;
    throw error;
  }
}
