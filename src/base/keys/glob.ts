import { LIMITS } from '../options/defaults.js';
import { describe } from '../errors/describe.js';
import { ConfigurationError } from '../errors/errors.js';

/** One position of a pattern: a character, `?`, or a set such as `[a-z]`. */
type Token = string | typeof ANY | CharacterSet;
interface CharacterSet {
  readonly negated: boolean;
  /** Inclusive ranges of UTF-16 code units. */
  readonly ranges: readonly (readonly [number, number])[];
}
const ANY = Symbol('?');

/** The part between two stars. If it is plain text, it is searched with `indexOf`. */
interface Run {
  readonly length: number;
  readonly text: string | undefined;
  readonly tokens: readonly Token[];
  /** For each character seen so far, the positions of the run that it matches, as bits. */
  readonly masks: Map<number, Uint32Array>;
}

/**
 * A compiled glob, with the syntax of Redis `SCAN MATCH`: `*`, `?`, `[abc]`, `[a-c]`, `[^a]` and
 * `\` before a character that is meant literally.
 *
 * Each run between two stars is placed at its leftmost match and never moved again. That suffices, since a
 * star matches anything in between. Nothing backtracks across stars, so that no pattern takes exponential or
 * even quadratic time in its number of stars.
 *
 * @internal
 */
export class Glob {
  private readonly runs: readonly Run[];

  /**
   * @throws ConfigurationError when the pattern is empty, not a string or too long.
   */
  constructor(readonly source: string) {
    if (typeof source !== 'string' || source === '' || source.length > LIMITS.patternChars) {
      throw new ConfigurationError(
        `pattern must be a string of 1 to ${String(LIMITS.patternChars)} characters; ` +
          `got ${describe(source)}.`,
      );
    }
    this.runs = compile(source);
  }

  /** Whether the pattern matches everything. */
  get matchesAll(): boolean {
    return this.runs.length > 1 && this.runs.every((run) => run.length === 0);
  }

  /** Text with which all matches begin. */
  get prefix(): string {
    let prefix = '';
    for (const token of (this.runs[0] as Run).tokens) {
      if (typeof token !== 'string') break;
      prefix += token;
    }
    return prefix;
  }

  /** Whether the whole of `text` matches. */
  matches(text: string): boolean {
    const { runs } = this;
    const first = runs[0] as Run;
    if (runs.length === 1) return first.length === text.length && fits(first, text, 0);
    const last = runs[runs.length - 1] as Run;
    const end = text.length - last.length;
    if (first.length > end || !fits(first, text, 0) || !fits(last, text, end)) return false;
    let position = first.length;
    for (let i = 1; i < runs.length - 1; i++) {
      const run = runs[i] as Run;
      const found = search(run, text, position, end);
      if (found < 0) return false;
      position = found + run.length;
    }
    return true;
  }
}

/**
 * Escapes the special characters of globs with backslashes, so that `text` matches only itself. For keys that
 * are written by hand; use `pattern` for arguments of cached methods.
 *
 * @example
 * ```ts
 * await cache.clear(`${escapePattern(fileName)}:*`);
 * ```
 */
export function escapePattern(text: string): string {
  if (typeof text !== 'string') {
    throw new ConfigurationError(`escapePattern: text must be a string; got ${describe(text)}.`);
  }
  return text.replace(/[*?[\]\\]/g, '\\$&');
}

function compile(source: string): Run[] {
  const runs: Run[] = [];
  let tokens: Token[] = [];
  for (let i = 0; i < source.length; i++) {
    const character = source.charAt(i);
    if (character === '*') {
      // Neighbouring stars are one: an empty run between them would add nothing.
      if (tokens.length > 0 || runs.length === 0) runs.push(toRun(tokens));
      tokens = [];
    } else if (character === '?') {
      tokens.push(ANY);
    } else if (character === '\\' && i + 1 < source.length) {
      tokens.push(source.charAt(++i));
    } else if (character === '[') {
      const set = characterSet(source, i + 1);
      tokens.push(set.value);
      i = set.end;
    } else {
      tokens.push(character);
    }
  }
  runs.push(toRun(tokens));
  return runs;
}

function toRun(tokens: readonly Token[]): Run {
  const literal = tokens.every((token) => typeof token === 'string');
  return {
    length: tokens.length,
    text: literal ? tokens.join('') : undefined,
    tokens,
    masks: new Map(),
  };
}

/** Reads a set from behind its `[`; as in Redis, one that is never closed ends with the pattern. */
function characterSet(source: string, start: number): { value: CharacterSet; end: number } {
  let i = start;
  const negated = source.charAt(i) === '^';
  if (negated) i++;
  const ranges: [number, number][] = [];
  for (; i < source.length && source.charAt(i) !== ']'; i++) {
    const isEscaped = source.charAt(i) === '\\' && i + 1 < source.length;
    if (isEscaped) i++;
    const from = source.charCodeAt(i);
    // As in Redis, since both must clear the same keys: the end of a range may be any character, even `]` or
    // a backslash, and a range does not begin with an escaped character.
    const isRange = !isEscaped && source.charAt(i + 1) === '-' && i + 2 < source.length;
    if (isRange) i += 2;
    const to = source.charCodeAt(i);
    ranges.push([Math.min(from, to), Math.max(from, to)]);
  }
  return { value: { negated, ranges }, end: i };
}

function fits(run: Run, text: string, at: number): boolean {
  if (run.text !== undefined) return text.startsWith(run.text, at);
  return run.tokens.every((token, offset) => fitsToken(token, text, at + offset));
}

function fitsToken(token: Token, text: string, at: number): boolean {
  if (typeof token === 'string') return text.charAt(at) === token;
  if (token === ANY) return true;
  const code = text.charCodeAt(at);
  const member = token.ranges.some(([from, to]) => code >= from && code <= to);
  return member !== token.negated;
}

function search(run: Run, text: string, from: number, end: number): number {
  if (run.text !== undefined) {
    const found = text.indexOf(run.text, from);
    return found >= 0 && found + run.length <= end ? found : -1;
  }
  return shiftAnd(run, text, from, end);
}

/** Maximum number of characters whose masks a run keeps. */
const MAX_MASKS = 512;

/**
 * Leftmost place of a run with `?` or sets in it: all of its positions are tried at once, a bit
 * each, so that no repetitive text makes it start over (R. Baeza-Yates, G. Gonnet, A New Approach
 * to Text Searching, CACM 1992).
 */
function shiftAnd(run: Run, text: string, from: number, end: number): number {
  const words = Math.ceil(run.length / 32);
  const state = new Uint32Array(words);
  const last = 1 << ((run.length - 1) % 32);
  for (let at = from; at < end; at++) {
    const mask = maskOf(run, text, at);
    let carry = 1;
    for (let word = 0; word < words; word++) {
      const before = state[word] as number;
      state[word] = ((before << 1) | carry) & (mask[word] as number);
      carry = before >>> 31;
    }
    if (((state[words - 1] as number) & last) !== 0) return at - run.length + 1;
  }
  return -1;
}

function maskOf(run: Run, text: string, at: number): Uint32Array {
  const code = text.charCodeAt(at);
  const known = run.masks.get(code);
  if (known !== undefined) return known;
  const mask = new Uint32Array(Math.ceil(run.length / 32));
  for (const [i, token] of run.tokens.entries()) {
    if (fitsToken(token, text, at)) mask[i >>> 5] = (mask[i >>> 5] as number) | (1 << (i & 31));
  }
  if (run.masks.size < MAX_MASKS) run.masks.set(code, mask);
  return mask;
}
