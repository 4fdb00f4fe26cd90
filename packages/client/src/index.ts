export type {
  Clock,
  CongestionControllerFactory,
  CongestionFeedbackFormat,
  CongestionOptions,
  Random,
  Resolution,
  TraceEvent,
  Tracer,
  TrackPriority,
  TrackSource,
  Transport,
  UplinkAllocationOptions,
} from '@sluice/rtp';
export {
  ArgumentError,
  ReasonedError,
  SignallingError,
  type SignallingErrorReason,
  SluiceError,
  UPLINK_ALLOCATION_DEFAULTS,
} from '@sluice/rtp';
export type { AudioReceiverStats } from './media/audio-receiver.ts';
export type { MediaCodecs } from './media/media-codecs.ts';
export type { AudioSink, MediaSink, VideoSink } from './media/sinks.ts';
export type { AudioSource, VideoSource } from './media/sources.ts';
export type { VideoEncoding } from './media/video-encodings.ts';
export { defaultEncodings } from './media/video-encodings.ts';
export type { VideoReceiverStats } from './media/video-receiver.ts';
export type { DataPublishOptions } from './room/data-channel.ts';
export * from './room/errors.ts';
export type { LocalParticipant, TrackPublishOptions } from './room/local-participant.ts';
export { LocalAudioTrack, type LocalTrack, LocalVideoTrack, type Publishable } from './room/local-tracks.ts';
export type { RemoteParticipant } from './room/participants.ts';
export type {
  EncodingPauseReason,
  ForwardedLayers,
  LocalTrackPublication,
  OutboundLayerStats,
  PreferredLayers,
  QualityLimitationReason,
  RemoteTrackPublication,
} from './room/publications.ts';
export type { RemoteAudioTrack, RemoteTrack, RemoteVideoTrack, RemoteVideoTrackEvents } from './room/remote-tracks.ts';
export * from './room/room.ts';
export type { ConnectionState, RoomEvents, RosterEvents } from './room/room-events.ts';
export { type WebSocketTransportOptions, webSocketTransport } from './transport/websocket.ts';
