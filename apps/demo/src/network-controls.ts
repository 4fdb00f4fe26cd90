// Bob's downlink in three sliders.

import { type Call, DELAY } from './call.ts';
import { rateAt, UNLIMITED_POSITION } from './link-rate-scale.ts';
import { pageElement } from './page-elements.ts';
import { bitrateText, durationText, shareText } from './quantities.ts';

/** Puts what the sliders say on the link, at once. */
export class NetworkControls {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
    const rate = pageElement('rate', HTMLInputElement);
    rate.min = '0';
    rate.max = String(UNLIMITED_POSITION);
    this.#bind('rate', UNLIMITED_POSITION, (position) => ({ rate: rateAt(position) }));
    this.#bind('delay', DELAY, (delay) => ({ delay }));
    this.#bind('loss', 0, (percent) => ({ loss: percent / 100 }));
  }

  #bind(
    id: 'rate' | 'delay' | 'loss',
    start: number,
    change: (value: number) => { rate?: number; delay?: number; loss?: number },
  ): void {
    const slider = pageElement(id, HTMLInputElement);
    const output = pageElement(`${id}-value`, HTMLOutputElement);
    slider.value = String(start);
    const apply = () => {
      const { rate, delay, loss } = change(slider.valueAsNumber);
      if (rate !== undefined) output.value = bitrateText(rate);
      else if (delay !== undefined) output.value = durationText(delay);
      else output.value = shareText(loss);
      slider.setAttribute('aria-valuetext', output.value);
      if (this.#call.sfu.identities.includes('bob')) {
        this.#call.sfu.participant('bob').downlink.set(change(slider.valueAsNumber));
      }
    };
    slider.addEventListener('input', apply);
    apply();
  }
}
