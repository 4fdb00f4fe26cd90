// The codecs that Sluice describes, with the payload types it offers them under. None is between 64 and 95, where the
// second byte of a packet would read as RTCP's (RFC 5761 §4); 35–63 is the rest of the dynamic range (RFC 3551 §6).
//
//   45/46 AV1   63 RED   96/97 VP8   98/99 VP9 profile 0   100/101 VP9 profile 2   102/103 to 108/109 H.264
//   111 Opus   112/113 H.265   118 FlexFEC; behind the stroke, retransmissions (RFC 4588)

import { ArgumentError } from '../errors.ts';
import { payloadFormatOf } from '../payload/formats.ts';
import { AUDIO_CLOCK_RATE, VIDEO_CLOCK_RATE } from '../units.ts';
import { isSameFormat } from './codec-match.ts';
import type { CodecDescription } from './description.ts';

/** The SDP name of forward error correction (RFC 8627 §5.1.1). */
export const FLEXFEC = 'flexfec';

const VIDEO_FEEDBACK = ['nack', 'nack pli', 'ccm fir', 'transport-cc'];

/** Every codec that can be offered, in the order in which those of a kind are preferred. */
export const CODECS: readonly CodecDescription[] = [
  video('VP8', 96),
  video('VP9', 98, 'profile-id=0'),
  video('VP9', 100, 'profile-id=2'),
  // Packetization mode 1 throughout: `H264Packetizer` sends fragments (RFC 6184 §5.8).
  video('H264', 102, 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f'),
  video('H264', 104, 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f'),
  video('H264', 106, 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f'),
  video('H264', 108, 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640032'),
  video('AV1', 45, 'level-idx=5;profile=0;tier=0'),
  video('H265', 112, 'level-id=153;profile-id=1;tier-flag=0;tx-mode=SRST'),
  {
    payloadType: 111,
    name: 'opus',
    clockRate: AUDIO_CLOCK_RATE,
    channels: 2,
    parameters: 'minptime=10;useinbandfec=1',
    feedback: ['transport-cc'],
  },
  // Redundancy (RFC 2198) of what is sent as 111.
  { payloadType: 63, name: 'red', clockRate: AUDIO_CLOCK_RATE, channels: 2, parameters: '111/111', feedback: [] },
  // The window is in microseconds.
  {
    payloadType: 118,
    name: FLEXFEC,
    clockRate: VIDEO_CLOCK_RATE,
    parameters: 'repair-window=200000',
    feedback: ['transport-cc'],
  },
];

/**
 * Those that media is made of: what is taken where nothing is said. RED and FlexFEC are left to those who ask for them.
 */
export const MEDIA_CODECS: readonly CodecDescription[] = CODECS.filter(
  ({ name }) => payloadFormatOf(name) !== undefined,
);

/**
 * A codec that is wanted: by name, which stands for all its variants, or one variant by its parameters, e.g.
 * `{ name: 'VP9', parameters: 'profile-id=2' }`.
 */
export type CodecPreference = string | { readonly name: string; readonly parameters: string };

/**
 * The codecs that are wanted, in that order.
 *
 * @throws ArgumentError for one that is not among `CODECS`
 */
export function preferredCodecs(preferences: readonly CodecPreference[]): CodecDescription[] {
  const chosen = preferences.flatMap((preference) => {
    const { name, parameters } = typeof preference === 'string' ? { name: preference } : preference;
    const found = CODECS.filter(
      (codec) =>
        codec.name.toLowerCase() === name.toLowerCase() &&
        (parameters === undefined || isSameFormat({ ...codec, parameters }, codec)),
    );
    if (found.length === 0) {
      const names = [...new Set(CODECS.map((codec) => codec.name))].join(', ');
      const what = parameters === undefined ? name : `${name} with ${parameters}`;
      throw new ArgumentError(`There is no codec ${what}: give one of ${names}.`);
    }
    return found;
  });
  return [...new Set(chosen)];
}

function video(name: string, payloadType: number, parameters?: string): CodecDescription {
  return {
    payloadType,
    name,
    clockRate: VIDEO_CLOCK_RATE,
    ...(parameters && { parameters }),
    feedback: VIDEO_FEEDBACK,
    rtxPayloadType: payloadType + 1,
  };
}
