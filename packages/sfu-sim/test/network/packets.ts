// Numbered packets for the tests of the network, and what a path does to a stream of them.

import { seededRandom } from '@sluice/rtp';
import { type LinkArrival, LinkModel, UDP_IP_OVERHEAD } from '../../src/network/link-model.ts';
import type { LinkOptions } from '../../src/network/link-options.ts';

/** 8000 bits on the wire. */
export const PACKET = 1000 - UDP_IP_OVERHEAD;

/** A packet that says which one it is. */
export function packet(id: number, size = PACKET): Uint8Array {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, id);
  return bytes;
}

export function takeAll(link: LinkModel<string>, now = Number.MAX_SAFE_INTEGER): LinkArrival<string>[] {
  const arrivals: LinkArrival<string>[] = [];
  for (let item = link.poll(now); item !== undefined; item = link.poll(now)) arrivals.push(item);
  return arrivals;
}

export const times = (arrivals: LinkArrival<string>[]) => arrivals.map(({ arrival }) => arrival);

export const ids = (arrivals: LinkArrival<string>[]) =>
  arrivals.map((item) => (item.kind === 'packet' ? new DataView(item.packet.buffer).getUint32(0) : item.message));

/** Sends `count` packets, one every `interval` ms from 0 on, through a path with `options`; what came of each. */
export function stream(options: LinkOptions, count: number, interval: number, { seed = 1, size = PACKET } = {}) {
  const dropped: { at: number; reason: string; id: number }[] = [];
  const drop = (at: number, bytes: Uint8Array, reason: string) =>
    dropped.push({ at, reason, id: new DataView(bytes.buffer).getUint32(0) });
  const counts = { duplicated: 0, corrupted: 0 };
  const link = new LinkModel<string>(seededRandom(seed), options, {
    observer: {
      dropped: drop,
      duplicated: () => counts.duplicated++,
      corrupted: () => counts.corrupted++,
    },
  });
  for (let id = 0; id < count; id++) {
    const sent = packet(id, size);
    const reason = link.offer(id * interval, sent);
    if (reason !== undefined) drop(id * interval, sent, reason);
  }
  const arrivals = takeAll(link);
  return { link, arrivals, dropped, ...counts };
}
