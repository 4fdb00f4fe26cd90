import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Description,
  findMedia,
  type MediaDescription,
  mediaOf,
  receives,
  type SetupRole,
  sends,
  type TransportDescription,
} from '../../src/sdp/description.ts';
import {
  type AnsweredMedia,
  type AnswerOptions,
  answer,
  closedMedia,
  congestionFeedbackOf,
  createOffer,
  offerMedia,
} from '../../src/sdp/negotiation.ts';
import { parseDescription } from '../../src/sdp/parse.ts';
import { checkAnswer } from '../../src/sdp/renegotiation.ts';
import { simulcastRids } from '../../src/sdp/simulcast.ts';
import { writeDescription } from '../../src/sdp/write.ts';
import { description } from './arbitraries.ts';
import { chromium156Offer, chromiumOffer } from './chromium-offer.ts';

const camera = offerMedia({
  mid: '1',
  kind: 'video',
  codecs: ['VP8'],
  rids: ['q', 'h', 'f'],
  ssrcs: [],
  msid: { stream: 's', track: 't' },
});
const offerOf = (...media: MediaDescription[]) => createOffer({ sessionVersion: 1, media });
const answered = (media: MediaDescription, options?: AnswerOptions) => mediaOf(answer(offerOf(media), options))[0]!;
const ours: TransportDescription = {
  iceUfrag: 'ours',
  icePwd: 'x'.repeat(22),
  iceOptions: [],
  fingerprints: [{ hash: 'sha-256', value: 'AB:CD' }],
  candidates: [],
  endOfCandidates: true,
};
const sent: AnsweredMedia = { ssrcs: [{ ssrc: 7, cname: 'c' }], msid: { stream: 's', track: 't' } };

describe('an offer', () => {
  test('has the codecs in the order that is wanted, and what fits the kind', () => {
    const media = offerMedia({ mid: '0', kind: 'video', codecs: ['AV1', 'VP8'], rids: [], ssrcs: [] });
    expect(media.codecs.map(({ name }) => name)).toEqual(['AV1', 'VP8']);
    expect(Object.keys(media.extensions)).not.toContain('rid');
    expect(Object.keys(camera.extensions)).toEqual(expect.arrayContaining(['rid', 'repairedRid', 'colorSpace']));
    const audio = offerMedia({ mid: '0', kind: 'audio', codecs: ['opus'], rids: [], ssrcs: [] });
    expect(Object.keys(audio.extensions)).toEqual(['mid', 'absSendTime', 'transportSequence', 'audioLevel']);
  });

  test('to receive asks for encodings with recv', () => {
    const media = offerMedia({
      mid: '0',
      kind: 'video',
      codecs: ['VP8'],
      direction: 'recvonly',
      rids: ['a', 'b'],
      ssrcs: [],
    });
    expect(simulcastRids(media, 'recv')).toEqual(['a', 'b']);
    expect(writeDescription(offerOf(media))).toContain('a=rid:a recv\r\na=rid:b recv\r\na=simulcast:recv a;b\r\n');
  });

  test('keeps the extension identifiers it is given', () => {
    const media = offerMedia({
      mid: '0',
      kind: 'audio',
      codecs: ['opus'],
      rids: [],
      ssrcs: [],
      extensions: { mid: 9 },
    });
    expect(media.extensions).toEqual({ mid: 9 });
  });
});

