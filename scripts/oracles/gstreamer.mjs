// GStreamer's depacketizers make frames of our packets: the same frames, byte for byte.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTool, versionOf } from './run-tool.mjs';

/** @import { ExpectedStream, OracleManifest } from './manifest.d.mts' */
/** @import { OracleCheck, OracleReport } from './report.mjs' */

/**
 * The depacketizer of each codec, what has to come out of it, and the package that has it.
 *
 * @type {Readonly<Record<string, { element: string, caps?: string, from: string }>>}
 */
const DEPACKETIZERS = {
  VP8: { element: 'rtpvp8depay', from: 'gstreamer1.0-plugins-good' },
  VP9: { element: 'rtpvp9depay', from: 'gstreamer1.0-plugins-good' },
  H264: {
    element: 'rtph264depay',
    caps: 'video/x-h264,stream-format=byte-stream,alignment=au',
    from: 'gstreamer1.0-plugins-good',
  },
  H265: {
    element: 'rtph265depay',
    caps: 'video/x-h265,stream-format=byte-stream,alignment=au',
    from: 'gstreamer1.0-plugins-good',
  },
  AV1: {
    element: 'rtpav1depay',
    caps: 'video/x-av1,stream-format=obu-stream,alignment=tu',
    from: 'gst-plugins-rs, which Debian 12 does not package',
  },
  opus: { element: 'rtpopusdepay', from: 'gstreamer1.0-plugins-good' },
};

/**
 * @param {string} folder
 * @param {OracleManifest} manifest
 * @returns {Promise<OracleReport>}
 */
export async function checkWithGstreamer(folder, manifest) {
  const install = 'apt-get install gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good';
  const version = await versionOf('gst-launch-1.0', ['--version']);
  const checks = [];
  for (const stream of version === undefined ? [] : manifest.streams) checks.push(await check(folder, stream));
  return { oracle: 'GStreamer', version, install, checks };
}

/**
 * @param {string} folder
 * @param {ExpectedStream} stream
 * @returns {Promise<OracleCheck>}
 */
async function check(folder, stream) {
  const { name, codec, payloadType, clockRate, file, frames } = stream;
  const what = `${name}: ${frames.length} frames`;
  const depacketizer = DEPACKETIZERS[codec];
  if (depacketizer === undefined) return { what, skipped: `no depacketizer of ${codec} is known here` };
  const { element, caps, from } = depacketizer;
  for (const [needed, origin] of [
    ['rtpstreamdepay', 'gstreamer1.0-plugins-good'],
    ['multifilesink', 'gstreamer1.0-plugins-good'],
    [element, from],
  ]) {
    const { exitCode } = await runTool('gst-inspect-1.0', ['--exists', needed ?? '']);
    if (exitCode !== 0) return { what, skipped: `${needed} is not there: it is in ${origin}` };
  }
  const output = join(folder, `gstreamer-${name}`);
  mkdirSync(output);
  const media = codec === 'opus' ? 'audio' : 'video';
  const { exitCode, stderr } = await runTool('gst-launch-1.0', [
    '-q',
    ...['filesrc', `location=${join(folder, file)}`, '!'],
    `application/x-rtp-stream,media=${media},clock-rate=${clockRate},encoding-name=${codec.toUpperCase()},payload=${payloadType}`,
    ...['!', 'rtpstreamdepay', '!', element, '!'],
    ...(caps === undefined ? [] : [caps, '!']),
    ...['multifilesink', 'next-file=buffer', `location=${join(output, '%06d')}`],
  ]);
  if (exitCode !== 0) return { what, failure: stderr.trim() };
  const found = readdirSync(output)
    .sort()
    .map((each) =>
      createHash('sha256')
        .update(readFileSync(join(output, each)))
        .digest('hex'),
    );
  if (found.length !== frames.length) return { what, failure: `${found.length} frames instead of ${frames.length}` };
  const different = found.findIndex((hash, i) => hash !== frames[i]);
  return different < 0 ? { what } : { what, failure: `frame ${different} differs` };
}
