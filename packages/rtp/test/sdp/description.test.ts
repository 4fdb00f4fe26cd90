import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SignallingError } from '../../src/errors.ts';
import {
  type Description,
  findMedia,
  MAX_LINE_LENGTH,
  MAX_MEDIA_SECTIONS,
  type MediaDescription,
  mediaOf,
} from '../../src/sdp/description.ts';
import { answer, createOffer, offerMedia } from '../../src/sdp/negotiation.ts';
import { parseDescription } from '../../src/sdp/parse.ts';
import { simulcastRids } from '../../src/sdp/simulcast.ts';
import { writeDescription } from '../../src/sdp/write.ts';
import { description } from './arbitraries.ts';
import { chromium156Offer, chromiumOffer } from './chromium-offer.ts';

const header = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
const video = 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\n';
const only = (sdp: string): MediaDescription => mediaOf(parseDescription(sdp))[0]!;

describe('a written description', () => {
  test('is read back as it was', () => {
    fc.assert(
      fc.property(description, (original) => {
        expect(parseDescription(writeDescription(original))).toEqual(original);
      }),
      { numRuns: 1000 },
    );
  });

  test('has lines that say what it says here', () => {
    const text = writeDescription(
      createOffer({
        sessionVersion: 3,
        media: [
          offerMedia({
            mid: 'a',
            kind: 'video',
            codecs: ['VP8', 'H264'],
            rids: ['q', 'h'],
            ssrcs: [{ ssrc: 7, rtxSsrc: 8, fecSsrc: 9, cname: 'c' }],
            msid: { stream: 's', track: 't' },
            transport: {
              iceUfrag: 'abcd',
              icePwd: 'x'.repeat(22),
              iceOptions: ['trickle'],
              fingerprints: [
                { hash: 'sha-256', value: 'AB:CD' },
                { hash: 'sha-1', value: 'EF' },
              ],
              setup: 'actpass',
              candidates: ['1 1 udp 255 192.0.2.100 12100 typ relay raddr 0.0.0.0 rport 0 generation 0 ufrag abcd'],
              endOfCandidates: true,
            },
          }),
        ],
      }),
    );
    const [session, section] = text.split(/(?=m=)/).map((part) => part.split('\r\n'));
    expect(session).toEqual(['v=0', 'o=- 1 3 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE a', '']);
    expect(section!.slice(0, 3)).toEqual([
      'm=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104 105 106 107 108 109',
      'c=IN IP4 0.0.0.0',
      'a=rtpmap:96 VP8/90000',
    ]);
    expect(section).toEqual(
      expect.arrayContaining([
        ...['a=mid:a', 'a=sendonly', 'a=rtcp-mux', 'a=rtcp-rsize', 'a=msid:s t'],
        ...['a=rtpmap:97 rtx/90000', 'a=fmtp:97 apt=96', 'a=rtpmap:102 H264/90000', 'a=rtcp-fb:96 nack pli'],
        'a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f',
        ...['a=rid:q send', 'a=rid:h send', 'a=simulcast:send q;h'],
        ...['a=ice-ufrag:abcd', `a=ice-pwd:${'x'.repeat(22)}`, 'a=ice-options:trickle', 'a=setup:actpass'],
        ...['a=fingerprint:sha-256 AB:CD', 'a=fingerprint:sha-1 EF', 'a=end-of-candidates'],
        'a=candidate:1 1 udp 255 192.0.2.100 12100 typ relay raddr 0.0.0.0 rport 0 generation 0 ufrag abcd',
        ...[
          'a=ssrc-group:FID 7 8',
          'a=ssrc-group:FEC-FR 7 9',
          'a=ssrc:7 cname:c',
          'a=ssrc:8 cname:c',
          'a=ssrc:9 cname:c',
        ],
        'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid',
      ]),
    );
    const ids = section!.flatMap((line) => /^a=extmap:(\d+) \S+$/.exec(line)?.[1] ?? []);
    expect(ids.map(Number).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 8, 9, 10, 12]);
    expect(
      section!.filter((line) => !/^([mc]=|a=[\w-]+(:\S.*\S|:\S)?$|$)/.test(line)),
      'odd lines',
    ).toEqual([]);
  });

  test('has no refused section in a bundle, and closes it with port 0 (RFC 8829 §5.2.2)', () => {
    const section = (mid: string, rejected: boolean): MediaDescription => ({
      ...offerMedia({ mid, kind: 'video', codecs: ['VP8'], rids: [], ssrcs: [] }),
      rejected,
    });
    const media = [section('a', false), section('b', true), section('c', false)];
    const offer = createOffer({ sessionVersion: 1, media });
    for (const each of [offer, { ...offer, bundles: [['a', 'b', 'c']] }]) {
      const text = writeDescription(each);
      expect(text).toContain('a=group:BUNDLE a c\r\n');
      expect(text.match(/^m=.*/gm)).toEqual([
        'm=video 9 UDP/TLS/RTP/SAVPF 96 97',
        'm=video 0 UDP/TLS/RTP/SAVPF 96 97',
        'm=video 9 UDP/TLS/RTP/SAVPF 96 97',
      ]);
    }
  });
});

