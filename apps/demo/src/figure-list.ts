// A list of labelled figures.

import { NONE } from './quantities.ts';

/** Shows one value for each key. */
export class FigureList<Key extends string> {
  readonly #values = new Map<Key, HTMLElement>();

  constructor(list: HTMLElement, labels: Readonly<Record<Key, string>>) {
    for (const [key, label] of Object.entries<string>(labels)) {
      const term = document.createElement('dt');
      const value = document.createElement('dd');
      const item = document.createElement('div');
      term.textContent = label;
      value.textContent = NONE;
      item.append(term, value);
      list.append(item);
      this.#values.set(key as Key, value);
    }
  }

  /** Changes a value. */
  set(key: Key, text: string): void {
    const value = this.#values.get(key);
    if (value !== undefined && value.textContent !== text) value.textContent = text;
  }
}
