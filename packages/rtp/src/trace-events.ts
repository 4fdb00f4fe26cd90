// The vocabulary of the trace: every event of client, SFU and network with its details. Who records one writes
// `satisfies FrameShown` or the like; who reads a trace narrows by `type`.

import type { LimitingCause, RateDirection } from './congestion/controller.ts';
import type { CongestionDecision } from './congestion/decision.ts';
import type { TrackKind } from './signalling/messages.ts';
import type { BitsPerSecond, Bytes, Microseconds, Milliseconds } from './units.ts';

interface At {
  /** When, on the clock of the run. */
  readonly at: Milliseconds;
}

/** What a packet on a link is, as far as its first bytes tell. */
interface PacketDetails extends At {
  /** The link's name: participant and direction, e.g. `bob/downlink`. */
  readonly link: string;
  /** RTP or RTCP, without the headers of UDP and IP. */
  readonly size: Bytes;
  /** Of an RTP packet; absent on RTCP. */
  readonly ssrc?: number | undefined;
  /** The 16-bit sequence number of an RTP packet; absent on RTCP. */
  readonly sequence?: number | undefined;
  /** Where it happened, on a path of several hops: from 1, for what happened behind the first one. */
  readonly hop?: number | undefined;
}

/** A packet was handed to a link. */
export interface PacketSentEvent extends PacketDetails {
  readonly type: 'packet-sent';
}

/** A packet was lost on a link. */
export interface PacketDroppedEvent extends PacketDetails {
  readonly type: 'packet-dropped';
  /** E.g. `loss`, `queue` or `down`. */
  readonly reason: string;
}

/** A packet left a link at its far end, at `at`: exact, however late the event loop was. */
export interface PacketArrivedEvent extends PacketDetails {
  readonly type: 'packet-arrived';
  /** How long it waited in the queues of the path, its own transmission and jitter left out; absent: not known. */
  readonly queued?: Milliseconds | undefined;
}

/** A copy of a packet follows, or bits of it were flipped; what then becomes of it is told like of others. */
export interface PacketAlteredEvent extends PacketDetails {
  readonly type: 'packet-duplicated' | 'packet-corrupted';
}

/** What a link is like from now on: told once at its beginning, and at each change. */
export interface LinkChangedEvent extends At {
  readonly type: 'link-changed';
  readonly link: string;
  /** Capacity of the first hop, headers of UDP and IP included; absent: unlimited. */
  readonly rate?: BitsPerSecond | undefined;
  /** One-way propagation. */
  readonly delay: Milliseconds;
  /** Share of the packets that is lost on the first hop, 0 to 1; absent where a model tells which ones are. */
  readonly loss?: number | undefined;
  /** Names of the shared bottlenecks that the link goes through, in order, a space between them; absent: none. */
  readonly via?: string | undefined;
}

/** What a shared bottleneck is like from now on: told once at its beginning, and at each change. */
export interface BottleneckChangedEvent extends At {
  readonly type: 'bottleneck-changed';
  readonly bottleneck: string;
  /** Capacity, headers of UDP and IP included; absent: unlimited. */
  readonly rate?: BitsPerSecond | undefined;
}

interface ParticipantDetails extends At {
  /** The identity of whom it concerns: the publisher of what is published, the subscriber of what is received. */
  readonly participant: string;
}

interface TrackDetails extends ParticipantDetails {
  readonly track: string;
}

/** Somebody is in the room. */
export interface ParticipantJoinedEvent extends ParticipantDetails {
  readonly type: 'participant-joined';
}

/** Somebody is out of the room. */
export interface ParticipantLeftEvent extends ParticipantDetails {
  readonly type: 'participant-left';
  readonly reason: string;
}

/** `participant` publishes a track. */
export interface TrackPublishedEvent extends TrackDetails {
  readonly type: 'track-published';
  readonly kind: TrackKind;
}

/** `participant` no longer publishes a track. */
export interface TrackUnpublishedEvent extends TrackDetails {
  readonly type: 'track-unpublished';
  /** Why the SFU has ended it, e.g. `abusive-video`; absent: its publisher did. */
  readonly reason?: string | undefined;
}

/** A track is paused, or goes on, by its publisher's wish. */
export interface TrackMutedEvent extends TrackDetails {
  readonly type: 'track-muted' | 'track-unmuted';
}

/** `participant` has the floor now: the dominant speaker of the room, by the audio levels of everybody. */
export interface DominantSpeakerEvent extends ParticipantDetails {
  readonly type: 'dominant-speaker';
  /** Who had it before; absent: nobody, or somebody who has left. */
  readonly previous?: string | undefined;
  readonly reason: 'speaks';
}

