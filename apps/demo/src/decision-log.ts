// The SFU's decisions as sentences, newest first.

import type { EventTrace } from '@sluice/sfu-sim';
import { pageElement } from './page-elements.ts';

/** One event of the SFU. */
type DecisionEvent = EventTrace['events'][number];

/** Two columns of seven on a desk; a phone shows the newest seven. */
const KEPT = 14;

/** How an event is told; events of other types are not. */
const SENTENCES: Readonly<Record<string, (event: DecisionEvent) => string>> = {
  'participant-joined': ({ participant }) => `${name(participant)} joined`,
  'participant-left': ({ participant, reason }) => `${name(participant)} left (${reason})`,
  'track-published': ({ participant, track }) => `${name(participant)} publishes ${track}`,
  'track-unpublished': ({ participant, track }) => `${name(participant)} no longer publishes ${track}`,
  'layer-switch': ({ participant, rid, reason }) => `${name(participant)} gets layer ${rid ?? 'none'} (${reason})`,
  'key-frame-requested': ({ rid, reason }) => `Ada is asked for a key frame of ${rid ?? 'the track'} (${reason})`,
  'key-frame-exhausted': ({ rid }) => `Ada does not answer: no more requests for a key frame of ${rid}`,
  'message-refused': ({ participant, reason }) => `A message of ${name(participant)} is refused (${reason})`,
};

/** Writes what the SFU decides into a list of fixed height. */
export class DecisionLog {
  readonly #list = pageElement('decisions', HTMLOListElement);
  readonly #startedAt = performance.now();

  /** Takes every event of the SFU; most are packets and not told. */
  readonly record = (event: DecisionEvent): void => {
    const sentence = SENTENCES[event.type]?.(event);
    if (sentence === undefined) return;
    const item = document.createElement('li');
    const time = document.createElement('time');
    const text = document.createElement('span');
    time.textContent = `${((performance.now() - this.#startedAt) / 1000).toFixed(1)} s`;
    text.textContent = sentence;
    item.append(time, text);
    this.#list.prepend(item);
    while (this.#list.children.length > KEPT) this.#list.lastElementChild?.remove();
  };
}

function name(identity: DecisionEvent[string]): string {
  const text = String(identity);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
