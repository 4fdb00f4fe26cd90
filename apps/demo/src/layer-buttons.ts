// The gates: which layer Bob may get at most, and which one flows.

import type { RemoteTrackPublication, Room } from '@sluice/client';
import { pageElement } from './page-elements.ts';

/** A pressed button stands for what the SFU forwards; the mark below one for what Bob wants. */
export class LayerButtons {
  readonly #buttons: readonly HTMLButtonElement[];
  readonly #onRefused: (message: string) => void;
  #publication: RemoteTrackPublication | undefined;
  /** Empty for no limit. */
  #wanted = '';

  /** @param onRefused - a wish was not granted, in a sentence for people */
  constructor(room: Room, onRefused: (message: string) => void) {
    this.#onRefused = onRefused;
    this.#buttons = [...pageElement('layer-buttons', HTMLFieldSetElement).querySelectorAll('button')];
    for (const button of this.#buttons) {
      button.addEventListener('click', () => void this.#want(button.dataset['rid'] ?? ''));
    }
    room.on('trackSubscribed', ({ publication }) => {
      if (publication.kind !== 'video') return;
      this.#publication = publication;
      // A new publication knows nothing of what was wanted of the one before.
      if (this.#wanted !== '') void this.#want(this.#wanted);
    });
    room.on('trackUnsubscribed', ({ publication }) => {
      if (publication === this.#publication) this.#publication = undefined;
      this.#show();
    });
    room.on('trackLayersChanged', () => this.#show());
    this.#show();
  }

  async #want(rid: string): Promise<void> {
    this.#wanted = rid;
    this.#show();
    try {
      await this.#publication?.setPreferredLayers(rid === '' ? {} : { rid });
    } catch (error) {
      this.#onRefused(error instanceof Error ? error.message : String(error));
    }
  }

  #show(): void {
    const forwarded = this.#publication?.layers.rid;
    for (const button of this.#buttons) {
      const rid = button.dataset['rid'];
      const isOn = rid === '' ? this.#wanted === '' : rid === forwarded;
      button.setAttribute('aria-pressed', String(isOn));
      button.toggleAttribute('data-wanted', rid === this.#wanted);
    }
  }
}
