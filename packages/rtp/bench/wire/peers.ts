// The libraries to compare with, as they are installed.

import { readFileSync } from 'node:fs';

/** Their names with versions. */
export const PEERS = { rtpJs: named('rtp.js'), werift: named('werift') } as const;

/** @param library - below node_modules of the repository, which is the working directory */
function named(library: string): string {
  const { version } = JSON.parse(readFileSync(`node_modules/${library}/package.json`, 'utf8')) as { version: string };
  return `${library} ${version}`;
}
