import fc from 'fast-check';

import { LIMITS } from '../../../src/base/options/defaults.js';
import { ConfigurationError } from '../../../src/base/errors/errors.js';
import { escapePattern, Glob } from '../../../src/base/keys/glob.js';

const matches = (pattern: string, text: string): boolean => new Glob(pattern).matches(text);

/**
 * The algorithm of Redis (`stringmatchlen` in its util.c) as simply as possible: try everything.
 * Returns whether `text` from `t` on matches `pattern` from `p` on.
 */
function reference(pattern: string, text: string, p = 0, t = 0): boolean {
  if (p === pattern.length) return t === text.length;
  const character = pattern.charAt(p);
  if (character === '*') {
    if (reference(pattern, text, p + 1, t)) return true;
    return t < text.length && reference(pattern, text, p, t + 1);
  }
  if (t === text.length) return false;
  if (character === '?') return reference(pattern, text, p + 1, t + 1);
  if (character === '[') {
    const set = setAt(pattern, p + 1, text.charAt(t));
    return set.fits && reference(pattern, text, set.end, t + 1);
  }
  if (character === '\\' && p + 1 < pattern.length) p++;
  return pattern.charAt(p) === text.charAt(t) && reference(pattern, text, p + 1, t + 1);
}

function setAt(pattern: string, start: number, found: string): { fits: boolean; end: number } {
  const negated = pattern.charAt(start) === '^';
  let member = false;
  let rest = pattern.slice(negated ? start + 1 : start);
  while (rest !== '' && !rest.startsWith(']')) {
    const [literal, range] = [/^\\([^])/.exec(rest), /^([^])-([^])/.exec(rest)];
    const [low = '', high = ''] = literal
      ? [literal[1], literal[1]]
      : range
        ? [range[1], range[2]].sort()
        : [rest.charAt(0), rest.charAt(0)];
    if (low <= found && found <= high) member = true;
    rest = rest.slice((literal ?? range ?? ['.'])[0].length);
  }
  return { fits: member !== negated, end: pattern.length - Math.max(0, rest.length - 1) };
}

