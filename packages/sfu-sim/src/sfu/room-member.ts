// Who is in a room: participants of this SFU, those of another one, and the other SFUs.

import type { Bytes, DataMessage, Milliseconds, ParticipantInfo, ServerMessage } from '@sluice/rtp';
import type { Producer } from './producer.ts';
import type { ProducerLayer } from './producer-layer.ts';

/**
 * What a member is. `participant`: of this SFU. `relayed`: one of another SFU, which sees to it; it publishes here, and gets
 * nothing. `cascade`: another SFU, which gets what the participants publish here, and nobody sees it.
 */
export type MemberRole = 'participant' | 'relayed' | 'cascade';

/** What a room has to know of a member. */
export interface RoomMember {
  readonly id: string;
  readonly identity: string;
  readonly role: MemberRole;
  /** Whether it has joined and not left. */
  readonly joined: boolean;
  /** Whether it gets every track there is. */
  readonly autoSubscribe: boolean;
  /** The tracks it publishes. */
  readonly producers: readonly Producer[];
  /** What the others are told of it. */
  readonly info: ParticipantInfo;
  /** Tells it something. */
  send(message: ServerMessage): void;
  /** Passes it a lossy message of another participant; false where too much waits for it. */
  sendData(message: DataMessage): boolean;
  /** Passes it a reliable message of another participant. */
  sendReliableData(message: Extract<ServerMessage, { type: 'data' }>, bytes: Bytes): void;
  /** Sends it tracks, as far as it can decode them. */
  subscribe(producers: readonly Producer[]): void;
  /** Stops sending it a track. */
  unsubscribe(trackId: string): void;
  /** Asks it for a key frame. */
  wantKeyFrame(producer: Producer, layer: ProducerLayer, reason: string): void;
  /** Does what is due. */
  tick(now: Milliseconds): void;
  /** It is gone, or shall be. Idempotent. */
  close(reason: string): void;
}

/** Whether one gets to know of another, and of what it does. Relayed members are not relayed again: nothing goes in circles. */
export function sees(viewer: RoomMember, other: RoomMember): boolean {
  if (viewer === other || !viewer.joined || !other.joined || other.role === 'cascade') return false;
  return viewer.role !== 'cascade' || other.role === 'participant';
}
