// What crossed the network as a pcapng file (draft-ietf-opsawg-pcapng), for Wireshark and its like: each datagram of RTP
// or RTCP in made-up headers of IPv4 (RFC 791) and UDP (RFC 768).

import { ArgumentError, type Bytes, type Clock, type Milliseconds, type Transport } from '@sluice/rtp';
import { CaptureBuffer } from './capture-buffer.ts';
import { ANNOUNCEMENT_ADDRESS, ANNOUNCEMENT_PORT, AnnouncedCodecs } from './session-announcement.ts';

/** Which way a packet goes: from the participant to the SFU, or back. */
export type CaptureDirection = 'uplink' | 'downlink';

/** One packet to record. */
export interface CapturedPacket {
  /** When, on the clock of the run: 0 or more. The file has it in microseconds. */
  readonly at: Milliseconds;
  readonly participant: string;
  readonly direction: CaptureDirection;
  /** The datagram, RTP or RTCP: at most 65 507 bytes. They are copied. */
  readonly packet: Uint8Array;
  /** Why it did not arrive, e.g. `queue`: becomes the packet's comment, `dropped: queue`. Default: it did. */
  readonly dropped?: string | undefined;
}

/** Settings of a `PacketCapture`. */
export interface PacketCaptureOptions {
  /** What the clock's 0 stands for, in ms since 1 January 1970. Default 0, so that equal runs give equal bytes. */
  readonly epoch?: Milliseconds;
  /** Most bytes that wait for `take`, 1 or more; packets beyond them are left out and counted. Default 64 MiB. */
  readonly maxPending?: Bytes;
}

/** The SFU's port in every capture. */
export const CAPTURE_SFU_PORT = 5004;

const SFU_ADDRESS = 0x0aff_fffe; // 10.255.255.254
const FIRST_PARTICIPANT_ADDRESS = 0x0a00_0001; // 10.0.0.1
const FIRST_PARTICIPANT_PORT = 10_000;
const PARTICIPANT_PORTS = 50_000;

const SECTION_HEADER_BLOCK = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION_BLOCK = 1;
const ENHANCED_PACKET_BLOCK = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** LINKTYPE_RAW: the packet begins with its IP header. */
const LINK_TYPE_RAW = 101;
const OPTION = { comment: 1, interfaceName: 2, packetFlags: 2, application: 4, dropCount: 4, resolution: 9 } as const;
const MICROSECONDS = 6;
/** Bits 0 and 1 of `epb_flags`, as the SFU sees it. */
const DIRECTION_FLAGS: Readonly<Record<CaptureDirection, number>> = { uplink: 1, downlink: 2 };

const IP_HEADER_SIZE = 20;
const UDP_HEADER_SIZE = 8;
const MAX_DATAGRAM = 0xffff - IP_HEADER_SIZE - UDP_HEADER_SIZE;
const DONT_FRAGMENT = 0x4000;
const TIME_TO_LIVE = 64;
const UDP = 17;

interface Route {
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

interface CaptureInterface extends Route {
  readonly id: number;
  readonly flags: number;
  /** The IPv4 identification of the next packet. */
  identification: number;
  /** Packets left out since the last one that is in the file. */
  omitted: number;
}

interface Endpoint {
  readonly address: number;
  readonly port: number;
}

/**
 * Records packets and hands out the bytes of the file, piece by piece. The same packets always give the same bytes.
 *
 * Every participant has an address and a port of its own (10.0.0.1:10000, 10.0.0.2:10001 … in the order in which they
 * were first seen); the SFU is 10.255.255.254:5004. Each way is an interface of the file, called `bob/downlink` and so on.
 *
 * Where the SFU's messages are told, Wireshark shows RTP, RTCP and codecs for what they are. Elsewhere it takes packets for
 * RTP and RTCP with `-d udp.port==5004,rtp`, and payload types for codecs with, for instance, `-d rtp.pt==96,vp8`.
 *
 * @example
 * const capture = new PacketCapture();
 * await room.connect(capture.tap(sfu.transport({ identity: 'bob' }), 'bob', clock));
 * …
 * for (const bytes of capture.take()) file.write(bytes);
 */
export class PacketCapture {
  readonly #epoch: Milliseconds;
  readonly #out: CaptureBuffer;
  readonly #interfaces = new Map<string, Record<CaptureDirection, CaptureInterface | undefined>>();
  readonly #announced = new Map<string, AnnouncedCodecs>();
  #interfaceCount = 0;
  #recorded = 0;
  #omitted = 0;