describe("a browser's offer with simulcast", () => {
  const parsed = parseDescription(chromiumOffer);
  const [audio, camera] = mediaOf(parsed) as [MediaDescription, MediaDescription];

  test('its sections, codecs and retransmission payload types', () => {
    expect(mediaOf(parsed).map(({ mid, kind, direction, rejected }) => [mid, kind, direction, rejected])).toEqual([
      ['0', 'audio', 'sendonly', false],
      ['1', 'video', 'sendonly', false],
    ]);
    expect(audio.codecs.map(({ name, payloadType, channels }) => [name, payloadType, channels])).toEqual([
      ['opus', 111, 2],
      ['red', 63, 2],
      ['G722', 9, undefined],
      ['PCMU', 0, undefined],
      ['CN', 13, undefined],
      ['telephone-event', 110, undefined],
    ]);
    expect(camera.codecs.map(({ name, payloadType, rtxPayloadType }) => [name, payloadType, rtxPayloadType])).toEqual([
      ['VP8', 96, 97],
      ['H264', 103, 104],
      ['VP9', 98, 99],
      ['AV1', 45, 46],
      ['red', 114, 115],
      ['ulpfec', 116, undefined],
    ]);
    expect(camera.codecs[0]!.feedback).toEqual(['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli']);
    expect(audio.codecs[0]!.parameters).toBe('minptime=10;useinbandfec=1');
  });

  test('its encodings, extensions and msid', () => {
    expect(simulcastRids(camera, 'send')).toEqual(['q', 'h', 'f']);
    expect(camera.extensions).toEqual({
      absSendTime: 2,
      videoOrientation: 3,
      transportSequence: 4,
      playoutDelay: 5,
      mid: 9,
      rid: 10,
      repairedRid: 11,
      colorSpace: 8,
    });
    expect(camera.msid).toEqual({
      stream: 'd1a3b1e7-3e8b-4f0c-9d0f-3c1f5b0e7a10',
      track: '0b7b0c6e-8a55-4a50-8d1c-4d0a2f1d9c55',
    });
    expect(audio.ssrcs).toEqual([{ ssrc: 2_904_571_226, cname: 'k3jvQmX0v7Jt2Q1n' }]);
  });

  test('its transport, bundle and session', () => {
    expect(parsed).toMatchObject({
      sessionId: '4611731400430051336',
      sessionVersion: 2,
      bundles: [['0', '1']],
      extmapAllowMixed: true,
      iceLite: false,
      msidSemantic: 'WMS d1a3b1e7-3e8b-4f0c-9d0f-3c1f5b0e7a10',
    });
    expect(camera.transport).toEqual({
      iceUfrag: 'Yw2h',
      icePwd: '6dD1u8yXnBv0Jt3QmK5sPz7a',
      iceOptions: ['trickle'],
      fingerprints: [
        {
          hash: 'sha-256',
          value: '7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08',
        },
      ],
      setup: 'actpass',
      candidates: [],
      endOfCandidates: false,
    });
  });

  test('attributes and lines it does not know change nothing', () => {
    const sdp = chromiumOffer.replaceAll(
      'a=rtcp-mux\r\n',
      'a=rtcp-mux\r\na=x-unheard-of:1 2 3\r\nz=0 0\r\nrubbish\r\n',
    );
    expect(parseDescription(sdp)).toEqual(parsed);
  });

  test('the order of codecs is that of the m= line, not that of the a=rtpmap lines (RFC 3264 §5.1)', () => {
    const sdp = chromiumOffer.replace('SAVPF 96 97 103 104 98 99 45 46', 'SAVPF 45 99 98 97 46 96 104 103');
    const order = mediaOf(parseDescription(sdp))[1]!.codecs.map(({ name, rtxPayloadType }) => [name, rtxPayloadType]);
    expect(order.slice(0, 4)).toEqual([
      ['AV1', 46],
      ['VP9', 99],
      ['VP8', 97],
      ['H264', 104],
    ]);
  });
});

