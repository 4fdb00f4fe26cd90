import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../src/errors.ts';
import { acceptCodecs, matchCodec } from '../../src/sdp/codec-match.ts';
import { CODECS, MEDIA_CODECS, preferredCodecs } from '../../src/sdp/codecs.ts';
import type { CodecDescription } from '../../src/sdp/description.ts';
import { parseProfileLevelId, withLevel } from '../../src/sdp/h264-profile.ts';
import { parseParameters, writeParameters } from '../../src/sdp/parameters.ts';

const offered = (name: string, parameters?: string, clockRate = 90_000, channels?: number): CodecDescription => ({
  payloadType: 120,
  name,
  clockRate,
  ...(channels !== undefined && { channels }),
  ...(parameters !== undefined && { parameters }),
  feedback: ['goog-remb', 'nack'],
  rtxPayloadType: 121,
});
const verdict = (codec: CodecDescription) => {
  const match = matchCodec(codec, CODECS);
  return 'accepted' in match ? match.accepted.parameters : match.refused;
};

describe('the codecs described here', () => {
  test('have payload types of their own, none of which reads as RTCP (RFC 5761 §4)', () => {
    const payloadTypes = CODECS.flatMap(({ payloadType, rtxPayloadType }) =>
      rtxPayloadType === undefined ? [payloadType] : [payloadType, rtxPayloadType],
    );
    expect(new Set(payloadTypes).size).toBe(payloadTypes.length);
    for (const payloadType of payloadTypes) {
      expect((payloadType >= 35 && payloadType <= 63) || (payloadType >= 96 && payloadType <= 127)).toBe(true);
    }
  });

  test('each is matched by itself, and by no other', () => {
    for (const codec of CODECS) {
      expect(
        CODECS.filter((other) => 'accepted' in matchCodec(codec, [other])).map(({ payloadType }) => payloadType),
      ).toEqual([codec.payloadType]);
      expect(matchCodec(codec, CODECS)).toEqual({ accepted: codec, ours: codec });
    }
  });

  test('RED and FlexFEC are for those who ask', () => {
    expect(CODECS.filter((codec) => !MEDIA_CODECS.includes(codec)).map(({ name }) => name)).toEqual(['red', 'flexfec']);
  });

  test('are chosen by name, which is not case-sensitive, or by their parameters', () => {
    const types = (...preferences: Parameters<typeof preferredCodecs>[0]) =>
      preferredCodecs(preferences).map(({ payloadType }) => payloadType);
    expect(types('vp9', 'VP8')).toEqual([98, 100, 96]);
    expect(types({ name: 'VP9', parameters: 'profile-id=2' }, 'VP9', 'flexfec')).toEqual([100, 98, 118]);
    expect(() => types('FLV1')).toThrow(ArgumentError);
    expect(() => types({ name: 'VP9', parameters: 'profile-id=1' })).toThrow(
      /no codec VP9 with profile-id=1: give one of VP8/,
    );
  });
});

