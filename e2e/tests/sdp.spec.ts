// Session descriptions against the browser's own: it takes our answers and offers, and both sides read the same in
// them.

import type { Page } from '@playwright/test';
import { expect, test } from './harness.ts';

/** What every test here needs in the page. */
interface Peer {
  /** An ICE and DTLS transport that nobody is at, of the right form. */
  readonly transport: {
    iceUfrag: string;
    icePwd: string;
    iceOptions: string[];
    fingerprints: { hash: string; value: string }[];
    candidates: string[];
    endOfCandidates: boolean;
  };
  video(): MediaStreamTrack;
  audio(): MediaStreamTrack;
}

declare global {
  interface Window {
    peer: Peer;
  }
}

test.beforeEach(async ({ page }) => {
  await page.evaluate(() => {
    const context = new AudioContext();
    window.peer = {
      transport: {
        iceUfrag: 'abcd',
        icePwd: 'abcdefghijklmnopqrstuvwx',
        iceOptions: ['trickle', 'renomination'],
        fingerprints: [{ hash: 'sha-256', value: Array.from({ length: 32 }, () => 'AB').join(':') }],
        candidates: ['1 1 udp 2113929471 192.0.2.1 50000 typ host generation 0 ufrag abcd network-cost 999'],
        endOfCandidates: true,
      },
      video: () => {
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [1280, 720];
        canvas.getContext('2d');
        return canvas.captureStream(5).getVideoTracks()[0]!;
      },
      audio: () => context.createMediaStreamDestination().stream.getAudioTracks()[0]!,
    };
  });
});

/** Chromium offers everything it has with one codec in front, and gets our answer. */
async function answerWith(page: Page, preferred: { mimeType: string; sdpFmtpLine?: string }) {
  return page.evaluate(async (codec) => {
    const { rtp } = window.sluice;
    const pc = new RTCPeerConnection();
    const stream = new MediaStream();
    pc.addTrack(window.peer.audio(), stream);
    const sendEncodings = ['q', 'h', 'f'].map((rid, i) => ({
      rid,
      scaleResolutionDownBy: 4 / 2 ** i,
      scalabilityMode: 'L1T1',
    }));
    const camera = pc.addTransceiver(window.peer.video(), { direction: 'sendonly', streams: [stream], sendEncodings });
    pc.addTransceiver('audio', { direction: 'recvonly' });
    const screen = pc.addTransceiver('video', { direction: 'recvonly' });
    pc.createDataChannel('data');
    for (const transceiver of [camera, screen]) {
      const all = RTCRtpReceiver.getCapabilities('video')!.codecs;
      const wanted = all.filter(
        ({ mimeType, sdpFmtpLine }) => mimeType === codec.mimeType && sdpFmtpLine === codec.sdpFmtpLine,
      );
      transceiver.setCodecPreferences([...wanted, ...all.filter((each) => !wanted.includes(each))]);
    }
    await pc.setLocalDescription();
    const offer = rtp.parseDescription(pc.localDescription!.sdp);
    const answered = rtp.answer(offer, {
      transport: window.peer.transport,
      iceLite: true,
      send: new Map([['3', { ssrcs: [{ ssrc: 7, rtxSsrc: 8, cname: 'c' }], msid: { stream: 's', track: 't' } }]]),
    });
    rtp.checkAnswer(offer, answered);
    await pc.setRemoteDescription({ type: 'answer', sdp: rtp.writeDescription(answered) });
    const parameters = camera.sender.getParameters();
    const result = {
      offered: rtp.mediaOf(offer).map(({ codecs }) => codecs[0]!),
      answered: rtp.mediaOf(answered).map(({ codecs }) => codecs[0]!),
      directions: pc.getTransceivers().map(({ currentDirection }) => currentDirection),
      mids: pc.getTransceivers().map(({ mid }) => mid),
      codecs: parameters.codecs.map(({ mimeType, payloadType, sdpFmtpLine }) => ({
        mimeType,
        payloadType,
        sdpFmtpLine,
      })),
      encodings: parameters.encodings.map(({ rid, active }) => ({ rid, active })),
      extensions: parameters.headerExtensions.map(({ uri, id }) => [uri, id]),
      uris: rtp.HEADER_EXTENSION_URIS,
      ids: rtp.findMedia(answered, '1')!.extensions,
    };
    pc.close();
    return result;
  }, preferred);
}

