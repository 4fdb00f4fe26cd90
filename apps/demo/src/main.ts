// The demo: a call inside one page, and what can be done to it.

import { whatIsMissing } from './browser-support.ts';
import { Call, SEED } from './call.ts';
import { DecisionLog } from './decision-log.ts';
import { LateJoinView } from './late-join-view.ts';
import { NetworkControls } from './network-controls.ts';
import { pageElement } from './page-elements.ts';
import { PublisherView } from './publisher-view.ts';
import { SubscriberView } from './subscriber-view.ts';
import { TimelineChart } from './timeline-chart.ts';

const FIGURES_EVERY = 250;
const KEY_FRAMES_EVERY = 50;

async function start(): Promise<void> {
  const call = new Call(new DecisionLog().record);
  const ada = new PublisherView(call);
  const bob = new SubscriberView(call);
  const chart = new TimelineChart(pageElement('timeline', HTMLCanvasElement));
  const late = new LateJoinView(call);
  new NetworkControls(call);

  await call.connect();
  await ada.start();
  setInterval(() => late.update(performance.now()), KEY_FRAMES_EVERY);
  setInterval(() => {
    const now = performance.now();
    ada.update(now);
    chart.add(bob.update(now));
  }, FIGURES_EVERY);
}

/** Says why there is nothing to see. */
function showStopped(title: string, text: string): void {
  pageElement('call', HTMLElement).hidden = true;
  pageElement('stopped-title', HTMLElement).textContent = title;
  pageElement('stopped-text', HTMLElement).textContent = text;
  pageElement('stopped', HTMLElement).hidden = false;
}

pageElement('seed', HTMLElement).textContent = String(SEED);
const missing = whatIsMissing();
if (missing !== undefined) {
  showStopped('The demo cannot run here', missing);
} else {
  start().catch((error: unknown) => {
    showStopped(
      'The demo has stopped',
      `${error instanceof Error ? error.message : error} Reload the page to try again.`,
    );
  });
}
