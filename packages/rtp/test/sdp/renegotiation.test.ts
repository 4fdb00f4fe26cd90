import { describe, expect, test } from 'vitest';
import { SignallingError } from '../../src/errors.ts';
import type { Description, MediaDescription, Section, UnsupportedSection } from '../../src/sdp/description.ts';
import { answer, closedMedia, createOffer, offerMedia } from '../../src/sdp/negotiation.ts';
import { checkAnswer, checkRenegotiation } from '../../src/sdp/renegotiation.ts';

const camera = offerMedia({ mid: '0', kind: 'video', codecs: ['VP8', 'VP9'], rids: [], ssrcs: [] });
const microphone = offerMedia({ mid: '1', kind: 'audio', codecs: ['opus'], rids: [], ssrcs: [] });
const data: UnsupportedSection = {
  kind: 'unsupported',
  mid: '1',
  media: 'application',
  protocol: 'UDP/DTLS/SCTP',
  formats: ['webrtc-datachannel'],
  rejected: false,
  bundleOnly: false,
};
const offer = (sessionVersion: number, ...media: Section[]): Description => createOffer({ sessionVersion, media });
const first = offer(1, camera, microphone);
const vp9 = camera.codecs.find(({ name }) => name === 'VP9')!;
const transport = { iceOptions: [], fingerprints: [], candidates: [], endOfCandidates: false };

describe('a later offer may', () => {
  const closed = offer(2, closedMedia(camera), microphone);

  test.each<[string, Description, Description]>([
    ['say the same again', first, offer(2, camera, microphone)],
    ['skip versions', first, offer(9, camera, microphone)],
    ['add a section', first, offer(2, camera, microphone, { ...camera, mid: '2' })],
    ['stop media', first, offer(2, { ...camera, direction: 'inactive' }, microphone)],
    ['let it flow again', offer(2, { ...camera, direction: 'inactive' }), offer(3, camera)],
    ['close a section', first, closed],
    ['keep a closed section', closed, { ...closed, sessionVersion: 3 }],
    ['use its place for another', closed, offer(3, { ...microphone, mid: '2' }, microphone)],
    ['open it again', closed, offer(3, camera, microphone)],
    ['leave out a codec', first, offer(2, { ...camera, codecs: [vp9] }, microphone)],
    ['add a codec', offer(1, { ...camera, codecs: [vp9] }), offer(2, camera)],
    ['leave out an extension', first, offer(2, { ...camera, extensions: { mid: 1 } }, microphone)],
    ['add an extension', offer(1, { ...camera, extensions: { mid: 1 } }), offer(2, camera)],
    [
      'give a provisional identifier a final one (RFC 8285 §7)',
      offer(1, { ...camera, extensions: { mid: 4096 } }),
      offer(2, { ...camera, extensions: { mid: 3 } }),
    ],
  ])('%s', (_, previous, next) => {
    expect(() => checkRenegotiation(previous, next)).not.toThrow();
  });
});

describe('a later offer may not', () => {
  const other = { ...microphone, mid: '2' };

  test.each<[string, Description, string]>([
    ['be of another session', { ...offer(2, camera, microphone), sessionId: '7' }, 'it is of session 7, not 1'],
    ['be as old', offer(1, camera, microphone), 'its version is 1, and version 1 was there before'],
    ['leave out a section', offer(2, camera), 'it has 1 m-sections, and there were 2: none may be left out'],
    ['swap sections', offer(2, microphone, camera), 'the mid "1" has moved from m-section 1 to m-section 0'],
    [
      'take a place that is in use',
      offer(2, camera, other),
      'm-section 1 has the mid "2", and had "1" before, which is not over',
    ],
    [
      'change the kind',
      offer(2, { ...microphone, mid: '0' }, microphone),
      'm-section 0 is of kind "audio", and was "video"',
    ],
    ['make a section useless', offer(2, camera, data), 'm-section 1 is of kind "application", and was "audio"'],
    [
      'change the protocol',
      offer(2, { ...camera, protocol: 'RTP/AVP' }, microphone),
      'm-section 0 has the protocol RTP/AVP, and had UDP/TLS/RTP/SAVPF',
    ],
    [
      'use a payload type for another codec (RFC 3264 §8.3.2)',
      offer(2, { ...camera, codecs: [{ ...vp9, payloadType: 96 }] }, microphone),
      'payload type 96 of m-section 0 is VP9, and was VP8',
    ],
    [
      'number an extension anew (RFC 8285 §6)',
      offer(2, { ...camera, extensions: { mid: 14 } }, microphone),
      'mid is header extension 14 of m-section 0, and was 1',
    ],
    [
      'use an identifier for another extension',
      offer(2, { ...camera, extensions: { audioLevel: 1 } }, microphone),
      'header extension 1 of m-section 0 is audioLevel, and was mid',
    ],
  ])('%s', (_, next, message) => {
    expect(() => checkRenegotiation(first, next)).toThrow(SignallingError);
    expect(() => checkRenegotiation(first, next)).toThrow(
      expect.objectContaining({
        reason: 'malformed-sdp',
        message: `The session description was refused: ${message}.`,
      }),
    );
  });
});

