// The call: an SFU inside this page, and two participants on it.

import { Room } from '@sluice/client';
import { type LayerStats, SimulatedSfu, type SimulatedSfuOptions } from '@sluice/sfu-sim';

/** Everything random in the SFU and its network follows from it. */
export const SEED = 7;

/** Longest time between two key frames of a layer: long enough for a late joiner to notice. */
export const KEYFRAME_INTERVAL = 4000;

/** One-way propagation between Ada and the SFU, in ms: she is far away, which everybody who needs a key frame of her feels. */
export const ADA_DELAY = 60;

/** One-way propagation between the others and the SFU, at the start, in ms. */
export const DELAY = 30;

/** Ada publishes, Bob subscribes. */
export class Call {
  readonly sfu: SimulatedSfu;
  readonly ada = new Room();
  readonly bob = new Room();
  #keyFramesForJoins = 0;

  constructor(tracer: NonNullable<SimulatedSfuOptions['tracer']>) {
    this.sfu = new SimulatedSfu({
      seed: SEED,
      tracer: (event) => {
        const { type, reason } = event;
        if (type === 'key-frame-requested' && (reason === 'join' || reason === 'pli')) this.#keyFramesForJoins += 1;
        tracer(event);
      },
      // Four seconds of the top layer are more packets than a cache holds by default.
      keyframeCache: { maxPackets: 2048, maxBytes: 4 * 1024 * 1024 },
    });
  }

  /** Brings both into the room. */
  async connect(): Promise<void> {
    const path = (delay: number) => ({ uplink: { delay }, downlink: { delay } });
    await Promise.all([
      this.ada.connect(this.sfu.transport({ identity: 'ada', ...path(ADA_DELAY) })),
      this.bob.connect(this.sfu.transport({ identity: 'bob', ...path(DELAY) })),
    ]);
  }

  /** Key frames asked of Ada because somebody had nothing to decode; layer switches are not among them. */
  get keyFramesForJoins(): number {
    return this.#keyFramesForJoins;
  }

  /** What the SFU gets of Ada's video, lowest layer first; empty while there is none. */
  adaVideoLayers(): readonly LayerStats[] {
    if (this.ada.state !== 'connected') return [];
    const { producers } = this.sfu.participant('ada').stats();
    return producers.find(({ kind }) => kind === 'video')?.layers ?? [];
  }
}
