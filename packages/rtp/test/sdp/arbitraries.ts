// Descriptions of every form the model allows.

import fc from 'fast-check';
import type {
  CodecDescription,
  Description,
  MediaDescription,
  RidDescription,
  Section,
  SimulcastDescription,
  SsrcDescription,
  TransportDescription,
  UnsupportedSection,
} from '../../src/sdp/description.ts';

export const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const digits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);

const codec = (payloadType: number): fc.Arbitrary<CodecDescription> =>
  fc
    .record(
      {
        payloadType: fc.constant(payloadType),
        name: fc.constantFrom('VP8', 'opus', 'H264', 'VP9', 'AV1', 'red', 'flexfec', '1234', 'telephone-event'),
        clockRate: fc.constantFrom(8000, 48_000, 90_000),
        channels: fc.constantFrom(1, 2),
        parameters: fc.constantFrom('minptime=10;useinbandfec=1', 'profile-id=0', 'x', '7', '111/111', 'a=b; c=d=e'),
        feedback: fc.uniqueArray(fc.constantFrom('nack', 'nack pli', 'ccm fir', 'transport-cc', 'ccm tmmbr')),
        rtxPayloadType: fc.constant(payloadType + 1),
      },
      { requiredKeys: ['payloadType', 'name', 'clockRate', 'feedback'] },
    )
    .map((each) => each as CodecDescription);

const ssrcs: fc.Arbitrary<SsrcDescription[]> = fc.uniqueArray(uint32, { maxLength: 12 }).chain((numbers) =>
  fc.array(fc.record({ rtx: fc.boolean(), fec: fc.boolean(), cname: token }), { maxLength: 4 }).map((forms) => {
    const free = [...numbers];
    return forms.flatMap(({ rtx, fec, cname }): SsrcDescription[] => {
      if (free.length < 3) return [];
      const [ssrc, rtxSsrc, fecSsrc] = free.splice(0, 3) as [number, number, number];
      return [{ ssrc, ...(rtx && { rtxSsrc }), ...(fec && { fecSsrc }), cname }];
    });
  }),
);

const restriction = fc.record({
  name: fc.constantFrom('max-width', 'max-height', 'max-fps', 'max-br', 'max-bpp', 'x-new'),
  value: fc.constantFrom('', '7', '1280', '0.5'),
});

const rids = (payloadTypes: readonly number[]): fc.Arbitrary<RidDescription[]> =>
  fc.uniqueArray(
    fc
      .record(
        {
          id: token,
          direction: fc.constantFrom('send' as const, 'recv' as const),
          payloadTypes: fc.uniqueArray(fc.constantFrom(...payloadTypes), { minLength: 1 }),
          restrictions: fc.uniqueArray(restriction, { maxLength: 3, selector: ({ name }) => name }),
        },
        { requiredKeys: ['id', 'direction', 'restrictions'] },
      )
      .map((each) => each as RidDescription),
    { maxLength: 5, selector: ({ id }) => id },
  );

/** Each rid is left out, or goes into a stream of one of the two directions. */
const simulcast = (all: readonly RidDescription[]): fc.Arbitrary<SimulcastDescription | undefined> =>
  fc
    .array(fc.record({ side: fc.constantFrom('send', 'recv', undefined), joins: fc.boolean(), paused: fc.boolean() }), {
      minLength: all.length,
      maxLength: all.length,
    })
    .map((choices) => {
      const sides = {
        send: [] as { rid: string; paused: boolean }[][],
        recv: [] as { rid: string; paused: boolean }[][],
      };
      for (const [i, { side, joins, paused }] of choices.entries()) {
        if (side === undefined) continue;
        const alternative = { rid: all[i]!.id, paused };
        const last = sides[side].at(-1);
        if (joins && last) last.push(alternative);
        else sides[side].push([alternative]);
      }
      return sides.send.length + sides.recv.length > 0 ? sides : undefined;
    });

const fingerprint = fc.record({
  hash: fc.constantFrom('sha-256', 'sha-1'),
  value: fc.stringMatching(/^[0-9A-F]{2}(:[0-9A-F]{2}){3}$/),
});

const transport: fc.Arbitrary<TransportDescription> = fc
  .record(
    {
      iceUfrag: token,
      icePwd: fc.stringMatching(/^[A-Za-z0-9+/]{22}$/),
      iceOptions: fc.subarray(['trickle', 'ice2', 'renomination']),
      fingerprints: fc.array(fingerprint, { maxLength: 2 }),
      setup: fc.constantFrom('active', 'passive', 'actpass', 'holdconn'),
      candidates: fc.array(fc.constantFrom('1 1 udp 2113929471 203.0.113.100 10100 typ host generation 0 ufrag ATEn')),
      endOfCandidates: fc.boolean(),
    },
    { requiredKeys: ['iceUfrag', 'iceOptions', 'fingerprints', 'candidates', 'endOfCandidates'] },
  )
  .map((each) => each as TransportDescription);

