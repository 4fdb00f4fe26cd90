import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SignallingError } from '../../src/errors.ts';
import {
  type CodecDescription,
  type Description,
  MAX_MEDIA_SECTIONS,
  type MediaDescription,
  parseDescription,
  writeDescription,
} from '../../src/sdp/description.ts';
import { chromiumOffer } from './chromium-offer.ts';

const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const codec = (payloadType: number): fc.Arbitrary<CodecDescription> =>
  fc
    .record(
      {
        payloadType: fc.constant(payloadType),
        name: fc.constantFrom('VP8', 'opus', 'H264', 'VP9', 'AV1', '1234'),
        clockRate: fc.constantFrom(8000, 48_000, 90_000),
        channels: fc.constantFrom(1, 2),
        parameters: fc.constantFrom('minptime=10;useinbandfec=1', 'profile-id=0', 'x', '7'),
        feedback: fc.uniqueArray(fc.constantFrom('nack', 'nack pli', 'ccm fir', 'transport-cc', 'goog-remb')),
        rtxPayloadType: fc.constant(payloadType + 1),
      },
      { requiredKeys: ['payloadType', 'name', 'clockRate', 'feedback'] },
    )
    .map((each) => each as CodecDescription);
const uint32 = fc.integer({ min: 1, max: 0xffffffff });
const ssrc = fc.record({ ssrc: uint32, rtxSsrc: uint32, cname: token }, { requiredKeys: ['ssrc', 'cname'] });
const media: fc.Arbitrary<MediaDescription> = fc
  .record(
    {
      mid: token,
      kind: fc.constantFrom('audio' as const, 'video' as const),
      direction: fc.constantFrom('sendonly' as const, 'recvonly' as const, 'inactive' as const),
      rejected: fc.boolean(),
      codecs: fc
        .uniqueArray(fc.integer({ min: 0, max: 63 }), { minLength: 1, maxLength: 4 })
        .chain((numbers) => fc.tuple(...numbers.map((number) => codec(2 * number)))),
      extensions: fc.record(
        {
          mid: fc.integer({ min: 1, max: 14 }),
          rid: fc.integer({ min: 1, max: 14 }),
          transportSequence: fc.integer({ min: 1, max: 255 }),
        },
        { requiredKeys: [] },
      ),
      rids: fc.uniqueArray(token, { maxLength: 4 }),
      ssrcs: fc.uniqueArray(ssrc, { maxLength: 3, selector: (each) => each.ssrc }).filter((all) => {
        const numbers = all.flatMap((each) => [each.ssrc, each.rtxSsrc ?? -each.ssrc]);
        return new Set(numbers).size === numbers.length;
      }),
      msid: fc.record({ stream: token, track: token }),
    },
    { requiredKeys: ['mid', 'kind', 'direction', 'rejected', 'codecs', 'extensions', 'rids', 'ssrcs'] },
  )
  .map((each) => ({ ...each, rids: each.direction === 'inactive' ? [] : each.rids }) as MediaDescription);
const description: fc.Arbitrary<Description> = fc.record({
  sessionId: fc.nat(),
  sessionVersion: fc.nat(),
  media: fc.uniqueArray(media, { maxLength: 4, selector: ({ mid }) => mid }),
});

describe('a written description', () => {
  test('is read back as it was', () => {
    fc.assert(
      fc.property(description, (original) => {
        expect(parseDescription(writeDescription(original))).toEqual(original);
      }),
      { numRuns: 500 },
    );
  });

  test('bundles the sections that are not refused, and closes the others with port 0 (RFC 8829 §5.2.2)', () => {
    const section = (mid: string, rejected: boolean): MediaDescription => ({
      mid,
      kind: 'video',
      direction: rejected ? 'inactive' : 'sendonly',
      rejected,
      codecs: [{ payloadType: 96, name: 'VP8', clockRate: 90_000, feedback: [] }],
      extensions: {},
      rids: [],
      ssrcs: [],
    });
    const text = writeDescription({
      sessionId: 1,
      sessionVersion: 1,
      media: [section('a', false), section('b', true), section('c', false)],
    });
    expect(text).toContain('a=group:BUNDLE a c\r\n');
    expect(text.match(/^m=.*/gm)).toEqual([
      'm=video 9 UDP/TLS/RTP/SAVPF 96',
      'm=video 0 UDP/TLS/RTP/SAVPF 96',
      'm=video 9 UDP/TLS/RTP/SAVPF 96',
    ]);
  });
});

