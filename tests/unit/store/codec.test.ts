import { runInThisContext } from 'node:vm';

import * as fc from 'fast-check';

import type { TypeCodec } from '../../../src/store/codec/codec.js';
import { TypedCodec } from '../../../src/store/codec/typed-codec.js';

/**
 * Jest's sandbox has its own typed arrays, beside Node's Uint8Array, which no library can tell
 * from plain objects by their class; outside it there is one of each.
 */
const node = runInThisContext('globalThis') as typeof globalThis;

const codec = new TypedCodec([]);
const roundTrip = (value: unknown, through = codec): unknown =>
  through.decode(through.encode(value));

/** -0 and 0 are one value to everything but `Object.is`. */
const number = fc.double().map((n) => (Object.is(n, -0) ? 0 : n));
const bytes = fc.uint8Array({ maxLength: 40 });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const leaf = fc.oneof(
  fc.constantFrom(null, undefined, true, false, '', 0, NaN, Infinity, -Infinity),
  number,
  fc.maxSafeInteger(),
  text,
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.date({ noInvalidDate: true }),
  bytes,
  bytes.map((b) => Buffer.from(b)),
  bytes.map((b) => b.slice().buffer),
  fc.int8Array().map((items) => new node.Int8Array(items)),
  fc.uint8ClampedArray().map((items) => new node.Uint8ClampedArray(items)),
  fc.int16Array().map((items) => new node.Int16Array(items)),
  fc.uint16Array().map((items) => new node.Uint16Array(items)),
  fc.int32Array().map((items) => new node.Int32Array(items)),
  fc.uint32Array().map((items) => new node.Uint32Array(items)),
  fc.float32Array().map((items) => new node.Float32Array(items)),
  fc.float64Array().map((items) => new node.Float64Array(items)),
  fc.bigInt64Array().map((items) => new node.BigInt64Array(items)),
  fc.bigUint64Array().map((items) => new node.BigUint64Array(items)),
  fc.constantFrom(/a+/, /\/[x]/giu),
  text.map((message) => new Error(message)),
  text.map((message) => new TypeError(message, { cause: new RangeError('cause') })),
);
const name = text.filter((key) => key !== '__proto__');
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(name, tie('value'), { maxKeys: 5, noNullPrototype: true }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => new Set(items)),
  ),
}));

describe('the codec brings back what it was given', () => {
  it('for arbitrary values', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(roundTrip(value)).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  it('JSON as it is, lone surrogates and __proto__ included', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        // Text, since JSON has no -0.
        expect(JSON.stringify(roundTrip(value))).toBe(JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
    const own = JSON.parse('{"__proto__":{"admin":true}}') as object;
    const back = roundTrip(own) as { admin?: boolean };
    expect(Object.keys(back)).toEqual(['__proto__']);
    expect(back.admin).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['undefined at the top', undefined],
    ['a Date', new Date('2024-01-02T03:04:05.678Z')],
    ['dates at the ends of time', [new Date(8.64e15), new Date(-8.64e15), new Date(-1)]],
    ['a Map with objects as keys', new Map([[{ a: 1 }, new Set([new Map()])]])],
    ['large integers', [2n ** 200n, -(2n ** 64n), -(2n ** 63n), 0n]],
    ['a Buffer', Buffer.from('abc')],
    ['views of a part of a buffer', [new node.Uint16Array([1, 2, 3]).subarray(1)]],
    ['a DataView', new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)],
    ['a named error', Object.assign(new Error('m'), { name: 'Custom' })],
    ['a pattern with flags', /a/giy],
    ['a lone surrogate beside a Date', ['\ud800', new Date(0)]],
    ['such a name beside a Date', [{ '\ud800': 1 }, new Date(0)]],
    ['an own __proto__ beside a Date', [JSON.parse('{"__proto__":1}'), new Date(0)]],
    [
      'texts that look like an escape',
      ['~', '~u', '~~', ['~#Map', 1], { '~u': '~@0' }, new Date(0)],
    ],
    ['an object without prototype', Object.assign(Object.create(null) as object, { a: 1n })],
  ])('%s', (_, value) => {
    const back = roundTrip(value);
    expect(back).toEqual(value);
    expect(Object.prototype.toString.call(back)).toBe(Object.prototype.toString.call(value));
  });

  it('keeps an invalid Date one', () => {
    expect(Number((roundTrip([new Date(NaN)]) as Date[])[0])).toBeNaN();
  });

  it('keeps a Buffer a Buffer and a Uint8Array none', () => {
    expect(Buffer.isBuffer(roundTrip(Buffer.from('a')))).toBe(true);
    expect(Buffer.isBuffer(roundTrip(new Uint8Array(1)))).toBe(false);
  });

  it('keeps undefined properties, and the cause of an error', () => {
    expect(Object.keys(roundTrip({ a: undefined }) as object)).toEqual(['a']);
    const back = roundTrip(new TypeError('x', { cause: new RangeError('y') })) as Error;
    expect(back).toMatchObject({ name: 'TypeError', cause: { name: 'RangeError', message: 'y' } });
  });

  it('keeps parts that occur twice one part, and cycles cycles', () => {
    const part = { at: new Date(0) };
    const [a, b] = roundTrip([part, part]) as object[];
    expect(a).toBe(b);
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const back = roundTrip(cycle) as typeof cycle;
    expect(back.self).toBe(back);
  });

  it('leaves plain JSON readable, and everything else behind another tag', () => {
    expect(codec.encode({ id: 1 })).toBe('j{"id":1}');
    expect(codec.encode({ id: 1n })).toBe('tj{"id":"~n1"}');
  });
});

