import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MediaDescription, mediaOf, type SimulcastDescription } from '../../src/sdp/description.ts';
import { answer, createOffer, offerMedia } from '../../src/sdp/negotiation.ts';
import { parseDescription } from '../../src/sdp/parse.ts';
import { acceptedRids, simulcastRids } from '../../src/sdp/simulcast.ts';
import { writeDescription } from '../../src/sdp/write.ts';

const header =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 98\r\na=mid:0\r\na=sendrecv\r\n';
const codecs = 'a=rtpmap:96 VP8/90000\r\na=rtpmap:98 VP9/90000\r\n';
const media = (...lines: string[]): MediaDescription =>
  mediaOf(parseDescription(`${header}${codecs}${lines.map((line) => `a=${line}\r\n`).join('')}`))[0]!;
const answered = (offered: MediaDescription, options?: Parameters<typeof answer>[1]) =>
  mediaOf(answer(createOffer({ sessionVersion: 1, media: [offered] }), options))[0]!;

const rids = (...values: string[]) => media(...values.map((value) => `rid:${value}`)).rids;
const parseSimulcast = (value: string, names: readonly string[]) =>
  media(...names.map((name) => `rid:${name} send`), `simulcast:${value}`).simulcast;
/** The values of the lines of that attribute. */
const written = (section: MediaDescription, attribute: 'rid' | 'simulcast') => {
  const text = writeDescription(createOffer({ sessionVersion: 1, media: [section] }));
  return [...text.matchAll(new RegExp(`^a=${attribute}:(.*)\r$`, 'gm'))].map(([, value]) => value);
};
const writeSimulcast = (simulcast: SimulcastDescription) => written({ ...media(), simulcast }, 'simulcast').join();

describe('a=rid (RFC 8851)', () => {
  test('payload types and restrictions', () => {
    expect(rids('hi-1_x send pt=98,96;max-width=1280;max-height=720;max-fps=30;depend=a,b', 'lo recv max-br')).toEqual([
      {
        id: 'hi-1_x',
        direction: 'send',
        payloadTypes: [98, 96],
        restrictions: [
          { name: 'max-width', value: '1280' },
          { name: 'max-height', value: '720' },
          { name: 'max-fps', value: '30' },
          { name: 'depend', value: 'a,b' },
        ],
      },
      { id: 'lo', direction: 'recv', restrictions: [{ name: 'max-br', value: '' }] },
    ]);
  });

  test('a line of another form is left out, and one with none of the payload types of its section', () => {
    expect(
      rids('a', 'a both', 'b/c send', ' send', 'd send pt=97', 'e send max width=1', `${'x'.repeat(256)} send`),
    ).toEqual([]);
    expect(rids('a send pt=97,96,96')).toMatchObject([{ payloadTypes: [96] }]);
  });

  test('two lines that differ about one name are both left out (§6.2); the same twice does no harm', () => {
    expect(rids('a send', 'b send', 'a send pt=96', 'c recv', 'c recv').map(({ id }) => id)).toEqual(['b', 'c']);
  });

  test('is written as it was read', () => {
    for (const line of ['q send', 'q recv pt=96,98', 'q send max-fps=30;depend=a', 'q send pt=96;max-br']) {
      expect(written(media(`rid:${line}`), 'rid')).toEqual([line]);
    }
  });
});