test('an offer of Chromium 156 with a data channel: five sections, the last one of no use here', () => {
  const parsed = parseDescription(chromium156Offer);
  expect(parsed.media.map(({ kind, mid }) => [kind, mid])).toEqual([
    ['audio', '0'],
    ['video', '1'],
    ['audio', '2'],
    ['video', '3'],
    ['unsupported', '4'],
  ]);
  expect(parsed.media[4]).toEqual({
    kind: 'unsupported',
    mid: '4',
    media: 'application',
    protocol: 'UDP/DTLS/SCTP',
    formats: ['webrtc-datachannel'],
    rejected: false,
    bundleOnly: false,
  });
  expect(mediaOf(parsed).map(({ direction }) => direction)).toEqual(['sendrecv', 'sendonly', 'recvonly', 'recvonly']);
  expect(
    findMedia(parsed, '3')!
      .codecs.map(({ name }) => name)
      .at(-1),
  ).toBe('flexfec-03');
  expect(parseDescription(writeDescription(parsed))).toEqual(parsed);
});

describe('forms that are rare', () => {
  test('static payload types mean something without a=rtpmap (RFC 3551 §6); others do not', () => {
    const lines = 'm=audio 9 RTP/AVP 0 8 97 8 14\r\na=rtpmap:8 PCMA/16000\r\na=rtpmap:100 opus/48000/2\r\n';
    expect(only(header + lines).codecs).toEqual([
      { payloadType: 0, name: 'PCMU', clockRate: 8000, feedback: [] },
      { payloadType: 8, name: 'PCMA', clockRate: 16_000, feedback: [] },
      { payloadType: 14, name: 'MPA', clockRate: 90_000, feedback: [] },
    ]);
    expect(only(`${header}m=video 9 RTP/AVP 0 34\r\n`).codecs.map(({ name }) => name)).toEqual(['H263']);
  });

  test('a direction of the session is that of the sections that give none (RFC 8866 §6.7)', () => {
    const sdp = `${header}a=recvonly\r\nm=audio 9 RTP/AVP 0\r\nm=audio 9 RTP/AVP 0\r\na=inactive\r\n`;
    expect(mediaOf(parseDescription(sdp)).map(({ direction }) => direction)).toEqual(['recvonly', 'inactive']);
    expect(only(`${header}m=audio 9 RTP/AVP 0\r\n`).direction).toBe('sendrecv');
  });

  test('ICE and DTLS of the session are those of the sections that give none (RFC 8839 §5.4)', () => {
    const said = 'a=ice-ufrag:sess\r\na=ice-pwd:pppp\r\na=setup:active\r\na=fingerprint:sha-1 AA:BB\r\na=ice-lite\r\n';
    const own = 'a=ice-ufrag:own\r\na=fingerprint:sha-256 CC:DD\r\n';
    const sdp = `${header}${said}${video}${video.replace('mid:0', 'mid:1')}${own}`;
    const parsed = parseDescription(sdp);
    expect(parsed.iceLite).toBe(true);
    expect(mediaOf(parsed).map(({ transport }) => transport)).toMatchObject([
      { iceUfrag: 'sess', setup: 'active', fingerprints: [{ hash: 'sha-1', value: 'AA:BB' }] },
      { iceUfrag: 'own', icePwd: 'pppp', fingerprints: [{ hash: 'sha-256', value: 'CC:DD' }] },
    ]);
    expect(only(header + video).transport).toBeUndefined();
  });

  test('port 0 of a bundle-only section in a bundle is no refusal; out of a bundle it is (RFC 9143 §6)', () => {
    const section = video.replace('video 9', 'video 0');
    const grouped = `${header}a=group:BUNDLE 0\r\n${section}a=bundle-only\r\n`;
    expect(only(grouped)).toMatchObject({ rejected: false, bundleOnly: true });
    expect(only(`${header}${section}a=bundle-only\r\n`)).toMatchObject({ rejected: true, bundleOnly: false });
    expect(only(grouped.replace('video 0', 'video 9'))).toMatchObject({ rejected: false, bundleOnly: false });
    expect(only(grouped.replace('a=bundle-only\r\n', ''))).toMatchObject({ rejected: true, bundleOnly: false });
  });

  test('a bundle names sections that exist, each once; a group of another kind is none', () => {
    const groups = 'a=group:LS 0 1\r\na=group:BUNDLE 1 7 0\r\na=group:BUNDLE 0\r\na=group:BUNDLE\r\n';
    const sdp = header + groups + video + video.replace('mid:0', 'mid:1');
    expect(parseDescription(sdp).bundles).toEqual([['1', '0']]);
  });

  test('SSRCs: repairs go with what they repair, SIM gives the order, what is no 32-bit number is left out', () => {
    const lines = [
      'a=ssrc-group:SIM 30 20 10',
      'a=ssrc-group:FID 10 11',
      'a=ssrc-group:FEC-FR 10 12',
      'a=ssrc-group:FID 4294967296 5',
      'a=ssrc-group:FID 20 20',
      'a=ssrc-group:UNKNOWN 20 21',
      ...[10, 11, 12, 20, 30].map((ssrc) => `a=ssrc:${ssrc} cname:c`),
      'a=ssrc:10 mslabel:old',
      'a=ssrc:10 msid:stream track',
      'a=ssrc:4294967296 cname:c',
      'a=ssrc:abc cname:c',
      'a=ssrc:-1 cname:c',
    ];
    const media = only(`${header}${video}${lines.join('\r\n')}\r\n`);
    expect(media.ssrcs).toEqual([
      { ssrc: 30, cname: 'c' },
      { ssrc: 20, cname: 'c' },
      { ssrc: 10, rtxSsrc: 11, fecSsrc: 12, cname: 'c' },
    ]);
    expect(media.simulcastSsrcs).toBe(true);
    expect(media.msid).toEqual({ stream: 'stream', track: 'track' });
  });

  test('a msid without a stream, and one without a track (RFC 8830 §2, RFC 8829 §5.2.1)', () => {
    expect(only(`${header}${video}a=msid:- t\r\n`).msid).toEqual({ stream: '', track: 't' });
    expect(only(`${header}${video}a=msid:{s}\r\n`).msid).toEqual({ stream: '{s}', track: '' });
  });

  test('names that look like numbers, or are not of letters and digits', () => {
    const lines = ['a=ice-ufrag:0012', 'a=ice-pwd:7', 'a=msid:user1@host-a.b 1e3', 'a=ssrc:7 cname:5'];
    const media = only(`${header}${video.replace('mid:0', 'mid:1e3')}${lines.join('\r\n')}\r\n`);
    expect(media).toMatchObject({
      mid: '1e3',
      msid: { stream: 'user1@host-a.b', track: '1e3' },
      ssrcs: [{ ssrc: 7, cname: '5' }],
      transport: { iceUfrag: '0012', icePwd: '7' },
    });
    expect(only(writeDescription(createOffer({ sessionVersion: 1, media: [media] })))).toEqual(media);
  });

  test('attributes whose names begin like others are none of these', () => {
    const lines = ['rtcp-mux-only', 'bundle-only-x', 'sendrecvx', 'mid-x:7', 'end-of-candidates-x', 'x-rid:q send'];
    const plain = only(header + video);
    expect(only(`${header}${video}${lines.map((line) => `a=${line}\r\n`).join('')}`)).toEqual(plain);
    expect(parseDescription(`${header}a=ice-lite-x\r\na=extmap-allow-mixed-x\r\n${video}`)).toMatchObject({
      iceLite: false,
      extmapAllowMixed: false,
    });
  });

  test('feedback for every payload type (RFC 4585 §4.2) and several a=fmtp lines for one', () => {
    const lines = 'a=rtcp-fb:* nack\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 ccm fir\r\na=fmtp:96 a=1\r\na=fmtp:96 b=2\r\n';
    expect(only(header + video + lines).codecs[0]).toMatchObject({
      feedback: ['nack', 'ccm fir'],
      parameters: 'a=1;b=2',
    });
  });

  test('header extensions: directions do not count, identifiers out of every range are left out (RFC 8285 §5)', () => {
    const lines = [
      'a=extmap:3/recvonly urn:ietf:params:rtp-hdrext:sdes:mid',
      'a=extmap:0 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
      'a=extmap:256 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
      'a=extmap:4095 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
      'a=extmap:4351 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
      'a=extmap:4352 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
      'a=extmap:255 urn:3gpp:video-orientation',
      'a=extmap:4 urn:3gpp:video-orientation',
      // Encrypted, it is another extension (RFC 6904 §4).
      'a=extmap:5 urn:ietf:params:rtp-hdrext:encrypt urn:ietf:params:rtp-hdrext:ssrc-audio-level',
      'a=extmap:6 urn:ietf:params:rtp-hdrext:encrypt',
    ];
    expect(only(`${header}${video}${lines.join('\r\n')}\r\n`).extensions).toEqual({
      mid: 3,
      repairedRid: 4351,
      videoOrientation: 255,
    });
  });
});