test('Chromium takes our answer to all it can offer, whichever codec it prefers', async ({ page }) => {
  const codecs = await page.evaluate(() =>
    RTCRtpSender.getCapabilities('video')!
      .codecs.filter(({ mimeType }) => !/rtx|red|ulpfec|flexfec/.test(mimeType))
      .map(({ mimeType, sdpFmtpLine }) => ({ mimeType, ...(sdpFmtpLine !== undefined && { sdpFmtpLine }) })),
  );
  expect(codecs.map(({ mimeType }) => mimeType)).toEqual(
    expect.arrayContaining(['video/VP8', 'video/VP9', 'video/AV1']),
  );
  for (const codec of codecs) {
    const result = await answerWith(page, codec);
    const label = JSON.stringify(codec);
    // H.264 of packetization mode 0 is refused: what comes next is taken then.
    const spoken = !codec.sdpFmtpLine?.includes('packetization-mode=0');
    expect(result.directions, label).toEqual(['sendonly', 'sendonly', 'inactive', 'recvonly']);
    expect(result.mids, label).toEqual(['0', '1', '2', '3']);
    expect(result.encodings, label).toEqual(['q', 'h', 'f'].map((rid) => ({ rid, active: true })));
    expect(`video/${result.offered[1]!.name}`, label).toBe(codec.mimeType);
    const taken = result.answered[1]!;
    expect(result.codecs[0]!.payloadType, label).toBe(taken.payloadType);
    if (spoken) expect(taken.payloadType, label).toBe(result.offered[1]!.payloadType);
    else expect(taken.payloadType, label).not.toBe(result.offered[1]!.payloadType);
    const uris = Object.entries(result.ids).map(([name, id]) => [result.uris[name as keyof typeof result.uris], id]);
    expect([...result.extensions].sort(), label).toEqual(uris.sort());
  }
});

test('Chromium takes an answer in our order of codecs, with fewer encodings', async ({ page }) => {
  const result = await page.evaluate(async () => {
    const { rtp } = window.sluice;
    const pc = new RTCPeerConnection();
    const camera = pc.addTransceiver(window.peer.video(), {
      direction: 'sendonly',
      sendEncodings: [{ rid: 'q' }, { rid: 'h' }, { rid: 'f' }],
    });
    pc.addTransceiver(window.peer.audio(), { direction: 'sendonly' });
    await pc.setLocalDescription();
    const offer = rtp.parseDescription(pc.localDescription!.sdp);
    const answered = rtp.answer(offer, { transport: window.peer.transport, codecs: ['AV1', 'VP8', 'red', 'opus'] });
    const media = rtp.mediaOf(answered).map((section) => {
      if (section.simulcast === undefined) return section;
      const recv = section.simulcast.recv.filter(([first]) => first!.rid !== 'h');
      return { ...section, rids: section.rids.filter(({ id }) => id !== 'h'), simulcast: { send: [], recv } };
    });
    const reduced = { ...answered, media };
    rtp.checkAnswer(offer, reduced);
    await pc.setRemoteDescription({ type: 'answer', sdp: rtp.writeDescription(reduced) });
    const { codecs, encodings } = camera.sender.getParameters();
    const audio = pc.getTransceivers()[1]!.sender.getParameters().codecs;
    const accepted = rtp.acceptedRids(rtp.findMedia(offer, '0')!, rtp.findMedia(reduced, '0')!);
    pc.close();
    return {
      codecs: codecs.map(({ mimeType }) => mimeType).filter((name) => !name.endsWith('rtx')),
      audio: audio.map(({ mimeType }) => mimeType),
      rids: encodings.map(({ rid }) => rid),
      accepted,
    };
  });
  expect(result).toEqual({
    codecs: ['video/AV1', 'video/VP8'],
    audio: ['audio/red', 'audio/opus'],
    rids: ['q', 'f'],
    accepted: ['q', 'f'],
  });
});

