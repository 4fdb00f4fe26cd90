import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SignallingError } from '../../src/errors.ts';
import {
  type ClientMessage,
  MAX_MESSAGE_LENGTH,
  parseClientMessage,
  parseServerMessage,
  requestIdOf,
  type ServerMessage,
} from '../../src/signalling/messages.ts';

const track = { trackId: 't1', kind: 'video', source: 'camera', name: 'Kamera 📷', muted: false } as const;
const participant = { participantId: 'p1', identity: 'ada', tracks: [track] };

/** One of each, by its type: the compiler sees to it that none is missing. */
const clientMessages: { [Type in ClientMessage['type']]: Extract<ClientMessage, { type: Type }>[] } = {
  join: [
    { type: 'join', requestId: 0, protocol: 1, autoSubscribe: true, codecs: [] },
    {
      type: 'join',
      requestId: 2 ** 53 - 1,
      protocol: 1,
      identity: 'ada',
      autoSubscribe: false,
      codecs: ['VP8', 'opus'],
    },
  ],
  publish: [
    {
      type: 'publish',
      requestId: 1,
      offer: 'v=0',
      tracks: [
        { mid: '0', source: 'camera', name: '', muted: true, layers: [{ rid: 'q', maxBitrate: 150_000 }] },
        { mid: '1', source: 'microphone', name: '', muted: false, layers: [] },
      ],
    },
  ],
  unpublish: [{ type: 'unpublish', requestId: 1, trackId: 't1' }],
  mute: [{ type: 'mute', requestId: 1, trackId: 't1', muted: true }],
  subscribe: [{ type: 'subscribe', requestId: 1, trackId: 't1' }],
  unsubscribe: [{ type: 'unsubscribe', requestId: 1, trackId: 't1' }],
  answer: [{ type: 'answer', negotiationId: 3, answer: 'v=0' }],
  'set-preferred-layers': [
    { type: 'set-preferred-layers', requestId: 1, trackId: 't1' },
    { type: 'set-preferred-layers', requestId: 1, trackId: 't1', rid: 'low-res', temporalLayer: 7 },
  ],
  'set-track-settings': [
    { type: 'set-track-settings', requestId: 1, trackId: 't1' },
    {
      type: 'set-track-settings',
      requestId: 1,
      trackId: 't1',
      enabled: false,
      priority: 'very-low',
      dimensions: { width: 0.5, height: 180 },
    },
    { type: 'set-track-settings', requestId: 1, trackId: 't1', dimensions: null },
  ],
  'set-budget': [
    { type: 'set-budget', requestId: 1 },
    { type: 'set-budget', requestId: 1, maxBitrate: 1 },
  ],
  data: [
    { type: 'data', requestId: 1, payload: 'AAEC' },
    { type: 'data', requestId: 1, to: ['bob'], topic: 'chat', payload: '' },
  ],
  ping: [{ type: 'ping' }],
  leave: [{ type: 'leave' }],
};
const serverMessages: { [Type in ServerMessage['type']]: Extract<ServerMessage, { type: Type }>[] } = {
  joined: [
    { type: 'joined', requestId: 1, protocol: 1, participantId: 'p2', identity: 'bob', participants: [participant] },
    { type: 'joined', requestId: 1, protocol: 1, participantId: 'p2', identity: 'bob', participants: [] },
  ],
  published: [{ type: 'published', requestId: 1, answer: 'v=0', tracks: [{ mid: '0', trackId: 't1' }] }],
  done: [{ type: 'done', requestId: 1 }],
  refused: [
    { type: 'refused', reason: 'unknown-message', message: 'No.' },
    { type: 'refused', requestId: 4, reason: 'room-full', message: '' },
  ],
  'participant-joined': [{ type: 'participant-joined', participant }],
  'participant-left': [{ type: 'participant-left', participantId: 'p1', reason: 'left' }],
  'track-published': [{ type: 'track-published', participantId: 'p1', track }],
  'track-unpublished': [{ type: 'track-unpublished', participantId: 'p1', trackId: 't1' }],
  'track-muted': [{ type: 'track-muted', participantId: 'p1', trackId: 't1', muted: true }],
  offer: [{ type: 'offer', negotiationId: 1, offer: 'v=0', tracks: [{ mid: '0', trackId: 't1' }] }],
  data: [
    { type: 'data', participantId: 'P2', payload: 'AAEC' },
    { type: 'data', participantId: 'P2', topic: 'chat', payload: '' },
  ],
  'layers-wanted': [{ type: 'layers-wanted', trackId: 't1', count: 0 }],
  'layers-changed': [
    { type: 'layers-changed', trackId: 't1', reason: 'preferred-layers' },
    { type: 'layers-changed', trackId: 't1', rid: 'q', temporalLayer: 2, reason: 'estimate' },
  ],
  'speakers-changed': [
    { type: 'speakers-changed', speakers: [{ participantId: 'P2', level: 0.5 }] },
    { type: 'speakers-changed', speakers: [] },
  ],
};

