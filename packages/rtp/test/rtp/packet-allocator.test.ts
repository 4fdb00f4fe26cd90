import { expect, test } from 'vitest';
import { PacketAllocator } from '../../src/rtp/packet-allocator.ts';

test('packets share memory, and no byte of it twice', () => {
  const allocator = new PacketAllocator();
  const packets = Array.from({ length: 200 }, (_, i) => allocator.allocate(1000 + i).fill(i));
  packets.forEach((packet, i) => {
    expect(packet.length).toBe(1000 + i);
    expect(packet.every((byte) => byte === i)).toBe(true);
  });
  expect(new Set(packets.map(({ buffer }) => buffer)).size).toBeLessThan(10);
});

test('a packet larger than any that networks carry is served too', () => {
  const allocator = new PacketAllocator();
  expect(allocator.allocate(100_000).length).toBe(100_000);
  expect(allocator.allocate(0).length).toBe(0);
});
