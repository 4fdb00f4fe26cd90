// ffmpeg receives our packets over UDP, as an SDP tells it, and makes the same frames of them.

import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runTool, versionOf } from './run-tool.mjs';

/** @import { ExpectedStream, OracleManifest } from './manifest.d.mts' */
/** @import { OracleCheck, OracleReport } from './report.mjs' */

const HOST = '127.0.0.1';
/** How long ffmpeg may take to listen. */
const START_LIMIT_MS = 10_000;
/**
 * The file format from which each codec's frames can be taken out again; no others are compared. ffmpeg 5.1 makes no
 * frame of VP9 as RFC 9628 has it, has no depacketizer for AV1, and does not write H.265 of made-up content.
 *
 * @type {Readonly<Record<string, 'ivf' | 'h264'>>}
 */
const FORMATS = { VP8: 'ivf', H264: 'h264' };

/**
 * @param {string} folder
 * @param {OracleManifest} manifest
 * @returns {Promise<OracleReport>}
 */
export async function checkWithFfmpeg(folder, manifest) {
  const version = await versionOf('ffmpeg', ['-version']);
  const checks = [];
  for (const stream of version === undefined ? [] : manifest.streams) {
    const format = FORMATS[stream.codec];
    if (format !== undefined) checks.push(await check(folder, stream, format));
  }
  return { oracle: 'ffmpeg', version, install: 'apt-get install ffmpeg', checks };
}

/**
 * @param {string} folder
 * @param {ExpectedStream} stream
 * @param {'ivf' | 'h264'} format
 * @returns {Promise<OracleCheck>}
 */
async function check(folder, { name, file, sdp, frames, all }, format) {
  const what = `${name}: ${frames.length} frames`;
  const port = await freePort();
  const description = join(folder, `${name}.sdp`);
  const output = join(folder, `ffmpeg-${name}`);
  writeFileSync(description, sdp.replace('PORT', String(port)));
  const run = runTool('ffmpeg', [
    ...['-nostdin', '-loglevel', 'error', '-protocol_whitelist', 'file,rtp,udp', '-reorder_queue_size', '0'],
    ...['-analyzeduration', '0', '-probesize', '32', '-i', description, '-c', 'copy', '-f', format, output],
  ]);
  if (!(await isListening(port, run))) return { what, failure: `ffmpeg does not listen: ${(await run).stderr.trim()}` };
  await send(port, readFileSync(join(folder, file)));
  const { exitCode, stderr } = await run;
  if (exitCode !== 0) return { what, failure: stderr.trim() };
  const bytes = readFileSync(output);
  const found = format === 'ivf' ? ivfFrames(bytes) : [bytes];
  const expected = format === 'ivf' ? frames : [all];
  if (found.length !== expected.length)
    return { what, failure: `${found.length} frames instead of ${expected.length}` };
  const different = found.findIndex((frame, i) => createHash('sha256').update(frame).digest('hex') !== expected[i]);
  return different < 0 ? { what } : { what, failure: `frame ${different} differs` };
}

/** The data of each frame behind the headers of an IVF file. @param {Buffer} file */
function ivfFrames(file) {
  const frames = [];
  for (let offset = file.readUInt16LE(6); offset < file.length; ) {
    const start = offset + 12;
    offset = start + file.readUInt32LE(offset);
    frames.push(file.subarray(start, offset));
  }
  return frames;
}

/** Binds the port and lets it go again. @param {number} port 0 for any @returns {Promise<number | undefined>} the port that was free */
function tryPort(port) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(undefined));
    socket.bind({ port, address: HOST, exclusive: true }, () => {
      const bound = socket.address().port;
      socket.close(() => resolve(bound));
    });
  });
}

/** An even port that is free, and the one behind it for RTCP too. */
async function freePort() {
  for (;;) {
    const port = await tryPort(0);
    if (port === undefined) throw new Error('No UDP port is free.');
    if (port % 2 === 0 && (await tryPort(port + 1)) !== undefined) return port;
  }
}

/**
 * Waits until ffmpeg has bound both ports.
 *
 * @param {number} port
 * @param {Promise<unknown>} run
 */
async function isListening(port, run) {
  let ended = false;
  void run.then(() => {
    ended = true;
  });
  for (let waited = 0; waited < START_LIMIT_MS && !ended; waited += 20) {
    if ((await tryPort(port)) === undefined && (await tryPort(port + 1)) === undefined) return true;
    await sleep(20);
  }
  return false;
}

/**
 * Sends the packets, then a goodbye, upon which ffmpeg ends.
 *
 * @param {number} port
 * @param {Buffer} packets each behind its length
 */
async function send(port, packets) {
  const socket = createSocket('udp4');
  /** @param {Uint8Array} bytes @param {number} to */
  const sendTo = (bytes, to) =>
    new Promise((resolve, reject) => {
      socket.send(bytes, to, HOST, (error) => (error === null ? resolve(undefined) : reject(error)));
    });
  /** @type {Uint8Array} */
  let ssrc = new Uint8Array(4);
  for (let offset = 0; offset < packets.length; ) {
    const end = offset + 2 + packets.readUInt16BE(offset);
    const packet = packets.subarray(offset + 2, end);
    ssrc = packet.subarray(8, 12);
    await sendTo(packet, port);
    // Slower than the receiver, whose socket holds some 200 kB.
    await sleep(1);
    offset = end;
  }
  const goodbye = Buffer.concat([Buffer.from('80c90001', 'hex'), ssrc, Buffer.from('81cb0001', 'hex'), ssrc]);
  await sendTo(goodbye, port + 1);
  socket.close();
}