describe('a codec of an offer', () => {
  test('keeps its payload types, and the feedback that both know', () => {
    expect(matchCodec(offered('vp8'), CODECS)).toMatchObject({
      accepted: { payloadType: 120, name: 'vp8', clockRate: 90_000, feedback: ['nack'], rtxPayloadType: 121 },
    });
  });

  test.each([
    ['another name', offered('VP10'), 'VP10/90000 is refused: it is not spoken here.'],
    ['another clock', offered('VP8', undefined, 48_000), 'VP8/48000 is refused: it is not spoken here.'],
    ['other channels', offered('opus', undefined, 48_000, 1), 'opus/48000/1 is refused: it is not spoken here.'],
    ['another VP9 profile', offered('VP9', 'profile-id=1'), 'VP9/90000 is refused: profile-id is 1, not 2.'],
    ['another AV1 profile', offered('AV1', 'profile=1'), 'AV1/90000 is refused: profile is 1, not 0.'],
    ['RED of unknown content', offered('red', undefined, 48_000, 2), /does not say what is in it/],
    ['FlexFEC without a window', offered('flexfec'), /no repair-window/],
    ['FlexFEC of a draft', offered('flexfec-03', 'repair-window=1'), /not spoken here/],
  ])('is refused for %s', (_, codec, reason) => {
    expect(verdict(codec)).toMatch(reason);
  });

  test('VP9 and AV1 without parameters are of profile 0 (RFC 9628 §6.1, AV1 RTP specification §7.2)', () => {
    expect(verdict(offered('VP9'))).toBe('profile-id=0');
    expect(verdict(offered('VP9', 'Profile-ID=2'))).toBe('profile-id=2');
    expect(verdict(offered('AV1'))).toBe('level-idx=5;profile=0;tier=0');
    expect(verdict(offered('AV1', 'tier=1;level-idx=13'))).toBe('level-idx=5;profile=0;tier=0');
  });

  test('Opus may be stereo where the offer has stereo (RFC 7587 §7.1)', () => {
    expect(verdict(offered('OPUS', 'usedtx=1', 48_000, 2))).toBe('minptime=10;useinbandfec=1');
    expect(verdict(offered('opus', 'sprop-stereo=1', 48_000, 2))).toBe('minptime=10;useinbandfec=1;stereo=1');
  });

  test('RED needs what is inside', () => {
    const red = { ...offered('red', '111/111', 48_000, 2), payloadType: 63 };
    const opus = { ...offered('opus', undefined, 48_000, 2), payloadType: 111 };
    const names = (...codecs: CodecDescription[]) => acceptCodecs(codecs, CODECS, 'offer').map(({ name }) => name);
    expect(names(red, opus)).toEqual(['red', 'opus']);
    expect(names(red, { ...opus, payloadType: 112 })).toEqual(['opus']);
    expect(names(red)).toEqual([]);
  });

  test('the order is that of the offer or ours', () => {
    const codecs = [offered('AV1'), offered('VP9', 'profile-id=2'), offered('VP8'), offered('VP9')];
    const order = (whose: 'offer' | 'ours') => acceptCodecs(codecs, CODECS, whose).map(({ name }) => name);
    expect(order('offer')).toEqual(['AV1', 'VP9', 'VP8', 'VP9']);
    expect(order('ours')).toEqual(['VP8', 'VP9', 'VP9', 'AV1']);
  });
});

