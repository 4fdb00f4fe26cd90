// The two buttons for joining late, the figures of the last join of each kind, and the newest joiner's video.

import { type Call, KEYFRAME_INTERVAL } from './call.ts';
import { FigureList } from './figure-list.ts';
import { KeyFrameWatch } from './key-frame-watch.ts';
import { type LateJoin, LateJoiner } from './late-joiner.ts';
import { pageElement } from './page-elements.ts';
import { countText, durationText, NONE } from './quantities.ts';

const STAY = 6000;
const POLL = 50;

const LABELS = {
  time: 'First frame after',
  asked: 'Key frames asked',
  replayed: 'Packets replayed',
  rid: 'Began with layer',
  age: 'Key frame age',
} as const;

/** One of the two ways to join. */
interface Case {
  readonly identity: string;
  readonly name: string;
  readonly keyframeCache: boolean;
  readonly button: HTMLButtonElement;
  readonly bar: HTMLElement;
  readonly figures: FigureList<keyof typeof LABELS>;
  time: number | undefined;
}

/** Lets people join late, one at a time. */
export class LateJoinView {
  readonly #call: Call;
  /** By layer, lowest first. */
  readonly #watches = new Map<string | undefined, KeyFrameWatch>();
  readonly #cases: readonly Case[];
  readonly #video = pageElement('joiner-view', HTMLVideoElement);
  readonly #waiting = pageElement('joiner-waiting', HTMLParagraphElement);
  readonly #name = pageElement('joiner-name', HTMLElement);
  readonly #notice = pageElement('late-notice', HTMLParagraphElement);
  #present: LateJoiner | undefined;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #busy = false;

  constructor(call: Call) {
    this.#call = call;
    this.#cases = [joinCase('with', 'Cleo', true), joinCase('without', 'Dora', false)];
    for (const joinCase of this.#cases) {
      joinCase.button.addEventListener('click', () => void this.#join(joinCase));
    }
  }

  /** Notes which key frames have come. To be called every few milliseconds. */
  update(now: number): void {
    for (const layer of this.#call.adaVideoLayers()) {
      const watch = this.#watches.get(layer.rid) ?? new KeyFrameWatch(KEYFRAME_INTERVAL);
      this.#watches.set(layer.rid, watch);
      watch.update(now, layer);
    }
  }

  async #join(joining: Case): Promise<void> {
    if (this.#busy) return;
    this.#setBusy(true);
    this.#leave();
    this.#waiting.hidden = false;
    this.#waiting.textContent = `${joining.name} waits for a moment between two key frames…`;
    await this.#betweenKeyFrames();
    const joinedAt = performance.now();
    this.#waiting.textContent = `${joining.name} joins…`;
    const joiner = new LateJoiner(this.#call, joining.identity, joining.keyframeCache);
    this.#present = joiner;
    try {
      this.#show(joining, await joiner.join(this.#video), joinedAt);
      this.#leaving = setTimeout(() => this.#leave(), STAY);
    } catch (error) {
      this.#leave();
      this.#notice.textContent = error instanceof Error ? error.message : String(error);
    }
    this.#setBusy(false);
  }

  /**
   * Waits for a moment at which neither of the upper layers has just had a key frame or is about to. The layers take turns:
   * for three there is no such moment, and hardly anybody begins with the lowest.
   */
  async #betweenKeyFrames(): Promise<void> {
    while (![...this.#watches.values()].slice(-2).every((watch) => watch.isBetween(performance.now()))) {
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  }

  #show(joined: Case, result: LateJoin, joinedAt: number): void {
    joined.time = result.timeToFirstFrame;
    joined.figures.set('time', durationText(result.timeToFirstFrame));
    joined.figures.set('asked', countText(result.keyFramesAsked));
    joined.figures.set('replayed', countText(result.packetsReplayed));
    joined.figures.set('rid', result.rid ?? NONE);
    joined.figures.set('age', durationText(this.#watches.get(result.rid)?.ageAt(joinedAt)));
    const longest = Math.max(...this.#cases.map(({ time }) => time ?? 0));
    for (const { bar, time } of this.#cases) bar.style.setProperty('--share', String((time ?? 0) / longest));
    this.#waiting.hidden = true;
    this.#name.textContent = `${joined.name}, ${joined.keyframeCache ? 'with' : 'without'} the cache, leaves in six seconds`;
    const asked = result.keyFramesAsked === 1 ? 'one key frame' : `${result.keyFramesAsked || 'no'} key frames`;
    this.#notice.textContent =
      `${joined.name} saw the first frame after ${durationText(result.timeToFirstFrame)}. ` +
      `Ada was asked for ${asked}; ${result.packetsReplayed} packets came from the cache.`;
  }

  #leave(): void {
    clearTimeout(this.#leaving);
    if (this.#present === undefined) return;
    this.#present.leave();
    this.#present = undefined;
    this.#waiting.hidden = false;
    this.#waiting.textContent = 'The newcomer has left';
    this.#name.textContent = 'Leaves again after six seconds';
  }

  /** The buttons keep the focus, so they are not `disabled`. */
  #setBusy(busy: boolean): void {
    this.#busy = busy;
    for (const { button } of this.#cases) button.setAttribute('aria-disabled', String(busy));
  }
}

function joinCase(id: 'with' | 'without', name: string, keyframeCache: boolean): Case {
  return {
    identity: name.toLowerCase(),
    name,
    keyframeCache,
    button: pageElement(`join-${id}`, HTMLButtonElement),
    bar: pageElement(`bar-${id}`, HTMLElement),
    figures: new FigureList(pageElement(`late-${id}`, HTMLDListElement), LABELS),
    time: undefined,
  };
}
