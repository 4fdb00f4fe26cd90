// What a subscriber got of one track, and whether it is what it should be: a benchmark that measures nothing is fast.

import { parseVp8Descriptor, type RtpPacket, sequenceDistance } from '@sluice/rtp';
import { type Camera, readTail } from './camera.ts';

/** One track at one subscriber. */
export class ReceivedTrack {
  readonly camera: Camera;
  readonly #name: string;
  #packets = 0;
  #frames = 0;
  #layer = Number.NaN;
  #sequenceNumber = 0;
  #timestamp = 0;
  #picture = 0;
  #pictureId = 0;
  #frameIsWhole = true;

  /** @param name - for what is thrown */
  constructor(camera: Camera, name: string) {
    this.camera = camera;
    this.#name = name;
  }

  /** Packets that came. */
  get packets(): number {
    return this.#packets;
  }

  /** Frames that came whole. */
  get frames(): number {
    return this.#frames;
  }

  /** The encoding of the newest packet. */
  get layer(): number {
    return this.#layer;
  }

  /**
   * Takes the next packet.
   *
   * @throws Error where it does not continue the stream
   */
  onPacket({ sequenceNumber, timestamp, marker, payload }: RtpPacket): void {
    const descriptor = parseVp8Descriptor(payload);
    const pictureId = descriptor?.pictureId;
    if (descriptor === undefined || pictureId === undefined) throw this.#wrong('a packet is no VP8 with a picture id');
    const { packet, picture } = readTail(payload);
    if (this.#packets > 0) {
      this.#expect('sequence number', sequenceNumber, (this.#sequenceNumber + 1) & 0xffff);
      if (this.#frameIsWhole) {
        this.#expect('picture id', pictureId, (this.#pictureId + 1) & 0x7fff);
        if (((timestamp - this.#timestamp) | 0) <= 0) throw this.#wrong('the timestamp does not go forward');
        // Another encoding may begin with the picture that was shown last.
        const isSwitch = this.camera.layerOf(packet) !== this.#layer;
        const ahead = sequenceDistance(picture, this.#picture);
        if (ahead !== 1 && !(isSwitch && ahead === 0)) throw this.#wrong(`the picture is ${ahead} ahead of the last`);
      } else {
        this.#expect('picture id', pictureId, this.#pictureId);
        this.#expect('timestamp', timestamp, this.#timestamp);
        this.#expect('picture', picture, this.#picture);
      }
    }
    if (descriptor.partitionStart !== this.#frameIsWhole) throw this.#wrong('a frame does not begin where one ended');
    this.#packets += 1;
    this.#layer = this.camera.layerOf(packet);
    this.#sequenceNumber = sequenceNumber;
    this.#timestamp = timestamp;
    this.#picture = picture;
    this.#pictureId = pictureId;
    this.#frameIsWhole = marker;
    if (marker) this.#frames += 1;
  }

  #expect(what: string, value: number, expected: number): void {
    if (value !== expected) throw this.#wrong(`${what} ${value} instead of ${expected}`);
  }

  #wrong(what: string): Error {
    return new Error(`${this.#name}, packet ${this.#packets}: ${what}.`);
  }
}
