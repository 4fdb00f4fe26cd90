// The scenarios of the library as they are, with real codecs in real time, judged by their `realTime` limits.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Scenario } from '@sluice/sfu-sim/bench';
import { expect, parseScenario, test } from '@sluice/sfu-sim/playwright';

const library = new URL('../../packages/sfu-sim/scenarios/', import.meta.url);

/** Of the cases in folders only one: most last minutes, and their marks are for virtual time. */
const files = [
  ...readdirSync(library, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? entry.name : [])),
  'congestion/first-estimate-3m.ts',
].sort();

for (const file of files) {
  test(file, async ({ sluice }) => {
    const scenario = await read(file);
    const run = await sluice.run(scenario);
    for (const { name, shown, heard } of run.participants) {
      console.log(`${file}: ${name} was shown ${shown.length} pictures and heard ${heard.length} pieces of audio`);
    }
    console.log(file, JSON.stringify(run.figures.summary));
    expect(run.realTime).toBe(true);
    expect(run.failures).toEqual([]);
  });
}

async function read(file: string): Promise<Scenario> {
  const url = new URL(file, library);
  if (file.endsWith('.json')) return parseScenario(readFileSync(url, 'utf8'));
  const { scenario } = (await import(fileURLToPath(url))) as { readonly scenario: Scenario };
  return scenario;
}
