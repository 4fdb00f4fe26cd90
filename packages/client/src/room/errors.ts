// The errors of the client, each with the reasons it can have.

import { ReasonedError } from '@sluice/rtp';

/** Why a connection could not be made or has ended. */
export type ConnectionErrorReason =
  /** The SFU did not answer in time. */
  | 'timeout'
  /** The SFU said no. */
  | 'refused'
  /** Client and SFU speak different versions of the protocol. */
  | 'version-mismatch'
  /** The transport was closed, by the SFU or by `disconnect()`. */
  | 'closed'
  /** `connect()` was called on a room that is connected or connecting. */
  | 'already-connected'
  /** The call needs a connected room. */
  | 'not-connected';

/** The connection to the SFU could not be made, or is over. */
export class ConnectionError extends ReasonedError<ConnectionErrorReason> {
  override readonly code = 'connection';
}

/** Why a track could not be published. */
export type PublishErrorReason =
  /** The track has ended before or while it was published. */
  | 'track-ended'
  /** The track is published already. */
  | 'already-published'
  /** No encoder here, or no support at the SFU, for the codec. */
  | 'codec-unsupported'
  /** The SFU said no, for the reason in `message`. */
  | 'refused'
  /** The SFU's answer cannot be read. */
  | 'malformed-sdp';

/** A track could not be published; the room goes on. */
export class PublishError extends ReasonedError<PublishErrorReason> {
  override readonly code = 'publish';
}

/** Why a request on a subscription failed. */
export type SubscribeErrorReason =
  /** The track is not there any more, or not subscribed. */
  | 'unknown-track'
  /** No decoder here for its codec. */
  | 'codec-unsupported'
  /** The SFU said no, for the reason in `message`. */
  | 'refused';

/** A request on a remote track failed; the room goes on. */
export class SubscribeError extends ReasonedError<SubscribeErrorReason> {
  override readonly code = 'subscribe';
}

/** Why a data message was not sent. */
export type DataErrorReason =
  /** It has more bytes than a message may have. */
  | 'too-large'
  /** Too many bytes wait to be sent already: await the messages before. */
  | 'buffer-full'
  /** None of those it is for is in the room. */
  | 'unknown-participant'
  /** More messages per second than the SFU allows. */
  | 'rate-limited'
  /** The SFU said no, for the reason in `message`. */
  | 'refused';

/** A data message was not sent; the room goes on. */
export class DataError extends ReasonedError<DataErrorReason> {
  override readonly code = 'data';
}

/** Why a medium cannot be handled. */
export type MediaErrorReason =
  /** The encoder gave up. */
  | 'encoder'
  /** The decoder refused or gave up; it is rebuilt at the next key frame. */
  | 'decoder';

/** A codec failed while running; the room goes on. */
export class MediaError extends ReasonedError<MediaErrorReason> {
  override readonly code = 'media';
}

/** What is missing here. */
export type UnsupportedErrorReason =
  /** No WebCodecs in this realm. */
  | 'webcodecs'
  /** No way to get frames out of a `MediaStreamTrack`. */
  | 'capture'
  /** No way to make a `MediaStreamTrack` out of frames. */
  | 'output'
  /** No `WebSocket` in this realm. */
  | 'websocket';

/** This realm lacks what the call needs. */
export class UnsupportedError extends ReasonedError<UnsupportedErrorReason> {
  override readonly code = 'unsupported';
}