test('Chromium answers our offers as we would: codecs, encodings, identifiers, DTLS', async ({ page }) => {
  const result = await page.evaluate(async () => {
    const { rtp } = window.sluice;
    const transport = { ...window.peer.transport, setup: 'actpass' as const };
    const section = { transport, rids: [], ssrcs: [] };
    const offer = {
      ...rtp.createOffer({
        sessionVersion: 1,
        media: [
          rtp.offerMedia({
            ...section,
            mid: 'screen',
            kind: 'video',
            codecs: ['AV1', 'VP9', 'VP8', 'H264', 'H265'],
            ssrcs: [{ ssrc: 7, rtxSsrc: 8, cname: 'c' }],
          }),
          rtp.offerMedia({
            ...section,
            mid: 'voice',
            kind: 'audio',
            codecs: ['opus', 'red'],
            ssrcs: [{ ssrc: 9, cname: 'c' }],
            msid: { stream: 'without-track', track: '' },
          }),
          rtp.offerMedia({
            ...section,
            mid: 'camera',
            kind: 'video',
            codecs: ['VP8'],
            direction: 'recvonly',
            rids: ['lo', 'hi'],
          }),
          rtp.offerMedia({ ...section, mid: 'layers', kind: 'video', codecs: ['VP8'], rids: ['a', 'b'] }),
          rtp.offerMedia({ ...section, mid: 'exotic', kind: 'video', codecs: ['flexfec'] }),
        ],
      }),
      extmapAllowMixed: true,
    };
    const pc = new RTCPeerConnection();
    let stream: string | undefined;
    pc.ontrack = ({ transceiver, streams }) => {
      if (transceiver.mid === 'voice') stream = streams[0]?.id;
    };
    await pc.setRemoteDescription({ type: 'offer', sdp: rtp.writeDescription(offer) });
    // Chromium writes what it has understood.
    const understood = rtp.findMedia(rtp.parseDescription(pc.remoteDescription!.sdp), 'screen')!.transport!;
    const camera = pc.getTransceivers().find(({ mid }) => mid === 'camera')!;
    camera.direction = 'sendonly';
    await camera.sender.replaceTrack(window.peer.video());
    await pc.setLocalDescription();
    const sdp = pc.localDescription!.sdp;
    const answered = rtp.parseDescription(sdp);
    const problems: string[] = [];
    try {
      rtp.checkAnswer(offer, answered);
    } catch (error) {
      problems.push(String(error));
    }
    const read = (mid: string) => rtp.findMedia(answered, mid)!;
    const names = (mid: string) =>
      read(mid).codecs.map(({ name, payloadType, rtxPayloadType }) => `${name} ${payloadType} ${rtxPayloadType}`);
    const result = {
      sdp,
      problems,
      screen: names('screen'),
      voice: names('voice'),
      directions: rtp
        .mediaOf(answered)
        .map(({ mid, direction, rejected }) => `${mid} ${rejected ? 'rejected' : direction}`),
      bundles: answered.bundles,
      extensions: read('screen').extensions,
      offered: rtp.findMedia(offer, 'screen')!.extensions,
      camera: rtp.simulcastRids(read('camera'), 'send'),
      encodings: camera.sender.getParameters().encodings.map(({ rid }) => rid),
      layers: rtp.acceptedRids(rtp.findMedia(offer, 'layers')!, read('layers')),
      transport: read('screen').transport!,
      given: transport,
      understood,
      stream,
      current: pc.getTransceivers().map(({ mid, currentDirection }) => [mid, currentDirection]),
    };
    pc.close();
    return result;
  });
  expect(result.problems, result.sdp).toEqual([]);
  expect(result.directions).toEqual([
    'screen recvonly',
    'voice recvonly',
    'camera sendonly',
    'layers recvonly',
    'exotic rejected',
  ]);
  expect(result.bundles).toEqual([['screen', 'voice', 'camera', 'layers']]);
  // Chromium here decodes no H.265 and no H.264 of the high profile.
  expect(result.screen).toEqual([
    'AV1 45 46',
    'VP9 98 99',
    'VP9 100 101',
    'VP8 96 97',
    'H264 102 103',
    'H264 104 105',
    'H264 106 107',
  ]);
  expect(result.voice).toEqual(['opus 111 undefined', 'red 63 undefined']);
  expect(result.offered).toMatchObject(result.extensions);
  expect(Object.keys(result.extensions)).toEqual(
    expect.arrayContaining([
      'mid',
      'absSendTime',
      'transportSequence',
      'colorSpace',
      'dependencyDescriptor',
      'playoutDelay',
    ]),
  );
  expect(result.camera).toEqual(['lo', 'hi']);
  expect(result.encodings).toEqual(['lo', 'hi']);
  expect(result.layers, 'Chromium receives no simulcast').toEqual([]);
  expect(result.understood).toEqual({
    ...result.given,
    candidates: [expect.stringContaining(' 192.0.2.1 50000 typ host')],
    // It does not keep a=end-of-candidates.
    endOfCandidates: false,
  });
  expect(result.stream).toBe('without-track');
  expect(result.transport.setup).toBe('active');
  expect(result.transport.iceUfrag).toMatch(/^.{4,}$/);
  expect(result.transport.fingerprints[0]).toMatchObject({
    hash: 'sha-256',
    value: expect.stringMatching(/^(..:){31}..$/),
  });
  expect(result.current).toEqual([
    ['screen', 'recvonly'],
    ['voice', 'recvonly'],
    ['camera', 'sendonly'],
    ['layers', 'recvonly'],
  ]);
});

