// The cost of the wire: RTP, RTCP and payload formats, packet by packet, beside the libraries that do the same.

import { measure, type Work } from '../../../scripts/bench/measure.ts';
import { type Figure, figureOf, reportBenchmark } from '../../../scripts/bench/report.ts';
import { assembling, inspecting, packetising } from './wire/codecs.ts';
import { feedbackBuilding, feedbackParsing, nackRoundTrip, reportParsing } from './wire/feedback.ts';
import { packetForwarding, packetRoundTrip } from './wire/packets.ts';

await reportBenchmark('wire', figures());

function* figures(): Generator<Figure> {
  for (const work of works()) yield figureOf(measure(work));
}

function works(): Work[] {
  return [
    packetRoundTrip(),
    packetForwarding(),
    feedbackBuilding(),
    feedbackParsing(),
    nackRoundTrip(),
    reportParsing(),
    ...packetising(),
    ...assembling(),
    ...inspecting(),
  ];
}
