// Transport-wide congestion control: the receiver's record of arrivals, and a sender that is told anything at all.

import { isDeepStrictEqual } from 'node:util';
import { check, type FuzzTarget } from '../../../../scripts/fuzz/target.ts';
import type { CongestionController } from '../../src/congestion/controller.ts';
import { GoogleCongestionControl } from '../../src/congestion/google-congestion-control.ts';
import { NadaCongestionControl } from '../../src/congestion/nada/nada.ts';
import { SendHistory } from '../../src/congestion/send-history.ts';
import { parseRtcp, serializeRtcp, type TransportFeedback } from '../../src/rtcp/packets.ts';
import { TransportFeedbackRecorder } from '../../src/rtcp/transport-feedback-recorder.ts';
import { randomBytes, Script } from '../inputs.ts';

/** Bytes of a feedback packet at most, as the recorder says itself. */
const MAX_FEEDBACK_SIZE = 1000;
/** Statuses at most in all the feedback at one time: what 16 bits can tell apart. */
const MAX_STATUSES = 2 ** 15;
const BOUNDS = { startBitrate: 300_000, minBitrate: 10_000, maxBitrate: 5_000_000 } as const;

export const congestionTargets: readonly FuzzTarget[] = [
  {
    name: 'feedback-recorder',
    weight: 2,
    generate: (random) => randomBytes(random, random.integer(1, 100)),
    run: (input) => new Path().record(input),
  },
  longLived('feedback-recorder-long', 1, (path, input) => path.record(input)),
  {
    name: 'congestion',
    weight: 3,
    generate: (random) => randomBytes(random, random.integer(1, 100)),
    run: (input) => new Path().send(input),
  },
  longLived('congestion-long', 3, (path, input) => path.send(input)),
  {
    name: 'nada',
    weight: 2,
    generate: (random) => randomBytes(random, random.integer(1, 100)),
    run: (input) => nadaPath().send(input),
  },
  longLived('nada-long', 2, (path, input) => path.send(input), nadaPath),
];

function nadaPath(): Path {
  return new Path(new NadaCongestionControl(BOUNDS));
}

/** One path through thousands of inputs, so that what piles up is seen. */
function longLived(
  name: string,
  weight: number,
  use: (path: Path, input: Uint8Array) => void,
  create = () => new Path(),
): FuzzTarget {
  let path: Path | undefined;
  return {
    name,
    weight,
    generate: (random) => randomBytes(random, random.integer(1, 40)),
    restart: () => {
      path = undefined;
    },
    run: (input) => {
      path ??= create();
      use(path, input);
    },
  };
}

/** Both ends of a transport. */
class Path {
  readonly #recorder = new TransportFeedbackRecorder();
  readonly #history = new SendHistory();
  readonly #controller: CongestionController;
  #now = 1000;
  #arrival = 1000;
  #sequence = 0;

  constructor(controller: CongestionController = new GoogleCongestionControl(BOUNDS)) {
    this.#controller = controller;
  }

  /** Packets arrive with any numbers at any time. */
  record(input: Uint8Array): void {
    const script = new Script(input);
    while (!script.done) {
      const action = script.uint8();
      this.#arrival += (action & 0x0f) * 0.75;
      if (action < 140) this.#arrive(1);
      else if (action < 190) this.#recorder.onPacket((this.#sequence - script.uint8()) & 0xffff, this.#arrival);
      else if (action < 195) this.#arrive(script.uint8() * 4);
      // Seldom far, since every such jump makes thousands of packets missing.
      else if (action < 196) this.#arrive(script.uint8() < 24 ? script.uint16() : 2);
      else if (action < 204) this.#arrival += 40 * script.uint8();
      else if (action < 210) this.#arrive(1, 30 * script.uint8());
      else if (action > 240) this.#report();
    }
    this.#report();
  }