describe('a=simulcast (RFC 8853 §5.1)', () => {
  test('both directions, alternatives, paused ones', () => {
    const parsed = parseSimulcast('send 1,~2;3 recv ~4', ['1', '2', '3', '4'])!;
    expect(parsed).toEqual({
      send: [
        [
          { rid: '1', paused: false },
          { rid: '2', paused: true },
        ],
        [{ rid: '3', paused: false }],
      ],
      recv: [[{ rid: '4', paused: true }]],
    });
    expect(writeSimulcast(parsed)).toBe('send 1,~2;3 recv ~4');
    expect(writeSimulcast({ send: [], recv: parsed.recv })).toBe('recv ~4');
  });

  test('names without an a=rid, and those named before, are left out (§5.2)', () => {
    expect(parseSimulcast('recv 1;9,2;1', ['1', '2'])).toEqual({
      send: [],
      recv: [[{ rid: '1', paused: false }], [{ rid: '2', paused: false }]],
    });
    expect(parseSimulcast('send 9;8', ['1'])).toBeUndefined();
    expect(parseSimulcast('recv rid=1', ['1'])).toBeUndefined();
    expect(parseSimulcast('both 1', ['1'])).toBeUndefined();
  });

  test('a direction that is there twice counts once', () => {
    expect(writeSimulcast(parseSimulcast('send 1;2 send 1;2', ['1', '2'])!)).toBe('send 1;2');
  });

  test('any list is read in one way or another, and written back to the same', () => {
    const text = fc.string({
      unit: fc.constantFrom('1', '2', '3', ',', ';', '~', ' ', 'send ', 'recv '),
      maxLength: 30,
    });
    fc.assert(
      fc.property(text, (value) => {
        const parsed = parseSimulcast(value, ['1', '2', '3']);
        if (parsed !== undefined) expect(parseSimulcast(writeSimulcast(parsed), ['1', '2', '3'])).toEqual(parsed);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the answer to simulcast (RFC 8851 §6.3, RFC 8853 §5.3.2)', () => {
  test('takes the first alternative of each stream that can be taken, not paused', () => {
    const offered = media('rid:1 send pt=98', 'rid:2 send pt=96', 'rid:3 send', 'simulcast:send 1,2;~3');
    expect(writeDescription(createOffer({ sessionVersion: 1, media: [answered(offered)] }))).toContain(
      'a=rid:1 recv pt=98\r\na=rid:3 recv\r\na=simulcast:recv 1;3\r\n',
    );
    expect(simulcastRids(answered(offered, { codecs: ['VP8'] }), 'recv')).toEqual(['2', '3']);
  });

  test('leaves out payload types that are not taken, and names that have no other', () => {
    const offered = media('rid:1 send pt=96,98;max-width=640', 'rid:2 send pt=96', 'simulcast:send 1;2');
    expect(answered(offered, { codecs: ['VP9'] })).toMatchObject({
      rids: [{ id: '1', direction: 'recv', payloadTypes: [98], restrictions: [{ name: 'max-width', value: '640' }] }],
      simulcast: { send: [], recv: [[{ rid: '1', paused: false }]] },
    });
  });

  test.each([
    ['a restriction that is not known', 'x-new=1'],
    ['a number that is none', 'max-width=wide'],
    ['a dependency on a name that is not there', 'depend=9'],
  ])('refuses %s', (_, restriction) => {
    const offered = media('rid:1 send max-width=640', `rid:2 send ${restriction}`, 'simulcast:send 1;2');
    expect(answered(offered).rids.map(({ id }) => id)).toEqual(['1']);
  });

  test('takes what a single stream is said to keep to', () => {
    expect(answered(media('rid:1 send max-width=640', 'rid:4 recv'))).toMatchObject({
      rids: [{ id: '1', direction: 'recv' }],
    });
    expect(answered(media('rid:1 send')).simulcast).toBeUndefined();
  });

  test('sends the encodings that are asked for, of those there are', () => {
    const offered = media('rid:a recv', 'rid:b recv', 'rid:c recv', 'simulcast:recv a;b;c');
    const send = new Map([['0', { ssrcs: [], rids: ['c', 'a', 'z'] }]]);
    expect(answered(offered, { send })).toMatchObject({
      direction: 'sendonly',
      rids: [{ id: 'a', direction: 'send' }, { id: 'c' }],
    });
    expect(simulcastRids(answered(offered, { send }), 'send')).toEqual(['a', 'c']);
    expect(answered(offered).simulcast).toBeUndefined();
  });
});

describe('what an answer takes of the encodings offered', () => {
  const offered = offerMedia({ mid: '0', kind: 'video', codecs: ['VP8'], rids: ['q', 'h', 'f'], ssrcs: [] });

  test('all of them, a subset, or none but a single stream', () => {
    expect(acceptedRids(offered, media('rid:f recv', 'rid:q recv', 'simulcast:recv f;q'))).toEqual(['q', 'f']);
    expect(acceptedRids(offered, media())).toEqual([]);
    expect(acceptedRids(offered, answered(offered))).toEqual(['q', 'h', 'f']);
  });

  test('also where it says send for recv, as libdatachannel does', () => {
    expect(acceptedRids(offered, media('rid:q send', 'rid:h send', 'simulcast:recv q;h'))).toEqual(['q', 'h']);
    expect(acceptedRids(offered, media('rid:q send', 'rid:h send', 'simulcast:send q;h'))).toEqual(['q', 'h']);
  });

  test('the names it adds are left aside', () => {
    expect(acceptedRids(offered, media('rid:q recv', 'rid:new recv', 'simulcast:recv new;q'))).toEqual(['q']);
  });
});