describe('the codec refuses what it could not bring back', () => {
  class Account {}
  class Bytes extends Uint8Array {}

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['a method inside', { deep: [{ call: () => 1 }] }],
    ['an instance of a class', new Account()],
    ['one inside a Map', new Map([[1, new Account()]])],
    ['one as the cause of an error', new Error('x', { cause: new Account() })],
    ['an error with more to it', Object.assign(new Error('x'), { code: 'E' })],
    ['an error of a class', new (class Own extends Error {})('x')],
    ['an AggregateError', new AggregateError([new Error('a')])],
    ['a promise', Promise.resolve(1)],
    ['a WeakMap', new WeakMap()],
    ['a URL', new URL('http://localhost/')],
    ['a class of bytes', new Bytes(1)],
    ['shared memory', new node.SharedArrayBuffer(1)],
  ])('%s', (_, value) => {
    expect(() => codec.encode(value)).toThrow(
      expect.objectContaining({ code: 'ERR_SERIALIZATION' }) as Error,
    );
  });
});

describe('types', () => {
  class Money {
    constructor(
      readonly cents: bigint,
      readonly currency: string,
    ) {}
  }
  class Order {
    constructor(
      readonly total: Money,
      readonly at: Date,
    ) {}
  }
  const money: TypeCodec<Money> = {
    name: 'money',
    class: Money,
    encode: ({ cents, currency }) => [cents, currency],
    decode: (data) => new Money(...(data as [bigint, string])),
  };
  const order: TypeCodec<Order> = {
    name: 'order',
    class: Order,
    encode: ({ total, at }) => ({ total, at }),
    decode: (data) => {
      const { total, at } = data as Order;
      return new Order(total, at);
    },
  };
  const typed = new TypedCodec([money, order]);
  const price = new Money(5n, 'EUR');

  it('come back as what they were, wherever they stand', () => {
    const value = { list: [price], map: new Map([[price, new Set([price])]]), plain: { a: 1n } };
    const back = roundTrip(value, typed) as typeof value;
    expect(back).toEqual(value);
    expect(back.list[0]).toBeInstanceOf(Money);
    expect([...back.map.keys()][0]).toBe(back.list[0]);
  });

  it('inside one another', () => {
    const back = roundTrip(new Order(price, new Date(0)), typed) as Order;
    expect(back).toBeInstanceOf(Order);
    expect(back.total).toBeInstanceOf(Money);
  });

  it('do not disturb what needs none of them', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(roundTrip(value, typed)).toEqual(value);
      }),
      { numRuns: 200 },
    );
    const cycle: { self?: unknown; at: Date } = { at: new Date(0) };
    cycle.self = cycle;
    const back = roundTrip(cycle, typed) as typeof cycle;
    expect(back.self).toBe(back);
  });

  it('are not confused by data that looks like their mark', () => {
    const forged = { $aurora: 'money', data: [1n, 'X'] };
    expect(roundTrip(forged, typed)).toEqual(forged);
    expect(roundTrip(forged, typed)).not.toBeInstanceOf(Money);
    expect(roundTrip({ $aurora: 'money', data: [1, 'X'] }, typed)).toEqual({
      $aurora: 'money',
      data: [1, 'X'],
    });
    const nested = { $aurora: price, other: [forged, price] };
    const back = roundTrip(nested, typed) as typeof nested;
    expect(back).toEqual(nested);
    expect(back.other[1]).toBeInstanceOf(Money);
  });

  it('that are no longer registered are errors, as is data that cannot be encoded', () => {
    const text = typed.encode(price);
    const other = new TypedCodec([order]);
    expect(() => other.decode(text)).toThrow(/Unknown type 'money'/);
    const bad = { ...money, encode: () => ({ call: () => 1 }) };
    expect(() => new TypedCodec([bad]).encode(price)).toThrow(/function/);
  });
});

describe('bytes that the codec did not write', () => {
  it('are an error or a value, for arbitrary text, and never run code', () => {
    const before = Object.keys(globalThis).length;
    fc.assert(
      fc.property(fc.constantFrom('j', 'm', 'x', ''), bytes, (tag, noise) => {
        const text = tag + Buffer.from(noise).toString('base64');
        try {
          codec.decode(text);
        } catch (error) {
          expect(error).toHaveProperty('message');
        }
      }),
      { numRuns: 1000 },
    );
    expect(Object.keys(globalThis)).toHaveLength(before);
  });

  it('damaged in one place, neither', () => {
    const value = { a: [1n, new Date(0), new Map([[1, new Set(['x'])]])], e: new Error('m') };
    const good = Buffer.from(codec.encode(value).slice(1), 'base64');
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(good);
        damaged[at] = byte;
        try {
          codec.decode(`m${damaged.toString('base64')}`);
        } catch (error) {
          expect(error).toHaveProperty('message');
        }
        // And it has not confused the codec for what comes after.
        expect(roundTrip(value)).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });
});