  /** A packet so much further on in the sequence, and so much earlier in time. */
  #arrive(ahead: number, earlier = 0): void {
    this.#sequence += ahead;
    this.#recorder.onPacket(this.#sequence & 0xffff, this.#arrival - earlier);
  }

  #report(): void {
    let statuses = 0;
    for (const feedback of this.#recorder.nextFeedback(1, 2)) {
      statuses += feedback.packets.length;
      const bytes = serializeRtcp([feedback]);
      check(bytes.length <= MAX_FEEDBACK_SIZE, `Feedback takes ${bytes.length} bytes.`);
      check(isDeepStrictEqual(parseRtcp(bytes).packets, [feedback]), 'Feedback was written as something else.');
    }
    check(statuses <= MAX_STATUSES, `${statuses} statuses are reported at once.`);
    check(this.#recorder.nextFeedback(1, 2).length === 0, 'The same packets are reported twice.');
  }

  /** Packets leave, and the other end says anything of them. */
  send(input: Uint8Array): void {
    const script = new Script(input);
    while (!script.done) {
      const action = script.uint8();
      this.#now += (action & 0x0f) * 1.5;
      if (action < 150) this.#leave(8 * script.uint8());
      else if (action < 200) this.#tell(this.#plausible(script));
      else if (action < 230) this.#tell(this.#absurd(script));
      else if (action < 240) this.#controller.setDesiredBitrate(script.uint16() * 100, this.#now);
      else if (action < 246) this.#now += 50 * script.uint8();
      else this.#controller.onProcess(this.#now);
    }
    this.#requireSense();
  }

  #leave(size: number): void {
    const probeCluster = size % 16 === 0 ? 1 : undefined;
    const packet = { sequence: this.#sequence++, size: size + 40, sentAt: this.#now, probeCluster };
    this.#history.onPacketSent(packet);
    this.#controller.onPacketSent(packet);
  }

  #tell(feedback: TransportFeedback): void {
    const arrivals = feedback.packets.map((arrival) =>
      arrival === undefined ? undefined : feedback.referenceTime + arrival,
    );
    const { baseSequence, feedbackCount } = feedback;
    const matched = this.#history.onFeedback({ baseSequence, feedbackCount, arrivals }, this.#now);
    check(matched.packets.length <= arrivals.length, `${arrivals.length} statuses tell of more packets.`);
    this.#controller.onFeedback(matched);
    this.#controller.onProcess(this.#now);
    const probes = this.#controller.takeProbeRequests();
    check(probes.length <= 8, `${probes.length} probes were asked for at once.`);
    for (const { targetBitrate, minBytes } of probes) {
      check(targetBitrate > 0 && Number.isFinite(minBytes), `A probe at ${targetBitrate} bit/s was asked for.`);
    }
  }

  /** The last packets arrived, most of them, somewhat late. */
  #plausible(script: Script): TransportFeedback {
    const count = 1 + (script.uint8() & 0x1f);
    let arrival = 0;
    const packets = Array.from({ length: count }, () => {
      const delta = script.uint8();
      arrival += delta / 8;
      return delta > 230 ? undefined : arrival;
    });
    return this.#feedback(this.#sequence - count, Math.floor(this.#now / 64) * 64, packets);
  }

  /** Any packets, sent or not, arrived at any time, in the past or the future. */
  #absurd(script: Script): TransportFeedback {
    const packets = Array.from({ length: 1 + (script.uint8() & 0x0f) }, () => {
      const step = script.uint8();
      return step > 200 ? undefined : (step - 100) * (step & 1 ? 80 : 1);
    });
    const base = step(script, this.#sequence);
    return this.#feedback(base, ((script.uint32() | 0) >> 8) * 64, packets);
  }

  #feedback(base: number, referenceTime: number, packets: (number | undefined)[]): TransportFeedback {
    const fields = { senderSsrc: 1, mediaSsrc: 2, baseSequence: base & 0xffff, feedbackCount: this.#sequence & 0xff };
    return { type: 'transport-feedback', ...fields, referenceTime, hasArrivalTimes: true, packets };
  }

  #requireSense(): void {
    const { targetBitrate, pacingRate, rtt = 0, lossRatio, acknowledgedBitrate = 0 } = this.#controller;
    const within = targetBitrate >= BOUNDS.minBitrate && targetBitrate <= BOUNDS.maxBitrate;
    check(within, `The target is ${targetBitrate} bit/s.`);
    check(Number.isFinite(pacingRate) && pacingRate > 0, `The pacing rate is ${pacingRate} bit/s.`);
    check(Number.isFinite(rtt) && rtt >= 0, `The round trip is ${rtt} ms.`);
    check(lossRatio >= 0 && lossRatio <= 1, `The loss ratio is ${lossRatio}.`);
    check(Number.isFinite(acknowledgedBitrate) && acknowledgedBitrate >= 0, `${acknowledgedBitrate} bit/s arrive.`);
  }
}

/** Somewhere near the packets sent, or anywhere. */
function step(script: Script, sequence: number): number {
  const choice = script.uint8();
  return choice < 128 ? sequence - choice : script.uint16();
}
