// Chromium encodes RGB pictures as full-range BT.709 and decodes VP8 as limited-range BT.601 unless it is told: the colour
// space has to travel with the stream.

import { expect, test } from './harness.ts';

test('colours arrive as they left, also after a late join and on every layer', async ({ page }) => {
  const result = await page.evaluate(async () => {
    const { SimulatedSfu, createRoom, view, until, errors } = window.sluice;
    const painted = [
      [200, 30, 40],
      [20, 160, 60],
      [30, 60, 190],
      [11, 47, 58],
    ];
    const canvas = new OffscreenCanvas(640, 360);
    const context = canvas.getContext('2d')!;
    painted.forEach(([red, green, blue], i) => {
      context.fillStyle = `rgb(${red}, ${green}, ${blue})`;
      context.fillRect(160 * i, 0, 160, 360);
    });
    let timer: ReturnType<typeof setInterval>;
    let count = 0;
    const source = {
      kind: 'video' as const,
      width: 640,
      height: 360,
      frameRate: 30,
      start(onFrame: (frame: VideoFrame) => void) {
        timer = setInterval(() => onFrame(new VideoFrame(canvas, { timestamp: 33_333 * count++ })), 33);
      },
      stop: () => clearInterval(timer),
    };
    const sfu = new SimulatedSfu({ seed: 7 });
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada' }));
    await ada.localParticipant.publishTrack(source);
    const seen: { rid: string; colours: number[][] }[] = [];
    for (const rid of ['q', 'h', 'f']) {
      const viewer = await view(sfu, { identity: `viewer of ${rid}` });
      const reading = new OffscreenCanvas(640, 360).getContext('2d', { willReadFrequently: true })!;
      let drawn = 0;
      viewer.track.addSink({
        write(frame) {
          if (viewer.publication.layers.rid === rid && frame.displayWidth === { q: 160, h: 320, f: 640 }[rid]) {
            reading.drawImage(frame, 0, 0, 640, 360);
            drawn += 1;
          }
          frame.close();
        },
      });
      await viewer.publication.setPreferredLayers({ rid });
      await until(`pictures of ${rid}`, () => drawn >= 5);
      const colours = painted.map((_, i) => [...reading.getImageData(160 * i + 80, 180, 1, 1).data.slice(0, 3)]);
      seen.push({ rid, colours });
      viewer.room.disconnect();
    }
    ada.disconnect();
    return { painted, seen, errors };
  });
  expect(result.errors).toEqual([]);
  for (const { rid, colours } of result.seen) {
    const errors = colours.flatMap((colour, i) =>
      colour.map((value, channel) => Math.abs(value - (result.painted[i]?.[channel] ?? 0))),
    );
    const mean = errors.reduce((sum, error) => sum + error) / errors.length;
    console.log(`${rid}: mean error ${mean.toFixed(1)} of 255`);
    // The quantiser alone makes about 3; read as limited range it would be about 9.
    expect(mean, `${rid}: ${JSON.stringify(colours)}`).toBeLessThan(6);
  }
});
