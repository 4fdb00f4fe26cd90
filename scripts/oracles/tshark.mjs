// tshark dissects our captures: nothing malformed, every checksum right, every field as we wrote it.

import { join } from 'node:path';
import { runTool, versionOf } from './run-tool.mjs';

/** @import { ExpectedCapture, OracleManifest } from './manifest.d.mts' */
/** @import { OracleReport } from './report.mjs' */

const OPTIONS = [
  '-o',
  'ip.check_checksum:TRUE',
  '-o',
  'udp.check_checksum:TRUE',
  '-o',
  'rtp.desegment_rtp_streams:FALSE',
];
const DAMAGE = '_ws.malformed || _ws.short || ip.checksum.status != 1 || udp.checksum.status != 1';
/** In Wireshark's words "warning" and above. */
const COMPLAINTS = '_ws.expert.severity >= 0x600000';

/** The first of the failures, and how many more there are. @param {readonly string[]} failures */
function summary([first = '', ...others]) {
  return others.length === 0 ? first : `${first} (and ${others.length} more)`;
}

/** Seconds from 1900 to 1970. */
const NTP_TO_UNIX = 2_208_988_800;

/**
 * @param {string} folder
 * @param {OracleManifest} manifest
 * @returns {Promise<OracleReport>}
 */
export async function checkWithTshark(folder, manifest) {
  const version = await versionOf('tshark', ['--version']);
  if (version === undefined) {
    return { oracle: 'tshark', version, install: 'apt-get install tshark', checks: [] };
  }
  const checks = [];
  for (const capture of manifest.captures) {
    const failures = [...(await complaints(folder, capture)), ...(await differences(folder, capture))];
    const { name, rows, fields, excused } = capture;
    const note = excused === undefined ? '' : ` (${excused.reason})`;
    const what = `${name}: ${rows.length} packets, ${fields.length} fields${note}`;
    checks.push(failures[0] === undefined ? { what } : { what, failure: summary(failures) });
  }
  return { oracle: 'tshark', version, install: '', checks };
}

/**
 * @param {string} folder
 * @param {ExpectedCapture} capture
 * @param {readonly string[]} args
 */
function dissect(folder, { file, decodeAs }, args) {
  const decode = decodeAs.flatMap((rule) => ['-d', rule]);
  return runTool('tshark', ['-n', '-r', join(folder, file), ...OPTIONS, ...decode, ...args]);
}

/**
 * @param {string} folder
 * @param {ExpectedCapture} capture
 */
async function complaints(folder, capture) {
  const excused = capture.excused === undefined ? '' : ` && !(${capture.excused.filter})`;
  const filter = `${DAMAGE} || (${COMPLAINTS}${excused})`;
  const print = ['-T', 'fields', '-e', 'frame.number', '-e', '_ws.expert.message', '-e', '_ws.malformed'];
  const { exitCode, stdout, stderr } = await dissect(folder, capture, ['-Y', filter, ...print]);
  if (exitCode !== 0) return [stderr.trim()];
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `complaint about packet ${line.replaceAll('\t', ' ')}`);
}

/**
 * @param {string} folder
 * @param {ExpectedCapture} capture
 */
async function differences(folder, capture) {
  const { fields, rows } = capture;
  const print = [
    '-T',
    'fields',
    '-E',
    'occurrence=a',
    '-E',
    'aggregator=,',
    ...fields.flatMap((field) => ['-e', field]),
  ];
  const { exitCode, stdout, stderr } = await dissect(folder, capture, print);
  if (exitCode !== 0) return [stderr.trim()];
  const lines = stdout.split('\n').slice(0, -1);
  if (lines.length !== rows.length) return [`${lines.length} packets instead of ${rows.length}`];
  const failures = [];
  for (const [i, line] of lines.entries()) {
    const found = line.split('\t');
    for (const [k, field] of fields.entries()) {
      const expected = rows[i]?.[k];
      const value = normalised(field, found[k] ?? '');
      if (value !== expected) failures.push(`packet ${i + 1}: ${field} is "${value}" instead of "${expected}"`);
    }
  }
  return failures;
}

/**
 * A date as seconds of NTP time.
 *
 * @param {string} _
 * @param {string} date in UTC, without fractions of a second
 * @param {string} fraction
 */
function ntpSeconds(_, date, fraction) {
  const seconds = (Date.parse(`${date} UTC`) / 1000 + NTP_TO_UNIX) % 2 ** 32;
  return `${seconds}${fraction}`;
}

/**
 * A value without what is tshark's own: dates, nanoseconds where we write microseconds, and sequence numbers of a NACK that
 * go on beyond 65535 instead of wrapping (RFC 4585 §6.2.1).
 *
 * @param {string} field
 * @param {string} value
 */
function normalised(field, value) {
  if (field === 'rtcp.xr.timestamp') return value.replaceAll(/(\w+ +\d+, \d+ [\d:]+)(\.\d+) UTC/g, ntpSeconds);
  if (field === 'frame.time_epoch') return value.replace(/(\.\d{6})000$/, '$1');
  if (field !== 'rtcp.rtpfb.nack_pid' || value === '') return value;
  return value
    .split(',')
    .map((sequence) => Number(sequence) % 0x10000)
    .join(',');
}