const extensions = fc.record(
  { mid: fc.constant(1), rid: fc.constant(14), transportSequence: fc.constant(200), audioLevel: fc.constant(4096) },
  { requiredKeys: [] },
);

const codecs: fc.Arbitrary<CodecDescription[]> = fc
  .uniqueArray(fc.integer({ min: 0, max: 63 }), { maxLength: 8 })
  .chain((numbers) => fc.tuple(...numbers.map((number) => codec(2 * number))));

/** Takes some of these codecs. In a bundle a payload type is one codec of one kind (RFC 9143 §9.1.1). */
const media = (kind: 'audio' | 'video', pool: readonly CodecDescription[]): fc.Arbitrary<MediaDescription> =>
  fc
    .shuffledSubarray(pool.filter(({ payloadType }) => (payloadType % 4 === 0) === (kind === 'audio')))
    .chain((codecs) => {
      const payloadTypes = codecs.map(({ payloadType }) => payloadType);
      return rids(payloadTypes.length > 0 ? payloadTypes : [0]).chain((described) => {
        const declared = payloadTypes.length > 0 ? described : described.map(({ payloadTypes: _, ...rest }) => rest);
        return fc.record(
          {
            kind: fc.constant(kind),
            mid: token,
            protocol: fc.constantFrom('UDP/TLS/RTP/SAVPF', 'RTP/AVP', 'TCP/DTLS/RTP/SAVPF'),
            direction: fc.constantFrom(
              'sendrecv' as const,
              'sendonly' as const,
              'recvonly' as const,
              'inactive' as const,
            ),
            rejected: fc.boolean(),
            bundleOnly: fc.boolean(),
            codecs: fc.constant(codecs),
            extensions,
            rids: fc.constant(declared),
            simulcast: simulcast(declared),
            ssrcs,
            simulcastSsrcs: fc.boolean(),
            msid: fc.record({ stream: fc.oneof(token, fc.constant('')), track: fc.oneof(token, fc.constant('')) }),
            rtcpMux: fc.boolean(),
            rtcpReducedSize: fc.boolean(),
            congestionFeedback: fc.constant(true as const),
            transport,
          },
          {
            requiredKeys: [
              ...(['kind', 'mid', 'protocol', 'direction', 'rejected', 'bundleOnly', 'codecs', 'extensions'] as const),
              ...(['rids', 'ssrcs', 'simulcastSsrcs', 'rtcpMux', 'rtcpReducedSize'] as const),
            ],
          },
        );
      });
    })
    .map(({ simulcast: streams, ...each }) => {
      const stream = each.msid?.stream === '-' ? { ...each, msid: { stream: '', track: 't' } } : each;
      return {
        ...stream,
        ...(streams && { simulcast: streams }),
        simulcastSsrcs: each.simulcastSsrcs && each.ssrcs.length > 1,
      } as MediaDescription;
    });

const unsupported: fc.Arbitrary<UnsupportedSection> = fc.record({
  kind: fc.constant('unsupported' as const),
  mid: token,
  media: fc.constantFrom('application', 'text', 'image'),
  protocol: fc.constantFrom('UDP/DTLS/SCTP', 'RTP/AVP'),
  formats: fc.constantFrom(['webrtc-datachannel'], ['98', '99']),
  rejected: fc.boolean(),
  bundleOnly: fc.boolean(),
});

/** A section is in no bundle, or in one of two; only one that is in a bundle and not refused can be bundle-only. */
export const description: fc.Arbitrary<Description> = codecs
  .chain((pool) =>
    fc.record(
      {
        sessionId: digits,
        sessionVersion: fc.nat(),
        extmapAllowMixed: fc.boolean(),
        iceLite: fc.boolean(),
        msidSemantic: fc.constantFrom('WMS *', 'WMS'),
        sections: fc.uniqueArray(
          fc.oneof(
            media('audio', pool),
            media('video', pool),
            media('video', pool),
            unsupported,
          ) as fc.Arbitrary<Section>,
          {
            maxLength: 5,
            selector: ({ mid }) => mid,
          },
        ),
        groups: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 5, maxLength: 5 }),
      },
      { requiredKeys: ['sessionId', 'sessionVersion', 'extmapAllowMixed', 'iceLite', 'sections', 'groups'] },
    ),
  )
  .map(({ sections, groups, ...rest }) => {
    const groupOf = sections.map(({ rejected }, i) => (rejected ? 0 : groups[i]!));
    return {
      ...rest,
      bundles: [1, 2]
        .map((group) => sections.filter((_, i) => groupOf[i] === group).map(({ mid }) => mid))
        .filter((mids) => mids.length > 0),
      media: sections.map((section, i) => ({
        ...section,
        bundleOnly: section.bundleOnly && !section.rejected && groupOf[i] !== 0,
      })),
    } as Description;
  });