test('Chromium offers again: tracks come and go, places are used again, each description fits the one before', async ({
  page,
}) => {
  const result = await page.evaluate(async () => {
    const { rtp } = window.sluice;
    const pc = new RTCPeerConnection();
    const log: string[] = [];
    const problems: string[] = [];
    let previous: { offer: ReturnType<typeof rtp.parseDescription>; answer: ReturnType<typeof rtp.answer> } | undefined;
    const negotiate = async () => {
      await pc.setLocalDescription();
      const offer = rtp.parseDescription(pc.localDescription!.sdp);
      const answer = rtp.answer(offer, {
        transport: window.peer.transport,
        sessionId: '5',
        sessionVersion: log.length + 1,
      });
      try {
        rtp.checkAnswer(offer, answer);
        if (previous) rtp.checkRenegotiation(previous.offer, offer);
        if (previous) rtp.checkRenegotiation(previous.answer, answer);
      } catch (error) {
        problems.push(`${log.length}: ${error}`);
      }
      previous = { offer, answer };
      await pc.setRemoteDescription({ type: 'answer', sdp: rtp.writeDescription(answer) });
      log.push(
        answer.media
          .map((section) =>
            section.rejected
              ? `${section.mid}-`
              : `${section.mid} ${section.kind === 'unsupported' ? '' : section.direction}`,
          )
          .join(', '),
      );
    };
    const camera = pc.addTransceiver(window.peer.video(), { direction: 'sendonly' });
    await negotiate();
    const voice = pc.addTransceiver(window.peer.audio(), { direction: 'sendonly' });
    await negotiate();
    camera.direction = 'inactive';
    await negotiate();
    camera.direction = 'sendonly';
    camera.setCodecPreferences(
      RTCRtpReceiver.getCapabilities('video')!.codecs.filter(({ mimeType }) => mimeType === 'video/VP9'),
    );
    await negotiate();
    const codec = camera.sender.getParameters().codecs[0]?.mimeType;
    voice.stop();
    await negotiate();
    pc.addTransceiver(window.peer.video(), { direction: 'sendonly', sendEncodings: [{ rid: 'q' }, { rid: 'f' }] });
    await negotiate();
    const last = pc
      .getTransceivers()
      .map(({ mid, currentDirection, sender }) => [
        mid,
        currentDirection,
        sender.getParameters().encodings.map(({ rid }) => rid ?? ''),
      ]);
    pc.close();
    return { log, problems, codec, last };
  });
  expect(result.problems).toEqual([]);
  expect(result.log).toEqual([
    '0 recvonly',
    '0 recvonly, 1 recvonly',
    '0 inactive, 1 recvonly',
    '0 recvonly, 1 recvonly',
    '0 recvonly, 1-',
    '0 recvonly, 2 recvonly',
  ]);
  expect(result.codec).toBe('video/VP9');
  expect(result.last).toEqual([
    ['0', 'sendonly', ['']],
    ['2', 'sendonly', ['q', 'f']],
  ]);
});

