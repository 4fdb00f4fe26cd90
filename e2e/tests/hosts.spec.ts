// The SFU outside the page: in a dedicated worker, and in a shared one that two pages of one origin have in common.

import { expect, test } from './harness.ts';

test('row 9: an SFU in a dedicated worker replays its key frame cache to a late joiner, behind links that can be changed', async ({
  page,
}) => {
  const result = await page.evaluate(async () => {
    const { startWorkerSfu, BarCodeSource, createRoom, view, until, errors } = window.sluice;
    const sfu = await startWorkerSfu({ seed: 7 });
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada' }));
    const publication = await ada.localParticipant.publishTrack(new BarCodeSource(), { keyframeInterval: 120_000 });
    await until('45 frames', () => (publication.stats.at(-1)?.framesEncoded ?? 0) >= 45);
    const viewer = await view(sfu, { identity: 'bob', downlink: { delay: 20 } });
    await until('thirty pictures', () => viewer.reader.seen.length >= 30);
    const bob = await sfu.participant('bob').stats();
    const layers = (await sfu.participant('ada').stats()).producers[0]?.layers ?? [];
    await sfu.participant('bob').downlink.set({ rate: 9_000 });
    await until('the suspension', () => viewer.publication.layers.rid === undefined);
    const ended = new Promise<string>((resolve) => viewer.room.on('disconnected', ({ reason }) => resolve(reason)));
    await sfu.participant('bob').downlink.set({ rate: 10_000_000 });
    ada.disconnect();
    await sfu.close('done');
    return {
      numbers: viewer.reader.seen.map(({ number }) => number ?? Number.NaN),
      packetsReplayed: bob.consumers[0]?.packetsReplayed,
      keyFramesRequested: layers.reduce((sum, layer) => sum + layer.keyFramesRequested, 0),
      ended: await ended,
      errors,
    };
  });
  expect(result.errors).toEqual([]);
  expect(result.packetsReplayed).toBeGreaterThan(0);
  expect(result.keyFramesRequested).toBe(0);
  expect(result.numbers).not.toContain(Number.NaN);
  expect(result.numbers).toEqual([...result.numbers].sort((a, b) => a - b));
  expect(result.ended).toBe('done');
});

test('row 9: two pages share the SFU in a shared worker: the late one is replayed the other’s video, and hears it go', async ({
  page,
  context,
}) => {
  const late = await context.newPage();
  const reported: string[] = [];
  late.on('console', (message) => reported.push(`${message.type()}: ${message.text()}`));
  late.on('pageerror', (error) => reported.push(String(error)));
  await late.goto('/');
  await expect(late.locator('html')).toHaveAttribute('data-ready', 'true');
  reported.length = 0;

  await page.bringToFront();
  await page.evaluate(async () => {
    const { connectToSharedSfu, BarCodeSource, createRoom, until } = window.sluice;
    const sfu = await connectToSharedSfu({ seed: 7 });
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada' }));
    const publication = await ada.localParticipant.publishTrack(new BarCodeSource(), { keyframeInterval: 120_000 });
    await until('45 frames', () => (publication.stats.at(-1)?.framesEncoded ?? 0) >= 45);
  });
  const seen = await late.evaluate(async () => {
    const { connectToSharedSfu, view, until, errors } = window.sluice;
    const sfu = await connectToSharedSfu({ seed: 7 });
    const viewer = await view(sfu, { identity: 'bob' });
    await until('thirty pictures', () => viewer.reader.seen.length >= 30);
    viewer.room.on('participantDisconnected', ({ participant, reason }) => {
      document.title = `${participant.identity} ${reason}`;
    });
    const refused = await connectToSharedSfu({ seed: 8 }).catch((error: { reason?: string }) => error.reason);
    return {
      identities: await sfu.identities(),
      packetsReplayed: (await sfu.participant('bob').stats()).consumers[0]?.packetsReplayed,
      keyFramesRequested: (await sfu.participant('ada').stats()).producers[0]?.layers.map(
        (layer) => layer.keyFramesRequested,
      ),
      numbers: viewer.reader.seen.map(({ number }) => number ?? Number.NaN),
      refused,
      errors,
    };
  });
  expect(seen.errors).toEqual([]);
  expect(seen.identities).toEqual(['ada', 'bob']);
  expect(seen.packetsReplayed).toBeGreaterThan(0);
  expect(seen.keyFramesRequested).toEqual([0, 0, 0]);
  expect(seen.numbers).not.toContain(Number.NaN);
  expect(seen.numbers).toEqual([...seen.numbers].sort((a, b) => a - b));
  expect(seen.refused).toBe('other-options');

  // A page that goes says nothing, but it is noticed at once.
  await page.close();
  await expect(late).toHaveTitle(/^ada port-closed$/, { timeout: 30_000 });
  expect(reported).toEqual([]);
});
