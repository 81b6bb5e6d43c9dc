import { LIMITS } from '../../base/options/defaults.js';

/**
 * An entry in the format that leaves the process: a version, a header of times and tags as JSON, a line break,
 * and the value with its codec's tag as a prefix:
 *
 *     A1[createdAt,freshUntil,staleUntil,tagClock,["tag"]]\nj{"id":1}
 */
export interface Envelope {
  /** The encoded value, prefixed with the tag of its codec. */
  readonly payload: string;
  /** Times in ms since the epoch. */
  readonly createdAt: number;
  readonly freshUntil: number;
  readonly staleUntil: number;
  /** The tags' clock before the value was loaded. */
  readonly tagClock: number;
  readonly tags: readonly string[];
}

const VERSION = 'A1';

/** The user's tags, and one that a cached method adds to its entries. */
const MAX_TAGS = LIMITS.tagsPerEntry + 1;
/** Maximum length of a header: the longest tags, escaped, and four numbers. */
const MAX_HEADER_CHARS = 100 + MAX_TAGS * (6 * LIMITS.tagBytes + 3) + 6 * LIMITS.keyBytes;

/** @internal */
export function writeEnvelope(envelope: Envelope): string {
  const { createdAt, freshUntil, staleUntil, tagClock, tags } = envelope;
  // The same text as `JSON.stringify` of the whole header, which takes 1.7 times as long.
  const times = `${String(createdAt)},${String(freshUntil)},${String(staleUntil)},${String(tagClock)}`;
  const names = tags.length === 0 ? '[]' : JSON.stringify(tags);
  return `${VERSION}[${times},${names}]\n${envelope.payload}`;
}

/**
 * Reads what {@link writeEnvelope} wrote.
 *
 * @returns `undefined` for anything else: another version, another program's value, damaged bytes.
 * @internal
 */
export function readEnvelope(stored: unknown): Envelope | undefined {
  if (typeof stored !== 'string' || !stored.startsWith(VERSION)) return undefined;
  const end = stored.indexOf('\n');
  if (end < 0 || end > MAX_HEADER_CHARS) return undefined;
  let header: unknown;
  try {
    header = JSON.parse(stored.slice(VERSION.length, end));
  } catch {
    return undefined;
  }
  if (!Array.isArray(header)) return undefined;
  const [createdAt, freshUntil, staleUntil, tagClock, tags] = header as unknown[];
  if (!isTime(createdAt) || !isTime(freshUntil) || !isTime(staleUntil) || !isTime(tagClock)) {
    return undefined;
  }
  if (freshUntil > staleUntil || !isTexts(tags)) return undefined;
  return { payload: stored.slice(end + 1), createdAt, freshUntil, staleUntil, tagClock, tags };
}

/** The beginning of an entry, up to the time until which it is fresh. */
const HEAD = new RegExp(`^${VERSION}\\[[^,]+,([\\d.]+),`);

/**
 * Whether an entry is fresh, by its first characters. An entry in its grace period is not; a value that is not
 * an entry is.
 *
 * @internal
 */
export function isFresh(stored: unknown, now: number): boolean {
  if (typeof stored !== 'string') return stored !== undefined;
  const freshUntil = HEAD.exec(stored)?.[1];
  return freshUntil === undefined || now < Number(freshUntil);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isTexts(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_TAGS &&
    value.every((item) => typeof item === 'string')
  );
}