/** The SFU begins to send a track to `participant`. */
export interface TrackSubscribedEvent extends TrackDetails {
  readonly type: 'track-subscribed';
  readonly kind: TrackKind;
  /** The identity of whose track it is. */
  readonly publisher: string;
}

/** The SFU no longer sends a track to `participant`. */
export interface TrackUnsubscribedEvent extends TrackDetails {
  readonly type: 'track-unsubscribed';
}

/** The SFU could not do what a message asked for. */
export interface MessageRefusedEvent extends ParticipantDetails {
  readonly type: 'message-refused';
  readonly reason: string;
}

/** What may be sent along a path, and why: when it changed, at most every 100 ms. */
export interface EstimateEvent extends ParticipantDetails {
  readonly type: 'estimate';
  /** The way that is estimated: to the SFU, or from it. */
  readonly direction: 'uplink' | 'downlink';
  readonly target: BitsPerSecond;
  readonly change: RateDirection;
  readonly cause: LimitingCause;
  /** What arrives at the other end; absent before there is enough feedback. */
  readonly acknowledged?: BitsPerSecond | undefined;
  /** Absent before the first measurement. */
  readonly roundTrip?: Milliseconds | undefined;
  /** Share of packets lost in the last observation, 0 to 1. */
  readonly loss: number;
}

/** A publisher's encoder is turned on or off, or is to make more or fewer frames; an audio encoder gets another bit rate. */
export interface EncodingAllocatedEvent extends TrackDetails {
  readonly type: 'encoding-allocated';
  /** Absent for audio. */
  readonly rid?: string | undefined;
  /** What its encoder is told; 0 when it is off. */
  readonly bitrate: BitsPerSecond;
  /** Frames per second; 0 when it is off; absent for audio. */
  readonly frameRate?: number | undefined;
  /** In plain words. */
  readonly reason: string;
}

/** What congestion control decided beside the estimate, and why: see `CongestionDecision`. */
export type CongestionDecisionEvent = ParticipantDetails & {
  readonly type: 'congestion-decision';
  /** The way that is estimated: to the SFU, or from it. */
  readonly direction: EstimateEvent['direction'];
} & CongestionDecision;

/** The estimate pays for another layer of a track than before. The layer is switched to at its next key frame. */
export interface LayerAllocatedEvent extends TrackDetails {
  readonly type: 'layer-allocated';
  /** Absent for a track without simulcast. */
  readonly rid?: string | undefined;
  /** The highest temporal layer of it that is paid for; absent: all. */
  readonly temporalLayer?: number | undefined;
  /** In plain words, e.g. `h→q: share 310 kbit/s < 342 kbit/s measured for h`. */
  readonly reason: string;
}

/** Another layer of a track goes to `participant` from now on, or others of its temporal layers. */
export interface LayerSwitchEvent extends TrackDetails {
  readonly type: 'layer-switch';
  readonly rid?: string | undefined;
  /** The highest temporal layer that goes; absent: all. */
  readonly temporalLayer?: number | undefined;
  readonly reason: string;
}

/** A subscriber cannot go on, or not go where it should, without a key frame of a layer. */
export interface KeyFrameWantedEvent extends TrackDetails {
  readonly type: 'key-frame-wanted';
  readonly rid?: string | undefined;
  /** `join`, `pli`, `fir`, `layer-switch`, `resume` after a suspension, or `throttle-over`. */
  readonly reason: string;
}

/** The SFU asks `participant`, the publisher, for a key frame, or gives up as none has come. */
export interface KeyFrameRequestedEvent extends TrackDetails {
  readonly type: 'key-frame-requested' | 'key-frame-exhausted';
  readonly rid?: string | undefined;
  readonly reason: string;
}

/** The SFU tells `participant`, the publisher, how many encodings of a track anybody has a use for, from the lowest up. */
export interface LayersWantedEvent extends TrackDetails {
  readonly type: 'layers-wanted';
  readonly count: number;
  /** In plain words. */
  readonly reason: string;
}

/** The SFU takes an encoding of `participant`, the publisher, for something else than before: see its video scorer. */
export interface VideoJudgedEvent extends TrackDetails {
  readonly type: 'video-judged';
  /** Absent for a track without simulcast. */
  readonly rid?: string | undefined;
  readonly verdict: 'legitimate' | 'suspect' | 'abusive';
  /** 0 to 1. */
  readonly legitimacy: number;
  /** What is done about it from here on. */
  readonly action: 'allow' | 'throttle' | 'close';
  /** What its legitimacy lost most by, in plain words, e.g. `31 key frames in a row`. */
  readonly reason: string;
}

