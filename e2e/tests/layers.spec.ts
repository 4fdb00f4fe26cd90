// A layer switch takes place at a key frame of the new layer, and nobody sees it but in the size.

import { expect, test } from './harness.ts';

test('row 20: setPreferredLayers q → f → q: the size changes at a key frame, in order and without an error', async ({
  page,
}) => {
  const result = await page.evaluate(async () => {
    const { SimulatedSfu, BarCodeSource, createRoom, view, until, errors } = window.sluice;
    const sfu = new SimulatedSfu({ seed: 7 });
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada' }));
    const publication = await ada.localParticipant.publishTrack(new BarCodeSource({ width: 1280, height: 720 }));
    await until('every encoding', () => publication.stats.every(({ framesEncoded }) => framesEncoded > 0));
    const bob = await view(sfu, { identity: 'bob' });
    const { seen } = bob.reader;
    const switches: (string | undefined)[] = [];
    bob.room.on('trackLayersChanged', ({ publication }) => switches.push(publication.layers.rid));
    const widths: [string, number][] = [];
    for (const [rid, width] of [
      ['q', 320],
      ['f', 1280],
      ['q', 320],
    ] as const) {
      await bob.publication.setPreferredLayers({ rid });
      await until(`pictures ${width} wide`, () => seen.at(-1)?.width === width);
      const since = seen.length;
      await until('10 more', () => seen.length >= since + 10);
      widths.push([rid, seen.at(-1)?.width ?? 0]);
    }
    const { stats } = bob.track;
    ada.disconnect();
    bob.room.disconnect();
    return { seen, switches, widths, stats, errors };
  });
  expect(result.errors).toEqual([]);
  expect(result.widths).toEqual([
    ['q', 320],
    ['f', 1280],
    ['q', 320],
  ]);
  expect(result.switches.slice(-3)).toEqual(['q', 'f', 'q']);
  const numbers = result.seen.map(({ number }) => number ?? Number.NaN);
  expect(numbers).not.toContain(Number.NaN);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  const changes = result.seen.filter(({ width }, i) => i > 0 && width !== result.seen[i - 1]?.width).length;
  expect(result.stats.keyFramesDecoded).toBeGreaterThan(changes);
  expect(result.stats.decoderErrors).toBe(0);
  expect(result.stats.packetsDiscarded).toBe(0);
});
