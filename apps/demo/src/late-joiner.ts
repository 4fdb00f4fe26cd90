// Somebody who comes when the call is under way, and what that costs.

import { type RemoteTrack, Room } from '@sluice/client';
import { type Call, DELAY } from './call.ts';

const PATIENCE = 8000;

/** What a join was like. */
export interface LateJoin {
  /** From `connect()` to the first decoded frame, in ms. */
  readonly timeToFirstFrame: number;
  /** Key frames the SFU asked of Ada for it. */
  readonly keyFramesAsked: number;
  /** Packets that came from the key frame cache. */
  readonly packetsReplayed: number;
  /** The layer it began with. */
  readonly rid: string | undefined;
}

/** One newcomer, from its join until it leaves. */
export class LateJoiner {
  readonly identity: string;
  readonly #call: Call;
  readonly #room = new Room();
  readonly #keyframeCache: boolean;

  constructor(call: Call, identity: string, keyframeCache: boolean) {
    this.#call = call;
    this.identity = identity;
    this.#keyframeCache = keyframeCache;
  }

  /**
   * Joins, and shows Ada's video in `element`.
   *
   * @throws SluiceError when it is refused; Error when no frame comes
   */
  async join(element: HTMLVideoElement): Promise<LateJoin> {
    const { sfu } = this.#call;
    const askedBefore = this.#call.keyFramesForJoins;
    const firstFrame = this.#firstFrame(element);
    const [timeToFirstFrame] = await Promise.all([
      firstFrame,
      this.#room.connect(
        sfu.transport({
          identity: this.identity,
          keyframeCache: this.#keyframeCache,
          uplink: { delay: DELAY },
          downlink: { delay: DELAY },
        }),
      ),
    ]);
    const { consumers } = sfu.participant(this.identity).stats();
    const video = consumers.find(({ kind }) => kind === 'video');
    return {
      timeToFirstFrame,
      keyFramesAsked: this.#call.keyFramesForJoins - askedBefore,
      packetsReplayed: video?.packetsReplayed ?? 0,
      rid: video?.rid,
    };
  }

  /** Leaves the room; its video goes out of the element. */
  leave(): void {
    this.#room.disconnect();
  }

  #firstFrame(element: HTMLVideoElement): Promise<number> {
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => reject(new Error(`${this.identity} got no frame.`)), PATIENCE);
      const onTrack = (track: RemoteTrack) => {
        if (track.kind !== 'video') return;
        track.attach(element);
        track.once('firstFrame', ({ timeToFirstFrame }) => {
          clearTimeout(patience);
          resolve(timeToFirstFrame);
        });
      };
      this.#room.on('trackSubscribed', ({ track }) => onTrack(track));
      this.#room.once('disconnected', ({ reason }) => {
        clearTimeout(patience);
        reject(new Error(`${this.identity} was put out of the room: ${reason}.`));
      });
    });
  }
}
