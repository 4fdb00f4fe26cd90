import { ArgumentError, seededRandom, serializeRtcp, type Transport } from '@sluice/rtp';
import { createEmulatedTransport, PacketCapture } from '@sluice/sfu-sim';
import { VirtualClock } from '@sluice/sfu-sim/bench';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PcapngBlock, readPcapng } from './pcapng.ts';

const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const PACKET = 6;

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const joined = (chunks: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(chunks));

/** The blocks of everything that waits in the capture. */
const blocksOf = (capture: PacketCapture) => readPcapng(joined(capture.take()));

const option = ({ options }: PcapngBlock, code: number) => options.find((each) => each.code === code)?.value;

/** A packet block taken apart down to the datagram, with every length and checksum on the way verified. */
function datagramOf(block: PcapngBlock) {
  const { body } = block;
  const size = body.getUint32(12, true);
  expect(body.getUint32(16, true)).toBe(size);
  const ip = new DataView(body.buffer, body.byteOffset + 20, size);
  expect(ip.getUint8(0)).toBe(0x45);
  expect(ip.getUint16(2)).toBe(size);
  expect(ip.getUint8(9)).toBe(17);
  expect(onesComplementSum(new Uint8Array(ip.buffer, ip.byteOffset, 20))).toBe(0xffff);
  const udpSize = ip.getUint16(24);
  expect(udpSize).toBe(size - 20);
  expect(ip.getUint16(26)).not.toBe(0);
  const pseudoHeader = [0, 17, udpSize >> 8, udpSize & 0xff];
  const checked = new Uint8Array(ip.buffer, ip.byteOffset + 12, size - 12);
  expect(onesComplementSum(Uint8Array.of(...pseudoHeader, ...checked))).toBe(0xffff);
  const address = (offset: number) => [0, 1, 2, 3].map((i) => ip.getUint8(offset + i)).join('.');
  return {
    interfaceId: body.getUint32(0, true),
    microseconds: body.getUint32(4, true) * 2 ** 32 + body.getUint32(8, true),
    identification: ip.getUint16(4),
    source: `${address(12)}:${ip.getUint16(20)}`,
    destination: `${address(16)}:${ip.getUint16(22)}`,
    payload: new Uint8Array(ip.buffer, ip.byteOffset + 28, size - 28).slice(),
  };
}

/** RFC 1071 §1: over data and its checksum the sum is all ones. */
function onesComplementSum(bytes: Uint8Array): number {
  let sum = 0;
  bytes.forEach((byte, i) => {
    sum += i % 2 === 0 ? byte << 8 : byte;
    if (sum > 0xffff) sum = (sum & 0xffff) + 1;
  });
  return sum;
}

const packet = (...bytes: number[]) => Uint8Array.from(bytes);