describe('a malformed description is refused with the reason malformed-sdp', () => {
  const [mid, rid] = ['urn:ietf:params:rtp-hdrext:sdes:mid', 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id'];
  const other = video.replace('mid:0', 'mid:1');
  const retransmitted = (section: string) =>
    `${section.replace('SAVPF 96', 'SAVPF 96 97')}a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n`;

  test.each([
    ['nothing', '', 'does not begin with v=0'],
    ['another language', '{"type":"offer"}', 'does not begin'],
    ['another version', header.replace('v=0', 'v=1'), 'does not begin'],
    ['no origin', 'v=0\r\ns=-\r\nt=0 0\r\n', 'no origin line'],
    ['an origin without numbers', header.replace('1 1 IN', 'x 1 IN'), 'no numbers'],
    ['a version beyond counting', header.replace('1 1 IN', '1 99999999999999999 IN'), 'no numbers'],
    ['an m= line that ends early', `${header}m=video 9\r\n`, 'm-section 0 has no media type, port and protocol'],
    ['a port that is none', header + video.replace('video 9', 'video 99999'), 'm-section 0 has no media type, port'],
    ['the same mid twice', header + video + video, 'two m-sections have the same mid'],
    ['a payload type of more than 7 bits', header + video.replace('SAVPF 96', 'SAVPF 96 128'), 'payload type "128"'],
    ['a payload type that is none', header + video.replace('SAVPF 96', 'SAVPF x'), 'payload type "x"'],
    ['no clock rate', header + video.replace('VP8/90000', 'VP8'), 'm-section 0 gives no clock rate for VP8'],
    [
      'one identifier for two extensions',
      `${header}${video}a=extmap:1 ${mid}\r\na=extmap:1 ${rid}\r\n`,
      'in m-section 0',
    ],
    [
      'one identifier for two extensions in a bundle',
      `${header}a=group:BUNDLE 0 1\r\n${video}a=extmap:1 ${mid}\r\n${other}a=extmap:1 urn:unknown\r\n`,
      `header extension 1 is ${mid} and also urn:unknown in two m-sections of a bundle`,
    ],
    [
      'one payload type for two codecs in a bundle (RFC 9143 §9.1.1)',
      `${header}a=group:BUNDLE 0 1\r\n${video}${other.replace('VP8', 'VP9')}`,
      'payload type 96 is video/vp8/90000/1 and also video/vp9/90000/1 in two m-sections of a bundle',
    ],
    [
      'one payload type with different parameters in a bundle',
      `${header}a=group:BUNDLE 0 1\r\n${video}a=fmtp:96 max-fr=30;max-fs=3600\r\n${other}a=fmtp:96 max-fr=30\r\n`,
      'payload type 96 is video/vp8/90000/1 max-fr=30;max-fs=3600 and also video/vp8/90000/1 max-fr=30 in two',
    ],
    [
      'one payload type for a codec and for retransmissions in a bundle',
      `${header}a=group:BUNDLE 0 1\r\n${retransmitted(video)}${other.replaceAll('96', '97')}`,
      'payload type 97 is video/rtx/90000 apt=96 and also video/vp8/90000/1 in two',
    ],
    ['a line beyond reason', `${header}${video}a=mid:${'x'.repeat(MAX_LINE_LENGTH)}\r\n`, 'more than 16384'],
    [
      'too many sections',
      header + Array.from({ length: MAX_MEDIA_SECTIONS + 1 }, (_, i) => video.replace('mid:0', `mid:${i}`)).join(''),
      'more than 256',
    ],
  ])('%s', (_, sdp, message) => {
    expect(() => parseDescription(sdp)).toThrow(SignallingError);
    expect(() => parseDescription(sdp)).toThrow(
      expect.objectContaining({ reason: 'malformed-sdp', message: expect.stringContaining(message) }),
    );
  });

  test('not so in sections that share no transport, or are refused', () => {
    const numbers = `${video}a=extmap:1 ${mid}\r\n${other.replace('VP8', 'VP9')}a=extmap:1 urn:unknown\r\n`;
    expect(() => parseDescription(header + numbers)).not.toThrow();
    const bundle = `${header}a=group:BUNDLE 0 1\r\n`;
    expect(() => parseDescription(bundle + numbers)).toThrow(SignallingError);
    expect(() => parseDescription(bundle + numbers.replace('video 9', 'video 0'))).not.toThrow();
  });

  test('not so where a bundle says the same in another way', () => {
    const [one, same] = ['a=fmtp:96 max-fr=30;max-fs=3600\r\n', 'a=fmtp:96 MAX-FS=3600; max-fr=30\r\n'];
    const sections = `${retransmitted(video)}${one}${retransmitted(other).replace('VP8', 'vp8')}${same}`;
    expect(() => parseDescription(`${header}a=group:BUNDLE 0 1\r\n${sections}`)).not.toThrow();
  });

  test('not so for a long line of an attribute that is not looked at', () => {
    const line = `a=imageattr:97 send ${'[x]'.repeat(MAX_LINE_LENGTH)}\r\n`;
    expect(parseDescription(header + video + line)).toEqual(parseDescription(header + video));
  });
});

describe('whatever comes', () => {
  /** What was read is of the documented form: it can be written, read again, and answered. */
  function expectOnlySignallingErrors(sdp: string): void {
    let parsed: Description;
    try {
      parsed = parseDescription(sdp);
    } catch (error) {
      expect(error, sdp).toBeInstanceOf(SignallingError);
      expect((error as SignallingError).reason).toBe('malformed-sdp');
      return;
    }
    expect(parseDescription(writeDescription(parsed)).media.length).toBe(parsed.media.length);
    const answered = answer(parsed);
    expect(parseDescription(writeDescription(answered)).media.map(({ rejected }) => rejected)).toEqual(
      answered.media.map(({ rejected }) => rejected),
    );
  }

  const line = fc.oneof(
    fc.constantFrom(
      ...['m=video 9 UDP/TLS/RTP/SAVPF 96', 'm=audio 0 UDP/TLS/RTP/SAVPF 111', 'm=', 'm=video', 'm=x 9 RTP/AVP'],
      ...['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'm=audio 9/2 RTP/AVP 0', 'a=mid:0', 'a=mid:', 'a=mid: 0'],
      ...['a=mid:constructor', 'a=sendonly', 'a=recvonly', 'a=inactive', 'a=rtpmap:96 VP8/90000', 'a=rtpmap: /'],
      ...[
        'a=rtpmap:97 rtx/90000',
        'a=rtpmap:97 123/90000',
        'a=rtpmap:96',
        'a=rtpmap:96 H264/90000',
        'a=fmtp:97 apt=96',
      ],
      ...['a=fmtp:96 packetization-mode=1;profile-level-id=ffffff', 'a=fmtp:97 96', 'a=fmtp:96', 'a=rtcp-fb:* nack'],
      ...['a=rtcp-fb:96 1', 'a=rtcp-fb:96', 'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid', 'a=extmap:0 7'],
      ...['a=extmap:99999 urn:ietf:params:rtp-hdrext:sdes:mid', 'a=extmap:4096 urn:ietf:params:rtp-hdrext:sdes:mid'],
      ...[
        'a=rid:1 send',
        'a=rid:q recv pt=96',
        'a=rid:q send pt=96;depend=1',
        'a=rid:',
        'a=rid:1 send =',
        'a=rid:1 send pt',
      ],
      ...['a=simulcast:send 1', 'a=simulcast:recv 1;2 send 3', 'a=simulcast: send rid=5', 'a=simulcast:send ~;,'],
      ...[
        'a=ssrc:1 cname:2',
        'a=ssrc:1 msid',
        'a=ssrc:4294967296 cname:x',
        'a=ssrc-group:FID 1',
        'a=ssrc-group:FID 1 2',
      ],
      ...['a=ssrc-group:FID', 'a=ssrc-group:SIM 1 2', 'a=msid:1 2', 'a=msid:- ', 'a=group:BUNDLE 0', 'a=bundle-only'],
      ...[
        'a=setup:actpass',
        'a=setup:x',
        'a=fingerprint:sha-256',
        'a=candidate:',
        'o=',
        'o=- x y IN IP4 0',
        'c=IN IP4 0',
      ],
    ),
    fc.string({ maxLength: 30 }).map((text) => `a=${text}`),
    fc.string({ maxLength: 30 }),
  );

  test('any lines whatever: a description or a SignallingError', () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 25 }),
        fc.constantFrom(header, header + video, 'v=0\r\n', ''),
        (lines, start) => expectOnlySignallingErrors(start + lines.map((each) => `${each}\r\n`).join('')),
      ),
      { numRuns: 3000 },
    );
  });

  test("a browser's offer with lines left out, doubled and damaged", () => {
    const lines = chromium156Offer.split('\r\n');
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
      { numRuns: 500 },
    );
  });

  const LENGTH = 524_288;
  const times = <Value>(count: number, make: (index: number) => Value) =>
    Array.from({ length: count }, (_, i) => make(i));
  const fill = (text: string, length: number) => text.repeat(Math.ceil(length / text.length));
  const manySections = (count: number) => times(count, (i) => video.replace('mid:0', `mid:${i}`)).join('');
  const rtpmaps = times(128, (i) => `a=rtpmap:${i} VP8/90000\r\n`).join('');
  const allTypes = `m=video 9 RTP/AVP ${times(128, String).join(' ')}\r\n${rtpmaps}`;
  /** Of several tries, since whatever else the machine does takes time as well. */
  const bestTime = (sdp: string, enough: number): number => {
    let best = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 6 && best > enough; tries += 1) {
      const start = performance.now();
      try {
        parseDescription(sdp);
      } catch {}
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };

  test.each<[string, (length: number) => string]>([
    ['blanks', (length) => `${header}${video}a=simulcast:send${fill(' ', length)}`],
    ['one long list of rids', (length) => `${header}${video}a=rid:q send\r\na=simulcast:send ${fill('q,', length)}`],
    ['one long list of payload types', (length) => `${header}${video}a=rid:q send pt=${fill('96,', length)}`],
    [
      'long lists of payload types',
      (length) => header + video + fill(`a=rid:q send pt=${fill('1,', MAX_LINE_LENGTH / 2)}96\r\n`, length),
    ],
    [
      'long lists of rids',
      (length) => header + video + fill(`a=simulcast:send ${fill('q,', MAX_LINE_LENGTH / 2)}\r\n`, length),
    ],
    ['many rids', (length) => header + video + times(length / 18, (i) => `a=rid:${i} send\r\n`).join('')],
    ['many SSRCs', (length) => header + video + times(length / 20, (i) => `a=ssrc:${i} cname:x\r\n`).join('')],
    ['many groups', (length) => header + video + fill('a=ssrc-group:SIM 1 2 3\r\na=group:BUNDLE 0 1 2\r\n', length)],
    [
      'much said for many sections',
      (length) => header + fill('a=extmap:4 urn:x\r\na=fingerprint:sha-1 AA\r\n', length) + manySections(length / 2048),
    ],
    [
      'feedback for every payload type',
      (length) => header + allTypes + times(length / 18, (i) => `a=rtcp-fb:* x${i}\r\n`).join(''),
    ],
    ['many candidates', (length) => header + video + fill('a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n', length)],
    ['one line', (length) => `v=0\r\no=- ${fill('1', length)}`],
    ['imageattr', (length) => `${header}${video}a=imageattr:97 send ${fill('[x]', length)}`],
    ['line ends', (length) => header + fill('\r\n', length)],
  ])(
    'takes a time in proportion to the length: %s',
    (_, make) => {
      expectOnlySignallingErrors(make(LENGTH));
      // Eight times the text: eight times the time, where a step of quadratic cost would take 64 times.
      const limit = 24 * Math.max(1, bestTime(make(LENGTH / 8), 0));
      expect(bestTime(make(LENGTH), limit)).toBeLessThanOrEqual(limit);
    },
    30_000,
  );
});
