import fc from 'fast-check';

import { LIMITS } from '../../../src/base/options/defaults.js';
import { escapeArgument, escapeKey } from '../../../src/base/keys/escape.js';
import { Glob } from '../../../src/base/keys/glob.js';
import { keyOfCall, keyPart, pattern } from '../../../src/base/keys/key.js';

class Money {
  constructor(readonly amount: unknown) {}
  toCacheKey(): unknown {
    return this.amount;
  }
}

class Weight {
  constructor(readonly amount: unknown) {}
  toJSON(): unknown {
    return this.amount;
  }
}

type Rebuild = (value: unknown) => unknown;

/** Equality as callers mean it; written without a look at how the encoder goes about it. */
function same(a: unknown, b: unknown): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true; // 0 === -0
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array) === 0;
  if (a instanceof Money || a instanceof Weight) return same(a.amount, (b as Money).amount);
  if (a instanceof Set || a instanceof Map) return sameMembers([...a], [...(b as Set<unknown>)]);
  if (Array.isArray(a)) return sameItems(a, b as unknown[]);
  return sameMembers(Object.entries(a), Object.entries(b));
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => same(item, b[i]));
}

function sameMembers(a: readonly unknown[], b: readonly unknown[]): boolean {
  const left = [...b];
  for (const member of a) {
    const i = left.findIndex((other) => same(member, other));
    if (i < 0) return false;
    left.splice(i, 1);
  }
  return left.length === 0;
}

/** A copy that shares nothing and comes in another order wherever order means nothing. */
function shuffled(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return Object.is(value, 0) ? -0 : value;
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (value instanceof Money) return new Money(shuffled(value.amount));
  if (value instanceof Weight) return new Weight(shuffled(value.amount));
  if (value instanceof Set) return new Set([...value].reverse().map(shuffled));
  if (value instanceof Map) {
    return new Map([...value].reverse().map(([k, v]) => [shuffled(k), shuffled(v)]));
  }
  if (Array.isArray(value)) return value.map(shuffled);
  return fromEntries(Object.entries(value).reverse(), shuffled);
}

/** `Object.fromEntries` defines, so that `__proto__` becomes a property like any other. */
function fromEntries(entries: readonly [string, unknown][], rebuild: Rebuild = (v) => v): object {
  return Object.fromEntries(entries.map(([name, value]) => [name, rebuild(value)]));
}

/** Few characters, all of them meaning something to an encoder, so that near texts are common. */
const grammar = fc.string({
  unit: fc.constantFrom(...`ab1:~'(),=@%*?[]{}\\-^n`, '\u0000', '\n', '\u007f', '\ud800', '\udfff'),
  maxLength: 6,
});
const suggestive = fc.constantFrom(
  ...['', '1', '-0', '0', '1e+21', 'NaN', '-Infinity', 'null', 'true', 'undefined', '7n'],
  ...['()', '(=)', "('a)", '(1,(2))', 'Map()', 'Set(1)', '@0', '@Money(1)', 'Symbol(a)', '~s'],
  ...['1970-01-01T00:00:00.000Z', 'Invalid Date', '__proto__', 'constructor', '%3A', '%u007b'],
);
const long = fc
  .tuple(fc.constantFrom('x', '*', 'ü', '😀', '~'), fc.integer({ min: 30, max: 300 }), grammar)
  .map(([unit, times, tail]) => unit.repeat(times) + tail);
const text = fc.oneof(
  { arbitrary: grammar, weight: 4 },
  { arbitrary: suggestive, weight: 3 },
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  long,
);
const scalar = fc.oneof(
  text,
  fc.constantFrom<unknown>(null, undefined, true, false, 0, -0, 1, NaN, Infinity, -Infinity, 1e21),
  fc.double(),
  fc.bigInt({ min: -9n, max: 9n }),
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(new Date(0), new Date(NaN)),
  text.map((name) => Symbol.for(name)),
  fc.uint8Array({ maxLength: 4 }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    { arbitrary: scalar, weight: 5 },
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(text, tie('value')), { maxLength: 3 }).map((pairs) => fromEntries(pairs)),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((p) => new Map(p)),
    fc.array(tie('value'), { maxLength: 3 }).map((members) => new Set(members)),
    tie('value').map((amount) => new Money(amount)),
    tie('value').map((amount) => new Weight(amount)),
  ),
}));
const list = fc.array(value, { maxLength: 4 });

/** Values that a careless encoder would confuse with this one. */
function lookalikes(v: unknown): unknown[] {
  const wrapped: unknown[] = [[v], new Set([v]), { a: v }, new Money(v), new Weight(v)];
  const encoded: unknown[] = [keyPart(v), escapeArgument(keyPart(v)), keyOfCall('', [v], '')];
  const plain: unknown[] =
    typeof v === 'string'
      ? [`${v} `, `'${v}`, `${v}~s`, v.slice(0, -1), Number(v), new Date(v), Symbol.for(v)]
      : [typeof v === 'symbol' ? v.description : fc.stringify(v)];
  if (typeof v === 'number' && Number.isSafeInteger(v)) plain.push(BigInt(v), new Date(v), v + 1);
  if (v instanceof Date) plain.push(v.getTime(), JSON.stringify(v));
  if (v instanceof Money || v instanceof Weight) plain.push(v.amount);
  if (v instanceof Set) plain.push([...v]);
  if (v instanceof Map) plain.push([...v], new Set(v.keys()), new Map([...v].slice(1)));
  if (v instanceof Uint8Array) plain.push([...v], Buffer.from(v));
  if (Array.isArray(v)) plain.push(v.flat(), v.slice(1), [...v, undefined], new Set(v), { ...v });
  if (typeof v === 'object' && v !== null && Object.getPrototypeOf(v) === Object.prototype) {
    const entries = Object.entries(v);
    plain.push(entries, new Map(entries), fromEntries(entries.slice(1)), [v, undefined]);
    plain.push(fromEntries([...entries, ['b', undefined]]));
  }
  return [...wrapped, ...encoded, ...plain];
}