describe('a capture', () => {
  test('begins with one section, and describes each way before its first packet', () => {
    const capture = new PacketCapture();
    const bytes = packet(0x80, 1, 2);
    capture.record({ at: 0, participant: 'ada', direction: 'uplink', packet: bytes });
    capture.record({ at: 1, participant: 'bob', direction: 'downlink', packet: bytes });
    capture.record({ at: 2, participant: 'ada', direction: 'uplink', packet: bytes });
    capture.record({ at: 3, participant: 'ada', direction: 'downlink', packet: bytes });
    const blocks = blocksOf(capture);
    expect(blocks.map(({ type }) => type)).toEqual([
      SECTION,
      INTERFACE,
      PACKET,
      INTERFACE,
      PACKET,
      PACKET,
      INTERFACE,
      PACKET,
    ]);
    const interfaces = blocks.filter(({ type }) => type === INTERFACE);
    expect(interfaces.map((block) => text(option(block, 2)!))).toEqual(['ada/uplink', 'bob/downlink', 'ada/downlink']);
    // LINKTYPE_RAW, and microseconds.
    expect(interfaces.map(({ body }) => body.getUint16(0, true))).toEqual([101, 101, 101]);
    expect(interfaces.map((block) => option(block, 9)![0])).toEqual([6, 6, 6]);
    const packets = blocks.filter(({ type }) => type === PACKET).map(datagramOf);
    expect(packets.map(({ interfaceId }) => interfaceId)).toEqual([0, 1, 0, 2]);
  });

  test('holds the packets as they were, at their times, in headers whose lengths and checksums are right', () => {
    const recorded = fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1e12, noNaN: true }),
        participant: fc.constantFrom('ada', 'bob', 'çelik'),
        direction: fc.constantFrom('uplink' as const, 'downlink' as const),
        packet: fc.uint8Array({ maxLength: 1500 }),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(recorded, (packets) => {
        const capture = new PacketCapture();
        for (const each of packets) capture.record(each);
        const blocks = blocksOf(capture);
        const names = blocks.filter(({ type }) => type === INTERFACE).map((block) => text(option(block, 2)!));
        const read = blocks.filter(({ type }) => type === PACKET).map(datagramOf);
        expect(
          read.map(({ interfaceId, microseconds, payload }) => [names[interfaceId], microseconds, payload]),
        ).toEqual(
          packets.map((each) => [`${each.participant}/${each.direction}`, Math.round(each.at * 1000), each.packet]),
        );
      }),
    );
  });

  test('gives every participant an address of its own, and tells the two ways apart', () => {
    const capture = new PacketCapture();
    for (const participant of ['ada', 'bob']) {
      for (const direction of ['downlink', 'uplink'] as const) {
        capture.record({ at: 0, participant, direction, packet: packet(1) });
      }
    }
    const packets = blocksOf(capture).filter(({ type }) => type === PACKET);
    expect(packets.map(datagramOf).map(({ source, destination }) => `${source} > ${destination}`)).toEqual([
      '10.255.255.254:5004 > 10.0.0.1:10000',
      '10.0.0.1:10000 > 10.255.255.254:5004',
      '10.255.255.254:5004 > 10.0.0.2:10001',
      '10.0.0.2:10001 > 10.255.255.254:5004',
    ]);
    // Seen from the SFU: outbound, inbound.
    expect(packets.map((block) => option(block, 2)![0])).toEqual([2, 1, 2, 1]);
  });

  test('numbers the datagrams of each way, so that a reader can tell that none is missing', () => {
    const capture = new PacketCapture();
    for (let i = 0; i < 3; i++) {
      capture.record({ at: i, participant: 'ada', direction: 'uplink', packet: packet(i) });
      if (i === 1) capture.record({ at: i, participant: 'bob', direction: 'uplink', packet: packet(i) });
    }
    const packets = blocksOf(capture).filter(({ type }) => type === PACKET);
    expect(packets.map(datagramOf).map(({ identification }) => identification)).toEqual([0, 1, 0, 2]);
  });

  test('says of a dropped packet why', () => {
    const capture = new PacketCapture();
    const way = { participant: 'ada', direction: 'uplink' } as const;
    capture.record({ at: 0, ...way, packet: packet(1) });
    capture.record({ at: 1, ...way, packet: packet(2), dropped: 'queue' });
    const [arrived, dropped] = blocksOf(capture).filter(({ type }) => type === PACKET);
    expect(option(arrived!, 1)).toBeUndefined();
    expect(text(option(dropped!, 1)!)).toBe('dropped: queue');
  });

  test('counts the time from the epoch it is given, to the microsecond', () => {
    const epoch = Date.UTC(2026, 0, 1);
    const capture = new PacketCapture({ epoch });
    capture.record({ at: 12.3456, participant: 'ada', direction: 'uplink', packet: packet(1) });
    const block = blocksOf(capture).find(({ type }) => type === PACKET);
    expect(datagramOf(block!).microseconds).toBe(epoch * 1000 + 12_346);
  });

  test('keeps its own copy of the bytes', () => {
    const capture = new PacketCapture();
    const bytes = packet(1, 2, 3);
    capture.record({ at: 0, participant: 'ada', direction: 'uplink', packet: bytes });
    bytes.fill(9);
    const block = blocksOf(capture).find(({ type }) => type === PACKET);
    expect(datagramOf(block!).payload).toEqual(packet(1, 2, 3));
  });

  test('writes checksums of 0 as all ones (RFC 768)', () => {
    // Whatever the headers sum up to, one of all two-byte payloads makes the checksum 0.
    const capture = new PacketCapture();
    for (let value = 0; value < 0x10000; value++) {
      capture.record({ at: 0, participant: 'a', direction: 'uplink', packet: packet(value >> 8, value & 0xff) });
    }
    const sums = readPcapng(joined(capture.take()))
      .filter(({ type }) => type === PACKET)
      .map(({ body }) => body.getUint16(20 + 26));
    expect(sums).toContain(0xffff);
    expect(sums).not.toContain(0);
  });
});

