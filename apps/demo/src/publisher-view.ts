// Ada's tile: her picture, the choice of it, and a row for each layer she sends.

import { AdaMedia } from './ada-media.ts';
import type { Call } from './call.ts';
import { GeneratedPicture } from './generated-picture.ts';
import { pageElement } from './page-elements.ts';
import { bitrateText, countText, NONE, sizeText } from './quantities.ts';
import { RateMeter } from './rate-meter.ts';

const RIDS = ['q', 'h', 'f'] as const;

interface Row {
  readonly rid: string;
  readonly rate: RateMeter;
  readonly cells: readonly HTMLTableCellElement[];
}

/** Shows Ada, and what she sends. */
export class PublisherView {
  readonly #call: Call;
  readonly #media: AdaMedia;
  readonly #button = pageElement('camera-button', HTMLButtonElement);
  readonly #notice = pageElement('ada-notice', HTMLParagraphElement);
  readonly #canvas = pageElement('generated-picture', HTMLCanvasElement);
  readonly #camera = pageElement('camera-view', HTMLVideoElement);
  readonly #rows: readonly Row[];
  #busy = false;

  constructor(call: Call) {
    this.#call = call;
    this.#media = new AdaMedia(call.ada, new GeneratedPicture(this.#canvas), () => {
      void this.#choose('generated', 'The camera has stopped; the generated picture goes on.');
    });
    const body = pageElement('ada-layers', HTMLTableSectionElement);
    this.#rows = RIDS.map((rid) => createRow(body, rid));
    this.#button.addEventListener('click', () => {
      void this.#choose(this.#media.choice === 'camera' ? 'generated' : 'camera', '');
    });
  }

  /** Publishes the generated picture. @throws SluiceError when that fails */
  start(): Promise<void> {
    return this.#media.useGenerated();
  }

  /** Takes the newest figures. */
  update(now: number): void {
    const sent = this.#media.video?.stats ?? [];
    const received = this.#call.adaVideoLayers();
    for (const { rid, rate, cells } of this.#rows) {
      const layer = sent.find((candidate) => candidate.rid === rid);
      const asked = received.find((candidate) => candidate.rid === rid)?.keyFramesRequested;
      const bytesPerSecond = layer && rate.update(now, layer.bytesSent);
      const texts = [
        layer ? sizeText(layer.frameWidth, layer.frameHeight) : NONE,
        bitrateText(bytesPerSecond === undefined ? undefined : bytesPerSecond * 8),
        countText(layer?.keyFramesEncoded),
        countText(asked),
      ];
      texts.forEach((text, i) => {
        const cell = cells[i];
        if (cell !== undefined && cell.textContent !== text) cell.textContent = text;
      });
    }
  }

  async #choose(choice: 'generated' | 'camera', notice: string): Promise<void> {
    if (this.#busy) return;
    this.#setBusy(true);
    this.#notice.textContent = choice === 'camera' ? 'Waiting for the camera…' : notice;
    try {
      if (choice === 'camera') this.#showCamera(await this.#media.useCamera());
      else await this.#showGenerated();
      if (choice === 'camera') this.#notice.textContent = 'Nothing of it leaves this page.';
    } catch (error) {
      await this.#fallBack(error);
    }
    this.#setBusy(false);
  }

  #showCamera(stream: MediaStream): void {
    this.#camera.srcObject = stream;
    this.#camera.hidden = false;
    this.#canvas.hidden = true;
    this.#button.textContent = 'Use the generated picture';
  }

  async #showGenerated(): Promise<void> {
    this.#camera.srcObject = null;
    this.#camera.hidden = true;
    this.#canvas.hidden = false;
    this.#button.textContent = 'Use my camera and microphone';
    await this.#media.useGenerated();
  }

  /** Without a camera the generated picture stays, or comes back if it was given up already. */
  async #fallBack(error: unknown): Promise<void> {
    this.#notice.textContent = reasonText(error);
    if (this.#media.choice === 'generated') return;
    try {
      await this.#showGenerated();
    } catch (failure) {
      this.#notice.textContent = reasonText(failure);
    }
  }

  #setBusy(busy: boolean): void {
    this.#busy = busy;
    this.#button.setAttribute('aria-disabled', String(busy));
  }
}

function createRow(body: HTMLTableSectionElement, rid: string): Row {
  const row = body.insertRow();
  const header = document.createElement('th');
  header.scope = 'row';
  header.textContent = rid;
  row.append(header);
  const cells = Array.from({ length: 4 }, () => {
    const cell = row.insertCell();
    cell.textContent = NONE;
    return cell;
  });
  return { rid, rate: new RateMeter(), cells };
}

function reasonText(error: unknown): string {
  if (error instanceof DOMException && error.name === 'NotAllowedError') {
    return 'The browser does not allow the camera: the generated picture goes on.';
  }
  if (error instanceof DOMException && error.name === 'NotFoundError') {
    return 'No camera found: the generated picture goes on.';
  }
  return error instanceof Error ? error.message : String(error);
}
