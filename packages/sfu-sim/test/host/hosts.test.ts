// The hosts of this package that run in Node on the conformance suite, and what only an SFU in another realm can get wrong.

import { Room } from '@sluice/client';
import { ArgumentError, seededRandom, systemClock, type TraceEvent } from '@sluice/rtp';
import {
  Bottleneck,
  connectToSfu,
  HostError,
  PORT_CLOSED,
  parseMahimahiTrace,
  SfuHost,
  SimulatedSfu,
} from '@sluice/sfu-sim';
import { syntheticCodecs } from '@sluice/sfu-sim/bench';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testHost } from './host-conformance.ts';
import { bundleNodeWorker, startNodeWorker } from './node-worker-host.ts';

let bundle: Awaited<ReturnType<typeof bundleNodeWorker>>;

beforeAll(async () => {
  bundle = await bundleNodeWorker();
}, 60_000);

afterAll(() => bundle.remove());

testHost('in this realm', async () => {
  const sfu = new SimulatedSfu({ duplicateIdentity: 'reject' });
  return {
    transport: (identity) => sfu.transport({ identity }),
    stats: async (identity) => sfu.participant(identity).stats(),
    disconnect: async (identity, reason) => sfu.participant(identity).disconnect(reason),
    close: async (reason) => sfu.close(reason),
  };
});

testHost('worker of node:worker_threads', async () => {
  const { sfu } = await startNodeWorker(bundle.script, { duplicateIdentity: 'reject' });
  return {
    transport: (identity) => sfu.transport({ identity }),
    stats: (identity) => sfu.participant(identity).stats(),
    disconnect: (identity, reason) => sfu.participant(identity).disconnect(reason),
    close: (reason) => sfu.close(reason),
  };
});

/** A host in this realm, behind ports as if it were in another one. */
function serveHere() {
  const host = new SfuHost();
  const open: MessagePort[] = [];
  return {
    connect: (options = {}) => {
      const { port1, port2 } = new MessageChannel();
      host.serve(port2);
      open.push(port1);
      return connectToSfu(port1, options, () => port1.close());
    },
    release: () => {
      for (const port of open) port.close();
    },
  };
}

function createRoom(): Room {
  const random = seededRandom(1);
  return new Room({ random, codecs: syntheticCodecs({ clock: systemClock, random }) });
}

test('links beside the SFU are changed and read from the page; mistakes come back as the errors they are', async () => {
  const { connect, release } = serveHere();
  const sfu = await connect({ seed: 7 });
  const room = createRoom();
  await room.connect(sfu.transport({ identity: 'ada', uplink: { delay: 5 } }));
  expect(await sfu.identities()).toEqual(['ada']);
  const { uplink, downlink } = sfu.participant('ada');
  await downlink.set({ rate: 300_000, queue: 100 });
  expect((await downlink.stats()).sent.packets).toBeGreaterThanOrEqual(0);
  expect((await sfu.participant('ada').stats()).identity).toBe('ada');

  await expect(uplink.set({ delay: -1 })).rejects.toBeInstanceOf(ArgumentError);
  await expect(uplink.set({ latency: 1 } as never)).rejects.toBeInstanceOf(ArgumentError);
  await expect(sfu.participant('nobody').stats()).rejects.toBeInstanceOf(ArgumentError);
  expect(() => sfu.transport({ uplink: { loss: 2 } })).toThrow(ArgumentError);
  const via = new Bottleneck({ rate: 1e6 });
  expect(() => sfu.transport({ uplink: { via } })).toThrow(ArgumentError);
  await expect(downlink.set({ rate: parseMahimahiTrace('1\n2\n') })).rejects.toBeInstanceOf(ArgumentError);
  room.disconnect();
  await sfu.close();
  await expect(sfu.identities()).rejects.toMatchObject({ code: 'host', reason: 'closed' });
  release();
});

