import { LIMITS } from '../options/defaults.js';
import { describe } from '../errors/describe.js';
import { CacheKeyError } from '../errors/errors.js';

/*
 * Two ways into a key. Arguments are percent-escaped so that none of them breaks out of its
 * segment (`:`), into a pattern (`* ? [ ] \`), out of its cluster slot (`{ }`) or into the type
 * signature (`~`). Keys that people write by hand keep their `:` and their glob characters and lose
 * only what would break the layout of Redis (braces, control characters). The second escape must
 * leave the results of the first alone, so that `cache.get(getUser.keyFor(id))` finds what the
 * decorator stored, and yet must not fold two hand-written keys into one: it therefore spells its
 * own escapes differently (`%u007b`), and escapes every `%` that does not begin an escape of the
 * first kind.
 */

/* eslint-disable no-control-regex -- control characters are what is looked for */
const IN_ARGUMENT = /[\u0000-\u001f\u007f%*:?[\\\]{}~]|[\ud800-\udfff]/;
const IN_ARGUMENT_ALL =
  /[\u0000-\u001f\u007f%*:?[\\\]{}~]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const IN_STRUCTURE = /[\u0000-\u001f\u007f%*:?[\\\]{}~'(),=@]|[\ud800-\udfff]/;
const IN_STRUCTURE_ALL =
  /[\u0000-\u001f\u007f%*:?[\\\]{}~'(),=@]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const IN_KEY = /[\u0000-\u001f\u007f%{}]|[\ud800-\udfff]/;
const IN_KEY_ALL =
  /%(?:[01][0-9A-F]|2[5789ACE]|3[ADF]|40|5[BCD]|7[BDEF]|uD[89A-F][0-9A-F]{2})|[\u0000-\u001f\u007f%{}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/* eslint-enable no-control-regex */

/**
 * Escapes a text so that it stays inside its segment of a key.
 *
 * @internal
 */
export function escapeArgument(text: string): string {
  return IN_ARGUMENT.test(text) ? text.replace(IN_ARGUMENT_ALL, percent) : text;
}

/**
 * The same inside the text of a structure, whose punctuation is escaped besides.
 *
 * @internal
 */
export function escapeStructured(text: string): string {
  return IN_STRUCTURE.test(text) ? text.replace(IN_STRUCTURE_ALL, percent) : text;
}

/**
 * Escapes the characters that a key or pattern written by hand must not contain.
 *
 * @internal
 */
export function escapeKey(text: string): string {
  return IN_KEY.test(text)
    ? text.replace(IN_KEY_ALL, (found) => (found.length > 1 ? found : unicode(found)))
    : text;
}

/**
 * The stored form of a key written by hand.
 *
 * @throws CacheKeyError when it is not a string, empty, or longer than 1,024 bytes.
 * @internal
 */
export function checkedKey(key: unknown): string {
  if (typeof key !== 'string' || key === '') {
    throw new CacheKeyError(`A key must be a string that is not empty; got ${describe(key)}.`);
  }
  const bytes = key.length * 3 <= LIMITS.keyBytes ? 0 : Buffer.byteLength(key);
  if (bytes > LIMITS.keyBytes) {
    throw new CacheKeyError(
      `A key may have at most ${String(LIMITS.keyBytes)} bytes; got ${String(bytes)}: ` +
        `${describe(key)}. Hash what makes it long.`,
    );
  }
  return escapeKey(key);
}

/** The escape of one character of an argument. */
function percent(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code.toString(16).toUpperCase();
  return code < 0x80 ? `%${hex.padStart(2, '0')}` : `%u${hex}`;
}

/** Lower case, so that even the escape of a lone surrogate differs from {@link percent}'s. */
function unicode(character: string): string {
  return `%u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
