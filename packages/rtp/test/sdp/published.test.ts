import { describe, expect, test } from 'vitest';
import { matchCodec } from '../../src/sdp/codec-match.ts';
import { CODECS } from '../../src/sdp/codecs.ts';
import { findMedia, type MediaDescription, mediaOf } from '../../src/sdp/description.ts';
import { answer } from '../../src/sdp/negotiation.ts';
import { parseDescription } from '../../src/sdp/parse.ts';
import { checkAnswer, checkRenegotiation } from '../../src/sdp/renegotiation.ts';
import { simulcastRids } from '../../src/sdp/simulcast.ts';
import { writeDescription } from '../../src/sdp/write.ts';
import { jsepDetailed, jsepSimple, rfc3264, rfc3264OneOfN, rfc8851, rfc8853, rfc8866 } from './published.ts';

const names = ({ codecs }: MediaDescription) => codecs.map(({ name }) => name);

test('RFC 8866 §5: three sections without mids, two of a static payload type', () => {
  const parsed = parseDescription(rfc8866);
  expect(parsed).toMatchObject({ sessionId: '3724394400', sessionVersion: 3_724_394_405, bundles: [] });
  expect(
    mediaOf(parsed).map((media) => [media.kind, media.mid, media.protocol, media.direction, names(media)]),
  ).toEqual([
    ['audio', '', 'RTP/AVP', 'sendrecv', ['PCMU']],
    ['audio', '', 'RTP/AVP', 'sendrecv', ['PCMU']],
    ['video', '', 'RTP/AVP', 'sendrecv', ['h263-1998']],
  ]);
  expect(parseDescription(writeDescription(parsed))).toEqual(parsed);
});

describe('RFC 3264 §10', () => {
  const {
    offer,
    answer: answered,
    secondOffer,
    secondAnswer,
  } = Object.fromEntries(Object.entries(rfc3264).map(([name, sdp]) => [name, parseDescription(sdp)])) as Record<
    keyof typeof rfc3264,
    ReturnType<typeof parseDescription>
  >;

  test('§10.1: one of three streams is refused; its m= line says H261 still', () => {
    expect(answered.media.map(({ rejected }) => rejected)).toEqual([false, true, false]);
    expect(mediaOf(answered).map(names)).toEqual([['PCMU'], ['H261'], ['MPV']]);
    checkAnswer(offer, answered);
  });

  test('§10.1: a later offer goes on from there, with one more stream, and is answered', () => {
    checkRenegotiation(answered, secondOffer);
    checkRenegotiation(offer, secondAnswer);
    checkAnswer(secondOffer, secondAnswer);
    expect(mediaOf(secondAnswer)[3]!.direction).toBe('sendonly');
  });

  test('§10.2: one of N codecs is locked in', () => {
    const [first, reply, locking] = [rfc3264OneOfN.offer, rfc3264OneOfN.answer, rfc3264OneOfN.lockingOffer].map(
      parseDescription,
    );
    checkAnswer(first!, reply!);
    checkRenegotiation(first!, locking!);
    expect(mediaOf(reply!).map((media) => [media.direction, names(media)])).toEqual([['inactive', ['PCMU', 'G723']]]);
    expect(mediaOf(locking!).map((media) => [media.direction, names(media)])).toEqual([['sendrecv', ['G723']]]);
  });
});

describe('RFC 8853 §5.6.1: simulcast with an alternative in another codec', () => {
  const offer = parseDescription(rfc8853.offer);
  const [media] = mediaOf(offer) as [MediaDescription];

  test('what is offered', () => {
    expect(media.simulcast).toEqual({
      send: [
        [{ rid: '1', paused: false }],
        [
          { rid: '2', paused: false },
          { rid: '3', paused: false },
        ],
      ],
      recv: [[{ rid: '4', paused: false }]],
    });
    expect(media.rids[2]).toEqual({
      id: '3',
      direction: 'send',
      payloadTypes: [99],
      restrictions: [
        { name: 'max-width', value: '320' },
        { name: 'max-height', value: '180' },
      ],
    });
  });

  test('the answer of the RFC fits the offer', () => {
    checkAnswer(offer, parseDescription(rfc8853.answer));
  });

  test('our answer: H.264 is of packetization mode 0 there, so only the alternative in VP8 is left', () => {
    const [answered] = mediaOf(answer(offer)) as [MediaDescription];
    expect(names(answered)).toEqual(['VP8']);
    expect(answered.rids.map(({ id, direction, payloadTypes }) => [id, direction, payloadTypes])).toEqual([
      ['3', 'recv', [99]],
    ]);
    expect(simulcastRids(answered, 'recv')).toEqual(['3']);
    checkAnswer(offer, answer(offer));
  });
});

