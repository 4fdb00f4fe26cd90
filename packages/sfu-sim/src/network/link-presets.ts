// Paths by name, for demonstrations and scenarios.
//
// The figures are ours unless a source is named: round numbers that show what each kind of path does to a call, not
// measurements of one operator or place. For a measured path take a trace (`parseMahimahiTrace`).

import type { LinkOptions } from './link-options.ts';

/** Both directions of a path. */
export interface LinkPreset {
  /** One line for people. */
  readonly title: string;
  readonly uplink: LinkOptions;
  readonly downlink: LinkOptions;
}

/** The names of the presets. */
export type LinkPresetName = 'good' | 'lte' | 'train' | 'lossy-wifi' | 'satellite' | '9-kbit';

/** The presets by name; queues are 300 ms (RFC 8867 §5) where nothing else is said. */
export const LINK_PRESETS: Readonly<Record<LinkPresetName, LinkPreset>> = {
  good: {
    title: 'Good: 20/10 Mbit/s, 15 ms',
    uplink: { rate: 10e6, delay: 15 },
    downlink: { rate: 20e6, delay: 15 },
  },
  // A long queue and RFC 8868's jitter: what a base station with deep buffers looks like from the outside.
  lte: {
    title: 'LTE: 8/3 Mbit/s and down to a third of it, 35 ms, long queue',
    uplink: {
      rate: {
        steps: [
          [0, 3e6],
          [9000, 1e6],
          [12_000, 2e6],
        ],
        repeat: 20_000,
      },
      delay: 35,
      jitter: 'rfc8868',
      queue: 800,
    },
    downlink: {
      rate: {
        steps: [
          [0, 8e6],
          [7000, 3e6],
          [11_000, 5e6],
        ],
        repeat: 20_000,
      },
      delay: 35,
      jitter: 'rfc8868',
      queue: 800,
    },
  },
  // Capacity that comes and goes, and a tunnel of 4 s every minute, through which packets wait.
  train: {
    title: 'Train: 0 to 4 Mbit/s, tunnels, 60 ms',
    uplink: {
      rate: {
        steps: [
          [0, 1.5e6],
          [15_000, 3e5],
          [25_000, 1e6],
          [40_000, 0],
          [44_000, 5e5],
        ],
        repeat: 60_000,
      },
      delay: 60,
      jitter: { model: 'half-normal', deviation: 15 },
      loss: { p: 0.005, r: 0.25 },
      queue: 1000,
    },
    downlink: {
      rate: {
        steps: [
          [0, 4e6],
          [15_000, 6e5],
          [25_000, 2e6],
          [40_000, 0],
          [44_000, 1e6],
        ],
        repeat: 60_000,
      },
      delay: 60,
      jitter: { model: 'half-normal', deviation: 15 },
      loss: { p: 0.005, r: 0.25 },
      queue: 1000,
    },
  },
  // Gilbert–Elliott: 4 % of the packets, in bursts of 4 on average.
  'lossy-wifi': {
    title: 'Lossy Wi-Fi: 10 Mbit/s, 4 % loss in bursts, 10 ms',
    uplink: { rate: 10e6, delay: 10, jitter: { model: 'uniform', max: 20 }, loss: { p: 0.0104, r: 0.25 } },
    downlink: { rate: 10e6, delay: 10, jitter: { model: 'uniform', max: 20 }, loss: { p: 0.0104, r: 0.25 } },
  },
  // Up to a geostationary orbit at 35 786 km and down again takes light 239 ms at the least; the rest is processing.
  satellite: {
    title: 'Satellite: 10/2 Mbit/s, 280 ms',
    uplink: { rate: 2e6, delay: 280, loss: 0.002, queue: 600 },
    downlink: { rate: 10e6, delay: 280, loss: 0.002, queue: 600 },
  },
  // Less than any video needs, and less than most voice.
  '9-kbit': {
    title: '9 kbit/s, 50 ms',
    uplink: { rate: 9000, delay: 50 },
    downlink: { rate: 9000, delay: 50 },
  },
};
