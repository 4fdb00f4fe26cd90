// Header extensions in descriptions (a=extmap, RFC 8285 §5–§7): which number stands for which.

import {
  DEFAULT_HEADER_EXTENSION_IDS,
  HEADER_EXTENSION_URIS,
  type HeaderExtensionIds,
  type HeaderExtensionName,
} from '../rtp/header-extensions.ts';
import { type Description, mediaOf } from './description.ts';
import { readInteger, words } from './lines.ts';
import { malformed } from './malformed.ts';

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
  'videoOrientation',
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
  values: readonly string[],
  shared: ReadonlyMap<number, string>,
  where: string,
): Map<number, string> {
  const uris = new Map(shared);
  for (const value of values) {
    const [head = '', uri] = words(value);
    const slash = head.indexOf('/');
    const id = readInteger(slash < 0 ? head : head.slice(0, slash), LAST_PROVISIONAL_ID);
    if (id === undefined || uri === undefined || !isIdentifier(id)) continue;
    addExtmap(uris, id, uri, where);
  }
  return uris;
}

/**
 * Adds one more.
 *
 * @throws SignallingError where the identifier stands for another extension already
 */
export function addExtmap(uris: Map<number, string>, id: number, uri: string, where: string): void {
  const other = uris.get(id);
  if (other !== undefined && other !== uri) {
    throw malformed(`header extension ${id} is ${other} and also ${uri} in ${where}`);
  }
  uris.set(id, uri);
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

/** The lines that declare them. */
export function writeExtmaps(extensions: HeaderExtensionIds): string[] {
  return NAMES.flatMap((name) => {
    const id = extensions[name];
    return id === undefined ? [] : [`a=extmap:${id} ${HEADER_EXTENSION_URIS[name]}`];
  });
}

/** How an offer's extensions are answered. An extension gets the same identifier in every section. */
export class ExtensionAnswer {
  readonly #maxId: number;
  readonly #used = new Set<number>();
  readonly #assigned = new Map<HeaderExtensionName, number>();

  constructor(offer: Description) {
    this.#maxId = offer.extmapAllowMixed ? MAX_TWO_BYTE_ID : MAX_ONE_BYTE_ID;
    for (const { extensions } of mediaOf(offer)) for (const name of NAMES) this.#used.add(extensions[name] ?? 0);
  }

  /**
   * The extensions of a section: those with an identifier that one-byte elements can have, or two-byte elements where
   * both forms may be mixed, and those that were left to the answerer to number (RFC 8285 §7).
   */
  answer(offered: HeaderExtensionIds): HeaderExtensionIds {
    const ids: { [Name in HeaderExtensionName]?: number } = {};
    for (const name of NAMES) {
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