describe("the answer to a browser's offer", () => {
  const given = answer(parseDescription(chromiumOffer));
  const [audio, video] = mediaOf(given) as [MediaDescription, MediaDescription];

  test('takes the codecs that are spoken here under the payload types of the offer, in its order, and no other', () => {
    expect(audio.codecs.map(({ name, payloadType }) => `${name} ${payloadType}`)).toEqual(['opus 111']);
    expect(
      video.codecs.map(({ name, payloadType, rtxPayloadType }) => `${name} ${payloadType} ${rtxPayloadType}`),
    ).toEqual(['VP8 96 97', 'H264 103 104', 'VP9 98 99', 'AV1 45 46']);
  });

  test('takes them in the order that is preferred here, where there is a preference', () => {
    const preferred = answer(parseDescription(chromiumOffer), { codecs: ['AV1', 'H264', 'red', 'opus'] });
    const names = mediaOf(preferred).map(({ codecs }) => codecs.map(({ name }) => name));
    expect(names).toEqual([
      ['red', 'opus'],
      ['AV1', 'H264'],
    ]);
  });

  test('turns the direction round and keeps mids, encodings and extension ids', () => {
    expect(mediaOf(given).map(({ mid, direction }) => [mid, direction])).toEqual([
      ['0', 'recvonly'],
      ['1', 'recvonly'],
    ]);
    expect(simulcastRids(video, 'recv')).toEqual(['q', 'h', 'f']);
    expect(video.extensions).toMatchObject({ mid: 9, rid: 10 });
    expect(video.msid).toBeUndefined();
    const text = writeDescription(given);
    expect(text).toContain('a=rid:q recv\r\n');
    expect(text).toContain('a=simulcast:recv q;h;f\r\n');
  });

  test('takes the feedback that is spoken here only', () => {
    expect(video.codecs[0]!.feedback).toEqual(['transport-cc', 'ccm fir', 'nack', 'nack pli']);
  });

  test('can be read back, and fits the offer', () => {
    expect(parseDescription(writeDescription(given))).toEqual(given);
    checkAnswer(parseDescription(chromiumOffer), given);
  });

  test('says nothing of ICE and DTLS that it was not told', () => {
    expect(video.transport).toBeUndefined();
  });
});

describe('the answer to an offer of Chromium 156', () => {
  const offer = parseDescription(chromium156Offer);
  const given = answer(offer, {
    transport: ours,
    iceLite: true,
    send: new Map([['3', sent]]),
    sessionId: '5',
    sessionVersion: 9,
  });

  test('has a section for each section, the data channel refused at its place', () => {
    expect(given.media.map(({ mid, rejected }) => [mid, rejected])).toEqual([
      ['0', false],
      ['1', false],
      ['2', false],
      ['3', false],
      ['4', true],
    ]);
    expect(writeDescription(given)).toContain('m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n');
    expect(given.bundles).toEqual([['0', '1', '2', '3']]);
  });

  test('is one-way: takes what is sent, sends what was asked for, and leaves the rest inactive (RFC 3264 §6.1)', () => {
    expect(mediaOf(given).map(({ direction }) => direction)).toEqual(['recvonly', 'recvonly', 'inactive', 'sendonly']);
    expect(findMedia(given, '3')).toMatchObject(sent);
  });

  test('is of our session and of our transport', () => {
    expect(given).toMatchObject({ sessionId: '5', sessionVersion: 9, iceLite: true, extmapAllowMixed: true });
    for (const { transport } of mediaOf(given)) expect(transport).toEqual({ ...ours, setup: 'passive' });
  });

  test('refuses H.264 of packetization mode 0 and profiles that are not ours, keeps the rest in order', () => {
    expect(findMedia(given, '3')!.codecs.map(({ payloadType }) => payloadType)).toEqual([
      96, 98, 100, 102, 108, 116, 45,
    ]);
    checkAnswer(offer, given);
  });
});

describe('a section that could flow both ways', () => {
  const both = { ...camera, direction: 'sendrecv' as const };
  const none = { ...camera, direction: 'inactive' as const };
  const send = new Map([['1', sent]]);

  test('is received, or sent to where there is something to send', () => {
    expect(answered(both).direction).toBe('recvonly');
    expect(answered(both, { send })).toMatchObject({ direction: 'sendonly', ssrcs: sent.ssrcs, rids: [] });
  });

  test('that offers nothing is answered with nothing, and stays (RFC 3264 §6.1)', () => {
    expect(answered(none)).toMatchObject({ direction: 'inactive', rejected: false });
    expect(answered({ ...camera, direction: 'recvonly' })).toMatchObject({ direction: 'inactive', rejected: false });
    expect(answered(camera, { send }).direction).toBe('recvonly');
  });
});