describe('the bytes of a capture', () => {
  /** A hundred packets that differ, for three participants. */
  function fill(capture: PacketCapture, afterEach = () => {}) {
    const random = seededRandom(3);
    for (let i = 0; i < 100; i++) {
      const participant = ['ada', 'bob', 'cem'][random.integer(0, 2)]!;
      const direction = random.next() < 0.5 ? 'uplink' : 'downlink';
      const bytes = Uint8Array.from({ length: random.integer(0, 1200) }, () => random.integer(0, 255));
      capture.record({ at: i * 1.7, participant, direction, packet: bytes, dropped: i % 9 === 0 ? 'loss' : undefined });
      afterEach();
    }
  }

  test('are the same for the same packets, whenever they are taken', () => {
    const whole = new PacketCapture();
    fill(whole);
    const piecemeal = new PacketCapture();
    const pieces: Uint8Array[] = [];
    fill(piecemeal, () => pieces.push(...piecemeal.take()));
    const bytes = joined(whole.take());
    expect(joined(pieces)).toEqual(bytes);
    expect(bytes.length).toBeGreaterThan(64 * 1024);
    expect(whole.take()).toEqual([]);
  });

  test('wait in bounded memory: packets beyond the bound are left out, and the next one says how many', () => {
    const capture = new PacketCapture({ maxPending: 1000 });
    const way = { participant: 'ada', direction: 'uplink' } as const;
    for (let at = 0; at < 50; at++) capture.record({ at, ...way, packet: new Uint8Array(200) });
    expect(capture).toMatchObject({ packetsRecorded: 4, packetsOmitted: 46 });
    const before = capture.take();
    expect(joined(before).length).toBeLessThan(1000 + 300);
    capture.record({ at: 50, ...way, packet: new Uint8Array(1) });
    capture.record({ at: 51, ...way, packet: new Uint8Array(1) });
    const packets = readPcapng(joined([...before, ...capture.take()])).filter(({ type }) => type === PACKET);
    const omitted = packets.map((block) => option(block, 4)?.[0]);
    expect(omitted).toEqual([undefined, undefined, undefined, undefined, 46, undefined]);
  });

  test('hold what no option or packet can be refused for, and nothing else', () => {
    const capture = new PacketCapture();
    const way = { participant: 'x'.repeat(100_000), direction: 'uplink' } as const;
    capture.record({ at: 0, ...way, packet: new Uint8Array(65_507), dropped: '✗'.repeat(50_000) });
    expect(blocksOf(capture).map(({ type }) => type)).toEqual([SECTION, INTERFACE, PACKET]);
    expect(() => capture.record({ at: 0, ...way, packet: new Uint8Array(65_508) })).toThrow(ArgumentError);
    expect(() => capture.record({ at: -1, ...way, packet: new Uint8Array(1) })).toThrow(ArgumentError);
    expect(() => capture.record({ at: Number.NaN, ...way, packet: new Uint8Array(1) })).toThrow(ArgumentError);
    expect(() => new PacketCapture({ epoch: -1 })).toThrow(ArgumentError);
    expect(() => new PacketCapture({ maxPending: 0 })).toThrow(ArgumentError);
    expect(capture.take()).toEqual([]);
  });
});

describe('a tap', () => {
  test('records what a participant sends and what reaches it, and passes everything on', async () => {
    const clock = new VirtualClock();
    const path = createEmulatedTransport({
      clock,
      random: seededRandom(1),
      name: 'bob',
      uplink: { delay: 10 },
      downlink: { delay: 20 },
    });
    const capture = new PacketCapture();
    const bob = capture.tap(path.client, 'bob', clock);
    const heard: string[] = [];
    const listen = (name: string, end: Transport) =>
      end.open({
        onPacket: (bytes, arrival) => heard.push(`${name} packet of ${bytes.length} at ${arrival}`),
        onMessage: (message) => heard.push(`${name} message ${message}`),
        onClose: (reason) => heard.push(`${name} closed: ${reason}`),
      });
    listen('bob', bob);
    listen('sfu', path.sfu);
    const report = serializeRtcp([{ type: 'receiver-report', ssrc: 1, reports: [] }]);
    bob.sendPacket(report.slice());
    bob.sendMessage('hello');
    path.sfu.sendPacket(new Uint8Array(50));
    path.sfu.sendMessage('welcome');
    await clock.run(100);
    bob.close('done');
    await clock.run(100);
    expect(heard.sort()).toEqual([
      'bob message welcome',
      'bob packet of 50 at 20',
      'sfu closed: done',
      'sfu message hello',
      'sfu packet of 8 at 10',
    ]);
    const packets = blocksOf(capture)
      .filter(({ type }) => type === PACKET)
      .map(datagramOf);
    expect(packets.map(({ microseconds, payload }) => [microseconds, payload.length])).toEqual([
      [0, 8],
      [20_000, 50],
    ]);
    expect(packets[0]!.payload).toEqual(report);
  });
});
