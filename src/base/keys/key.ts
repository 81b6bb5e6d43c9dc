import { createHash } from 'node:crypto';
import { types } from 'node:util';

import { encodeStructure, isStructure } from './canonical.js';
import { LIMITS } from '../options/defaults.js';
import { describe } from '../errors/describe.js';
import { CacheKeyError, ConfigurationError } from '../errors/errors.js';
import { escapeArgument } from './escape.js';
import { isDirectInstance, isPlain } from '../values/plain.js';

/*
 * This folder builds keys: the canonical text of arguments (`canonical`), escapes, and patterns (`glob`).
 * Keys that stay in this process are local (`local-key`); `record-shape` speeds up object arguments.
 */

/*
 * Keys of cached calls: `<prefix>:<arg>:<arg>:<last>`, and `~<signature>` behind it where the
 * arguments' texts alone would be ambiguous. The encoding is injective: the text of each segment,
 * together with the type that its text suggests (or the signature that overrides the suggestion),
 * gives back type and value; segments cannot contain `:` or `~`, nor can the last one before its
 * signature.
 */

/** One letter per argument in a signature; `h` begins a digest and is not one of them. */
type TypeLetter = 's' | 'n' | 'b' | 'z' | 'u' | 'i' | 'd' | 'o';

/** A value as one segment. */
interface Segment {
  readonly text: string;
  readonly type: TypeLetter;
  /** The type that the text alone suggests. */
  readonly suggested: TypeLetter;
}

/**
 * The key of a call.
 *
 * @param prefix - Stored form of the key prefix.
 * @param args - The arguments of the call, followed by the scope if there is one.
 * @param last - Stored form of the last segment, which names the method.
 * @throws CacheKeyError when an argument cannot be encoded.
 * @internal
 */
export function keyOfCall(prefix: string, args: readonly unknown[], last: string): string {
  const { length } = args;
  const parts = new Array<string>(length + 2);
  parts[0] = prefix;
  let signature = '';
  let ambiguous = false;
  let short = true;
  // An upper bound of the key's bytes, so that the bytes of few keys must be counted.
  let maxBytes = 3 * (prefix.length + last.length + length + 2);
  for (let i = 0; i < length; i++) {
    const segment = segmentOf(args[i], i);
    const text = shortened(segment.text);
    short &&= text === segment.text;
    parts[i + 1] = text;
    maxBytes += 1 + Math.min(3 * text.length, LIMITS.segmentBytes);
    signature += segment.type;
    ambiguous ||= segment.type !== segment.suggested;
  }
  parts[length + 1] = ambiguous ? `${last}~${signature}` : last;
  // Not with `+`, which creates a rope: V8 flattens it only at a look-up, and retains its parts. An entry
  // of an object argument would take 275 bytes more.
  const key = parts.join(':');
  const fits =
    short && (maxBytes <= LIMITS.readableKeyBytes || fitsIn(key, LIMITS.readableKeyBytes));
  return fits ? key : digested(key, parts.slice(0, -1), last);
}

/**
 * The text of a value in the keys of cached methods, for patterns that are written by hand. The
 * {@link pattern} tag applies it to all interpolated values.
 *
 * @throws CacheKeyError for functions, unregistered symbols, cycles, and class instances without
 * `toCacheKey()` or `toJSON()`.
 * @example
 * ```ts
 * keyPart('a:b'); // 'a%3Ab'
 * keyPart(42); // '42'
 * ```
 */
export function keyPart(value: unknown): string {
  return shortened(segmentOf(value, 0).text);
}

/**
 * Template tag for patterns. Interpolated values match only themselves, so that the id `'*'` does not clear
 * the entries of all users.
 *
 * @throws CacheKeyError as {@link keyPart}; ConfigurationError for a template with an invalid escape,
 * which has no text.
 * @example
 * ```ts
 * await cache.clear(pattern`user:${id}:*`);
 * ```
 */