const OPTIONAL_FIELDS = [
  'identity',
  'rid',
  'temporalLayer',
  'enabled',
  'priority',
  'dimensions',
  'maxBitrate',
  'to',
  'topic',
];
const NULLABLE_FIELDS = ['dimensions'];

interface Side {
  readonly side: string;
  readonly parse: (text: string) => unknown;
  readonly messages: readonly { readonly type: string }[];
}
const sides: Side[] = [
  { side: 'client', parse: parseClientMessage, messages: Object.values(clientMessages).flat() },
  { side: 'server', parse: parseServerMessage, messages: Object.values(serverMessages).flat() },
];

function refusalOf(parse: (text: string) => unknown, text: string): SignallingError {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(SignallingError);
    return error as SignallingError;
  }
  throw new Error(`accepted: ${text.slice(0, 200)}`);
}

describe.each(sides)('what a $side sends', ({ parse, messages }) => {
  test.each(messages.map((message) => [message.type, message] as const))('%s is read back as it was', (_, message) => {
    expect(parse(JSON.stringify(message))).toEqual(message);
  });

  test.each(messages.map((message) => [message.type, message] as const))(
    '%s: unknown fields are ignored',
    (_, message) => {
      const text = JSON.stringify({ ...message, later: { version: 2 } }).replace(/\}$/, ',"__proto__":{"polluted":1}}');
      const parsed = parse(text) as Record<string, unknown>;
      expect(parsed).toEqual(message);
      expect(parsed['polluted']).toBeUndefined();
    },
  );

  test.each(messages.map((message) => [message.type, message] as const))(
    '%s: each required field has to be there',
    (_, message) => {
      const optional = [...OPTIONAL_FIELDS, ...(message.type === 'refused' ? ['requestId'] : [])];
      for (const field of Object.keys(message)) {
        if (optional.includes(field)) continue;
        const { reason, message: sentence } = refusalOf(parse, JSON.stringify({ ...message, [field]: undefined }));
        expect(reason).toBe('malformed-message');
        if (field !== 'type') expect(sentence).toContain(field);
      }
    },
  );

  test.each(messages.map((message) => [message.type, message] as const))(
    '%s: no field may be of another kind',
    (_, message) => {
      for (const field of Object.keys(message)) {
        for (const wrong of [null, [1], { a: 1 }, -1, 0.5]) {
          if (wrong === null && NULLABLE_FIELDS.includes(field)) continue;
          const { reason } = refusalOf(parse, JSON.stringify({ ...message, [field]: wrong }));
          expect(reason).toBe('malformed-message');
        }
      }
    },
  );
});

test('a publish message that declares no layers declares none', () => {
  const track = { mid: '0', source: 'camera', name: '', muted: true };
  const text = JSON.stringify({ type: 'publish', requestId: 1, offer: 'v=0', tracks: [track] });
  expect(parseClientMessage(text)).toMatchObject({ tracks: [{ ...track, layers: [] }] });
});