test('we offer again: Chromium follows, and each of its answers fits the one before', async ({ page }) => {
  const result = await page.evaluate(async () => {
    const { rtp } = window.sluice;
    const transport = { ...window.peer.transport, setup: 'actpass' as const };
    const make = (mid: string, kind: 'audio' | 'video', ssrc: number, codecs: string[]) =>
      rtp.offerMedia({
        mid,
        kind,
        codecs,
        rids: [],
        ssrcs: [{ ssrc, cname: 'c' }],
        msid: { stream: 's', track: mid },
        transport,
      });
    const camera = make('a', 'video', 7, ['VP8', 'VP9']);
    const voice = make('b', 'audio', 9, ['opus']);
    const screen = make('c', 'video', 11, ['AV1', 'VP8']);
    const steps = [
      [camera],
      [camera, voice],
      [{ ...camera, direction: 'inactive' as const }, voice],
      [{ ...camera, codecs: camera.codecs.filter(({ name }) => name === 'VP9') }, voice],
      [rtp.closedMedia(camera), voice],
      [screen, voice],
    ];
    const pc = new RTCPeerConnection();
    const log: string[] = [];
    const problems: string[] = [];
    let previous:
      | { offer: ReturnType<typeof rtp.createOffer>; answer: ReturnType<typeof rtp.parseDescription> }
      | undefined;
    for (const [i, media] of steps.entries()) {
      const offer = rtp.createOffer({ sessionVersion: i + 1, media });
      await pc.setRemoteDescription({ type: 'offer', sdp: rtp.writeDescription(offer) });
      await pc.setLocalDescription();
      const answer = rtp.parseDescription(pc.localDescription!.sdp);
      try {
        rtp.checkAnswer(offer, answer);
        if (previous) rtp.checkRenegotiation(previous.offer, offer);
        if (previous) rtp.checkRenegotiation(previous.answer, answer);
      } catch (error) {
        problems.push(`${i}: ${error}`);
      }
      previous = { offer, answer };
      log.push(
        rtp
          .mediaOf(answer)
          .map(({ mid, rejected, direction, codecs }) =>
            rejected ? `${mid}-` : `${mid} ${direction} ${codecs[0]?.name}`,
          )
          .join(', '),
      );
    }
    const current = pc.getTransceivers().map(({ mid, currentDirection }) => [mid, currentDirection]);
    pc.close();
    return { log, problems, current };
  });
  expect(result.problems).toEqual([]);
  expect(result.log).toEqual([
    'a recvonly VP8',
    'a recvonly VP8, b recvonly opus',
    'a inactive VP8, b recvonly opus',
    'a recvonly VP9, b recvonly opus',
    'a-, b recvonly opus',
    'c recvonly AV1, b recvonly opus',
  ]);
  expect(result.current).toEqual([
    ['b', 'recvonly'],
    ['c', 'recvonly'],
  ]);
});

test('a data channel is refused at its place, and Chromium goes on with what comes behind it', async ({ page }) => {
  const result = await page.evaluate(async () => {
    const { rtp } = window.sluice;
    const pc = new RTCPeerConnection();
    pc.createDataChannel('data');
    const log: unknown[] = [];
    for (const next of [() => {}, () => pc.addTransceiver('video', { direction: 'recvonly' })]) {
      next();
      await pc.setLocalDescription();
      const offer = rtp.parseDescription(pc.localDescription!.sdp);
      const answered = rtp.answer(offer, { transport: window.peer.transport });
      rtp.checkAnswer(offer, answered);
      await pc.setRemoteDescription({ type: 'answer', sdp: rtp.writeDescription(answered) });
      log.push(answered.media.map(({ kind, rejected }) => `${kind}${rejected ? '-' : ''}`));
    }
    const state = pc.signalingState;
    pc.close();
    return { log, state };
  });
  expect(result).toEqual({ log: [['unsupported-'], ['unsupported-', 'video']], state: 'stable' });
});
