// What can go wrong in a scenario, each at a moment.

import type { Milliseconds } from '@sluice/rtp';
import type { PublishedSource, ScenarioLink } from './scenario.ts';

interface At {
  /** When, in ms since the scenario began. */
  readonly at: Milliseconds;
}

interface AtParticipant extends At {
  readonly participant: string;
}

interface During extends AtParticipant {
  /** For how long, in ms. */
  readonly duration: Milliseconds;
}

/** Nothing passes: packets are lost, messages wait. */
export interface LinkDown extends During {
  readonly type: 'link-down';
  /** Default `both`. */
  readonly direction?: 'uplink' | 'downlink' | 'both';
}

/** A link is another one from now on. Timelines in it count from the beginning of the scenario. */
export interface LinkChange extends AtParticipant {
  readonly type: 'link-change';
  readonly direction: 'uplink' | 'downlink';
  /** What changes: see `LinkOptions`. Bottlenecks are fixed. */
  readonly options: ScenarioLink;
}

/** The SFU stops with all its transports, and another one takes its place, to which everybody comes back. */
export interface SfuRestart extends At {
  readonly type: 'sfu-restart';
  /** After how many ms the participants come back. Default 500. */
  readonly downtime?: Milliseconds;
}

/** A publisher vanishes without a word: no message, no packet, no end of its transport. */
export interface PublisherCrash extends AtParticipant {
  readonly type: 'publisher-crash';
  /** Whether it comes back, and after how many ms. Default: it does not. */
  readonly rejoinAfter?: Milliseconds;
}

/** The page goes to the background: its timers fire once a second, as in Chromium. */
export interface TabHidden extends During {
  readonly type: 'tab-hidden';
}

/** The video encoders do nothing, and do it all afterwards. */
export interface EncoderStall extends During {
  readonly type: 'encoder-stall';
}

/** A publisher mutes what it publishes, and goes on with it afterwards. */
export interface Mute extends During {
  readonly type: 'mute';
  /** What. Default all. */
  readonly source?: PublishedSource;
}

/** Every video decoder reports an error and closes. */
export interface DecoderError extends AtParticipant {
  readonly type: 'decoder-error';
}

/** A participant's clock is ahead of the others' by `skew` ms more from now on, and faster by `drift` ppm. */
export interface ClockFault extends AtParticipant {
  readonly type: 'clock';
  /** 0 or more, as no clock goes back. Default 0. */
  readonly skew?: Milliseconds;
  /** Parts per million, -100 000 to 100 000. Default 0. */
  readonly drift?: number;
}

/** Something that goes wrong. */
export type Fault =
  | LinkDown
  | LinkChange
  | SfuRestart
  | PublisherCrash
  | TabHidden
  | EncoderStall
  | Mute
  | DecoderError
  | ClockFault;