describe('H.264 (RFC 6184)', () => {
  test.each([
    ['42001f', 'baseline', 31],
    ['42e01f', 'constrained baseline', 31],
    ['42c00b', 'constrained baseline', 11],
    ['42f00b', 'constrained baseline', 10.5],
    ['42100b', 'baseline', 10.5],
    ['420009', undefined, undefined],
    ['4d001f', 'main', 31],
    ['4d8034', 'constrained baseline', 52],
    ['58a01f', 'baseline', 31],
    ['58c01f', 'constrained baseline', 31],
    ['58001f', 'extended', 31],
    ['640032', 'high', 50],
    ['640009', 'high', 10.5],
    ['640C1F', 'constrained high', 31],
    ['6e001f', 'high 10', 31],
    ['7a101f', 'high 4:2:2 intra', 31],
    ['f4001f', 'high 4:4:4 predictive', 31],
    ['2c101f', 'CAVLC 4:4:4 intra', 31],
    ['42011f', undefined, undefined],
    ['64001e0', undefined, undefined],
    ['6400zz', undefined, undefined],
    ['64000e', undefined, undefined],
  ])('profile-level-id %s (§8.1, table 5)', (text, profile, level) => {
    expect(parseProfileLevelId(text)).toEqual(profile === undefined ? undefined : { profile, level });
  });

  test('another level leaves the profile as it is', () => {
    expect(withLevel('42e01f', 42)).toBe('42e02a');
    expect(withLevel('42e01f', 10.5)).toBe('42f00b');
    expect(withLevel('42f00b', 11)).toBe('42e00b');
    expect(withLevel('64001f', 10.5)).toBe('640009');
    const id = fc.constantFrom(
      '42001f',
      '42e01f',
      '42f00b',
      '4d001f',
      '640032',
      '640009',
      '58c01f',
      '640c1f',
      'f4001f',
    );
    fc.assert(
      fc.property(id, fc.constantFrom(10, 10.5, 11, 31, 52), (text, level) => {
        expect(parseProfileLevelId(withLevel(text, level))).toEqual({ ...parseProfileLevelId(text), level });
        expect(withLevel(text, parseProfileLevelId(text)!.level)).toBe(text);
      }),
    );
  });

  const h264 = (parameters?: string) => verdict(offered('H264', parameters));

  test('packetization mode 0 and 2 are refused, and the reason says why (§5.4)', () => {
    const reason =
      'H264/90000 is refused: packetization-mode is 0, and key frames are sent in fragments (FU-A), ' +
      'which only mode 1 has without interleaving (RFC 6184 §5.4).';
    expect(h264('profile-level-id=42e01f;packetization-mode=0')).toBe(reason);
    expect(h264('profile-level-id=42e01f')).toBe(reason);
    expect(h264()).toBe(reason);
    expect(h264('profile-level-id=42e01f;packetization-mode=2')).toContain('packetization-mode is 2');
  });

  test('profiles are matched, not bytes; another profile is refused', () => {
    expect(h264('packetization-mode=1;profile-level-id=42C01F')).toBe('packetization-mode=1;profile-level-id=42c01f');
    expect(h264('packetization-mode=1;profile-level-id=4d801f')).toBe('packetization-mode=1;profile-level-id=4d801f');
    expect(h264('packetization-mode=1;profile-level-id=f4001f')).toContain('its profile is high 4:4:4 predictive');
    expect(h264('packetization-mode=1;profile-level-id=xyz')).toContain('xyz names no profile and level');
    // Nothing said means baseline at level 1.
    expect(h264('packetization-mode=1')).toBe('packetization-mode=1;profile-level-id=42000a');
  });

  test('the level is the lower one (§8.2.2), or ours where both say that it may differ', () => {
    const asymmetric = 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e0';
    expect(h264(`${asymmetric}0d`)).toBe(`${asymmetric}1f`);
    expect(h264(`${asymmetric}34`)).toBe(`${asymmetric}1f`);
    expect(h264('packetization-mode=1;profile-level-id=42e00d')).toBe('packetization-mode=1;profile-level-id=42e00d');
    expect(h264('packetization-mode=1;profile-level-id=42e034')).toBe('packetization-mode=1;profile-level-id=42e01f');
    expect(h264('level-asymmetry-allowed=0;packetization-mode=1;profile-level-id=42e00d')).toBe(
      'packetization-mode=1;profile-level-id=42e00d',
    );
  });
});

describe('H.265 (RFC 7798 §7.1 and §7.2.2)', () => {
  const h265 = (parameters?: string) => verdict(offered('H265', parameters));

  test('what is not said is main profile, main tier, level 3.1, SRST', () => {
    expect(h265()).toBe('level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST');
  });

  test('the level is the lower one', () => {
    expect(h265('level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST')).toBe(
      'level-id=153;profile-id=1;tier-flag=0;tx-mode=SRST',
    );
    expect(h265('level-id=60')).toContain('level-id=60');
    expect(h265('level-id=high')).toContain('level-id is high');
  });

  test.each([
    ['profile-id=2', 'profile-id is 2, not 1'],
    ['tier-flag=1', 'tier-flag is 1, not 0'],
    ['tx-mode=MRST', 'tx-mode is MRST, not SRST'],
    ['profile-space=1', 'profile-space is 1, not 0'],
  ])('%s is refused', (parameters, reason) => {
    expect(h265(parameters)).toContain(reason);
  });
});

describe('parameters', () => {
  test('names are not case-sensitive, blanks do not count, of two values the first counts', () => {
    expect([...parseParameters(' A=1; b = x=y ;flag;a=2;;=z')]).toEqual([
      ['a', '1'],
      ['b', 'x=y'],
      ['flag', ''],
    ]);
    expect(parseParameters(undefined).size).toBe(0);
  });

  test('are read back as written', () => {
    const name = fc.stringMatching(/^[a-z0-9-]{1,10}$/);
    const parameters = fc.uniqueArray(fc.tuple(name, fc.stringMatching(/^[!-:<-~]{0,8}$/)), {
      selector: ([key]) => key,
    });
    fc.assert(
      fc.property(parameters, (entries) => {
        expect([...parseParameters(writeParameters(new Map(entries)))]).toEqual(entries);
      }),
    );
  });
});
