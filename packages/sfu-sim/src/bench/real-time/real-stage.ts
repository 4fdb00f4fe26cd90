// The stage in a browser: real codecs, real time, pictures that are looked at.

import type { MediaCodecs } from '@sluice/client';
import { type Clock, systemClock } from '@sluice/rtp';
import type { Stage } from '../scenario/stage.ts';
import { NumberedCamera, PictureReader } from './numbered-pictures.ts';
import { ToneMicrophone } from './tone-microphone.ts';

/** A new stage, at 0 ms. Codecs are the browser's own. */
export function realStage(): Stage {
  const clock = fromNow(systemClock);
  const reader = new PictureReader();
  return {
    realTime: true,
    clock,
    codecs: (): MediaCodecs => globalThis,
    camera: (request) => new NumberedCamera(request),
    microphone: ({ clock: local }) => new ToneMicrophone(local),
    look(frame, source) {
      if (source instanceof NumberedCamera) return reader.read(frame, source);
      return { frameNumber: undefined, corrupt: false, captureTime: undefined };
    },
    runUntil: (time) => new Promise((resolve) => void clock.setTimeout(resolve, time - clock.now())),
    leaks: () => undefined,
  };
}

/** The same clock, 0 now. */
function fromNow(base: Clock): Clock {
  const origin = base.now();
  return {
    now: () => base.now() - origin,
    setTimeout: (callback, delay) => base.setTimeout(callback, delay),
    clearTimeout: (handle) => base.clearTimeout(handle),
    ...(base.soon && { soon: (callback) => base.soon?.(callback) }),
  };
}
