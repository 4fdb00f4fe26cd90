// The page of the browser tests: the packages and a few tools, within reach of `page.evaluate`. `data-ready` tells a test
// that the module has run.

import * as client from '@sluice/client';
import * as rtp from '@sluice/rtp';
import * as sfuSim from '@sluice/sfu-sim';
import { installScenarioRunner, type Scenario, simulate } from '@sluice/sfu-sim/bench';
import { BarCodeReader, BarCodeSource } from './bar-code.ts';
import { canonicalFrame } from './canonical-frames.ts';
import { decodeAll, encodeBusyPictures, isSupported } from './encoded-frames.ts';
import { NoiseSource } from './noise.ts';
import { sendThroughPackets } from './packet-path.ts';

const payloads = { canonicalFrame, decodeAll, encodeBusyPictures, isSupported, sendThroughPackets };

/** A subscriber, with what it has seen. */
interface Viewer {
  readonly room: client.Room;
  /** The first video track. */
  readonly track: client.RemoteVideoTrack;
  readonly publication: client.RemoteTrackPublication;
  readonly reader: BarCodeReader;
}

/** The trace of a scenario in virtual time, as its digest. */
async function traceOf(scenario: Scenario): Promise<string> {
  const { traceSha256 } = await simulate(scenario);
  return traceSha256;
}

const errors: string[] = [];

/** Waits until the condition holds, looking whenever the page has nothing else to do. */
async function until(what: string, condition: () => boolean, limit = 40_000): Promise<void> {
  const deadline = performance.now() + limit;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Not seen in ${limit} ms: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A new room whose errors are kept for the test to look at. */
function createRoom(): client.Room {
  const room = new client.Room();
  room.on('error', ({ error }) => errors.push(`${error.name} ${error.reason}: ${error.message}`));
  return room;
}

/** Joins and waits for the video of somebody else. */
async function view(
  sfu: Pick<sfuSim.SimulatedSfu, 'transport'>,
  options: sfuSim.SimulatedTransportOptions,
): Promise<Viewer> {
  const room = createRoom();
  const reader = new BarCodeReader();
  const subscribed = new Promise<Omit<Viewer, 'room' | 'reader'>>((resolve) => {
    room.on('trackSubscribed', ({ track, publication }) => {
      if (track.kind !== 'video') return;
      track.addSink(reader);
      resolve({ track, publication });
    });
  });
  await room.connect(sfu.transport(options));
  return { room, reader, ...(await subscribed) };
}

const tools = {
  ...client,
  ...sfuSim,
  rtp,
  payloads,
  BarCodeSource,
  BarCodeReader,
  NoiseSource,
  createRoom,
  view,
  until,
  traceOf,
  errors,
};

declare global {
  interface Window {
    sluice: typeof tools;
  }
}

window.sluice = tools;
installScenarioRunner();
document.documentElement.dataset['ready'] = 'true';
