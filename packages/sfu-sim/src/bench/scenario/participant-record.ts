// What one participant saw, heard and was told.

import type { Milliseconds } from '@sluice/rtp';
import type { PublishedSource } from './scenario.ts';

/** A picture that was shown. */
export interface ShownFrame {
  /** When, in ms since the scenario began. */
  readonly at: Milliseconds;
  readonly publisher: string;
  readonly source: PublishedSource;
  /** Its number at its source, from 0; `undefined` where it is too damaged to tell. */
  readonly frameNumber: number | undefined;
  readonly width: number;
  readonly height: number;
  readonly corrupt: boolean;
  /** From capture to display; `undefined` where it is too damaged to tell. */
  readonly delay: Milliseconds | undefined;
}

/** A participant's part of a run: plain data. */
export interface ParticipantRecord {
  readonly name: string;
  /** In the order in which they were shown. */
  readonly shown: readonly ShownFrame[];
  /** When each piece of audio was heard. */
  readonly heard: readonly Milliseconds[];
  /** What its rooms reported, and what it tried in vain. */
  readonly errors: readonly { readonly at: Milliseconds; readonly message: string }[];
  /** When its rooms were left, and why. */
  readonly disconnections: readonly { readonly at: Milliseconds; readonly reason: string }[];
}