describe("a browser's offer with simulcast", () => {
  const parsed = parseDescription(chromiumOffer);

  test('its sections, codecs and retransmission payload types', () => {
    expect(parsed.media.map(({ mid, kind, direction, rejected }) => [mid, kind, direction, rejected])).toEqual([
      ['0', 'audio', 'sendonly', false],
      ['1', 'video', 'sendonly', false],
    ]);
    expect(parsed.media[0]!.codecs.map(({ name, payloadType, channels }) => [name, payloadType, channels])).toEqual([
      ['opus', 111, 2],
      ['red', 63, 2],
      ['G722', 9, undefined],
      ['PCMU', 0, undefined],
      ['CN', 13, undefined],
      ['telephone-event', 110, undefined],
    ]);
    expect(
      parsed.media[1]!.codecs.map(({ name, payloadType, rtxPayloadType }) => [name, payloadType, rtxPayloadType]),
    ).toEqual([
      ['VP8', 96, 97],
      ['H264', 103, 104],
      ['VP9', 98, 99],
      ['AV1', 45, 46],
      ['red', 114, 115],
      ['ulpfec', 116, undefined],
    ]);
    expect(parsed.media[1]!.codecs[0]!.feedback).toEqual(['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli']);
    expect(parsed.media[0]!.codecs[0]!.parameters).toBe('minptime=10;useinbandfec=1');
  });

  test('its encodings, extensions and msid', () => {
    expect(parsed.media[1]!.rids).toEqual(['q', 'h', 'f']);
    expect(parsed.media[1]!.extensions).toEqual({
      absSendTime: 2,
      transportSequence: 4,
      mid: 9,
      rid: 10,
      repairedRid: 11,
      colorSpace: 8,
    });
    expect(parsed.media[1]!.msid).toEqual({
      stream: 'd1a3b1e7-3e8b-4f0c-9d0f-3c1f5b0e7a10',
      track: '0b7b0c6e-8a55-4a50-8d1c-4d0a2f1d9c55',
    });
    expect(parsed.media[0]!.ssrcs).toEqual([{ ssrc: 2_904_571_226, cname: 'k3jvQmX0v7Jt2Q1n' }]);
  });

  test('a paused encoding and alternatives (RFC 8853 §5.1): the first alternative, paused or not', () => {
    const sdp = chromiumOffer.replace('a=simulcast:send q;h;f', 'a=simulcast:send ~q,h;f');
    expect(parseDescription(sdp).media[1]!.rids).toEqual(['q', 'f']);
  });

  test('attributes and lines it does not know change nothing', () => {
    const sdp = chromiumOffer.replaceAll('a=rtcp-mux\r\n', 'a=rtcp-mux\r\na=x-unheard-of:1 2 3\r\nz=0 0\r\n');
    expect(parseDescription(sdp)).toEqual(parsed);
  });
});

