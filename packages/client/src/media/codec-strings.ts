// The codecs this client speaks: their names in SDP and in WebCodecs.

/** WebCodecs' codec string by SDP name. */
export const CODEC_STRINGS: ReadonlyMap<string, string> = new Map([
  ['VP8', 'vp8'],
  ['opus', 'opus'],
]);
