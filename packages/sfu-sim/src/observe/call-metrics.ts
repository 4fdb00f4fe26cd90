// Counters of a call in the Prometheus text format 0.0.4, kept up to date from the trace. What belongs to a participant
// or a track goes when it goes.

import type { SluiceEvent, TraceEvent, Tracer } from '@sluice/rtp';
import { knownEvents } from './known-events.ts';

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
}

/** Names end in their unit and, for counters, in `_total`; units are Prometheus' base units: bytes and seconds. */
const METRICS = {
  sluice_participants: { type: 'gauge', help: 'Participants in the room.' },
  sluice_link_sent_packets_total: { type: 'counter', help: 'Packets handed to a link.' },
  sluice_link_sent_bytes_total: { type: 'counter', help: 'Bytes of the packets handed to a link.' },
  sluice_link_delivered_packets_total: { type: 'counter', help: 'Packets that arrived.' },
  sluice_link_delivered_bytes_total: { type: 'counter', help: 'Bytes of the packets that arrived.' },
  sluice_link_dropped_packets_total: { type: 'counter', help: 'Packets lost on a link, by reason.' },
  sluice_link_duplicated_packets_total: { type: 'counter', help: 'Packets of which a link made a copy.' },
  sluice_link_corrupted_packets_total: { type: 'counter', help: 'Packets damaged on a link.' },
  sluice_link_capacity_bytes_per_second: { type: 'gauge', help: 'Capacity of a link; absent without a limit.' },
  sluice_estimate_bytes_per_second: { type: 'gauge', help: 'Estimated bandwidth of a path.' },
  sluice_nacked_packets_total: { type: 'counter', help: 'Lost packets that were asked for again.' },
  sluice_video_state_changes_total: {
    type: 'counter',
    help: 'Changes of what a subscriber is sent: video, audio-only, suspended.',
  },
  sluice_key_frames_requested_total: { type: 'counter', help: 'Key frames asked of a publisher, by encoding.' },
  sluice_video_legitimacy_ratio: {
    type: 'gauge',
    help: 'Legitimacy of an encoding when its verdict last changed; absent while it has always been legitimate.',
  },
  sluice_video_verdicts_total: { type: 'counter', help: 'Verdicts on encodings, by what was done about them.' },
  sluice_plis_sent_total: { type: 'counter', help: 'Key frames a subscriber asked for.' },
  sluice_layer_switches_total: { type: 'counter', help: 'Layers switched to on the way to a subscriber.' },
  sluice_frames_encoded_total: { type: 'counter', help: 'Frames encoded, by encoding.' },
  sluice_encoded_bytes_total: { type: 'counter', help: 'Bytes of the frames encoded, by encoding.' },
  sluice_frames_decoded_total: { type: 'counter', help: 'Frames decoded.' },
  sluice_frames_shown_total: { type: 'counter', help: 'Frames shown.' },
  sluice_freezes_total: { type: 'counter', help: 'Freezes, as webrtc-stats counts them.' },
  sluice_freeze_seconds_total: { type: 'counter', help: 'Time spent frozen.' },
  sluice_concealed_audio_seconds_total: { type: 'counter', help: 'Audio that never came.' },
} as const satisfies Record<string, Metric>;

type MetricName = keyof typeof METRICS;

interface Sample {
  readonly labels: Labels;
  value: number;
}

/**
 * Counts what happens in a call. Give `record` to whatever takes a `tracer`, or events to `add`.
 *
 * @example
 * const metrics = new CallMetrics();
 * const sfu = new SimulatedSfu({ tracer: metrics.record });
 * …
 * response.end(metrics.toPrometheus());
 */
export class CallMetrics {
  readonly #samples = new Map<MetricName, Map<string, Sample>>();
  readonly #participants = new Set<string>();
  /** Who publishes each track. */
  readonly #tracks = new Map<string, string>();
  /** Links of participants that have not left. */
  readonly #links = new Set<string>();

  readonly #labels: Labels;

  /** @param labels - what every series is labelled with besides its own, e.g. `{ room: 'main' }`. Default nothing */
  constructor(labels: Readonly<Record<string, string>> = {}) {
    this.#labels = labels;
  }

  /** Takes one event. */
  readonly record: Tracer = (event) => this.add([event]);

  /** Takes events, oldest first. */
  add(events: readonly TraceEvent[]): void {
    for (const event of knownEvents(events)) this.#take(event);
  }

  /** Everything there is now, in the text format 0.0.4 (`text/plain; version=0.0.4`). */
  toPrometheus(): string {
    return CallMetrics.toPrometheus([this]);
  }

