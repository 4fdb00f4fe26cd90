// `npm run test:oracles`: other programs read what we write. tshark dissects captures, GStreamer and ffmpeg put frames
// together. What is not installed is skipped; nothing is installed.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkWithFfmpeg } from './oracles/ffmpeg.mjs';
import { checkWithGstreamer } from './oracles/gstreamer.mjs';
import { printReports } from './oracles/report.mjs';
import { checkWithTshark } from './oracles/tshark.mjs';
import { runTypeScript } from './run-typescript.mjs';

const folder = mkdtempSync(join(tmpdir(), 'sluice-oracles-'));
try {
  const exitCode = await runTypeScript('scripts/oracles/write-captures.ts', [folder]);
  if (exitCode !== 0) throw new Error('The captures could not be written.');
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const reports = [
    await checkWithTshark(folder, manifest),
    await checkWithGstreamer(folder, manifest),
    await checkWithFfmpeg(folder, manifest),
  ];
  if (!printReports(reports)) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
