// Writes captures of what our packetizers and serialisers make, and what has to be found in them.
//
//   write-captures.ts FOLDER

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { headerCapture, rtcpCapture } from './expected-captures.ts';
import { runCapture } from './expected-run.ts';
import { writeStreams } from './expected-streams.ts';
import type { OracleManifest } from './manifest.d.mts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name the folder to write to.');
mkdirSync(folder, { recursive: true });

const write = (name: string, chunks: readonly Uint8Array[]): void =>
  writeFileSync(join(folder, name), Buffer.concat(chunks));

const { captures, streams } = writeStreams(write);
const manifest: OracleManifest = {
  captures: [...captures, headerCapture(write), rtcpCapture(write), await runCapture(write)],
  streams,
};
writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
