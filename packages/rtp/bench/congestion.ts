// The cost of congestion control, per packet sent and acknowledged: history, controller and pacer, for both controllers.
// NADA is the peer of Google congestion control: nobody else offers either in JavaScript.

import { measure, type Work } from '../../../scripts/bench/measure.ts';
import { type Figure, figureOf, reportBenchmark } from '../../../scripts/bench/report.ts';
import { GoogleCongestionControl } from '../src/congestion/google-congestion-control.ts';
import { NadaCongestionControl } from '../src/congestion/nada/nada.ts';
import { Pacer } from '../src/congestion/pacer.ts';
import { PACKET_SIZE, Path } from './congestion/path.ts';

await reportBenchmark('congestion', figures());

function* figures(): Generator<Figure> {
  for (const bitrate of [2_000_000, 10_000_000]) yield figureOf(measure(controlling(bitrate)));
  yield figureOf(measure(pacing(2_000_000)));
}

function controlling(bitrate: number): Work {
  // A second of the call at a time.
  const operations = Math.round(bitrate / (PACKET_SIZE * 8));
  const ours = new Path(new GoogleCongestionControl({ startBitrate: bitrate }), bitrate);
  const nada = new Path(new NadaCongestionControl({ startBitrate: bitrate, maxBitrate: 2 * bitrate }), bitrate);
  return {
    name: `send and acknowledge, ${bitrate / 1e6} Mbit/s`,
    unit: 'µs/packet',
    operations,
    ours: () => ours.run(operations),
    peers: [{ name: 'NADA', run: () => nada.run(operations) }],
  };
}

function pacing(bitrate: number): Work {
  const packets = 200;
  const pacer = new Pacer<number>({ pacingRate: bitrate });
  let now = 0;
  let sum = 0;
  const send = (packet: number) => {
    sum += packet;
  };
  return {
    name: 'pace',
    unit: 'µs/packet',
    operations: packets,
    ours: () => {
      for (let i = 0; i < packets; i++) {
        pacer.enqueue(i, PACKET_SIZE, i % 4 === 0 ? 'audio' : 'video', now);
        now += (PACKET_SIZE * 8_000) / bitrate;
        pacer.process(now, send);
        sum += pacer.nextProcessTime(now) ?? 0;
      }
      return sum;
    },
  };
}
