import fc from 'fast-check';

import { LIMITS } from '../../../src/base/options/defaults.js';
import { CacheKeyError } from '../../../src/base/errors/errors.js';
import {
  checkedKey,
  escapeArgument,
  escapeKey,
  escapeStructured,
} from '../../../src/base/keys/escape.js';

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'%u07bBdD8{}~*', '\ud800', '\n'), maxLength: 10 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: fc.constantFrom('%7B', '%u007b', '%uD800', '%ud800', '%25', '%', '{') }),
);

describe('escapeKey', () => {
  it.each([
    ['user:1', 'user:1'],
    ['a:*?[b]\\~c', 'a:*?[b]\\~c'],
    ['{a}', '%u007ba%u007d'],
    ['a\nb\u007f', 'a%u000ab%u007f'],
    ['100%', '100%u0025'],
    ['%7Ba', '%7Ba'],
    ['A%2Eb', 'A%2Eb'], // the dot in a method's name
    ['%7ba', '%u00257ba'],
    ['%u007b', '%u0025u007b'],
    ['\ud800', '%ud800'],
    ['%uD800', '%uD800'],
    ['%uE000', '%u0025uE000'],
    ['😀é', '😀é'],
  ])('stores %j as %j', (key, stored) => {
    expect(escapeKey(key)).toBe(stored);
  });

  it('never folds two keys into one', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(escapeKey(a) === escapeKey(b)).toBe(a === b);
      }),
      { numRuns: 2000 },
    );
  });

  it('never folds a key into what another one is escaped to', () => {
    fc.assert(
      fc.property(text, (key) => {
        for (const near of [escapeKey(key), escapeArgument(key), decodeEscapes(key)]) {
          expect(escapeKey(near) === escapeKey(key)).toBe(near === key);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves no brace, no control character and no half of a character', () => {
    fc.assert(
      fc.property(text, (key) => {
        // eslint-disable-next-line no-control-regex -- it is what must not be there
        expect(escapeKey(key)).not.toMatch(/[\u0000-\u001f\u007f{}]/);
        expect(Buffer.from(escapeKey(key)).toString()).toBe(escapeKey(key));
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves every other character as it stands', () => {
    fc.assert(
      fc.property(text, (key) => {
        const kept = (s: string) => s.replace(/%u[0-9a-f]{4}/g, '');
        const plain = Array.from(key.replaceAll('%', '')).filter(
          (c) => !/[\p{Cc}{}\p{Cs}]/u.test(c),
        );
        expect(kept(escapeKey(plain.join('')))).toBe(plain.join(''));
      }),
      { numRuns: 500 },
    );
  });

  it('leaves an escaped argument alone', () => {
    fc.assert(
      fc.property(text, (argument) => {
        expect(escapeKey(escapeArgument(argument))).toBe(escapeArgument(argument));
      }),
      { numRuns: 1000 },
    );
  });
});

/** A careless reader of either kind of escape. */
function decodeEscapes(key: string): string {
  return key.replace(/%u([0-9a-f]{4})|%([0-9a-f]{2})/gi, (_, unit?: string, byte?: string) =>
    String.fromCharCode(parseInt(unit ?? byte ?? '', 16)),
  );
}

describe('escapeArgument', () => {
  it('never folds two texts into one', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(escapeArgument(a) === escapeArgument(b)).toBe(a === b);
        const escaped = escapeArgument(a);
        expect(escapeArgument(escaped) === escaped).toBe(escaped === a);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['%', '*', ':', '?', '[', '\\', ']', '{', '}', '~', '\n', '\u0000', '\u007f', '\udc00'])(
    'does not let %j through',
    (character) => {
      expect(escapeArgument(`a${character}b`)).toMatch(/^a%(?:[0-9A-F]{2}|uDC00)b$/);
    },
  );
});

describe('checkedKey', () => {
  it('returns the stored form', () => {
    expect(checkedKey('user:{1}')).toBe('user:%u007b1%u007d');
  });

  it.each<[string, unknown, string]>([
    ['an empty string', '', "''"],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 5, '5'],
    ['an array', ['a'], 'an array'],
    ['a String object', Object('a'), 'an object'],
  ])('refuses %s', (_, key, shown) => {
    expect(() => checkedKey(key)).toThrow(CacheKeyError);
    expect(() => checkedKey(key)).toThrow(`must be a string that is not empty; got ${shown}.`);
  });

  it.each([
    ['a letter', 'a'.repeat(LIMITS.keyBytes + 1), 1025],
    ['one of three bytes', `${'€'.repeat(341)}aa`, 1025],
    ['one of two units', '😀'.repeat(257), 1028],
  ])('refuses more than 1,024 bytes, and not characters: %s', (_, key, bytes) => {
    expect(() => checkedKey(key)).toThrow(CacheKeyError);
    expect(() => checkedKey(key)).toThrow(`at most 1024 bytes; got ${String(bytes)}`);
    expect(checkedKey(Array.from(key).slice(1).join(''))).not.toBe('');
  });

  it('does not repeat a long key in its message', () => {
    const message = /^.{0,200}$/s;
    expect(() => checkedKey('a'.repeat(100_000))).toThrow(message);
  });
});

describe.each([
  ['escapeArgument', escapeArgument],
  ['escapeStructured', escapeStructured],
])('%s', (_, escape) => {
  it('treats every character in a short text as in a long one', () => {
    const filler = 'abcdefgh'.repeat(2);
    const characters = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));
    const differently = characters.filter(
      (character) => filler + escape(character) !== escape(filler + character),
    );
    expect(differently).toEqual([]);
  });
});