describe('a section is refused with port 0', () => {
  const refused = { mid: '1', direction: 'inactive', rejected: true, rids: [], ssrcs: [] };

  test('when none of its codecs is known', () => {
    const unknown = { ...camera, codecs: [{ payloadType: 100, name: 'FLV1', clockRate: 90_000, feedback: [] }] };
    expect(answered(unknown)).toMatchObject(refused);
    // A refused section still lists a payload type (RFC 8866 §5.14).
    expect(writeDescription(offerOf(answered(unknown)))).toContain('m=video 0 UDP/TLS/RTP/SAVPF 100');
    expect(writeDescription(offerOf(answered({ ...camera, codecs: [] })))).toMatch(
      /^m=video 0 UDP\/TLS\/RTP\/SAVPF \d+$/m,
    );
  });

  test('when its codecs are not wanted', () => {
    expect(answered(camera, { codecs: ['VP9', 'opus'] })).toMatchObject(refused);
  });

  test('when it is over already', () => {
    expect(answered(closedMedia(camera))).toMatchObject(refused);
  });

  test('and the other sections keep their places', () => {
    const offer = offerOf(closedMedia({ ...camera, mid: '0' }), camera);
    const reread = parseDescription(writeDescription(answer(parseDescription(writeDescription(offer)))));
    expect(reread.media.map(({ mid, rejected }) => [mid, rejected])).toEqual([
      ['0', true],
      ['1', false],
    ]);
    expect(reread.bundles).toEqual([['1']]);
  });
});

test.each<[SetupRole | undefined, 'active' | 'passive' | undefined, SetupRole]>([
  ['actpass', undefined, 'passive'],
  ['actpass', 'active', 'active'],
  ['actpass', 'passive', 'passive'],
  ['active', 'active', 'passive'],
  ['passive', 'passive', 'active'],
  ['holdconn', 'active', 'holdconn'],
  [undefined, 'active', 'passive'],
])(
  'setup:%s is answered, with a preference for %s, as %s (RFC 4145 §4.1, RFC 5763 §5)',
  (offered, preferred, expected) => {
    const transport = { ...ours, ...(preferred && { setup: preferred }) };
    const theirs = { ...ours, ...(offered && { setup: offered }) };
    expect(answered({ ...camera, transport: theirs }, { transport }).transport!.setup).toBe(expected);
  },
);

describe('bundles and multiplexing', () => {
  const second = { ...camera, mid: '2' };

  test('only what was offered as a bundle is bundled (RFC 9143 §7.3)', () => {
    const offer = offerOf(camera, second);
    expect(answer({ ...offer, bundles: [['2']] }).bundles).toEqual([['2']]);
    expect(answer({ ...offer, bundles: [['1'], ['2']] }).bundles).toEqual([['1'], ['2']]);
    expect(answer({ ...offer, bundles: [] }).bundles).toEqual([]);
  });

  test('a bundle-only section is answered with a port (RFC 9143 §7.3.3)', () => {
    const text = writeDescription(answer(offerOf(camera, { ...second, bundleOnly: true })));
    expect(text.match(/^m=video \d+/gm)).toEqual(['m=video 9', 'm=video 9']);
    expect(text).not.toContain('bundle-only');
  });

  test('rtcp-mux and rtcp-rsize are answered where they are offered (RFC 5761 §5.1.1)', () => {
    expect(answered(camera)).toMatchObject({ rtcpMux: true, rtcpReducedSize: true });
    expect(answered({ ...camera, rtcpMux: false, rtcpReducedSize: false })).toMatchObject({
      rtcpMux: false,
      rtcpReducedSize: false,
    });
  });

  test('the protocol is that of the offer (RFC 3264 §6)', () => {
    expect(answered({ ...camera, protocol: 'RTP/AVP' }).protocol).toBe('RTP/AVP');
  });
});

