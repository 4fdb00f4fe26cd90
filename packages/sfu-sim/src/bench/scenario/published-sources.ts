// What a participant publishes: made once, published again when it comes back.

import type { AudioSource, TrackPublishOptions, VideoSource } from '@sluice/client';
import type { Clock, Random } from '@sluice/rtp';
import type { ParticipantPlan, PublishedSource, PublishPlan } from './scenario.ts';
import type { Stage } from './stage.ts';

/** What sources are made of. */
export interface PublishedSourcesOptions {
  readonly plan: ParticipantPlan;
  readonly stage: Stage;
  readonly clock: Clock;
  readonly random: Random;
}

interface Published {
  readonly name: PublishedSource;
  readonly source: VideoSource | AudioSource;
  readonly options: TrackPublishOptions;
}

/** A participant's sources, in the order in which they are published. */
export class PublishedSources {
  readonly all: readonly Published[];

  constructor({ plan, stage, clock, random }: PublishedSourcesOptions) {
    this.all = (plan.publish ?? []).map((from): Published => {
      const {
        source: name,
        width,
        height,
        frameRate,
        ...options
      }: PublishPlan = typeof from === 'string' ? { source: from } : from;
      const own = random.fork(name);
      if (name === 'microphone') {
        return { name, source: stage.microphone({ clock, random: own }), options: { ...options, source: name } };
      }
      const screen = name === 'screen';
      const source = stage.camera({
        clock,
        random: own,
        width: width ?? (screen ? 1920 : 1280),
        height: height ?? (screen ? 1080 : 720),
        frameRate: frameRate ?? (screen ? 10 : 30),
      });
      const encodings = screen ? { encodings: [{ rid: 'f', maxBitrate: 2_500_000 }] } : {};
      return { name, source, options: { ...encodings, ...options, source: name } };
    });
  }

  /** The video of that name; `undefined`: there is none. */
  video(name: PublishedSource): VideoSource | undefined {
    const found = this.all.find((published) => published.name === name)?.source;
    return found?.kind === 'video' ? found : undefined;
  }
}
