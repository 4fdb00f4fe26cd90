// What a description says about ICE and DTLS (RFC 8839 §5, RFC 8122 §5, RFC 4145 §4), as far as somebody else needs it.

import type { SetupRole, TransportDescription } from './description.ts';
import { type Block, words } from './lines.ts';

/** One certificate has one fingerprint per hash function (RFC 8122 §5): nobody has more. */
const MAX_FINGERPRINTS = 16;
const SETUP_ROLES: readonly SetupRole[] = ['active', 'passive', 'actpass', 'holdconn'];

/**
 * The transport of a section. What the section does not say itself, the session says for it.
 *
 * @returns `undefined` where neither says anything
 */
export function parseTransport(section: Block, session: Block): TransportDescription | undefined {
  const say = (name: string) => section.first(name) ?? session.first(name);
  const iceUfrag = say('ice-ufrag');
  const icePwd = say('ice-pwd');
  const role = say('setup');
  const setup = SETUP_ROLES.find((candidate) => candidate === role);
  const fingerprints = section.has('fingerprint') ? section.all('fingerprint') : session.all('fingerprint');
  const transport: TransportDescription = {
    ...(iceUfrag !== undefined && { iceUfrag }),
    ...(icePwd !== undefined && { icePwd }),
    iceOptions: words(say('ice-options') ?? ''),
    fingerprints: fingerprints.slice(0, MAX_FINGERPRINTS).flatMap((fingerprint) => {
      const [hash, value] = words(fingerprint);
      return hash === undefined || value === undefined ? [] : [{ hash, value }];
    }),
    ...(setup !== undefined && { setup }),
    candidates: section.all('candidate').map((candidate) => candidate.trim()),
    endOfCandidates: section.has('end-of-candidates') || session.has('end-of-candidates'),
  };
  return writeTransport(transport).length > 0 ? transport : undefined;
}

/** The lines of a section that stand for the transport. */
export function writeTransport(transport: TransportDescription): string[] {
  const { iceUfrag, icePwd, iceOptions, fingerprints, setup, candidates, endOfCandidates } = transport;
  return [
    ...candidates.map((candidate) => `a=candidate:${candidate}`),
    ...(endOfCandidates ? ['a=end-of-candidates'] : []),
    ...(iceUfrag === undefined ? [] : [`a=ice-ufrag:${iceUfrag}`]),
    ...(icePwd === undefined ? [] : [`a=ice-pwd:${icePwd}`]),
    ...(iceOptions.length === 0 ? [] : [`a=ice-options:${iceOptions.join(' ')}`]),
    ...fingerprints.map(({ hash, value }) => `a=fingerprint:${hash} ${value}`),
    ...(setup === undefined ? [] : [`a=setup:${setup}`]),
  ];
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