/** What the SFU sends `participant` by its estimate: all, audio alone for now, or audio alone as hardly anything gets through. */
export interface VideoStateChangedEvent extends ParticipantDetails {
  readonly type: 'video-state-changed';
  readonly from: 'video' | 'audio-only' | 'suspended';
  readonly to: 'video' | 'audio-only' | 'suspended';
  readonly reason: string;
}

/** The SFU sends `participant` no video of a track for now, or does so again. */
export interface VideoSuspendedEvent extends TrackDetails {
  readonly type: 'video-suspended' | 'video-resumed';
  readonly reason: string;
}

/** A receiver asks for lost packets again. */
export interface NackSentEvent extends ParticipantDetails {
  readonly type: 'nack-sent';
  /** The way on which they were lost. */
  readonly direction: 'uplink' | 'downlink';
  readonly ssrc: number;
  /** How many are asked for. */
  readonly packets: number;
}

/** A publisher's encoder has made a frame. */
export interface FrameEncodedEvent extends TrackDetails {
  readonly type: 'frame-encoded';
  readonly rid: string;
  readonly keyFrame: boolean;
  readonly size: Bytes;
  /** Absent without temporal layers. */
  readonly temporalLayer?: number | undefined;
  /** When it was captured, on the publisher's clock. */
  readonly capturedAt: Milliseconds;
}

/** A subscriber has a whole frame, and all it refers to. */
export interface FrameAssembledEvent extends TrackDetails {
  readonly type: 'frame-assembled';
  readonly keyFrame: boolean;
  readonly size: Bytes;
}

/** A subscriber's decoder has made a picture. */
export interface FrameDecodedEvent extends TrackDetails {
  readonly type: 'frame-decoded';
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** A picture goes to whoever shows it. */
export interface FrameShownEvent extends TrackDetails {
  readonly type: 'frame-shown';
  /** On the track's own clock. */
  readonly timestamp: Microseconds;
  /** Since its capture, by the publisher's sender reports; absent before the first one. */
  readonly delay?: Milliseconds | undefined;
}

/** The first picture of a subscription was decoded. */
export interface FirstFrameEvent extends TrackDetails {
  readonly type: 'first-frame';
  /** Since the subscription. */
  readonly timeToFirstFrame: Milliseconds;
}

/** A picture was shown too long after the one before it: see `FreezeDetector`. */
export interface VideoFrozenEvent extends TrackDetails {
  readonly type: 'video-frozen';
  /** How long the picture before it stood. It ended at `at`. */
  readonly duration: Milliseconds;
}

/** A subscriber decodes nothing before the next key frame. */
export interface GateClosedEvent extends TrackDetails {
  readonly type: 'gate-closed';
  readonly reason: string;
}

/** A subscriber asks the SFU for a key frame, or gives up as none has come. */
export interface PliSentEvent extends TrackDetails {
  readonly type: 'pli-sent' | 'pli-exhausted';
  readonly reason?: string | undefined;
}

/** Packets of audio never came, and what they held was not heard. */
export interface AudioConcealedEvent extends TrackDetails {
  readonly type: 'audio-concealed';
  readonly packets: number;
  /** How much audio is missing. */
  readonly duration: Milliseconds;
}

/** Every event that has a name. */
export type SluiceEvent =
  | PacketSentEvent
  | PacketDroppedEvent
  | PacketAlteredEvent
  | PacketArrivedEvent
  | LinkChangedEvent
  | BottleneckChangedEvent
  | ParticipantJoinedEvent
  | ParticipantLeftEvent
  | TrackPublishedEvent
  | TrackUnpublishedEvent
  | TrackMutedEvent
  | DominantSpeakerEvent
  | TrackSubscribedEvent
  | TrackUnsubscribedEvent
  | MessageRefusedEvent
  | EstimateEvent
  | CongestionDecisionEvent
  | EncodingAllocatedEvent
  | LayerAllocatedEvent
  | LayerSwitchEvent
  | KeyFrameWantedEvent
  | KeyFrameRequestedEvent
  | LayersWantedEvent
  | VideoJudgedEvent
  | VideoStateChangedEvent
  | VideoSuspendedEvent
  | NackSentEvent
  | FrameEncodedEvent
  | FrameAssembledEvent
  | FrameDecodedEvent
  | FrameShownEvent
  | FirstFrameEvent
  | VideoFrozenEvent
  | GateClosedEvent
  | PliSentEvent
  | AudioConcealedEvent;

/** The name of an event. */
export type SluiceEventType = SluiceEvent['type'];