test('pages share one SFU: each closes what it has brought in, the others go on', async () => {
  const { connect, release } = serveHere();
  const [first, second] = [await connect({ seed: 3 }), await connect({ seed: 3 })];
  const [ada, bob] = [createRoom(), createRoom()];
  const left = new Promise<string>((resolve) => {
    bob.on('participantDisconnected', ({ participant, reason }) => resolve(`${participant.identity} ${reason}`));
  });
  const ended = new Promise<string>((resolve) => ada.on('disconnected', ({ reason }) => resolve(reason)));
  await ada.connect(first.transport({ identity: 'ada' }));
  await bob.connect(second.transport({ identity: 'bob' }));
  expect([...bob.remoteParticipants.values()].map(({ identity }) => identity)).toEqual(['ada']);
  await first.close('tab-closed');
  expect(await left).toBe('ada tab-closed');
  expect(await ended).toBe('tab-closed');
  expect(await second.identities()).toEqual(['bob']);
  bob.disconnect();
  await second.close();
  release();
});

test('a shared SFU that runs with other settings says so, and what cannot be sent is an error at once', async () => {
  const { connect, release } = serveHere();
  await connect({ seed: 3 });
  const error = await connect({ seed: 4 }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HostError);
  expect(error).toMatchObject({ reason: 'other-options' });
  await expect(serveHere().connect({ seed: 0.5 })).rejects.toBeInstanceOf(ArgumentError);
  await expect(serveHere().connect({ keyframeCache: () => {} })).rejects.toBeInstanceOf(ArgumentError);
  release();
});

test('a worker that ends takes its participants and its answers along, and says so', async () => {
  const { sfu, worker } = await startNodeWorker(bundle.script, {});
  const room = createRoom();
  const ended = new Promise<string>((resolve) => room.on('disconnected', ({ reason }) => resolve(reason)));
  await room.connect(sfu.transport({ identity: 'ada' }));
  await worker.terminate();
  expect(await ended).toBe(PORT_CLOSED);
  await expect(sfu.identities()).rejects.toMatchObject({ code: 'host', reason: 'closed' });
});

test('the trace of an SFU in another realm comes over, with times on the page’s clock', async () => {
  const events: TraceEvent[] = [];
  const before = systemClock.now();
  const { sfu } = await startNodeWorker(bundle.script, { tracer: (event) => events.push(event) });
  const room = createRoom();
  await room.connect(sfu.transport({ identity: 'ada' }));
  await sfu.participant('ada').disconnect('enough');
  await sfu.close();
  const types = events.map(({ type }) => type);
  expect(types).toContain('link-changed');
  expect(types).toContain('participant-joined');
  expect(events.at(-1)).toMatchObject({ type: 'participant-left', participant: 'ada', reason: 'enough' });
  // The worker's clock began long after ours.
  for (const { at } of events) {
    expect(at).toBeGreaterThan(before);
    expect(at).toBeLessThanOrEqual(systemClock.now());
  }
});

test('a worker whose script cannot be loaded is an error with a reason', async () => {
  const worker = new EventTarget();
  const connecting = connectToSfu(Object.assign(worker, { postMessage: () => {} }));
  worker.dispatchEvent(new Event('error'));
  const error = await connecting.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HostError);
  expect(error).toMatchObject({ code: 'host', reason: 'unavailable' });
});

test('what is not of the protocol is ignored on either side', async () => {
  const host = new SfuHost();
  const { port1, port2 } = new MessageChannel();
  host.serve(port2);
  for (const junk of [null, 7, {}, { id: 1 }, { id: 1, command: { type: 'dance' } }]) {
    port1.postMessage(junk);
    port2.postMessage(junk);
  }
  for (const junk of [{ id: 999 }, { at: 1, trace: 'much' }, { at: 1, trace: [7] }]) port2.postMessage(junk);
  const sfu = await connectToSfu(port1, { tracer: () => {} }, () => port1.close());
  expect(await sfu.identities()).toEqual([]);
  await sfu.close();
});
