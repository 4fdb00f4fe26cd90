// What Ada publishes: the generated picture and tone at first, her camera and microphone when she wants.

import { type LocalTrackPublication, type Publishable, type Room, UnsupportedError } from '@sluice/client';
import { KEYFRAME_INTERVAL } from './call.ts';
import type { GeneratedPicture } from './generated-picture.ts';
import { GeneratedTone } from './generated-tone.ts';

/** Which of the two is on. */
export type MediaChoice = 'generated' | 'camera';

/** Publishes one picture and one sound at a time. */
export class AdaMedia {
  readonly #room: Room;
  readonly #picture: GeneratedPicture;
  readonly #onCameraEnded: () => void;
  #choice: MediaChoice = 'generated';
  #video: LocalTrackPublication | undefined;
  #audio: LocalTrackPublication | undefined;
  /** Tracks made here, to be stopped here. */
  #tracks: readonly MediaStreamTrack[] = [];

  /** @param onCameraEnded - the camera was unplugged, or its permission taken back */
  constructor(room: Room, picture: GeneratedPicture, onCameraEnded: () => void) {
    this.#room = room;
    this.#picture = picture;
    this.#onCameraEnded = onCameraEnded;
    room.on('localTrackUnpublished', ({ publication }) => {
      if (publication === this.#video && this.#choice === 'camera') this.#onCameraEnded();
    });
  }

  get choice(): MediaChoice {
    return this.#choice;
  }

  /** What is sent of the video. */
  get video(): LocalTrackPublication | undefined {
    return this.#video;
  }

  /** The generated picture and tone. @throws SluiceError when they cannot be published */
  async useGenerated(): Promise<void> {
    const track = this.#picture.start();
    await this.#publish('generated', track, new GeneratedTone(), [track]);
  }

  /**
   * The camera, with the microphone if there is one; answers what to show as self-view.
   *
   * @throws DOMException when the user or the browser says no; SluiceError when it cannot be published
   */
  async useCamera(): Promise<MediaStream> {
    const stream = await openCamera();
    const tracks = stream.getTracks();
    const [video] = stream.getVideoTracks();
    if (video === undefined) throw new DOMException('The camera gave no video.', 'NotFoundError');
    await this.#publish('camera', video, stream.getAudioTracks()[0] ?? new GeneratedTone(), tracks);
    this.#picture.stop();
    return stream;
  }

  async #publish(
    choice: MediaChoice,
    video: Publishable,
    audio: Publishable,
    tracks: readonly MediaStreamTrack[],
  ): Promise<void> {
    const [oldVideo, oldAudio, oldTracks] = [this.#video, this.#audio, this.#tracks];
    this.#choice = choice;
    this.#video = undefined;
    this.#audio = undefined;
    this.#tracks = tracks;
    const { localParticipant } = this.#room;
    if (oldVideo !== undefined) await localParticipant.unpublishTrack(oldVideo);
    if (oldAudio !== undefined) await localParticipant.unpublishTrack(oldAudio);
    for (const track of oldTracks) track.stop();
    this.#video = await localParticipant.publishTrack(video, { name: choice, keyframeInterval: KEYFRAME_INTERVAL });
    try {
      this.#audio = await localParticipant.publishTrack(audio, { name: choice });
    } catch (error) {
      // Some browsers let pages have the camera's frames and not the microphone's sound.
      if (!(error instanceof UnsupportedError)) throw error;
      this.#audio = await localParticipant.publishTrack(new GeneratedTone(), { name: 'generated' });
    }
  }
}

async function openCamera(): Promise<MediaStream> {
  const video = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio: true });
  } catch (error) {
    // Thrown too where there is a camera and no microphone.
    if (!(error instanceof DOMException) || error.name !== 'NotFoundError') throw error;
    return navigator.mediaDevices.getUserMedia({ video });
  }
}
