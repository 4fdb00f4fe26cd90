// A whole call, in real time and with synthetic codecs, that every host has to carry in the same way.

import { ConnectionError, Room } from '@sluice/client';
import { seededRandom, systemClock, type Transport } from '@sluice/rtp';
import type { ParticipantStats } from '@sluice/sfu-sim';
import { contentOf, syntheticCamera, syntheticCodecs } from '@sluice/sfu-sim/bench';
import { afterEach, describe, expect, test } from 'vitest';

/** Long enough for a busy machine: only a test that fails waits for it. */
const LIMIT = 15_000;

/** An SFU somewhere, for the suite. It refuses who comes under an identity that is taken. */
export interface TestHost {
  /** A path for a participant of that name, which it did not choose itself. */
  transport(identity: string): Transport | Promise<Transport>;
  stats(identity: string): Promise<ParticipantStats>;
  disconnect(identity: string, reason: string): Promise<void>;
  close(reason: string): Promise<void>;
}

/** Runs the suite on a kind of host. */
export function testHost(name: string, start: () => Promise<TestHost>): void {
  const hosts: TestHost[] = [];
  const rooms: Room[] = [];
  const startHost = async () => {
    const host = await start();
    hosts.push(host);
    return host;
  };
  const createRoom = (seed: number) => {
    const random = seededRandom(seed);
    const codecs = syntheticCodecs({ clock: systemClock, random: random.fork('codecs'), timeScale: 0 });
    const room = new Room({ random, codecs });
    rooms.push(room);
    return { room, camera: syntheticCamera({ clock: systemClock, codecs, width: 320, height: 180 }) };
  };

  afterEach(async () => {
    for (const room of rooms.splice(0)) room.disconnect();
    for (const host of hosts.splice(0)) await host.close('test-over');
  });

  describe(name, () => {
    test(`row 9: ${name}: a late joiner is replayed from the key frame cache, then sees what is live`, async () => {
      const host = await startHost();
      const ada = createRoom(1);
      await ada.room.connect(await host.transport('ada'));
      const publication = await ada.room.localParticipant.publishTrack(ada.camera, { keyframeInterval: 120_000 });
      const cached = async () => (await host.stats('ada')).producers[0]?.layers[0]?.packetsReceived ?? 0;
      await until('half a second of video at the SFU', async () => (await cached()) > 15);

      const bob = createRoom(2);
      const numbers: number[] = [];
      const corrupt: number[] = [];
      bob.room.on('trackSubscribed', ({ track }) => {
        if (track.kind !== 'video') return;
        track.addSink({
          write(frame) {
            const content = contentOf(frame);
            numbers.push(content.frameNumber);
            if (content.corrupt) corrupt.push(content.frameNumber);
            frame.close();
          },
        });
      });
      await bob.room.connect(await host.transport('bob'));
      await until('thirty pictures', () => numbers.length >= 30);

      expect((await host.stats('bob')).consumers[0]?.packetsReplayed).toBeGreaterThan(0);
      const layers = (await host.stats('ada')).producers.flatMap((producer) => producer.layers);
      expect(layers.map(({ keyFramesRequested }) => keyFramesRequested)).toEqual(layers.map(() => 0));
      expect(publication.stats.map(({ keyFramesEncoded }) => keyFramesEncoded)).toEqual(layers.map(() => 1));
      expect(corrupt).toEqual([]);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      expect(bob.room.drops).toEqual({ malformedPackets: 0, unroutablePackets: 0 });
    });

    test(`row 9: ${name}: who leaves, is put out or comes twice, and the end of the SFU: everybody hears why`, async () => {
      const host = await startHost();
      const ada = createRoom(1).room;
      const heard: string[] = [];
      ada.on('participantDisconnected', ({ participant, reason }) => heard.push(`${participant.identity} ${reason}`));
      ada.on('disconnected', ({ reason }) => heard.push(`end ${reason}`));
      await ada.connect(await host.transport('ada'));

      const bob = createRoom(2).room;
      await bob.connect(await host.transport('bob'));
      bob.disconnect();
      await until('bob left', () => heard.length === 1);

      const carol = createRoom(3).room;
      let carolHeard = '';
      carol.on('disconnected', ({ reason }) => {
        carolHeard = reason;
      });
      await carol.connect(await host.transport('carol'));
      await host.disconnect('carol', 'naughty');
      await until('carol is out', () => heard.length === 2 && carolHeard !== '');
      expect(carolHeard).toBe('naughty');

      const error = await createRoom(4)
        .room.connect(await host.transport('ada'))
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({ reason: 'refused', cause: { reason: 'identity-in-use' } });

      await host.close('maintenance');
      await until('the end', () => heard.length === 3);
      expect(heard).toEqual(['bob left', 'carol naughty', 'end maintenance']);
      hosts.splice(0);
    });
  });
}

/** Looks whenever the event loop has come round. */
async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Not seen in ${LIMIT} ms: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