  /** @throws ArgumentError where an option is not what `PacketCaptureOptions` says */
  constructor({ epoch = 0, maxPending = 64 * 2 ** 20 }: PacketCaptureOptions = {}) {
    if (!(epoch >= 0 && epoch < Number.POSITIVE_INFINITY)) {
      throw new ArgumentError(`The epoch of a capture is ${epoch}: give the milliseconds since 1970, 0 or more.`);
    }
    if (!(maxPending >= 1)) throw new ArgumentError(`maxPending is ${maxPending}: give a number of bytes, 1 or more.`);
    this.#epoch = epoch;
    this.#out = new CaptureBuffer(maxPending);
    this.#writeSectionHeader();
  }

  /** Packets of the network that are in the file. */
  get packetsRecorded(): number {
    return this.#recorded;
  }

  /** Packets left out because too many bytes were waiting for `take`; the next packet of that way tells how many. */
  get packetsOmitted(): number {
    return this.#omitted;
  }

  /**
   * Records one packet.
   *
   * @throws ArgumentError for a packet that no datagram can hold, and for a time before 0
   */
  record({ at, participant, direction, packet, dropped }: CapturedPacket): void {
    if (packet.length > MAX_DATAGRAM) {
      throw new ArgumentError(`A packet of ${packet.length} bytes fits no datagram: at most ${MAX_DATAGRAM} do.`);
    }
    if (!(at >= 0)) throw new ArgumentError(`A packet cannot be captured at ${at} ms: give a time of 0 or more.`);
    const link = this.#interfaceOf(participant, direction);
    if (this.#out.full) {
      link.omitted += 1;
      this.#omitted += 1;
      return;
    }
    this.#write(at, link, packet, dropped);
    this.#recorded += 1;
  }