describe('a malformed description is refused with the reason malformed-sdp', () => {
  const header = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
  const video = 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\n';

  test.each([
    ['nothing', ''],
    ['another language', '{"type":"offer"}'],
    ['another version', header.replace('v=0', 'v=1')],
    ['no origin', 'v=0\r\ns=-\r\nt=0 0\r\n'],
    ['a kind of media that is not known', header + video.replace('m=video', 'm=application')],
    ['no mid', header + video.replace('a=mid:0\r\n', '')],
    ['the same mid twice', header + video + video],
    ['both directions', header + video.replace('sendonly', 'sendrecv')],
    ['no direction, which means both', header + video.replace('a=sendonly\r\n', '')],
    ['a payload type of more than 7 bits', header + video.replace('a=rtpmap:96', 'a=rtpmap:128')],
    ['no clock rate', header + video.replace('VP8/90000', 'VP8')],
    [
      'too many sections',
      header + Array.from({ length: MAX_MEDIA_SECTIONS + 1 }, (_, i) => video.replace('mid:0', `mid:${i}`)).join(''),
    ],
  ])('%s', (_, sdp) => {
    expect(() => parseDescription(sdp)).toThrow(SignallingError);
    expect(() => parseDescription(sdp)).toThrow(expect.objectContaining({ reason: 'malformed-sdp' }));
  });

  function expectOnlySignallingErrors(sdp: string): void {
    try {
      const parsed = parseDescription(sdp);
      // What was read is of the documented form, so that writing it works and reads back the same.
      expect(parseDescription(writeDescription(parsed)).media.length).toBe(parsed.media.length);
    } catch (error) {
      expect(error, sdp).toBeInstanceOf(SignallingError);
      expect((error as SignallingError).reason).toBe('malformed-sdp');
    }
  }

  const line = fc.oneof(
    fc.constantFrom(
      'm=video 9 UDP/TLS/RTP/SAVPF 96',
      'm=audio 0 UDP/TLS/RTP/SAVPF 111',
      'm=',
      'm=video',
      'a=mid:0',
      'a=mid:',
      'a=mid:constructor',
      'a=sendonly',
      'a=recvonly',
      'a=inactive',
      'a=rtpmap:96 VP8/90000',
      'a=rtpmap:97 rtx/90000',
      'a=rtpmap:97 123/90000',
      'a=rtpmap: /',
      'a=rtpmap:96',
      'a=fmtp:97 apt=96',
      'a=fmtp:97 96',
      'a=fmtp:96',
      'a=rtcp-fb:* nack',
      'a=rtcp-fb:96 1',
      'a=rtcp-fb:96',
      'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid',
      'a=extmap:0 7',
      'a=extmap:99999 urn:ietf:params:rtp-hdrext:sdes:mid',
      'a=rid:1 send',
      'a=rid:q recv pt=96',
      'a=rid:',
      'a=simulcast:send 1',
      'a=simulcast:recv 1;2 send 3',
      'a=simulcast: send rid=5',
      'a=ssrc:1 cname:2',
      'a=ssrc:1 msid',
      'a=ssrc:4294967296 cname:x',
      'a=ssrc-group:FID 1',
      'a=ssrc-group:FID 1 2',
      'a=ssrc-group:FID',
      'a=msid:1 2',
      'a=msid:- ',
      'a=group:BUNDLE 0',
      'o=',
      'o=- x y IN IP4 0',
      'c=IN IP4 0.0.0.0',
    ),
    fc.string({ maxLength: 30 }).map((text) => `a=${text}`),
    fc.string({ maxLength: 30 }),
  );

  test('any lines whatever', () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 25 }),
        fc.constantFrom(header, header + video, 'v=0\r\n', ''),
        (lines, start) => {
          expectOnlySignallingErrors(start + lines.map((each) => `${each}\r\n`).join(''));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("a browser's offer with lines left out, doubled and damaged", () => {
    const lines = chromiumOffer.split('\r\n');
    const edit = fc.record({
      at: fc.nat(lines.length - 1),
      what: fc.constantFrom('drop', 'double', 'cut', 'insert'),
      with: fc.string({ maxLength: 8 }),
      where: fc.nat(40),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 12 }), (edits) => {
        const text = [...lines];
        for (const { at, what, with: insert, where } of edits) {
          const original = text[at] ?? '';
          if (what === 'drop') text.splice(at, 1);
          else if (what === 'double') text.splice(at, 0, original);
          else text[at] = original.slice(0, where) + (what === 'insert' ? insert + original.slice(where) : '');
        }
        expectOnlySignallingErrors(text.join('\r\n'));
      }),
      { numRuns: 2000 },
    );
  });
});