test('RFC 8851 §11: many codecs and restrictions, and layers that depend on each other', () => {
  const [media] = mediaOf(parseDescription(rfc8851)) as [MediaDescription];
  expect(media.codecs.map((codec) => 'accepted' in matchCodec(codec, CODECS))).toEqual([
    ...[true, true],
    // Constrained baseline in mode 0 and 1; constrained high, which is not ours.
    ...[false, true, false, false],
    // Main, and main 10.
    ...[true, false],
  ]);
  expect(media.rids.map(({ id, direction }) => id + direction)).toEqual(['0send', '1send', '2recv', '5send', '6send']);
  expect(media.rids[1]!.restrictions.at(-1)).toEqual({ name: 'depend', value: '0' });
  const [answered] = mediaOf(answer(parseDescription(rfc8851))) as [MediaDescription];
  expect(simulcastRids(answered, 'recv')).toEqual(['0', '1', '5', '6']);
});

describe('RFC 8829 §7 (JSEP)', () => {
  test('§7.1: audio and video both ways, and an answer whose bundle has one transport', () => {
    const [offer, answered] = [parseDescription(jsepSimple.offer), parseDescription(jsepSimple.answer)];
    checkAnswer(offer, answered);
    expect(offer.bundles).toEqual([['a1', 'v1']]);
    expect(names(findMedia(offer, 'a1')!)).toEqual(['opus', 'PCMU', 'PCMA', 'telephone-event', 'telephone-event']);
    expect(findMedia(offer, 'v1')!.codecs.map(({ name, rtxPayloadType }) => [name, rtxPayloadType])).toEqual([
      ['VP8', 102],
      ['H264', 103],
    ]);
    expect(findMedia(offer, 'a1')!.transport).toMatchObject({
      iceUfrag: 'ETEn',
      iceOptions: ['trickle', 'ice2'],
      setup: 'actpass',
      candidates: [
        '1 1 udp 2113929471 203.0.113.100 10100 typ host',
        '1 2 udp 2113929470 203.0.113.100 10101 typ host',
      ],
      endOfCandidates: true,
    });
    expect(findMedia(offer, 'a1')!.transport!.fingerprints[0]!.value).toHaveLength(95);
    expect(findMedia(offer, 'a1')!.msid).toEqual({ stream: '47017fee-b6c1-4162-929c-a25110252400', track: '' });
    expect(findMedia(answered, 'v1')!.transport).toMatchObject({ iceOptions: ['trickle', 'ice2'], fingerprints: [] });
  });

  test('§7.2: a data channel with port 0 that is bundle-only is not refused, but is by our answer', () => {
    const offer = parseDescription(jsepDetailed.offer);
    expect(offer.media[1]).toMatchObject({ kind: 'unsupported', rejected: false, bundleOnly: true });
    checkAnswer(offer, parseDescription(jsepDetailed.answer));
    expect(answer(offer).media.map(({ rejected, mid }) => [mid, rejected])).toEqual([
      ['a1', false],
      ['d1', true],
    ]);
    expect(answer(offer).bundles).toEqual([['a1']]);
  });

  test('§7.2: the other side adds two cameras, one with simulcast, both with FEC', () => {
    const before = parseDescription(jsepDetailed.answer);
    const offer = parseDescription(jsepDetailed.offerOfTheOther);
    checkRenegotiation(before, offer);
    expect(simulcastRids(findMedia(offer, 'v1')!, 'send')).toEqual(['1', '2', '3']);
    expect(names(findMedia(offer, 'v2')!)).toEqual(['VP8', 'H264', 'flexfec']);
    const answered = answer(offer);
    expect(simulcastRids(findMedia(answered, 'v1')!, 'recv')).toEqual(['1', '2', '3']);
    expect(names(findMedia(answered, 'v2')!)).toEqual(['VP8', 'H264']);
    checkAnswer(offer, answered);
  });
});
