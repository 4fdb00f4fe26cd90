export * from './synthetic-codecs.ts';
export { contentOf, OpenFrameCount, type SyntheticContent } from './synthetic-frames.ts';
export * from './synthetic-media.ts';
export * from './virtual-clock.ts';