describe('Glob', () => {
  it.each<[string, string[], string[]]>([
    ['a', ['a'], ['', 'b', 'aa', 'A']],
    ['*', ['', 'a', 'a:b', '*', 'a\nb'], []],
    ['**', ['', 'a'], []],
    ['a*', ['a', 'ab', 'aa'], ['', 'ba']],
    ['*a', ['a', 'ba', 'aa'], ['', 'ab']],
    ['a*a', ['aa', 'aba', 'aaa'], ['a', 'ab']],
    ['a***b', ['ab', 'a*b', 'axxb'], ['a', 'b', 'abc']],
    ['*a*b*', ['ab', 'xaxbx', 'aab'], ['ba', 'a', 'b']],
    ['*ab*bc*', ['abbc', 'ababcbc'], ['abc']],
    ['user:*:get', ['user::get', 'user:1:2:get'], ['user:get', 'user:1:get2']],
    ['?', ['a', '?', '\n'], ['', 'aa']],
    ['a?c', ['abc', 'a?c'], ['ac', 'abbc']],
    ['*?', ['a', 'ab'], ['']],
    ['?*?', ['ab', 'abc'], ['', 'a']],
    ['[abc]', ['a', 'b', 'c'], ['', 'd', 'ab', '[abc]']],
    ['[a-c]x', ['ax', 'bx', 'cx'], ['dx', '-x', 'x']],
    ['[c-a]', ['a', 'b', 'c'], ['d', '-']],
    ['[^a]', ['b', '^'], ['a', '']],
    ['[^a-c]', ['d', '-'], ['a', 'b', 'c']],
    ['[a^]', ['a', '^'], ['b']],
    ['[-a]', ['-', 'a'], ['b']],
    ['[a-c-e]', ['a', 'b', 'c', '-', 'e'], ['d']],
    ['[0-9a-f]*', ['0', 'fa'], ['g', '']],
    ['[*?]', ['*', '?'], ['a']],
    ['[\\]]', [']'], ['\\', 'a']],
    ['[\\a-c]', ['a', '-', 'c'], ['b', '\\']],
    ['[+-\\]]', ['+]', 'A]', '\\]'], ['a]', '+', ']']],
    ['[]', [], ['', '[', ']', '[]']],
    ['[]a]', [], ['a', ']', ']a]']],
    ['[^]', ['a', ']'], ['']],
    ['[a', ['a'], ['b', '[a']],
    ['[a-', ['a', '-'], ['b']],
    ['[a-]b', ['a', ']', 'b'], ['ab', '-b']],
    ['[', [], ['', '[']],
    [']', [']'], ['a']],
    ['\\*', ['*'], ['a', '\\*']],
    ['\\?\\[\\]', ['?[]'], ['a[]']],
    ['\\a', ['a'], ['\\a']],
    ['\\\\', ['\\'], ['\\\\']],
    ['a\\', ['a\\'], ['a']],
    ['*\\*', ['*', 'a*'], ['a', '*a']],
    ['é*', ['é', 'écrit'], ['e']],
  ])('%s', (pattern, hits, misses) => {
    expect(hits.filter((text) => !matches(pattern, text))).toEqual([]);
    expect(misses.filter((text) => matches(pattern, text))).toEqual([]);
    expect([...hits, ...misses].map((text) => reference(pattern, text))).toEqual([
      ...hits.map(() => true),
      ...misses.map(() => false),
    ]);
  });

  it('matches what Redis matches', () => {
    const pattern = fc.string({ unit: fc.constantFrom(...'abc**?[[]^-\\'), minLength: 1 });
    const texts = fc.array(fc.string({ unit: fc.constantFrom(...'abc-]^\\') }), { minLength: 5 });
    fc.assert(
      fc.property(pattern, texts, (source, candidates) => {
        const glob = new Glob(source);
        for (const text of candidates) expect(glob.matches(text)).toBe(reference(source, text));
      }),
      { numRuns: 1000 },
    );
  });

  it('matches what Redis matches where stars compete for the same text', () => {
    const pattern = fc.string({ unit: fc.constantFrom(...'aab**?'), minLength: 1, maxLength: 10 });
    const text = fc.string({ unit: fc.constantFrom(...'aab'), maxLength: 12 });
    fc.assert(
      fc.property(pattern, text, (source, candidate) => {
        expect(matches(source, candidate)).toBe(reference(source, candidate));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['stars between letters', '*a'.repeat(500)],
    ['stars between sets', '*[a-z]'.repeat(160)],
    ['stars between question marks', '*?'.repeat(500)],
    ['stars in front of letters and sets in turn', '*aa[^b]a'.repeat(120)],
  ])('does not hang on hundreds of %s', (_, source) => {
    const text = 'a'.repeat(10_000);
    for (const end of ['*b', '*b*', '*[^a]*']) {
      const glob = new Glob(source + end);
      const start = performance.now();
      for (let i = 0; i < 100; i++) expect(glob.matches(text)).toBe(false);
      // No benchmark: with one star that backtracks, the first match would not come to an end.
      expect(performance.now() - start).toBeLessThan(30_000);
      expect(glob.matches(`${text}b`)).toBe(true);
    }
  });

  it.each(['*', '**', '***'])('knows that %s matches everything', (pattern) => {
    expect(new Glob(pattern).matchesAll).toBe(true);
  });

  it.each(['a', '?', '*a', 'a*', '*?*', '\\*', '[*]'])('knows that %s does not', (pattern) => {
    expect(new Glob(pattern).matchesAll).toBe(false);
  });

  it.each([
    ['empty', '', "''"],
    ['too long', 'a'.repeat(LIMITS.patternChars + 1), `'${'a'.repeat(60)}…'`],
    ['undefined', undefined, 'undefined'],
    ['a number', 5, '5'],
    ['a regular expression', /a/, 'an object'],
  ])('refuses a pattern that is %s', (_, pattern, shown) => {
    const make = () => new Glob(pattern as string);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(`pattern must be a string of 1 to 1024 characters; got ${shown}.`);
  });

  it('takes a pattern of the greatest length', () => {
    const text = 'a'.repeat(LIMITS.patternChars);
    expect(matches(text, text)).toBe(true);
  });
});

describe('escapePattern', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'ab*?[]^-\\'), minLength: 1, maxLength: 5 }),
    fc.string({ unit: 'binary', minLength: 1 }),
  );

  it('makes a pattern that matches the text and no other', () => {
    fc.assert(
      fc.property(text, text, (own, other) => {
        const glob = new Glob(escapePattern(own));
        expect(glob.matches(own)).toBe(true);
        expect(glob.matches(other)).toBe(own === other);
        expect(glob.matches(escapePattern(own))).toBe(own === escapePattern(own));
        expect(glob.matches(own + other)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves the rest of a pattern its meaning', () => {
    expect(matches(`${escapePattern('a[1]*')}:*`, 'a[1]*:x')).toBe(true);
    expect(matches(`${escapePattern('a[1]*')}:*`, 'a1:x')).toBe(false);
  });

  it('leaves an ordinary text alone', () => {
    expect(escapePattern('user:1-2^{3}')).toBe('user:1-2^{3}');
  });
});

describe('a run of sets or question marks', () => {
  it.each([
    ['sets', `*${'[a]'.repeat(300)}[b]*`],
    ['question marks', `*${'a?'.repeat(400)}b*`],
  ])('of %s does not hold up the process', (_, source) => {
    const glob = new Glob(source);
    const text = 'a'.repeat(10_000);
    const start = performance.now();
    for (let i = 0; i < 1000; i++) expect(glob.matches(text)).toBe(false);
    // Not a benchmark: placed one character after the other, this takes close to a minute.
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it('is found wherever it stands, however long it is', () => {
    for (const length of [1, 31, 32, 33, 64, 65, 100]) {
      const glob = new Glob(`*${'[ab]'.repeat(length)}?c*`);
      const run = 'ab'.repeat(length).slice(0, length);
      expect(glob.matches(`xx${run}xc-`)).toBe(true);
      expect(glob.matches(`xx${run.slice(1)}xc-`)).toBe(false);
      expect(glob.matches(`${run}${run}xc`)).toBe(true);
    }
  });
});
