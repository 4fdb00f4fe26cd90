// What a description says about ICE and DTLS (RFC 8839 §5, RFC 8122 §5, RFC 4145 §4), as far as somebody else needs it.

import type { SetupRole, TransportDescription } from './description.ts';
import { type Block, type MediaBlock, verbatim, words } from './text.ts';

/** One certificate has one fingerprint per hash function (RFC 8122 §5): nobody has more. */
const MAX_FINGERPRINTS = 16;
const SETUP_ROLES: readonly SetupRole[] = ['active', 'passive', 'actpass', 'holdconn'];

/**
 * The transport of a section. What the section does not say itself, the session says for it.
 *
 * @param shared - what the session says
 * @returns `undefined` where neither says anything
 */
export function parseTransport(
  section: MediaBlock,
  shared: Partial<TransportDescription>,
): TransportDescription | undefined {
  const said = { ...shared, ...parseSharedTransport(section) };
  const candidates = verbatim(section, 'candidate').map((candidate) => candidate.trim());
  if (candidates.length === 0 && Object.keys(said).length === 0) return undefined;
  return { iceOptions: [], fingerprints: [], endOfCandidates: false, ...said, candidates };
}

/** What can be said for all sections at once: everything but candidates. */
export function parseSharedTransport(
  block: Block & Pick<MediaBlock, 'endOfCandidates'>,
): Partial<TransportDescription> {
  const { iceUfrag, icePwd, endOfCandidates } = block;
  const setup = SETUP_ROLES.find((role) => role === block.setup);
  const iceOptions = words(verbatim(block, 'ice-options')[0]);
  const fingerprints = verbatim(block, 'fingerprint')
    .slice(0, MAX_FINGERPRINTS)
    .flatMap((fingerprint) => {
      const [hash, value] = words(fingerprint);
      return hash === undefined || value === undefined ? [] : [{ hash, value }];
    });
  return {
    ...(iceUfrag !== undefined && { iceUfrag: String(iceUfrag) }),
    ...(icePwd !== undefined && { icePwd: String(icePwd) }),
    ...(iceOptions.length > 0 && { iceOptions }),
    ...(fingerprints.length > 0 && { fingerprints }),
    ...(setup !== undefined && { setup }),
    ...(endOfCandidates !== undefined && { endOfCandidates: true }),
  };
}

/** What a section says that stands for the transport. */
export function writeTransport(transport: TransportDescription): Partial<MediaBlock> & Pick<Block, 'invalid'> {
  const { iceUfrag, icePwd, iceOptions, fingerprints, setup, candidates, endOfCandidates } = transport;
  return {
    ...(iceUfrag !== undefined && { iceUfrag }),
    ...(icePwd !== undefined && { icePwd }),
    ...(iceOptions.length > 0 && { iceOptions: iceOptions.join(' ') }),
    ...(setup !== undefined && { setup }),
    ...(endOfCandidates && { endOfCandidates: 'end-of-candidates' }),
    invalid: [
      ...fingerprints.map(({ hash, value }) => ({ value: `fingerprint:${hash} ${value}` })),
      ...candidates.map((candidate) => ({ value: `candidate:${candidate}` })),
    ],
  };
}

/**
 * The part of the answerer in the DTLS connection (RFC 5763 §5, RFC 4145 §4.1).
 *
 * @param preferred - where the offer leaves the choice
 */
export function answerSetup(offered: SetupRole | undefined, preferred: 'active' | 'passive'): SetupRole {
  switch (offered) {
    case 'actpass':
      return preferred;
    case 'passive':
      return 'active';
    case 'holdconn':
      return 'holdconn';
    default:
      return 'passive';
  }
}
