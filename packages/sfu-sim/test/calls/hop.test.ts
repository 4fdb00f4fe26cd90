// How long a packet is inside the SFU, as far as its own timers and queues go. What the processor adds is measured by the
// benchmark `sfu`.

import { isRtcp, RtpPacket } from '@sluice/rtp';
import { PacketCapture } from '@sluice/sfu-sim';
import { expect, test } from 'vitest';
import { VirtualCall } from './virtual-call.ts';

const VIEWERS = 5;
/** Enough of a payload's end to tell it from every other. */
const TAIL = 40;

/** When media came to the SFU, and when it had left it for the viewers: paths take no time here. */
class HopCapture extends PacketCapture {
  readonly came = new Map<string, number>();
  readonly inside: number[] = [];

  override record({ at, direction, packet }: Parameters<PacketCapture['record']>[0]): void {
    const parsed = isRtcp(packet) ? undefined : RtpPacket.parse(packet.slice());
    if (parsed === undefined || parsed.payload.length < TAIL) return;
    const content = Buffer.from(parsed.payload.subarray(-TAIL)).toString('latin1');
    if (direction === 'uplink') {
      this.came.set(content, at);
      return;
    }
    const came = this.came.get(content);
    if (came !== undefined) this.inside.push(at - came);
  }
}

test('row 36: nothing but the pacer holds a packet up: with five viewers 95 of 100 leave within a millisecond', async () => {
  const capture = new HopCapture();
  const call = new VirtualCall({ seed: 7, capture, congestion: { startBitrate: 50_000_000, maxBitrate: 50_000_000 } });
  const ada = await call.join('ada');
  await call.settle(ada.room.localParticipant.publishTrack(call.microphone()));
  await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  for (let i = 0; i < VIEWERS; i++) await call.join(`viewer-${i}`);
  // Until everybody has the top layer, catching up included. The pacer has nothing to spread at such a rate.
  await call.clock.run(4000);
  capture.inside.length = 0;
  await call.clock.run(4000);
  const sorted = capture.inside.toSorted((a, b) => a - b);
  const p = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  console.log(`${sorted.length} packets inside for ${p(0.5)} ms (median), ${p(0.95)} ms (p95), ${p(0.99)} ms (p99)`);
  expect(sorted.length).toBeGreaterThan(5 * 4 * 150);
  expect(p(0.95)).toBeLessThan(1);
});