  /**
   * Takes a message of the SFU to a participant. When an offer or an answer in it says what a payload type means, the file
   * gets a session announcement (RFC 2974) ahead of the media, from which Wireshark knows the codecs.
   */
  recordMessage(at: Milliseconds, participant: string, message: string): void {
    let codecs = this.#announced.get(participant);
    if (codecs === undefined) {
      codecs = new AnnouncedCodecs();
      this.#announced.set(participant, codecs);
    }
    if (!codecs.learn(message) || this.#out.full) return;
    const link = this.#interfaceOf(participant, 'downlink');
    const source = { address: link.source.address, port: ANNOUNCEMENT_PORT };
    const destination = { address: ANNOUNCEMENT_ADDRESS, port: ANNOUNCEMENT_PORT };
    const packet = codecs.announcement(source.address, link.destination, participant);
    if (packet.length <= MAX_DATAGRAM) this.#write(at, link, packet, undefined, { source, destination });
  }

  /**
   * Records what goes through one end of a path: packets as they are sent there and as they arrive there. What the
   * network drops in between was sent, and never arrives.
   *
   * @param transport - the participant's end, e.g. from `SimulatedSfu.transport`
   * @param clock - the clock of the run
   * @returns the same end, to be used in its place
   */
  tap(transport: Transport, participant: string, clock: Clock): Transport {
    return {
      open: (handler) => {
        transport.open({
          onPacket: (packet, arrival) => {
            this.record({ at: arrival, participant, direction: 'downlink', packet });
            handler.onPacket(packet, arrival);
          },
          onMessage: (message) => {
            this.recordMessage(clock.now(), participant, message);
            handler.onMessage(message);
          },
          onClose: (reason) => handler.onClose(reason),
        });
      },
      sendPacket: (packet) => {
        this.record({ at: clock.now(), participant, direction: 'uplink', packet });
        transport.sendPacket(packet);
      },
      sendMessage: (message) => transport.sendMessage(message),
      close: (reason) => transport.close(reason),
    };
  }

  /** The bytes of the file since the last call, in order: all calls together give the file, whenever they are made. */
  take(): Uint8Array[] {
    return this.#out.take();
  }

  #write(
    at: Milliseconds,
    link: CaptureInterface,
    packet: Uint8Array,
    dropped: string | undefined,
    route: Route = link,
  ): void {
    const size = IP_HEADER_SIZE + UDP_HEADER_SIZE + packet.length;
    // Whole microseconds stay exact in a double for 285 years since 1970.
    const time = Math.round((this.#epoch + at) * 1000);
    this.#out.begin(ENHANCED_PACKET_BLOCK, size + 64 + 3 * (dropped?.length ?? 0));
    this.#out.uint32(link.id);
    this.#out.uint32(Math.floor(time / 2 ** 32));
    this.#out.uint32(time % 2 ** 32);
    this.#out.uint32(size);
    this.#out.uint32(size);
    writeDatagram(this.#out.reserve(size), route, link.identification, packet);
    this.#out.align();
    this.#out.numberOption(OPTION.packetFlags, link.flags, 4);
    if (link.omitted > 0) this.#out.numberOption(OPTION.dropCount, link.omitted, 8);
    if (dropped !== undefined) this.#out.textOption(OPTION.comment, `dropped: ${dropped}`);
    this.#out.endOptions();
    this.#out.end();
    link.identification = (link.identification + 1) & 0xffff;
    link.omitted = 0;
  }

  #writeSectionHeader(): void {
    this.#out.begin(SECTION_HEADER_BLOCK, 64);
    this.#out.uint32(BYTE_ORDER_MAGIC);
    this.#out.uint16(1);
    this.#out.uint16(0);
    // The length of the section is not known yet: −1 in 64 bits.
    this.#out.uint32(0xffffffff);
    this.#out.uint32(0xffffffff);
    this.#out.textOption(OPTION.application, 'Sluice');
    this.#out.endOptions();
    this.#out.end();
  }

  #interfaceOf(participant: string, direction: CaptureDirection): CaptureInterface {
    let links = this.#interfaces.get(participant);
    if (links === undefined) {
      links = { uplink: undefined, downlink: undefined };
      this.#interfaces.set(participant, links);
    }
    const known = links[direction];
    if (known !== undefined) return known;
    const other = links[direction === 'uplink' ? 'downlink' : 'uplink'];
    const link = {
      id: this.#interfaceCount,
      flags: DIRECTION_FLAGS[direction],
      ...(other === undefined
        ? endpoints(this.#interfaces.size - 1, direction)
        : { source: other.destination, destination: other.source }),
      identification: 0,
      omitted: 0,
    };
    this.#interfaceCount += 1;
    links[direction] = link;
    this.#out.begin(INTERFACE_DESCRIPTION_BLOCK, 64 + 3 * participant.length);
    this.#out.uint16(LINK_TYPE_RAW);
    this.#out.uint16(0);
    this.#out.uint32(0xffff);
    this.#out.textOption(OPTION.interfaceName, `${participant}/${direction}`);
    this.#out.numberOption(OPTION.resolution, MICROSECONDS, 1);
    this.#out.endOptions();
    this.#out.end();
    return link;
  }
}

function endpoints(index: number, direction: CaptureDirection): Route {
  const participant = {
    address: FIRST_PARTICIPANT_ADDRESS + index,
    port: FIRST_PARTICIPANT_PORT + (index % PARTICIPANT_PORTS),
  };
  const sfu = { address: SFU_ADDRESS, port: CAPTURE_SFU_PORT };
  return direction === 'uplink' ? { source: participant, destination: sfu } : { source: sfu, destination: participant };
}

/** The datagram in its headers. */
function writeDatagram(
  bytes: Uint8Array,
  { source, destination }: Route,
  identification: number,
  packet: Uint8Array,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint8(0, 0x45); // Version 4, five words of header.
  view.setUint16(2, bytes.length);
  view.setUint16(4, identification);
  view.setUint16(6, DONT_FRAGMENT);
  view.setUint8(8, TIME_TO_LIVE);
  view.setUint8(9, UDP);
  view.setUint32(12, source.address);
  view.setUint32(16, destination.address);
  view.setUint16(10, checksum(view, 0, IP_HEADER_SIZE, 0));
  const udpSize = UDP_HEADER_SIZE + packet.length;
  view.setUint16(20, source.port);
  view.setUint16(22, destination.port);
  view.setUint16(24, udpSize);
  bytes.set(packet, IP_HEADER_SIZE + UDP_HEADER_SIZE);
  // The pseudo-header of RFC 768: the addresses, which stand in front of the UDP header here, the protocol and the size.
  const sum = checksum(view, 12, bytes.length, UDP + udpSize);
  // 0 would say that there is none.
  view.setUint16(26, sum === 0 ? 0xffff : sum);
}

/** The Internet checksum (RFC 1071) of the bytes from `start` to `end`, which are filled up to whole words with a zero. */
function checksum(view: DataView, start: number, end: number, initial: number): number {
  let sum = initial;
  for (let offset = start; offset + 1 < end; offset += 2) sum += view.getUint16(offset);
  if ((end - start) % 2 === 1) sum += view.getUint8(end - 1) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
