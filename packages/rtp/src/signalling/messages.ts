// The messages on the reliable channel, as JSON. One schema per message; whatever does not fit is refused with a reason.
// Fields this version does not know are ignored, messages it does not know are refused.

import * as v from 'valibot';
import { MAX_DATA_RECEIVERS, MAX_DATA_SIZE } from '../data/data-message.ts';
import { SignallingError } from '../errors.ts';

/** The version of this protocol. Sides with different versions don't talk. */
export const PROTOCOL_VERSION = 1;

/** Characters a message may have; longer ones are refused unread. */
export const MAX_MESSAGE_LENGTH = 1_048_576;

const shortText = v.pipe(v.string(), v.maxLength(256));
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
const counter = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const rid = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,16}$/));
const sdp = v.pipe(v.string(), v.maxLength(524_288));
const trackKind = v.picklist(['audio', 'video']);
const trackSource = v.picklist(['camera', 'microphone', 'screen', 'screen-audio', 'unknown']);

const trackPriority = v.picklist(['very-low', 'low', 'medium', 'high']);
const pixels = v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(65_536));

/** A simulcast encoding and the most it will be sent at, for the SFU to go by until it has measured it. */
const declaredLayer = v.object({ rid, maxBitrate: v.pipe(v.number(), v.finite(), v.minValue(0)) });

const trackInfo = v.object({
  trackId: id,
  kind: trackKind,
  source: trackSource,
  name: shortText,
  muted: v.boolean(),
});

const participantInfo = v.object({
  participantId: id,
  identity: id,
  tracks: v.pipe(v.array(trackInfo), v.maxLength(1024)),
});

const clientMessage = {
  /** Enter the room; first message. Answered by `joined`. */
  join: v.object({
    type: v.literal('join'),
    requestId: counter,
    protocol: counter,
    identity: v.optional(id),
    autoSubscribe: v.boolean(),
    /** SDP names of the codecs this participant can decode. */
    codecs: v.pipe(v.array(shortText), v.maxLength(64)),
  }),
  /** Offer to send the tracks; the offer repeats every m-section so far. Answered by `published`. */
  publish: v.object({
    type: v.literal('publish'),
    requestId: counter,
    offer: sdp,
    tracks: v.pipe(
      v.array(
        v.object({
          mid: id,
          source: trackSource,
          name: shortText,
          muted: v.boolean(),
          layers: v.optional(v.pipe(v.array(declaredLayer), v.maxLength(8)), []),
        }),
      ),
      v.minLength(1),
      v.maxLength(64),
    ),
  }),
  /** Stop a track for everybody. Answered by `done`. */
  unpublish: v.object({ type: v.literal('unpublish'), requestId: counter, trackId: id }),
  /** The track pauses or goes on. Answered by `done`. */
  mute: v.object({ type: v.literal('mute'), requestId: counter, trackId: id, muted: v.boolean() }),
  /** Ask for a track; an `offer` follows. Answered by `done`. */
  subscribe: v.object({ type: v.literal('subscribe'), requestId: counter, trackId: id }),
  /** Give a track up. Answered by `done`. */
  unsubscribe: v.object({ type: v.literal('unsubscribe'), requestId: counter, trackId: id }),
  /** The answer to an `offer`. */
  answer: v.object({ type: v.literal('answer'), negotiationId: counter, answer: sdp }),
  /** The highest layers wanted of a track; without them, the best there is. Answered by `done`. */
  'set-preferred-layers': v.object({
    type: v.literal('set-preferred-layers'),
    requestId: counter,
    trackId: id,
    rid: v.optional(rid),
    temporalLayer: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(7))),
  }),
  /** How a subscribed track is to be dealt with; what is absent stays as it was. Answered by `done`. */
  'set-track-settings': v.object({
    type: v.literal('set-track-settings'),
    requestId: counter,
    trackId: id,
    /** Of that encoding alone, where each goes by itself. */
    rid: v.optional(rid),
    enabled: v.optional(v.boolean()),
    priority: v.optional(trackPriority),
    /** How large it is shown, in device pixels; `null`: not known any more. */
    dimensions: v.optional(v.nullable(v.object({ width: pixels, height: pixels }))),
  }),
  /** The most this participant wants to be sent, in bit/s, for the next 5 s; absent: as much as there is. Answered by `done`. */
  'set-budget': v.object({
    type: v.literal('set-budget'),
    requestId: counter,
    maxBitrate: v.optional(v.pipe(v.number(), v.finite(), v.minValue(1))),
  }),
  /** Something to tell the others, for certain: those named, or everybody. Answered by `done`. */
  data: v.object({
    type: v.literal('data'),
    requestId: counter,
    /** Identities. */
    to: v.optional(v.pipe(v.array(id), v.maxLength(MAX_DATA_RECEIVERS))),
    topic: v.optional(shortText),
    /** Base64. */
    payload: v.pipe(v.string(), v.maxLength(Math.ceil(MAX_DATA_SIZE / 3) * 4)),
  }),
  /** Still here: said where nothing else is, as who is silent for long is taken for gone. Not answered. */
  ping: v.object({ type: v.literal('ping') }),
  /** Leave the room. */
  leave: v.object({ type: v.literal('leave') }),
};

