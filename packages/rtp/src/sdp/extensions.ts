// Header extensions in descriptions (a=extmap, RFC 8285 §5–§7): which number stands for which.

import {
  DEFAULT_HEADER_EXTENSION_IDS,
  HEADER_EXTENSION_URIS,
  type HeaderExtensionIds,
  type HeaderExtensionName,
} from '../rtp/header-extensions.ts';
import { type Description, mediaOf } from './description.ts';
import { addMeaning } from './malformed.ts';
import { type Block, readInteger } from './text.ts';

/** The highest identifier of the one-byte form (RFC 8285 §4.2). */
const MAX_ONE_BYTE_ID = 14;
/** The highest identifier of the two-byte form (RFC 8285 §4.3). */
const MAX_TWO_BYTE_ID = 255;
/** Identifiers of offers with more extensions than numbers: the answerer assigns one that can be sent (RFC 8285 §7). */
export const FIRST_PROVISIONAL_ID = 4096;
const LAST_PROVISIONAL_ID = 4351;

const NAMES = Object.keys(HEADER_EXTENSION_URIS) as HeaderExtensionName[];
const NAME_OF: ReadonlyMap<string, HeaderExtensionName> = new Map(
  NAMES.map((name) => [HEADER_EXTENSION_URIS[name], name]),
);

/**
 * What is answered: all but the orientation of video. Who agrees to that gets pictures as the camera took them, to turn them
 * upright itself; whoever does not gets them upright.
 */
export const ANSWERED_EXTENSIONS: readonly HeaderExtensionName[] = NAMES.filter((name) => name !== 'videoOrientation');

/** What is offered with audio. */
export const AUDIO_EXTENSIONS = choose(['mid', 'absSendTime', 'transportSequence', 'audioLevel']);

/** What is offered with video in a single stream. */
export const VIDEO_EXTENSIONS = choose([
  'mid',
  'absSendTime',
  'transportSequence',
  'colorSpace',
  'frameMarking',
  'dependencyDescriptor',
  'playoutDelay',
  'captureLag',
]);

/** What is offered with video in several encodings. */
export const SIMULCAST_EXTENSIONS: HeaderExtensionIds = { ...VIDEO_EXTENSIONS, ...choose(['rid', 'repairedRid']) };

function choose(names: readonly HeaderExtensionName[]): HeaderExtensionIds {
  return Object.fromEntries(names.map((name) => [name, DEFAULT_HEADER_EXTENSION_IDS[name]]));
}

/**
 * The URIs by identifier; identifiers out of every range are left out.
 *
 * @param shared - what the session says for every section
 * @throws SignallingError where an identifier stands for two extensions
 */
export function parseExtmaps(
  said: Block['ext'],
  shared: ReadonlyMap<number, string>,
  where: string,
): Map<number, string> {
  const uris = new Map(shared);
  for (const { value, uri, 'encrypt-uri': encrypted } of said ?? []) {
    const id = readInteger(value, LAST_PROVISIONAL_ID);
    if (id === undefined || !isIdentifier(id) || String(uri) === '') continue;
    // Encrypted, it is another extension (RFC 6904 §4).
    addMeaning(uris, 'header extension', id, encrypted === undefined ? String(uri) : `${encrypted} ${uri}`, where);
  }
  return uris;
}

/** The identifiers of the extensions known here; the first, where an extension has several. */
export function extensionIds(uris: ReadonlyMap<number, string>): HeaderExtensionIds {
  const ids: { [Name in HeaderExtensionName]?: number } = {};
  for (const [id, uri] of uris) {
    const name = NAME_OF.get(uri);
    if (name !== undefined) ids[name] ??= id;
  }
  return ids;
}

/** What declares them. */
export function writeExtmaps(extensions: HeaderExtensionIds): NonNullable<Block['ext']> {
  return NAMES.flatMap((name) => {
    const value = extensions[name];
    return value === undefined ? [] : [{ value, uri: HEADER_EXTENSION_URIS[name] }];
  });
}

/** How an offer's extensions are answered. An extension gets the same identifier in every section. */
export class ExtensionAnswer {
  readonly #accepted: readonly HeaderExtensionName[];
  readonly #maxId: number;
  readonly #used = new Set<number>();
  readonly #assigned = new Map<HeaderExtensionName, number>();

  /** @param accepted - the extensions to answer with */
  constructor(offer: Description, accepted: readonly HeaderExtensionName[]) {
    this.#accepted = accepted;
    this.#maxId = offer.extmapAllowMixed ? MAX_TWO_BYTE_ID : MAX_ONE_BYTE_ID;
    for (const { extensions } of mediaOf(offer)) for (const name of NAMES) this.#used.add(extensions[name] ?? 0);
  }

  /**
   * The extensions of a section: those with an identifier that one-byte elements can have, or two-byte elements where
   * both forms may be mixed, and those that were left to the answerer to number (RFC 8285 §7).
   */
  answer(offered: HeaderExtensionIds): HeaderExtensionIds {
    const ids: { [Name in HeaderExtensionName]?: number } = {};
    for (const name of this.#accepted) {
      const id = offered[name];
      if (id === undefined) continue;
      const answered = id < FIRST_PROVISIONAL_ID ? id : this.#assign(name);
      if (answered <= this.#maxId) ids[name] = answered;
    }
    return ids;
  }

  #assign(name: HeaderExtensionName): number {
    const known = this.#assigned.get(name);
    if (known !== undefined) return known;
    let id = 1;
    // 15 means "stop" in the one-byte form (RFC 8285 §4.2).
    while (this.#used.has(id) || id === MAX_ONE_BYTE_ID + 1) id += 1;
    this.#used.add(id);
    this.#assigned.set(name, id);
    return id;
  }
}

function isIdentifier(id: number): boolean {
  return (id >= 1 && id <= MAX_TWO_BYTE_ID) || (id >= FIRST_PROVISIONAL_ID && id <= LAST_PROVISIONAL_ID);
}