describe('header extensions (RFC 8285)', () => {
  test('the orientation of video is agreed to only by those who turn pictures themselves', () => {
    const media = { ...camera, extensions: { mid: 1, videoOrientation: 2 } };
    expect(mediaOf(answer(offerOf(media)))[0]!.extensions).toEqual({ mid: 1 });
    const extensions = ['mid', 'videoOrientation'] as const;
    expect(mediaOf(answer(offerOf(media), { extensions }))[0]!.extensions).toEqual({ mid: 1, videoOrientation: 2 });
  });

  test('identifiers of the two-byte form are taken where both forms may be mixed (§6)', () => {
    const media = { ...camera, extensions: { mid: 14, rid: 15, audioLevel: 255 } };
    const extensions = (extmapAllowMixed: boolean) =>
      mediaOf(answer({ ...offerOf(media), extmapAllowMixed }))[0]!.extensions;
    expect(extensions(false)).toEqual({ mid: 14 });
    expect(extensions(true)).toEqual({ mid: 14, rid: 15, audioLevel: 255 });
  });

  test('those without an identifier that can be sent get one that is free, the same in every section (§7)', () => {
    const offer = offerOf(
      { ...camera, extensions: { mid: 1, rid: 4096, audioLevel: 4097 } },
      { ...camera, mid: '2', extensions: { absSendTime: 2, audioLevel: 4097, rid: 4096 } },
    );
    expect(mediaOf(answer(offer)).map(({ extensions }) => extensions)).toEqual([
      { mid: 1, rid: 3, audioLevel: 4 },
      { absSendTime: 2, audioLevel: 4, rid: 3 },
    ]);
    checkAnswer(offer, answer(offer));
  });
});

describe('congestion control feedback (RFC 8888 §6)', () => {
  const both = offerMedia({ ...camera, codecs: ['VP8'], rids: [], congestionFeedback: true });
  const take = { congestionFeedback: true };

  test('is offered beside transport-wide feedback, once for all payload types', () => {
    const lines = writeDescription(offerOf(both)).split('\r\n');
    expect(lines.filter((line) => line.includes('ccfb'))).toEqual(['a=rtcp-fb:* ack ccfb']);
    expect(lines).toContain('a=rtcp-fb:96 transport-cc');
    const [read] = mediaOf(parseDescription(writeDescription(offerOf(both))));
    expect(read!.congestionFeedback).toBe(true);
    expect(read!.codecs[0]!.feedback).toEqual(both.codecs[0]!.feedback);
  });

  test('the answer chooses one of them', () => {
    const offer = offerOf(both);
    expect(writeDescription(answer(offer, take))).toContain('a=rtcp-fb:* ack ccfb');
    expect(writeDescription(answer(offer, take))).not.toContain('transport-cc\r');
    expect(congestionFeedbackOf(answer(offer, take))).toBe('ccfb');
    expect(writeDescription(answer(offer))).toContain('a=rtcp-fb:96 transport-cc');
    expect(writeDescription(answer(offer))).not.toContain('ccfb');
    expect(congestionFeedbackOf(answer(offer))).toBe('transport-cc');
  });

  test('is not answered where it was not offered', () => {
    expect(congestionFeedbackOf(answer(offerOf(camera), take))).toBe('transport-cc');
    expect(() => checkAnswer(offerOf(camera), answer(offerOf(both), take))).toThrow(/was not offered/);
  });

  test('for one payload type it is not what the RFC means', () => {
    const sdp = writeDescription(offerOf(both)).replace('rtcp-fb:* ack', 'rtcp-fb:96 ack');
    expect(congestionFeedbackOf(answer(parseDescription(sdp), take))).toBe('transport-cc');
  });
});

test('whatever is offered, the answer fits it: same sections, one way, nothing that was not offered', () => {
  const withSomethingToSend = (offer: Description): AnswerOptions => ({
    transport: ours,
    send: new Map(
      mediaOf(offer)
        .slice(0, 2)
        .map(({ mid }) => [mid, sent]),
    ),
  });
  fc.assert(
    fc.property(description, fc.boolean(), fc.boolean(), (offer, active, congestionFeedback) => {
      const given = answer(offer, { congestionFeedback, ...(active && withSomethingToSend(offer)) });
      expect(given.media.map(({ mid }) => mid)).toEqual(offer.media.map(({ mid }) => mid));
      expect(mediaOf(given).some((media) => sends(media) && receives(media))).toBe(false);
      checkAnswer(offer, given);
      expect(parseDescription(writeDescription(given))).toEqual(given);
    }),
    { numRuns: 1000 },
  );
});