describe.each(sides)('from a $side', ({ parse }) => {
  test.each(['', 'v=0', '{', '{"type":"leave"', 'undefined', "{'type':'leave'}", '\u0000'])(
    '"%s" is not JSON',
    (text) => {
      expect(refusalOf(parse, text).reason).toBe('malformed-message');
    },
  );

  test.each(['null', '1', '"leave"', '[]', '[{"type":"leave"}]', '{}', '{"type":null}', '{"type":["leave"]}'])(
    '%s has no type',
    (text) => {
      expect(refusalOf(parse, text).reason).toBe('malformed-message');
    },
  );

  test.each(['nonsense', '', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'Join'])(
    'the type "%s" is unknown',
    (type) => {
      expect(refusalOf(parse, JSON.stringify({ type })).reason).toBe('unknown-message');
    },
  );

  test('a message over the bound is refused unread', () => {
    const { reason, cause } = refusalOf(parse, '{'.padEnd(MAX_MESSAGE_LENGTH + 1));
    expect(reason).toBe('malformed-message');
    expect(cause).toBeUndefined();
  });

  test('an unknown type is quoted, but not at any length', () => {
    expect(refusalOf(parse, JSON.stringify({ type: 'x'.repeat(100_000) })).message.length).toBeLessThan(300);
  });

  test('invariant 7: whatever JSON comes, it is a message or a SignallingError', () => {
    const all = sides.flatMap(({ messages }) => messages);
    const attempt = (text: string) => {
      try {
        expect(parse(text)).toHaveProperty('type');
      } catch (error) {
        expect(error, text).toBeInstanceOf(SignallingError);
      }
    };
    fc.assert(fc.property(fc.json(), attempt), { numRuns: 500 });
    fc.assert(fc.property(fc.string(), attempt), { numRuns: 500 });
    fc.assert(
      fc.property(
        fc.constantFrom(...all),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.nat(),
        fc.jsonValue(),
        (message, extra, at, value) => {
          const fields = Object.keys(message);
          attempt(JSON.stringify({ ...extra, ...message, [fields[at % fields.length]!]: value }));
        },
      ),
      { numRuns: 1000 },
    );
    attempt(`{"type":"join","codecs":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
  });
});

describe('bounds', () => {
  const joined = { type: 'join', requestId: 1, protocol: 1, autoSubscribe: true, codecs: [] as string[] };

  test.each([
    ['an empty identity', { ...joined, identity: '' }],
    ['a long identity', { ...joined, identity: 'x'.repeat(257) }],
    ['too many codecs', { ...joined, codecs: Array(65).fill('VP8') }],
    ['a request number beyond 2^53', { ...joined, requestId: 2 ** 53 }],
    ['no tracks', { type: 'publish', requestId: 1, offer: '', tracks: [] }],
    ['a rid with other characters', { type: 'set-preferred-layers', requestId: 1, trackId: 't', rid: 'q;h' }],
    ['an eighth temporal layer', { type: 'set-preferred-layers', requestId: 1, trackId: 't', temporalLayer: 8 }],
    ['a large description', { type: 'answer', negotiationId: 1, answer: 'x'.repeat(524_289) }],
  ])('%s is refused', (_, message) => {
    expect(refusalOf(parseClientMessage, JSON.stringify(message)).reason).toBe('malformed-message');
  });
});

describe('the number of a request that may be malformed', () => {
  test('is found where it is one', () => {
    expect(requestIdOf('{"type":"nonsense","requestId":7}')).toBe(7);
    for (const text of ['', '{', 'null', '[]', '{}', '{"requestId":-1}', '{"requestId":"7"}', '{"requestId":1.5}']) {
      expect(requestIdOf(text)).toBeUndefined();
    }
  });

  test('and nothing makes it throw', () => {
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => void requestIdOf(text)));
  });
});
