// The events of a room.

import type { SluiceError } from '@sluice/rtp';
import type { RemoteParticipant } from './participants.ts';
import type { LocalTrackPublication, RemoteTrackPublication } from './publications.ts';
import type { RemoteTrack } from './remote-tracks.ts';

/** What is heard of the others. */
export interface RosterEvents {
  participantConnected: { readonly participant: RemoteParticipant };
  participantDisconnected: { readonly participant: RemoteParticipant; readonly reason: string };
  /** Somebody else has published a track. */
  trackPublished: { readonly publication: RemoteTrackPublication; readonly participant: RemoteParticipant };
  trackUnpublished: {
    readonly publication: RemoteTrackPublication;
    readonly participant: RemoteParticipant;
    /** Why the SFU has ended it, e.g. `abusive-video`; `undefined`: its publisher did, or is gone. */
    readonly reason?: string | undefined;
  };
  /** A track of somebody else comes in. */
  trackSubscribed: {
    readonly track: RemoteTrack;
    readonly publication: RemoteTrackPublication;
    readonly participant: RemoteParticipant;
  };
  trackUnsubscribed: {
    readonly track: RemoteTrack;
    readonly publication: RemoteTrackPublication;
    readonly participant: RemoteParticipant;
  };
  /** Who of the others speaks, the dominant speaker first; every 300 ms while anybody does, and once when nobody does. */
  activeSpeakersChanged: { readonly speakers: readonly RemoteParticipant[] };
  /** Somebody has sent a data message. */
  dataReceived: {
    readonly payload: Uint8Array;
    readonly participant: RemoteParticipant;
    /** As its sender has named it. */
    readonly topic: string | undefined;
    readonly reliable: boolean;
  };
  trackMuted: { readonly publication: RemoteTrackPublication; readonly participant: RemoteParticipant };
  trackUnmuted: { readonly publication: RemoteTrackPublication; readonly participant: RemoteParticipant };
  /** The SFU forwards other layers of a track. */
  trackLayersChanged: {
    readonly publication: RemoteTrackPublication;
    readonly participant: RemoteParticipant;
    readonly reason: string;
  };
}

/** Where a room is in its life. */
export type ConnectionState = 'disconnected' | 'connecting' | 'connected';

/** The events of a room. */
export interface RoomEvents extends RosterEvents {
  connectionStateChanged: { readonly state: ConnectionState };
  /** The room is left, by `disconnect()` or for another reason. */
  disconnected: { readonly reason: string };
  localTrackPublished: { readonly publication: LocalTrackPublication };
  localTrackUnpublished: {
    readonly publication: LocalTrackPublication;
    /** Why the SFU has ended it, e.g. `abusive-video`; `undefined`: it was ended here. */
    readonly reason?: string | undefined;
  };
  /** Something went wrong that no call of the app's can be told; the room goes on. */
  error: { readonly error: SluiceError };
}