/** Lists that differ from `args` in one place, or in where one argument ends. */
function neighbours(args: readonly unknown[]): unknown[][] {
  const all: unknown[][] = [[...args, undefined], [...args, null], [...args, ''], [[...args]]];
  all.push([...args].reverse(), args.slice(1), args.slice(0, -1));
  args.forEach((argument, i) => {
    const [before, after] = [args.slice(0, i), args.slice(i + 1)];
    for (const other of lookalikes(argument)) all.push([...before, other, ...after]);
    if (typeof argument !== 'string') return;
    all.push([...before, ...argument.split(':'), ...after]);
    const [next, ...others] = after;
    if (typeof next !== 'string') return;
    for (const glue of [':', ',', '']) all.push([...before, argument + glue + next, ...others]);
  });
  return all;
}

const keyOf = (args: readonly unknown[]): string => keyOfCall('user', args, 'getUser');

/** As `cache.clear` compiles what the tag makes. */
const globOf = (source: string): Glob => new Glob(escapeKey(source));

describe('keys of calls, over generated arguments', () => {
  it('are the same for copies in another key order', () => {
    fc.assert(
      fc.property(list, (args) => {
        expect(keyOf(args.map(shuffled))).toBe(keyOf(args));
      }),
      { numRuns: 500 },
    );
  });

  it('differ where the arguments differ, and only there', () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        expect(keyOf(a) === keyOf(b)).toBe(sameItems(a, b));
      }),
      { numRuns: 1000 },
    );
  });

  it('differ where single arguments from a small set differ, and only there', () => {
    fc.assert(
      fc.property(scalar, scalar, (a, b) => {
        expect(keyOf([a]) === keyOf([b])).toBe(same(a, b));
        expect(keyOf([[a]]) === keyOf([[b]])).toBe(same(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  it('differ from those of every near list', () => {
    fc.assert(
      fc.property(list, (args) => {
        const key = keyOf(args);
        for (const near of neighbours(args)) {
          if ((keyOf(near) === key) === sameItems(near, args)) continue;
          throw new Error(`${fc.stringify(near)} and ${fc.stringify(args)}: ${key}`);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('contain nothing that means something to a glob, a cluster slot or a terminal', () => {
    fc.assert(
      fc.property(list, (args) => {
        // eslint-disable-next-line no-control-regex -- it is what must not be there
        expect(keyOf(args)).not.toMatch(/[\u0000-\u001f\u007f{}*?[\]\\]/);
        expect(Buffer.from(keyOf(args)).toString()).toBe(keyOf(args)); // no half of a character
        for (const argument of args) expect(keyPart(argument)).not.toContain(':');
      }),
      { numRuns: 500 },
    );
  });

  it('are never longer than the limit for short names, however long the arguments are', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(long, value), { maxLength: 8 }), (args) => {
        const key = keyOf(args);
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(LIMITS.readableKeyBytes);
        // With line separators, which are no control characters.
        expect(key).toMatch(/^user:.*:getUser(?:~(?:[snbzuido]+|h[0-9a-f]{64}))?$|^user:getUser$/s);
      }),
      { numRuns: 300 },
    );
  });

  it('are left as they are by the escape of hand-written keys', () => {
    fc.assert(
      fc.property(list, (args) => {
        expect(escapeKey(keyOf(args))).toBe(keyOf(args));
      }),
      { numRuns: 500 },
    );
  });
});

describe('patterns, over generated arguments', () => {
  it('match the keys of the same argument, and of no other text', () => {
    fc.assert(
      fc.property(text, text, list, (own, other, rest) => {
        const glob = globOf(pattern`user:${own}:*`);
        expect(glob.matches(keyOf([own, ...rest]))).toBe(true);
        expect(glob.matches(keyOf([other, ...rest]))).toBe(other === own);
      }),
      { numRuns: 1000 },
    );
  });

  it('match the keys of the same argument, for every type and length of the prefix', () => {
    fc.assert(
      fc.property(value, list, fc.integer({ min: 1, max: 120 }), (own, rest, length) => {
        const prefix = `tenant:${'p'.repeat(length)}`;
        const key = keyOfCall(prefix, [own, ...rest], 'getUser');
        expect(globOf(pattern`${prefix}`).matches(key)).toBe(false);
        expect(globOf(`${prefix}:${keyPart(own)}:*`).matches(key)).toBe(true);
        expect(globOf(`${prefix}:*:getUser*`).matches(key)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('do not match the keys of an argument that merely looks like theirs', () => {
    fc.assert(
      fc.property(text, list, (own, rest) => {
        const glob = globOf(pattern`user:${own}:*`);
        for (const near of lookalikes(own).filter((v) => typeof v === 'string')) {
          expect(glob.matches(keyOf([near, ...rest]))).toBe(near === own);
        }
      }),
      { numRuns: 300 },
    );
  });
});
