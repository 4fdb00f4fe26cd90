// From an announced track to the object the app gets, with the receiver that feeds it.

import { type Clock, type Milliseconds, payloadFormatOf, type Tracer } from '@sluice/rtp';
import { AudioReceiver } from '../media/audio-receiver.ts';
import { CODEC_STRINGS } from '../media/codec-strings.ts';
import type { MediaCodecs } from '../media/media-codecs.ts';
import { VideoReceiver } from '../media/video-receiver.ts';
import type { MediaError } from './errors.ts';
import { RemoteAudioTrack, type RemoteTrack, RemoteVideoTrack } from './remote-tracks.ts';
import type { IncomingTrack, TrackReceiver } from './subscriber.ts';

/** What receivers are made with. */
export interface ReceiverEnvironment {
  readonly clock: Clock;
  readonly codecs: MediaCodecs;
  /** The identity of whom the tracks are received by, for the trace. */
  readonly participant: string;
  readonly tracer: Tracer | undefined;
  readonly onError: (error: MediaError) => void;
}

/** A track with its receiver; `undefined` where its codec is not spoken here. */
export function createRemoteTrack(
  incoming: IncomingTrack,
  subscribedAt: Milliseconds,
  environment: ReceiverEnvironment,
): { track: RemoteTrack; receiver: TrackReceiver } | undefined {
  const format = payloadFormatOf(incoming.codec.name, incoming.codec.parameters);
  const codecString = format && CODEC_STRINGS.get(format.codec);
  if (format === undefined || codecString === undefined) return undefined;
  const { stream, codec, trackId, sendPli } = incoming;
  const { clock, codecs, participant, tracer, onError } = environment;
  if (incoming.kind === 'audio') {
    const track = new RemoteAudioTrack(
      (to) =>
        new AudioReceiver({
          ...to,
          clock,
          codecs,
          clockRate: codec.clockRate,
          channels: codec.channels ?? 1,
          stream,
          name: trackId,
          participant,
          tracer,
          onError,
        }),
    );
    return { track, receiver: track.receiver };
  }
  const track = new RemoteVideoTrack(
    (to) =>
      new VideoReceiver({
        ...to,
        clock,
        codecs,
        format,
        codec: codecString,
        stream,
        name: trackId,
        participant,
        tracer,
        subscribedAt,
        sendPli,
        onError,
      }),
  );
  return { track, receiver: track.receiver };
}
