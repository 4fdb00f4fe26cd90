// Join tokens: a JWT (RFC 7519), signed with HMAC-SHA-256 by whoever knows the server's secret, says who comes and which
// room it is: `sub` and `room`. `exp` says until when it may be used to come in.

import { ArgumentError } from '@sluice/rtp';
import { jwtVerify, SignJWT } from 'jose';

/** As many bytes as the hash has (RFC 7518 §3.2). */
const MIN_SECRET_LENGTH = 32;

const MAX_NAME_LENGTH = 256;

/** Who comes, and where to. */
export interface JoinGrant {
  /** 1 to 256 characters. */
  readonly identity: string;
  /** The room's name, 1 to 256 characters. */
  readonly room: string;
}

/** How to make a token. */
export interface JoinTokenOptions extends JoinGrant {
  /** From now on, in seconds. Default 3600. */
  readonly lifetime?: number;
}

/**
 * A token for `webSocketTransport`. For the app's server: a page must not know the secret.
 *
 * @throws ArgumentError for a secret of less than 32 bytes, an impossible name or lifetime
 */
export async function createJoinToken(secret: string, options: JoinTokenOptions): Promise<string> {
  const { identity, room, lifetime = 3600 } = options;
  if (!isName(identity) || !isName(room)) {
    throw new ArgumentError(`Identity and room have to have 1 to ${MAX_NAME_LENGTH} characters.`);
  }
  if (!(Number.isFinite(lifetime) && lifetime > 0)) {
    throw new ArgumentError(`The lifetime is ${lifetime}: give seconds above 0.`);
  }
  return await new SignJWT({ room })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(identity)
    .setIssuedAt()
    .setExpirationTime(`${lifetime} s`)
    .sign(keyOf(secret));
}

/** What a token grants; `undefined` for one that is forged, expired, without an end, or of another form. */
export async function readJoinToken(key: Uint8Array, token: string): Promise<JoinGrant | undefined> {
  try {
    const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], requiredClaims: ['exp'] });
    const { sub: identity, room } = payload;
    return isName(identity) && isName(room) ? { identity, room } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The key for tokens.
 *
 * @throws ArgumentError for a secret of less than 32 bytes
 */
export function keyOf(secret: string): Uint8Array {
  const key = new TextEncoder().encode(secret);
  if (key.byteLength >= MIN_SECRET_LENGTH) return key;
  throw new ArgumentError(`The secret has ${key.byteLength} bytes: give at least ${MIN_SECRET_LENGTH}.`);
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name.length > 0 && name.length <= MAX_NAME_LENGTH;
}
