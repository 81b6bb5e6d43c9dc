import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';

import { LIMITS } from '../../../src/base/options/defaults.js';
import { CacheKeyError } from '../../../src/base/errors/errors.js';
import { Glob } from '../../../src/base/keys/glob.js';
import { keyOfCall, keyPart, pattern } from '../../../src/base/keys/key.js';

const keyOf = (...args: unknown[]): string => keyOfCall('user', args, 'getUser');

class Money {
  constructor(readonly cents: unknown) {}
  toCacheKey(): unknown {
    return this.cents;
  }
}
class Weight {
  constructor(readonly grams: unknown) {}
  toCacheKey(): unknown {
    return this.grams;
  }
}
class Document {
  constructor(readonly id: unknown) {}
  toJSON(): unknown {
    return { id: this.id };
  }
}

const instant = new Date('2024-05-06T07:08:09.010Z');

describe('the key of a call', () => {
  it.each<[string, unknown[], string]>([
    ['no argument', [], 'user:getUser'],
    ['a string', ['ann'], 'user:ann:getUser'],
    ['a number', [42], 'user:42:getUser'],
    ['several', ['ann', 1, true, null, undefined], 'user:ann:1:true:null:undefined:getUser'],
    ['a string that looks like a number', ['42'], 'user:42:getUser~s'],
    ['a string that looks like a structure', ['(1)'], 'user:(1):getUser~s'],
    ['a bigint', [42n], 'user:42:getUser~i'],
    ['a date', [instant], 'user:2024-05-06T07%3A08%3A09.010Z:getUser'],
    ['an object', [{ b: [1, 'x'], a: 2n }], "user:(a=2n,b=(1,'x)):getUser"],
    ['a map', [new Map([['a', 1]])], "user:Map('a=1):getUser"],
    ['a class instance', [new Money(5)], 'user:@Money(5):getUser'],
    ['what would break out of its segment', ['a:*{b}~'], 'user:a%3A%2A%7Bb%7D%7E:getUser'],
    ['half a character', ['\ud83d'], 'user:%uD83D:getUser'],
    ['a whole character', ['😀'], 'user:😀:getUser'],
  ])('spells %s readably', (_, args, key) => {
    expect(keyOf(...args)).toBe(key);
  });

  it.each<[string, unknown[], unknown[]]>([
    ['texts of one 32-bit hash', ['BA'], ['Ab']],
    ['texts of another 32-bit hash', ['Aa'], ['BB']],
    ['a colon on either side', ['a:b', 'c'], ['a', 'b:c']],
    ['one argument and two', ['a:b'], ['a', 'b']],
    ['no argument and an empty text', [], ['']],
    ['no argument and undefined', [], [undefined]],
    ['a trailing undefined', ['a'], ['a', undefined]],
    ['the order', ['a', 'b'], ['b', 'a']],
    ['a number and its text', [1], ['1']],
    ['which of two is the number', [1, '1'], ['1', 1]],
    ['null and its name', [null], ['null']],
    ['true and its name', [true], ['true']],
    ['undefined and its name', [undefined], ['undefined']],
    ['null and undefined', [null], [undefined]],
    ['NaN and its name', [NaN], ['NaN']],
    ['Infinity and its name', [Infinity], ['Infinity']],
    ['Infinity and -Infinity', [Infinity], [-Infinity]],
    ['a bigint and a number', [123n], [123]],
    ['a bigint and a text', [123n], ['123']],
    ['a bigint and its literal', [[123n]], [['123n']]],
    ['a date and its ISO text', [instant], [instant.toISOString()]],
    ['a date and its time', [instant], [instant.getTime()]],
    ['a date and its ISO text, nested', [[instant]], [[instant.toISOString()]]],
    ['a date and its time, nested', [[instant]], [[instant.getTime()]]],
    ['an invalid date and its text', [new Date(NaN)], ['Invalid Date']],
    ['an invalid date and NaN', [new Date(NaN)], [NaN]],
    ['an invalid date and NaN, nested', [[new Date(NaN)]], [[NaN]]],
    ['a text and the signature', ['1'], ['1~s']],
    ['a text that ends in a signature', ['a'], ['a~s']],
    ['how arrays nest', [[1, [2]]], [[[1], 2]]],
    ['an array and its items', [[1, 2]], [1, 2]],
    ['an array and its text', [[1, 2]], ['1,2']],
    ['an array and its encoding', [[1]], ['(1)']],
    ['an empty array and an empty object', [[]], [{}]],
    ['an empty array and its encoding', [[]], ['()']],
    ['an empty object and its encoding', [{}], ['(=)']],
    ['an empty array and one in an array', [[]], [[[]]]],
    ['a property of undefined and none', [{ a: undefined }], [{}]],
    ['properties without a name', [{ '': undefined }], [{}]],
    ['a map and an object', [new Map([['a', 1]])], [{ a: 1 }]],
    ['an empty map and an empty set', [new Map()], [new Set()]],
    ['keys of a map by type', [new Map([[1, 1]])], [new Map([['1', 1]])]],
    ['a set and an array', [new Set([1])], [[1]]],
    ['a buffer and a typed array', [Buffer.from('ab')], [Uint8Array.of(97, 98)]],
    ['typed arrays of equal bytes', [Uint8Array.of(1)], [Int8Array.of(1)]],
    ['a typed array and its array', [Uint8Array.of(1)], [[1]]],
    ['a buffer and its text', [Buffer.from('ab')], [keyPart(Buffer.from('ab'))]],
    ['a symbol and its name', [Symbol.for('a')], ['a']],
    ['a symbol and its encoding', [Symbol.for('a')], ['Symbol(a)']],
    ['a hole and undefined', [[1, , 2]], [[1, undefined, 2]]],
    ['one hole and none', [[,]], [[]]],
    ['a hole and its sign', [[,]], [['_']]],
    ['a URL and its text', [new URL('https://a.example/')], ['https://a.example/']],
    ['two classes of equal keys', [new Money(5)], [new Weight(5)]],
    ['an instance and its key', [new Money(5)], [5]],
    ['an instance and its JSON', [new Document(1)], [{ id: 1 }]],
    ['an instance and its encoding', [new Money(5)], ['@Money(5)']],
    ['texts that spell structure', [["x,b='y"]], [['x', "b='y"]]],
    ['texts that close a structure', [{ a: "x,b='y" }], [{ a: 'x', b: 'y' }]],
    ['names that spell structure', [{ 'a=1,b': 2 }], [{ a: 1, b: 2 }]],
    ['__proto__ and none', [JSON.parse('{"__proto__":1}')], [{}]],
    ['values of __proto__', [JSON.parse('{"__proto__":1}')], [JSON.parse('{"__proto__":2}')]],
    ['the last byte of long texts', ['x'.repeat(5000) + 'a'], ['x'.repeat(5000) + 'b']],
    ['the last byte of a long list', [...Array(99).keys(), 'a'], [...Array(99).keys(), 'b']],
    ['the types in a long list', Array(99).fill('1'), Array(99).fill(1)],
    ['a long text and its segment', ['x'.repeat(500)], [keyPart('x'.repeat(500))]],
    ['a long text and the key of it', ['x'.repeat(500)], [keyOf('x'.repeat(500))]],
  ])('tells apart %s', (_, a, b) => {
    expect(keyOf(...a)).not.toBe(keyOf(...b));
  });

  it.each<[string, unknown, unknown]>([
    ['0 and -0', 0, -0],
    ['0 and -0 in an array', [0], [-0]],
    ['properties in any order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ['sets in any order', new Set([1, 'a', [2]]), new Set([[2], 'a', 1])],
    [
      'maps in any order',
      new Map<object, number>([[{}, 1]]).set({ a: 1 }, 2),
      new Map<object, number>([[{ a: 1 }, 2]]).set({}, 1),
    ],
    ['records without prototype', { a: 1 }, Object.assign(Object.create(null), { a: 1 })],
    ['a view and its copy', new Uint8Array([0, 1, 2]).subarray(1), Uint8Array.of(1, 2)],
    ['instances of one class and key', new Money({ a: 1, b: 2 }), new Money({ b: 2, a: 1 })],
    ['URLs', new URL('https://a.example'), new URL('https://a.example/')],
    ['registered symbols', Symbol.for('a'), Symbol.for('a')],
  ])('is the same for %s', (_, a, b) => {
    expect(keyOf(a)).toBe(keyOf(b));
  });

  it('is the same for more properties than are sorted by insertion', () => {
    const entries = Array.from({ length: 40 }, (_, i) => [`p${String(i)}`, i] as const);
    expect(keyOf(Object.fromEntries(entries))).toBe(keyOf(Object.fromEntries(entries.reverse())));
  });

  it('is the same for values of another realm', () => {
    const source = '({ a: [1, new Date(0)], m: new Map([[new Set([1]), new Uint8Array([7])]]) })';
    const own = { a: [1, new Date(0)], m: new Map([[new Set([1]), new Uint8Array([7])]]) };
    expect(keyOf(runInNewContext(source))).toBe(keyOf(own));
    expect(keyOf(runInNewContext('new Date(0)'))).toBe(keyOf(new Date(0)));
  });

  it('tells typed arrays of subclasses from everything that their class is named after', () => {
    class My_Bytes extends Uint8Array {}
    const Nameless = (() => class extends Uint8Array {})();
    const Impostor = { Map: class Map extends Uint8Array {} }.Map;
    const four = [0xd7, 0x6d, 0xf8]; // '1234' in base64
    expect(keyOf(new My_Bytes(four))).not.toBe(keyOf(keyPart(new My_Bytes(four))));
    expect(keyOf(new Nameless(four))).not.toBe(keyOf([1234]));
    expect(keyOf(new Impostor(0))).not.toBe(keyOf(new Map()));
  });

  it('takes toCacheKey before toJSON, and the object itself where neither is a function', () => {
    const both = { toCacheKey: () => 'key', toJSON: () => 'json' };
    expect(keyOf(both)).toBe("user:@Object('key):getUser");
    expect(keyOf({ toJSON: 1 })).toBe('user:(toJSON=1):getUser');
  });

  it('reads the text of an object before it inspects one without', () => {
    const request = { client: () => 'no key', id: 7, toJSON: () => ({ id: 7 }) };
    expect(keyOf(request)).toBe('user:@Object((id=7)):getUser');
  });
});

describe('the key of a call with long arguments', () => {
  it('ends in the SHA-256 of the whole key and keeps what leads up to it', () => {
    const args = ['ann', ...Array.from({ length: 40 }, (_, i) => `argument-${String(i)}`)];
    const whole = `user:${args.join(':')}:getUser`;
    const key = keyOf(...args);
    expect(key).toMatch(/^user:ann:argument-0:argument-1:argument-2:/);
    expect(key.slice(-64)).toBe(createHash('sha256').update(whole).digest('hex'));
    expect(key.slice(0, -64)).toMatch(/:getUser~h$/);
    expect(Buffer.byteLength(key)).toBeLessThanOrEqual(LIMITS.readableKeyBytes);
  });

  it.each([
    ['100 bytes stay', 'x'.repeat(100), 'x'.repeat(100)],
    ['102 bytes in 34 characters go', '€'.repeat(34), expect.stringMatching(/^~[0-9a-f]{64}$/)],
    ['101 bytes go', 'x'.repeat(101), expect.stringMatching(/^~[0-9a-f]{64}$/)],
  ])('shortens an argument from 101 bytes on: %s', (_, argument, part) => {
    expect(keyPart(argument)).toEqual(part);
    expect(keyOf(argument).split(':')[1]).toEqual(part);
  });

  it('names the method once, behind the arguments', () => {
    expect(keyOf('x'.repeat(500)).split(':').slice(2)).toEqual([
      expect.stringMatching(/^getUser~h[0-9a-f]{64}$/),
    ]);
  });

  it.each([
    ['of several parts', `tenants:${'a'.repeat(60)}:${'b'.repeat(60)}:user`],
    ['of one part', 'p'.repeat(300)],
  ])('keeps a long prefix %s whole, so that clearing it reaches the key', (_, prefix) => {
    for (const args of [['x'.repeat(100)], ['x', 'y'.repeat(500)]]) {
      const key = keyOfCall(prefix, args, 'getUser');
      expect(key.slice(-64)).toMatch(/^[0-9a-f]{64}$/);
      expect(new Glob(`${prefix}:*:getUser~*`).matches(key)).toBe(true);
    }
    expect(keyOfCall(prefix, [], 'getUser').startsWith(`${prefix}:getUser`)).toBe(true);
  });

  it('keeps the first argument, so that a pattern for it reaches the key', () => {
    const prefix = 'tenant-0123456789:CustomerRepository';
    const id = 'x'.repeat(LIMITS.segmentBytes);
    const key = keyOfCall(prefix, [id, 'y'.repeat(90)], 'BaseRepository.findByName');
    expect(new Glob(`${prefix}:${id}:*`).matches(key)).toBe(true);
  });

  it('keeps the method when its name takes several bytes a character', () => {
    const last = 'é'.repeat(80);
    const key = keyOfCall('user', ['ann', 'x'.repeat(90)], last);
    expect(key).toMatch(new RegExp(`^user:ann:${last}~h[0-9a-f]{64}$`));
  });
});

describe('an argument without a key', () => {
  class Plain {}
  const cycle: unknown[] = [];
  cycle.push({ cycle });
  const nested = (levels: number): unknown => {
    let value: unknown = 1;
    for (let i = 0; i < levels; i++) value = [value];
    return value;
  };

  it.each<[string, unknown, RegExp]>([
    ['a function', function load() {}, /a function \(load\) cannot be a key/],
    ['a function in an object', { a: () => 1 }, /a function \(a\) cannot/],
    ['an unregistered symbol', Symbol('own'), /a symbol has no text/],
    ['a well-known symbol', Symbol.iterator, /a symbol has no text/],
    ['a cycle', cycle, /contains itself/],
    ['an instance that is its own key', { toCacheKey() { return this; } }, /contains itself/], // prettier-ignore
    ['an instance of a silent class', new Plain(), /an instance of Plain needs a toCacheKey\(\)/],
    ['an instance without a class name', new (class {})(), /an instance of a class needs/],
    ['an error', new Error('no'), /an instance of Error needs/],
    ['a promise', Promise.resolve(1), /an instance of Promise needs/],
    ['a key that is a promise', new Money(Promise.resolve(1)), /an instance of Promise needs/],
    ['a regular expression', /x/, /an instance of RegExp needs/],
    ['a weak map', new WeakMap(), /an instance of WeakMap needs/],
    ['properties named by symbols', { [Symbol.for('gt')]: 1 }, /names are symbols/],
    ['what is nested too deep', nested(LIMITS.argumentDepth + 1), /deeper than 100 levels/],
    ['a text that is too long, nested', ['x'.repeat(LIMITS.argumentChars)], /longer than 1048576/],
    ['bytes that are too many', new Uint8Array(LIMITS.argumentChars + 1), /longer than 1048576/],
  ])('is %s: CacheKeyError with its position', (_, argument, message) => {
    const call = () => keyOf('first', argument);
    expect(call).toThrow(CacheKeyError);
    expect(call).toThrow(message);
    expect(call).toThrow(/^Argument 1: /);
    expect(() => keyPart(argument)).toThrow(CacheKeyError);
  });

  it('is not one at the limit of depth, nor one that appears twice side by side', () => {
    const shared = { a: 1 };
    expect(() => keyOf(nested(LIMITS.argumentDepth))).not.toThrow();
    expect(keyOf([shared, shared])).toBe('user:((a=1),(a=1)):getUser');
  });

  it('is not a long text because it lies deep: what counts is the length of the whole', () => {
    let value: unknown = 'x'.repeat(LIMITS.argumentChars / 10);
    for (let i = 0; i < 50; i++) value = [value];
    expect(() => keyOf(value)).not.toThrow();
    expect(() => keyOf(Array(11).fill(value))).toThrow(/longer than 1048576/);
  });

  it.each<[string, (twice: unknown) => unknown]>([
    ['arrays', (v) => [v, v]],
    ['objects', (v) => ({ a: v, b: v })],
    ['maps', (v) => new Map([[v, v]])],
    ['sets', (v) => new Set([[v], [v, 1]])],
    ['instances', (v) => new Money([v, v])],
  ])('is refused before a small graph of %s is spelled out', (_, twice) => {
    let value: unknown = 'leaf';
    for (let i = 0; i < 40; i++) value = twice(value);
    const start = performance.now();
    expect(() => keyOf(value)).toThrow(CacheKeyError);
    // 2^40 visits would not end; the bound is generous since it guards against only that.
    expect(performance.now() - start).toBeLessThan(30_000);
  });

  it('is refused before the holes of a sparse array are spelled out', () => {
    const sparse: unknown[] = [];
    sparse[4_000_000_000] = 1;
    expect(() => keyOf(sparse)).toThrow(/longer than 1048576/);
  });

  it('passes on what its own method throws', () => {
    const failure = new Error('not loaded yet');
    const argument = {
      toCacheKey() {
        throw failure;
      },
    };
    expect(() => keyOf(argument)).toThrow(failure);
  });
});

describe('pattern', () => {
  it('lets an id of * match itself only', () => {
    const glob = new Glob(pattern`user:${'*'}:*`);
    expect(glob.matches(keyOf('*'))).toBe(true);
    expect(glob.matches(keyOf('ann'))).toBe(false);
  });

  it('finds a number and its text alike', () => {
    const glob = new Glob(pattern`user:${123}:*`);
    expect(glob.matches(keyOf(123))).toBe(true);
    expect(glob.matches(keyOf('123'))).toBe(true);
    expect(glob.matches(keyOf('1234'))).toBe(false);
  });

  it('refuses a template whose text an invalid escape has taken away', () => {
    const invalid = Object.assign([undefined, ':*'], { raw: ['\\u', ':*'] });
    expect(() => pattern(invalid as unknown as TemplateStringsArray, 1)).toThrow(/invalid escape/);
  });

  it('leaves its own text as written and puts every value in its place', () => {
    expect(pattern`a*:${1}:[b]${'c:d'}?`).toBe('a*:1:[b]c%3Ad?');
    expect(pattern`user:*`).toBe('user:*');
  });

  it('finds the digest of a long argument', () => {
    const id = 'x'.repeat(1000);
    expect(new Glob(pattern`user:${id}:*`).matches(keyOf(id, 'more'))).toBe(true);
    expect(new Glob(pattern`user:${id}:*`).matches(keyOf(`${id}x`, 'more'))).toBe(false);
  });

  it('refuses what has no key', () => {
    expect(() => pattern`user:${() => 1}:*`).toThrow(CacheKeyError);
  });
});

describe('a class that extends a built-in one', () => {
  it('is encoded as it says, where it has a toCacheKey()', () => {
    class Basket extends Map<string, number> {
      constructor(readonly owner: string) {
        super();
      }
      toCacheKey() {
        return this.owner;
      }
    }
    expect(keyPart(new Basket('ann'))).toBe("@Basket('ann)");
    expect(keyPart(new Basket('ann'))).not.toBe(keyPart(new Basket('bob')));
  });

  it('comes before what the built-in class is, for dates and arrays too', () => {
    class Zoned extends Date {
      constructor(readonly zone: string) {
        super(0);
      }
      toCacheKey() {
        return this.zone + this.getTime();
      }
    }
    class Row extends Array<number> {
      toCacheKey() {
        return 'row';
      }
    }
    expect(keyPart(new Zoned('UTC'))).not.toBe(keyPart(new Zoned('CET')));
    expect(keyPart([new Zoned('UTC')])).not.toBe(keyPart([new Zoned('CET')]));
    expect(keyPart(Row.from([1]))).toBe("@Row('row)");
  });

  it('is refused without one, since it may hold more than its elements show', () => {
    class Mode extends Map<string, number> {
      constructor(readonly mode: string) {
        super();
      }
    }
    class Dated extends Date {
      zone = 'UTC';
    }
    class List extends Array<number> {}
    for (const value of [new Mode('and'), new Dated(0), List.from([1]), [new Dated(0)]]) {
      expect(() => keyPart(value)).toThrow(/needs a toCacheKey\(\) method/);
    }
  });
});