  /** Several calls in one text; their labels tell them apart. */
  static toPrometheus(calls: readonly CallMetrics[]): string {
    let text = '';
    for (const [name, { type, help }] of Object.entries(METRICS)) {
      let lines = '';
      for (const call of calls) {
        for (const { labels, value } of call.#samples.get(name as MetricName)?.values() ?? []) {
          lines += `${name}${formatLabels({ ...call.#labels, ...labels })} ${value}\n`;
        }
      }
      if (lines !== '') text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines}`;
    }
    return text;
  }

  #take(event: SluiceEvent): void {
    switch (event.type) {
      case 'participant-joined':
        this.#participants.add(event.participant);
        this.#set('sluice_participants', {}, this.#participants.size);
        return;
      case 'participant-left':
        this.#forgetParticipant(event.participant);
        return;
      case 'track-published':
        this.#tracks.set(event.track, event.participant);
        return;
      case 'track-unpublished':
        this.#forgetTrack(event.track);
        return;
      case 'track-unsubscribed':
        this.#forget(({ participant, track }) => participant === event.participant && track === event.track);
        return;
      case 'link-changed':
        this.#links.add(event.link);
        this.#setCapacity(linkLabels(event.link), event.rate);
        return;
      case 'packet-sent':
      case 'packet-arrived':
      case 'packet-dropped':
      case 'packet-duplicated':
      case 'packet-corrupted':
        if (this.#links.has(event.link)) this.#countPacket(event);
        return;
      case 'bottleneck-changed':
      case 'message-refused':
      case 'dominant-speaker':
      case 'congestion-decision':
        return;
    }
    // What comes late, of somebody or something that is gone, shall not bring its series back.
    if (!this.#participants.has(event.participant)) return;
    if (!('track' in event)) this.#countPath(event);
    else if (this.#tracks.has(event.track)) this.#countMedia(event);
  }

  #countPacket(event: Extract<SluiceEvent, { type: `packet-${string}` }>): void {
    const labels = linkLabels(event.link);
    if (event.type === 'packet-dropped') {
      this.#count('sluice_link_dropped_packets_total', { ...labels, reason: event.reason });
      return;
    }
    if (event.type === 'packet-duplicated' || event.type === 'packet-corrupted') {
      const what = event.type === 'packet-duplicated' ? 'duplicated' : 'corrupted';
      this.#count(`sluice_link_${what}_packets_total`, labels);
      return;
    }
    const what = event.type === 'packet-sent' ? 'sent' : 'delivered';
    this.#count(`sluice_link_${what}_packets_total`, labels);
    this.#count(`sluice_link_${what}_bytes_total`, labels, event.size);
  }

  #countPath(event: Extract<SluiceEvent, { type: 'estimate' | 'nack-sent' | 'video-state-changed' }>): void {
    if (event.type === 'video-state-changed') {
      this.#count('sluice_video_state_changes_total', { participant: event.participant, to: event.to });
      return;
    }
    const { participant, direction } = event;
    if (event.type === 'estimate') {
      this.#set('sluice_estimate_bytes_per_second', { participant, direction }, event.target / 8);
    } else this.#count('sluice_nacked_packets_total', { participant, direction }, event.packets);
  }

  #countMedia(event: Extract<SluiceEvent, { participant: string; track: string }>): void {
    const { participant, track } = event;
    const labels = { participant, track };
    switch (event.type) {
      case 'key-frame-requested':
        this.#count('sluice_key_frames_requested_total', { ...labels, rid: event.rid ?? '' });
        break;
      case 'video-judged': {
        const { rid = '', verdict, action } = event;
        this.#set('sluice_video_legitimacy_ratio', { ...labels, rid }, event.legitimacy);
        this.#count('sluice_video_verdicts_total', { ...labels, rid, verdict, action });
        break;
      }
      case 'pli-sent':
        this.#count('sluice_plis_sent_total', labels);
        break;
      case 'layer-switch':
        this.#count('sluice_layer_switches_total', { ...labels, rid: event.rid ?? '' });
        break;
      case 'frame-encoded':
        this.#count('sluice_frames_encoded_total', { ...labels, rid: event.rid });
        this.#count('sluice_encoded_bytes_total', { ...labels, rid: event.rid }, event.size);
        break;
      case 'frame-decoded':
        this.#count('sluice_frames_decoded_total', labels);
        break;
      case 'frame-shown':
        this.#count('sluice_frames_shown_total', labels);
        break;
      case 'video-frozen':
        this.#count('sluice_freezes_total', labels);
        this.#count('sluice_freeze_seconds_total', labels, event.duration / 1000);
        break;
      case 'audio-concealed':
        this.#count('sluice_concealed_audio_seconds_total', labels, event.duration / 1000);
        break;
    }
  }

  #forgetParticipant(participant: string): void {
    this.#participants.delete(participant);
    this.#set('sluice_participants', {}, this.#participants.size);
    for (const direction of ['uplink', 'downlink']) this.#links.delete(`${participant}/${direction}`);
    for (const [track, owner] of this.#tracks) if (owner === participant) this.#forgetTrack(track);
    this.#forget((labels) => labels['participant'] === participant);
  }

  #forgetTrack(track: string): void {
    this.#tracks.delete(track);
    this.#forget((labels) => labels['track'] === track);
  }

  #forget(matches: (labels: Labels) => boolean): void {
    for (const samples of this.#samples.values()) {
      for (const [key, { labels }] of samples) if (matches(labels)) samples.delete(key);
    }
  }

  #setCapacity(labels: Labels, rate: number | undefined): void {
    if (rate !== undefined) this.#set('sluice_link_capacity_bytes_per_second', labels, rate / 8);
    else this.#samples.get('sluice_link_capacity_bytes_per_second')?.delete(formatLabels(labels));
  }

  #set(name: MetricName, labels: Labels, value: number): void {
    this.#sample(name, labels).value = value;
  }

  #count(name: MetricName, labels: Labels, by = 1): void {
    this.#sample(name, labels).value += by;
  }

  #sample(name: MetricName, labels: Labels): Sample {
    let samples = this.#samples.get(name);
    if (samples === undefined) {
      samples = new Map();
      this.#samples.set(name, samples);
    }
    const key = formatLabels(labels);
    let sample = samples.get(key);
    if (sample === undefined) {
      sample = { labels, value: 0 };
      samples.set(key, sample);
    }
    return sample;
  }
}

/** The participant and the direction that make up the name of a link. */
function linkLabels(link: string): Labels {
  const separator = link.lastIndexOf('/');
  return { participant: link.slice(0, separator), direction: link.slice(separator + 1) };
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