describe('an answer', () => {
  const answered = answer(first);
  const change = (index: number, changes: Partial<MediaDescription>): Description => ({
    ...answered,
    media: answered.media.map((section, i) => (i === index ? ({ ...section, ...changes } as Section) : section)),
  });

  test('fits its offer, with codecs and extensions left out, sections refused or stopped', () => {
    for (const good of [
      answered,
      change(0, { rejected: true }),
      change(0, { direction: 'inactive' }),
      change(0, { codecs: [vp9], extensions: {} }),
      change(1, { transport: { ...transport, setup: 'active' } }),
      { ...answered, bundles: [] },
      { ...answered, bundles: [['0'], ['1']] },
    ]) {
      expect(() => checkAnswer(first, good)).not.toThrow();
    }
  });

  test.each<[string, Description, string]>([
    [
      'fewer sections',
      { ...answered, media: answered.media.slice(1) },
      'it has 1 m-sections, and there were 2: none may be',
    ],
    ['more sections', { ...answered, media: [...answered.media, data] }, 'it answers 3 m-sections, and 2 were offered'],
    ['another mid', change(1, { mid: 'x' }), 'm-section 1 answers the mid "x", and "1" was offered'],
    ['another kind', change(1, { kind: 'video' }), 'm-section 1 is of kind "video", and was "audio"'],
    ['another protocol', change(1, { protocol: 'RTP/AVP' }), 'm-section 1 has the protocol RTP/AVP'],
    [
      'media in the same direction',
      change(0, { direction: 'sendonly' }),
      'm-section 0 is sendonly, and sendonly was offered',
    ],
    ['media both ways', change(0, { direction: 'sendrecv' }), 'm-section 0 is sendrecv, and sendonly was offered'],
    ['other codecs', change(0, { codecs: microphone.codecs }), 'm-section 0 has none of the codecs that were offered'],
    [
      'another identifier',
      change(0, { extensions: { mid: 2 } }),
      'm-section 0 has mid as header extension 2, offered was 1',
    ],
    [
      'another extension',
      change(1, { extensions: { rid: 2 } }),
      'm-section 1 has rid as header extension 2, offered was none',
    ],
    [
      'no part in DTLS',
      change(0, { transport: { ...transport, setup: 'actpass' } }),
      'm-section 0 answers setup:none with setup:actpass',
    ],
    ['another bundle', { ...answered, bundles: [['0', 'x']] }, 'it bundles 0, x, which were not offered as a bundle'],
  ])('does not fit with %s', (_, bad, message) => {
    expect(() => checkAnswer(first, bad)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message) }),
    );
  });

  test('does not fit where it takes what is over, or what was not offered', () => {
    const closed = offer(2, closedMedia(camera), microphone);
    expect(() => checkAnswer(closed, answered)).toThrow('m-section 0 is taken, which the offer refuses');
    const apart = offer(1, { ...camera, rtcpMux: false }, microphone);
    expect(() => checkAnswer(apart, answered)).toThrow('m-section 0 has rtcp-mux, which was not offered');
    const active = { ...camera, transport: { ...transport, setup: 'active' as const } };
    const same = answer(offer(1, active));
    expect(() =>
      checkAnswer(offer(1, active), {
        ...same,
        media: [{ ...same.media[0]!, transport: active.transport } as Section],
      }),
    ).toThrow('m-section 0 answers setup:active with setup:active');
  });
});

test('a session as it goes: sections come, stop, flow again, end, and their places are used again', () => {
  const second = offerMedia({ mid: '2', kind: 'video', codecs: ['AV1'], rids: ['q', 'f'], ssrcs: [] });
  const offers = [
    offer(1, camera),
    offer(2, camera, microphone),
    offer(3, { ...camera, direction: 'inactive' }, microphone),
    offer(4, camera, microphone),
    offer(5, closedMedia(camera), microphone),
    offer(6, second, microphone),
    offer(7, second, closedMedia(microphone)),
  ];
  const answers = offers.map((each) => answer(each));
  for (const [i, each] of offers.entries()) {
    checkAnswer(each, answers[i]!);
    if (i > 0) checkRenegotiation(offers[i - 1]!, each);
    if (i > 0) checkRenegotiation(answers[i - 1]!, answers[i]!);
  }
  expect(answers.map(({ media }) => media.map((section) => (section as MediaDescription).direction))).toEqual([
    ['recvonly'],
    ['recvonly', 'recvonly'],
    ['inactive', 'recvonly'],
    ['recvonly', 'recvonly'],
    ['inactive', 'recvonly'],
    ['recvonly', 'recvonly'],
    ['recvonly', 'inactive'],
  ]);
});
