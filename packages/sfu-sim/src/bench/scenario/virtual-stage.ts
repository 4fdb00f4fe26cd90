// The stage in virtual time: as fast as the machine can, the same in Node and in a browser.

import { syntheticCodecs } from '../synthetic-codecs.ts';
import type { OpenFrameCount } from '../synthetic-frames.ts';
import { contentOf, OpenFrameCount as FrameCount } from '../synthetic-frames.ts';
import { syntheticCamera, syntheticMicrophone } from '../synthetic-media.ts';
import { VirtualClock } from '../virtual-clock.ts';
import type { Stage } from './stage.ts';

/** A new stage, at 0 ms. */
export function virtualStage(): Stage {
  const clock = new VirtualClock();
  const openFrames: OpenFrameCount = new FrameCount();
  return {
    realTime: false,
    clock,
    codecs: (local, random) => syntheticCodecs({ clock: local, random, openFrames }),
    camera: (request) => syntheticCamera({ ...request, codecs: { openFrames } }),
    microphone: (request) => syntheticMicrophone({ ...request, codecs: { openFrames } }),
    look(frame) {
      const { frameNumber, corrupt, captureTime } = contentOf(frame);
      return { frameNumber, corrupt, captureTime };
    },
    runUntil: (time) => clock.runUntil(time),
    leaks: () => ({
      open: openFrames.open,
      closedTwice: openFrames.closedTwice,
      usedAfterClose: openFrames.usedAfterClose,
    }),
  };
}
