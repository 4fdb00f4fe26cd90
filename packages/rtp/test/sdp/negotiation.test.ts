import { describe, expect, test } from 'vitest';
import { type MediaDescription, parseDescription, writeDescription } from '../../src/sdp/description.ts';
import { answer, closedMedia, offerMedia } from '../../src/sdp/negotiation.ts';
import { chromiumOffer } from './chromium-offer.ts';

const camera = offerMedia({
  mid: '1',
  kind: 'video',
  codecs: ['VP8'],
  rids: ['q', 'h', 'f'],
  ssrcs: [],
  msid: { stream: 's', track: 't' },
});

describe("the answer to a browser's offer", () => {
  const answered = answer(parseDescription(chromiumOffer), () => true);

  test('takes the codecs that are spoken here under the payload types of the offer, and no other', () => {
    const [audio, video] = answered.media.map(({ codecs }) =>
      codecs.map(({ name, payloadType }) => `${name} ${payloadType}`),
    );
    expect(audio).toEqual(['opus 111']);
    expect(video![0]).toBe('VP8 96');
    expect(['VP8 96', 'H264 103', 'VP9 98', 'AV1 45']).toEqual(expect.arrayContaining(video!));
    expect(answered.media[1]!.codecs[0]!.rtxPayloadType).toBe(97);
  });

  test('turns the direction round and keeps mids, encodings and extension ids', () => {
    expect(answered.media.map(({ mid, direction }) => [mid, direction])).toEqual([
      ['0', 'recvonly'],
      ['1', 'recvonly'],
    ]);
    expect(answered.media[1]!.rids).toEqual(['q', 'h', 'f']);
    expect(answered.media[1]!.extensions).toMatchObject({ mid: 9, rid: 10 });
    const text = writeDescription(answered);
    expect(text).toContain('a=rid:q recv\r\n');
    expect(text).toContain('a=simulcast:recv q;h;f\r\n');
  });

  test('takes the feedback that is spoken here only', () => {
    expect(answered.media[1]!.codecs[0]!.feedback).toEqual(['transport-cc', 'ccm fir', 'nack', 'nack pli']);
  });

  test('can be read back', () => {
    expect(parseDescription(writeDescription(answered)).media).toEqual(answered.media);
  });
});

describe('a section is refused with port 0', () => {
  const only = (media: MediaDescription) =>
    answer({ sessionId: 1, sessionVersion: 1, media: [media] }, () => true).media[0]!;
  const refused = { mid: '1', direction: 'inactive', rejected: true, rids: [], ssrcs: [] };

  test('when none of its codecs is known', () => {
    const unknown = { ...camera, codecs: [{ payloadType: 100, name: 'FLV1', clockRate: 90_000, feedback: [] }] };
    expect(only(unknown)).toMatchObject(refused);
    // A refused section still lists a payload type (RFC 8866 §5.14).
    expect(writeDescription({ sessionId: 1, sessionVersion: 1, media: [only(unknown)] })).toContain(
      'm=video 0 UDP/TLS/RTP/SAVPF 100',
    );
  });

  test('when its codecs are not accepted', () => {
    expect(
      answer({ sessionId: 1, sessionVersion: 1, media: [camera] }, ({ name }) => name !== 'VP8').media[0],
    ).toMatchObject(refused);
  });

  test('when it offers to receive, or nothing', () => {
    expect(only({ ...camera, direction: 'recvonly' })).toMatchObject(refused);
    expect(only({ ...camera, direction: 'inactive' })).toMatchObject(refused);
  });

  test('when it is over already', () => {
    expect(only(closedMedia(camera))).toMatchObject(refused);
  });

  test('and the other sections keep their places', () => {
    const offer = { sessionId: 1, sessionVersion: 1, media: [closedMedia({ ...camera, mid: '0' }), camera] };
    const reread = parseDescription(writeDescription(answer(parseDescription(writeDescription(offer)), () => true)));
    expect(reread.media.map(({ mid, rejected }) => [mid, rejected])).toEqual([
      ['0', true],
      ['1', false],
    ]);
  });
});
