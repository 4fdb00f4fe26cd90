// Bob's tile: what he sees and hears, and how it comes to him.

import type { RemoteTrack, RemoteTrackPublication, RemoteVideoTrack } from '@sluice/client';
import type { Call } from './call.ts';
import { FigureList } from './figure-list.ts';
import { LayerButtons } from './layer-buttons.ts';
import { pageElement } from './page-elements.ts';
import { bitrateText, countText, durationText, frameRateText, NONE, shareText, sizeText } from './quantities.ts';
import { RateMeter } from './rate-meter.ts';
import type { TimelineSample } from './timeline-chart.ts';

/** Shows Bob, and what he gets. */
export class SubscriberView {
  readonly #call: Call;
  readonly #video = pageElement('bob-view', HTMLVideoElement);
  readonly #waiting = pageElement('bob-waiting', HTMLParagraphElement);
  readonly #notice = pageElement('bob-notice', HTMLParagraphElement);
  readonly #figures = new FigureList(pageElement('bob-figures', HTMLDListElement), {
    resolution: 'Resolution',
    layer: 'Layer',
    temporal: 'Temporal layers',
    frameRate: 'Frame rate',
    bitrate: 'Bit rate',
    firstFrame: 'First frame after',
    frames: 'Frames decoded',
    plis: 'PLIs sent',
  });
  readonly #network = new FigureList(pageElement('network-figures', HTMLDListElement), {
    estimate: 'Estimate',
    queueDelay: 'Queue delay',
    loss: 'Loss reported',
    dropped: 'Packets dropped',
    nacks: 'NACKs',
    retransmitted: 'Retransmitted',
    recovered: 'Recovered',
    roundTrip: 'Round trip',
  });
  readonly #frameRate = new RateMeter();
  readonly #bytes = new RateMeter();
  #track: RemoteVideoTrack | undefined;
  #publication: RemoteTrackPublication | undefined;

  constructor(call: Call) {
    this.#call = call;
    const notice = (text: string) => {
      this.#notice.textContent = text;
    };
    new LayerButtons(call.bob, notice);
    call.bob.on('trackSubscribed', ({ track, publication }) => this.#onTrack(track, publication));
    call.bob.on('trackUnsubscribed', ({ track }) => {
      if (track === this.#track) this.#onVideoGone();
    });
    call.bob.on('error', ({ error }) => notice(error.message));
    const sound = pageElement('sound-button', HTMLButtonElement);
    sound.addEventListener('click', () => {
      this.#video.muted = !this.#video.muted;
      sound.setAttribute('aria-pressed', String(!this.#video.muted));
    });
  }

  /** Takes the newest figures; answers what goes into the timeline. */
  update(now: number): TimelineSample {
    const stats = this.#track?.stats;
    const layers = this.#publication?.layers;
    const frameRate = stats && this.#frameRate.update(now, stats.framesDecoded);
    const bytesPerSecond = stats && this.#bytes.update(now, stats.bytesReceived);
    const bitrate = bytesPerSecond === undefined ? undefined : bytesPerSecond * 8;
    this.#figures.set('resolution', stats ? sizeText(stats.frameWidth, stats.frameHeight) : NONE);
    this.#figures.set('layer', layers?.rid ?? NONE);
    this.#figures.set('temporal', layers?.rid === undefined ? NONE : temporalText(layers.temporalLayer));
    this.#figures.set('frameRate', frameRateText(frameRate));
    this.#figures.set('bitrate', bitrateText(bitrate));
    this.#figures.set('firstFrame', durationText(stats?.timeToFirstFrame));
    this.#figures.set('frames', countText(stats?.framesDecoded));
    this.#figures.set('plis', countText(stats?.pliCount));
    return { at: now, bitrate, rid: layers?.rid, ...this.#updateNetwork() };
  }

  #updateNetwork(): Pick<TimelineSample, 'queueDelay' | 'estimate' | 'rate'> {
    if (this.#call.bob.state !== 'connected') return { queueDelay: undefined, estimate: undefined, rate: Infinity };
    const bob = this.#call.sfu.participant('bob');
    const { queueDelay, dropped } = bob.downlink.stats;
    const { consumers, downlinkEstimate: estimate } = bob.stats();
    const consumer = consumers.find(({ kind }) => kind === 'video');
    this.#network.set('queueDelay', durationText(queueDelay));
    this.#network.set('loss', shareText(consumer?.fractionLost));
    this.#network.set('estimate', bitrateText(estimate));
    this.#network.set('dropped', countText(dropped.queue.packets + dropped.loss.packets));
    this.#network.set('recovered', countText(this.#track?.stats.packetsRecovered));
    this.#network.set('nacks', countText(consumer?.nackCount));
    this.#network.set('retransmitted', countText(consumer?.packetsRetransmitted));
    this.#network.set('roundTrip', durationText(consumer?.roundTripTime));
    return { queueDelay, estimate, rate: bob.downlink.rate };
  }

  #onTrack(track: RemoteTrack, publication: RemoteTrackPublication): void {
    try {
      track.attach(this.#video);
    } catch (error) {
      // Some browsers play video of this kind and no audio.
      this.#notice.textContent = error instanceof Error ? error.message : String(error);
    }
    if (track.kind !== 'video') return;
    this.#track = track;
    this.#publication = publication;
    track.once('firstFrame', () => {
      this.#waiting.hidden = true;
    });
  }

  #onVideoGone(): void {
    this.#track = undefined;
    this.#publication = undefined;
    this.#waiting.hidden = false;
  }
}

function temporalText(highest: number | undefined): string {
  if (highest === undefined) return 'all';
  return highest === 0 ? 'T0' : `T0 to T${highest}`;
}
