import type { PayloadInfo } from '@sluice/rtp';
import { expect, test } from 'vitest';
import { FrameLayers } from '../../src/sfu/frame-layers.ts';

const info = (temporalLayer: number): PayloadInfo => ({
  frameStart: true,
  keyFrameStart: false,
  temporalLayer,
  layerSync: false,
});
const fragment: PayloadInfo = { ...info(0), frameStart: false, continued: true };

test('a fragment has the layer of the packet it continues, also with other frames between them', () => {
  const layers = new FrameLayers();
  expect(layers.layerOf({ timestamp: 3000 }, info(2))).toBe(2);
  expect(layers.layerOf({ timestamp: 3000 }, fragment)).toBe(2);
  expect(layers.layerOf({ timestamp: 6000 }, info(0))).toBe(0);
  expect(layers.layerOf({ timestamp: 9000 }, info(1))).toBe(1);
  expect(layers.layerOf({ timestamp: 3000 }, fragment)).toBe(2);
  expect(layers.layerOf({ timestamp: 9000 }, fragment)).toBe(1);
});

test('a fragment of a frame nothing is known of, or not any more, is taken for one of the lowest layer', () => {
  const layers = new FrameLayers();
  expect(layers.layerOf({ timestamp: 3000 }, fragment)).toBe(0);
  layers.layerOf({ timestamp: 3000 }, info(2));
  for (let frame = 2; frame < 20; frame++) layers.layerOf({ timestamp: 3000 * frame }, info(1));
  expect(layers.layerOf({ timestamp: 3000 }, fragment)).toBe(0);
  expect(layers.layerOf({ timestamp: 3000 * 19 }, fragment)).toBe(1);
});