const serverMessage = {
  /** You are in; who is here already. */
  joined: v.object({
    type: v.literal('joined'),
    requestId: counter,
    protocol: counter,
    participantId: id,
    identity: id,
    participants: v.array(participantInfo),
  }),
  /** The answer to the offer of `publish`. */
  published: v.object({
    type: v.literal('published'),
    requestId: counter,
    answer: sdp,
    tracks: v.array(v.object({ mid: id, trackId: id })),
  }),
  /** A request was carried out. */
  done: v.object({ type: v.literal('done'), requestId: counter }),
  /** A request, or a message that cannot be told to be one, was refused. */
  refused: v.object({
    type: v.literal('refused'),
    requestId: v.optional(counter),
    reason: shortText,
    message: v.string(),
  }),
  'participant-joined': v.object({ type: v.literal('participant-joined'), participant: participantInfo }),
  'participant-left': v.object({ type: v.literal('participant-left'), participantId: id, reason: shortText }),
  'track-published': v.object({ type: v.literal('track-published'), participantId: id, track: trackInfo }),
  /** A track is over. With a `reason` the SFU has ended it, and its publisher is told as well. */
  'track-unpublished': v.object({
    type: v.literal('track-unpublished'),
    participantId: id,
    trackId: id,
    reason: v.optional(shortText),
  }),
  'track-muted': v.object({ type: v.literal('track-muted'), participantId: id, trackId: id, muted: v.boolean() }),
  /** What the SFU sends you from now on; repeats every m-section so far. Media follows at once. */
  offer: v.object({
    type: v.literal('offer'),
    negotiationId: counter,
    offer: sdp,
    /** With `layer`: that encoding alone, to an SFU, which gets each in an m-section of its own. */
    tracks: v.array(v.object({ mid: id, trackId: id, layer: v.optional(declaredLayer) })),
  }),
  /**
   * How many encodings of one's own track anybody has a use for, from the lowest up: the others need not be made. Until the
   * first of these messages: all.
   */
  'layers-wanted': v.object({ type: v.literal('layers-wanted'), trackId: id, count: counter }),
  /** The SFU forwards other layers of a track now; no `rid`: none. */
  'layers-changed': v.object({
    type: v.literal('layers-changed'),
    trackId: id,
    rid: v.optional(rid),
    temporalLayer: v.optional(counter),
    reason: shortText,
  }),
  /** What another participant tells for certain. */
  data: v.object({
    type: v.literal('data'),
    participantId: id,
    topic: v.optional(shortText),
    /** Base64. */
    payload: v.string(),
  }),
  /** Who speaks but you: the dominant speaker first, then by loudness; who is not in it does not. Every 300 ms. */
  'speakers-changed': v.object({
    type: v.literal('speakers-changed'),
    speakers: v.array(
      v.object({
        participantId: id,
        /** Linear, 0 for silence to 1. */
        level: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
      }),
    ),
  }),
};

type Output<Schemas extends Record<string, v.GenericSchema>> = {
  [Type in keyof Schemas]: v.InferOutput<Schemas[Type]>;
}[keyof Schemas];

/** A message from a participant to the SFU. */
export type ClientMessage = Output<typeof clientMessage>;

/** A message from the SFU to a participant. */
export type ServerMessage = Output<typeof serverMessage>;

/** What a room knows of a track. */
export type TrackInfo = v.InferOutput<typeof trackInfo>;

/** What a room knows of a participant. */
export type ParticipantInfo = v.InferOutput<typeof participantInfo>;

/** What a track shows or carries. */
export type TrackSource = TrackInfo['source'];

/** How important a track is to a subscriber, in the words of WebRTC (`RTCPriorityType`). */
export type TrackPriority = v.InferOutput<typeof trackPriority>;

/** Audio or video. */
export type TrackKind = TrackInfo['kind'];

/**
 * Reads a message from a participant.
 *
 * @param maxLength - characters it may have. Default 1 048 576
 * @throws SignallingError with reason `malformed-message` or `unknown-message`
 */
export function parseClientMessage(text: string, maxLength = MAX_MESSAGE_LENGTH): ClientMessage {
  return parseMessage(text, clientMessage, maxLength);
}

/**
 * Reads a message from the SFU.
 *
 * @throws SignallingError with reason `malformed-message` or `unknown-message`
 */
export function parseServerMessage(text: string): ServerMessage {
  return parseMessage(text, serverMessage, MAX_MESSAGE_LENGTH);
}

/** The `requestId` in a message that may be malformed otherwise, so that its sender can be told. */
export function requestIdOf(text: string): number | undefined {
  try {
    const parsed = v.safeParse(v.object({ requestId: counter }), JSON.parse(text));
    return parsed.success ? parsed.output.requestId : undefined;
  } catch {
    return undefined;
  }
}

function parseMessage<Schemas extends Record<string, v.GenericSchema>>(
  text: string,
  schemas: Schemas,
  maxLength: number,
): Output<Schemas> {
  if (text.length > maxLength) {
    throw new SignallingError(
      'malformed-message',
      `A message of ${text.length} characters was refused: at most ${maxLength} are allowed.`,
    );
  }
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch (cause) {
    throw new SignallingError('malformed-message', 'A message was refused: it is not JSON.', { cause });
  }
  const typed = v.safeParse(v.object({ type: v.string() }), message);
  if (!typed.success) throw new SignallingError('malformed-message', 'A message was refused: it has no type.');
  const { type } = typed.output;
  const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined;
  if (schema === undefined) {
    throw new SignallingError('unknown-message', `A message of the unknown type "${type.slice(0, 64)}" was refused.`);
  }
  const parsed = v.safeParse(schema, message);
  if (parsed.success) return parsed.output as Output<Schemas>;
  const issue = parsed.issues[0];
  const field = v.getDotPath(issue) ?? 'message';
  throw new SignallingError('malformed-message', `A "${type}" message was refused: ${field}: ${issue.message}.`);
}
