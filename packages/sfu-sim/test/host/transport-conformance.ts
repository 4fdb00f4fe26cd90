// What every transport has to keep to, whatever carries it: one suite for all of them.

import type { Transport } from '@sluice/rtp';
import { afterEach, describe, expect, test } from 'vitest';
import { packetsOf, RecordingHandler } from './recording-handler.ts';

/** Two ends of one path. */
export interface TransportPair {
  readonly here: Transport;
  readonly there: Transport;
}

/** A kind of transport, for the suite. */
export interface TransportKind {
  /** A new path whose ends are not open yet. */
  connect(): Promise<TransportPair>;
  /** Lets go of whatever the paths of one test stood on. */
  release?(): Promise<void>;
}

/** Runs the suite on a kind of transport. */
export function testTransport(name: string, kind: TransportKind): void {
  const pairs: TransportPair[] = [];
  const connect = async () => {
    const pair = await kind.connect();
    pairs.push(pair);
    return pair;
  };
  const openBoth = async () => {
    const pair = await connect();
    const [here, there] = [new RecordingHandler(), new RecordingHandler()];
    pair.here.open(here);
    pair.there.open(there);
    return { pair, here, there };
  };
  /** A path of the same kind has carried something there and back: what was still to come would be there. */
  const settle = async () => {
    const { pair, here, there } = await openBoth();
    for (let round = 0; round < 3; round++) {
      pair.here.sendMessage(`${round}`);
      await there.until(() => there.messages.length > round);
      pair.there.sendMessage(`${round}`);
      await here.until(() => here.messages.length > round);
    }
  };

  afterEach(async () => {
    for (const { here, there } of pairs.splice(0)) {
      here.close('test-over');
      there.close('test-over');
    }
    await kind.release?.();
  });

  describe(`transport conformance: ${name}`, () => {
    test('messages arrive once, whole and in order, in both directions', async () => {
      const { pair, here, there } = await openBoth();
      const messages = Array.from({ length: 200 }, (_, n) => `${n} ${'ä𝄞"\\'.repeat(n % 50)}`);
      messages.push('', 'x'.repeat(100_000));
      for (const message of messages) {
        pair.here.sendMessage(message);
        pair.there.sendMessage(message);
      }
      await there.until(() => there.messages.length >= messages.length);
      await here.until(() => here.messages.length >= messages.length);
      expect(there.messages).toEqual(messages);
      expect(here.messages).toEqual(messages);
    });

    test('packets arrive as they were sent, also those that share a buffer, and their buffers stay the sender’s', async () => {
      const { pair, here, there } = await openBoth();
      const shared = Uint8Array.from({ length: 4096 }, (_, n) => (n * 31) & 0xff);
      const packets = Array.from({ length: 40 }, (_, n) => shared.subarray(n * 7, n * 7 + 12 + n * 30));
      const expected = packets.map((packet) => [...packet]);
      for (const packet of packets) {
        pair.here.sendPacket(packet);
        pair.there.sendPacket(packet);
      }
      await there.until(() => there.packets.length >= packets.length);
      await here.until(() => here.packets.length >= packets.length);
      expect(packetsOf(there)).toEqual(expected);
      expect(packetsOf(here)).toEqual(expected);
      expect(shared.byteLength).toBe(4096);
    });

    test('the arrival of a packet is a time on the owner’s clock, and never to come', async () => {
      const { pair, there } = await openBoth();
      const before = performance.now();
      for (let n = 0; n < 10; n++) {
        pair.here.sendPacket(new Uint8Array(100));
        await there.until(() => there.packets.length > n);
      }
      for (const { arrival, at } of there.packets) {
        expect(arrival).toBeGreaterThanOrEqual(before);
        expect(arrival).toBeLessThanOrEqual(at);
      }
    });

    test('what arrives before open waits for it: messages, packets and the end', async () => {
      const { here, there } = await connect();
      there.open(new RecordingHandler());
      there.sendMessage('first');
      there.sendPacket(Uint8Array.of(1, 2, 3));
      there.sendMessage('second');
      there.close('gone early');
      await settle();
      const handler = new RecordingHandler();
      here.open(handler);
      await handler.until(() => handler.closed !== undefined);
      expect(handler.messages).toEqual(['first', 'second']);
      expect(packetsOf(handler)).toEqual([[1, 2, 3]]);
      expect(handler.log.at(-1)).toBe('close gone early');
    });

    test('the other side hears why it was closed, after all that was said before, and nothing after', async () => {
      const { pair, here, there } = await openBoth();
      for (let n = 0; n < 50; n++) pair.here.sendMessage(`${n}`);
      pair.here.close('left – für immer');
      pair.here.sendMessage('too late');
      pair.here.sendPacket(new Uint8Array(12));
      pair.here.close('again');
      await there.until(() => there.closed !== undefined);
      pair.there.sendMessage('to nobody');
      pair.there.sendPacket(new Uint8Array(12));
      pair.there.close('me too');
      await settle();
      expect(there.log).toEqual([...Array.from({ length: 50 }, (_, n) => `message ${n}`), 'close left – für immer']);
      expect(here.log, 'the side that closed').toEqual([]);
    });

    test('who has closed hears nothing more, not even what was under way', async () => {
      const { pair, here, there } = await openBoth();
      for (let n = 0; n < 20; n++) {
        pair.there.sendMessage(`${n}`);
        pair.there.sendPacket(new Uint8Array(12));
      }
      pair.here.close('enough');
      await there.until(() => there.closed !== undefined);
      await settle();
      expect(there.closed).toBe('enough');
      expect(here.log).toEqual([]);
    });

    test('both sides may close at once: neither hears of more than the end', async () => {
      const { pair, here, there } = await openBoth();
      pair.here.close('here');
      pair.there.close('there');
      await settle();
      expect(here.log).toEqual([]);
      expect(there.log).toEqual([]);
    });

    test('closed before it was opened, it delivers nothing', async () => {
      const { here, there } = await connect();
      const peer = new RecordingHandler();
      there.open(peer);
      there.sendMessage('hello');
      await settle();
      here.close('changed my mind');
      await peer.until(() => peer.closed !== undefined);
      const handler = new RecordingHandler();
      here.open(handler);
      await settle();
      expect(peer.closed).toBe('changed my mind');
      expect(handler.log).toEqual([]);
    });

    test('a handler that closes at the first of the early messages is spared the rest', async () => {
      const { here, there } = await connect();
      there.open(new RecordingHandler());
      for (const message of ['one', 'two', 'three']) there.sendMessage(message);
      await settle();
      const heard: string[] = [];
      here.open({
        onPacket: () => {},
        onMessage: (message) => {
          heard.push(message);
          here.close('enough');
        },
        onClose: (reason) => heard.push(reason),
      });
      await settle();
      expect(heard).toEqual(['one']);
    });
  });
}