export function pattern(strings: TemplateStringsArray, ...values: readonly unknown[]): string {
  if (!Array.isArray((strings as Partial<TemplateStringsArray> | undefined)?.raw)) {
    throw new ConfigurationError(
      `pattern is a template tag: write pattern\`user:\${id}:*\`; got ${describe(strings)}.`,
    );
  }
  return strings
    .map((text: string | undefined, i) => {
      if (text === undefined) {
        throw new ConfigurationError(
          `pattern: '${strings.raw[i] ?? ''}' holds an invalid escape; a backslash is written \\\\.`,
        );
      }
      return text + (i < values.length ? keyPart(values[i]) : '');
    })
    .join('');
}

function segmentOf(value: unknown, position: number): Segment {
  switch (typeof value) {
    case 'string':
      return { text: escapeArgument(value), type: 's', suggested: suggestedBy(value) };
    case 'number':
      // `String(-0)` is '0': the two are equal to every comparison but `Object.is`.
      return { text: String(value), type: 'n', suggested: 'n' };
    case 'boolean':
      return { text: String(value), type: 'b', suggested: 'b' };
    case 'undefined':
      return { text: 'undefined', type: 'u', suggested: 'u' };
    case 'bigint':
      return { text: String(value), type: 'i', suggested: 's' };
    default:
      break;
  }
  if (value === null) return { text: 'null', type: 'z', suggested: 'z' };
  if (isPlainDate(value)) {
    const time = value.getTime();
    return Number.isNaN(time)
      ? { text: 'Invalid Date', type: 'd', suggested: 's' }
      : { text: escapeArgument(value.toISOString()), type: 'd', suggested: 'd' };
  }
  try {
    return { text: encodeStructure(value), type: 'o', suggested: 'o' };
  } catch (error) {
    if (!(error instanceof CacheKeyError)) throw error;
    throw new CacheKeyError(`Argument ${String(position)}: ${error.message}`, { cause: error });
  }
}

/** A date that is nothing but its time. */
function isPlainDate(value: unknown): value is Date {
  return (
    !Array.isArray(value) &&
    !isPlain(value as object) &&
    types.isDate(value) &&
    isDirectInstance(value) &&
    Reflect.ownKeys(value).length === 0
  );
}

const ISO_DATE = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The type that a bare text suggests. */
function suggestedBy(text: string): TypeLetter {
  switch (text) {
    case 'true':
    case 'false':
      return 'b';
    case 'null':
      return 'z';
    case 'undefined':
      return 'u';
    default:
      break;
  }
  const first = text.charCodeAt(0);
  // A number or date begins with a digit, a sign, `N`aN or `I`nfinity; most strings with neither.
  if (first <= 0x39 || first === 0x4e || first === 0x49) {
    if (String(Number(text)) === text) return 'n';
    if (ISO_DATE.test(text)) {
      const time = Date.parse(text);
      if (!Number.isNaN(time) && new Date(time).toISOString() === text) return 'd';
    }
  }
  return isStructure(text) ? 'o' : 's';
}

/** Replaces a long segment with its digest: keys stay short, and patterns still match. */
function shortened(segment: string): string {
  return fitsIn(segment, LIMITS.segmentBytes) ? segment : `~${sha256(segment)}`;
}

function fitsIn(text: string, bytes: number): boolean {
  // A UTF-16 unit takes at most three bytes of UTF-8, so that most keys need no counting.
  return text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes;
}

/**
 * A long key keeps its leading segments for the reader and for patterns, and its last one for
 * `cacheClear`; the digest of the whole stands in the place of the signature. The prefix, which
 * holds the namespaces and may contain colons itself, and the first argument stay however long they
 * are: `clear('user:123:*')`, and clearing a namespace, must reach every key.
 */
function digested(key: string, parts: readonly string[], last: string): string {
  const tail = `:${last}~h${sha256(key)}`;
  const room = LIMITS.readableKeyBytes - Buffer.byteLength(tail);
  let head = parts.slice(0, 2).join(':');
  for (const text of parts.slice(2)) {
    const longer = `${head}:${text}`;
    if (Buffer.byteLength(longer) > room) break;
    head = longer;
  }
  return head + tail;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
