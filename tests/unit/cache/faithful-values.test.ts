import * as fc from 'fast-check';

import type { CacheOptions, TypeCodec } from 'aurora-cache';

import { difference } from '../../support/same-value.js';
import { flush, setUp } from './harness.js';

class Animal {
  constructor(readonly name: string) {}
}
class Dog extends Animal {
  readonly breed = 'collie';
}
class Puppy extends Dog {}
class Page extends Array<number> {
  total = 0;
}
class Lru extends Map<string, number> {}
class Account {
  #balance = 5;
  get balance(): number {
    return this.#balance;
  }
}
const type = <T>(
  name: string,
  of: new (...args: never[]) => T,
  encode: (value: T) => unknown,
  decode: (data: never) => T,
): TypeCodec => ({ name, class: of, encode, decode });
const animal = type(
  'animal',
  Animal,
  ({ name }) => name,
  (name: string) => new Animal(name),
);
const dog = type(
  'dog',
  Dog,
  ({ name }) => ({ name }),
  ({ name }: Dog) => new Dog(name),
);
const page = type(
  'page',
  Page,
  (value) => ({ items: [...value], total: value.total }),
  ({ items, total }: { items: number[]; total: number }) =>
    Object.assign(Page.from(items) as Page, { total }),
);

const exec = (): unknown => /(?<word>b+)/.exec('abbc');
const bare = (fields: object): object => Object.assign(Object.create(null) as object, fields);
const circularError = (): Error => {
  const error = new Error('outer');
  error.cause = new TypeError('inner', { cause: error });
  return error;
};

/** Values that both tiers return unchanged. */
const KEPT: [string, () => unknown][] = [
  ['a Buffer', () => Buffer.from('abc')],
  ['Buffers in a Map', () => new Map([[Buffer.from('k'), { value: Buffer.from('v') }]])],
  ['-0', () => [-0, { a: -0 }, new Map([[1, -0]])]],
  ['NaN and the infinities', () => [NaN, Infinity, -Infinity]],
  ['an error with a circular cause', circularError],
  ['an error with a name', () => Object.assign(new RangeError('x'), { name: 'Mine' })],
  ['an error without a message', () => new Error()],
  ['a record without prototype, nested', () => bare({ a: bare({ b: 1 }), c: [bare({})] })],
  ['a pattern that has matched', () => Object.assign(/a/g, { lastIndex: 3 })],
  [
    'a part that occurs twice',
    () => {
      const date = new Date(5);
      const part = { bytes: Buffer.from('x') };
      return { one: part, two: part, dates: [date, date], set: new Set([part]) };
    },
  ],
  [
    'a cycle through a Map',
    () => {
      const map = new Map<string, unknown>();
      return map.set('self', { map });
    },
  ],
  ['undefined in lists and records', () => ({ a: undefined, b: [undefined] })],
  ['an own property __proto__', () => JSON.parse('{"__proto__":{"a":[1]}}') as unknown],
  [
    'one beside a Date',
    () => ({ at: new Date(0), own: JSON.parse('{"__proto__":{"a":[1]}}') as unknown }),
  ],
  ['Animal and Dog', () => [new Animal('a'), new Dog('d'), { deep: new Map([[new Dog('k'), 1]]) }]],
  ['a registered class of arrays', () => Object.assign(Page.from([1, 2]), { total: 7 })],
  ['frozen and sealed data', () => Object.freeze({ list: Object.freeze([Object.seal({ a: 1 })]) })],
  ['large integers', () => [2n ** 4000n, -(2n ** 64n), 0n]],
  ['dates that are none', () => new Date(NaN)],
  [
    'rows with dates',
    () => Array.from({ length: 30 }, (_, i) => ({ id: i, at: new Date(i), n: -0 })),
  ],
];

/** Values that the shared tier refuses, but memory can copy. */
const COPIED: [string, () => unknown][] = [
  ['own properties of an array', () => Object.assign([1, 2], { order: 'asc' })],
  [
    'those of a long array',
    () =>
      Object.assign(
        Array.from({ length: 1000 }, (_, i) => i),
        { order: 'asc' },
      ),
  ],
  ['a hidden one of an array', () => Object.defineProperty([1, 2], 'meta', { value: ['id'] })],
  [
    'a hidden one of a long array',
    () => Object.defineProperty(new Array<number>(1000).fill(1), 'meta', { value: ['id'] }),
  ],
  ['those of a Date', () => Object.assign(new Date(0), { zone: 'utc' })],
  ['those of a Map', () => Object.assign(new Map([[1, 2]]), { order: 'asc' })],
  ['a symbol key', () => ({ [Symbol.for('or')]: [1] })],
  ['one in an array', () => Object.assign([1], { [Symbol.for('or')]: 1 })],
  ['a hole', () => [1, , 3]],
  ['the result of exec', exec],
  ['a property that is not enumerable', () => Object.defineProperty({ a: 1 }, 'b', { value: 2 })],
  ['a property of an error', () => Object.assign(new Error('x'), { code: 'E' })],
];

/** Values that neither can keep. */
const REFUSED: [string, () => unknown][] = [
  ['a URL', () => new URL('http://localhost/')],
  ['a URL in a list', () => [{ home: new URL('http://localhost/') }]],
  ['Headers', () => new Headers({ a: 'b' })],
  ['a private field', () => new Account()],
  ['a class of maps', () => new Lru([['a', 1]])],
  [
    'a class of arrays',
    () => Object.assign(new (class Other extends Array<number> {})(), { a: 1 }),
  ],
  ['a subclass of a registered class', () => new Puppy('p')],
  ['an accessor', () => ({ get now() { return 1; } })], // prettier-ignore
  ['a function', () => ({ call: () => 1 })],
  ['a boxed number', () => [new Number(1)]],
  ['properties of a Buffer', () => Object.assign(Buffer.from('abc'), { name: 'x' })],
  ['those of a large one', () => Object.assign(Buffer.alloc(100_000), { name: 'x' })],
  ['a hidden one', () => Object.defineProperty(Buffer.from('abc'), 'name', { value: 'x' })],
  ['an AggregateError', () => new AggregateError([new Error('a')])],
  ['a WeakMap', () => new WeakMap()],
  ['a look-alike by prototype', () => Object.create(Map.prototype) as unknown],
];

const TYPES = [animal, dog, page];

async function throughStore(make: () => unknown, types: readonly TypeCodec[] = TYPES) {
  const store = new Map<string, unknown>();
  const writer = setUp({ store, types, memory: false });
  const value = make();
  const returned = await writer.cache.getOrSet<unknown>('key', () => value);
  await flush();
  const reader = setUp({ store, types, memory: false });
  const back = await reader.cache.get('key');
  return {
    value,
    returned,
    back,
    stored: store.size,
    errors: [...writer.errors, ...reader.errors],
  };
}

async function throughMemory(make: () => unknown, options: Pick<CacheOptions, 'store'> = {}) {
  const setup = setUp({ types: TYPES, memory: { clone: true }, ...options });
  const value = make();
  const returned = await setup.cache.getOrSet<unknown>('key', () => value);
  await flush();
  return { ...setup, value, returned, back: await setup.cache.get('key') };
}

describe('the shared tier', () => {
  it.each(KEPT)('keeps %s', async (_, make) => {
    const { back, errors } = await throughStore(make);
    expect(errors).toEqual([]);
    expect(difference(make(), back)?.replace(/.*\.stack$/, '') ?? '').toBe('');
  });

  it.each([...COPIED, ...REFUSED])('refuses %s, with one event', async (_, make) => {
    const { value, returned, stored, errors } = await throughStore(make);
    expect(returned).toBe(value);
    expect(stored).toBe(0);
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SERIALIZATION' })]);
  });

  it('takes the exact class, in any order of types', async () => {
    for (const types of [TYPES, [...TYPES].reverse()]) {
      const { back } = await throughStore(() => [new Dog('d'), new Animal('a')], types);
      expect(difference([new Dog('d'), new Animal('a')], back)).toBeUndefined();
    }
  });

  it('refuses an instance whose data leads back to it', async () => {
    class Node {
      self: unknown = this;
    }
    const node = type(
      'node',
      Node,
      ({ self }) => ({ self }),
      () => new Node(),
    );
    const { stored, errors } = await throughStore(() => new Node(), [node]);
    expect(stored).toBe(0);
    expect(errors).toHaveLength(1);
  });

  it('warns once of a class that is not shared', async () => {
    class Entity {
      id = 1;
    }
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await throughStore(() => new Entity());
    await throughStore(() => [new Entity()]);
    expect(warn.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringMatching(/An instance of Entity cannot be shared between processes/),
    ]);
  });
});

describe('clone', () => {
  it.each([...KEPT, ...COPIED])('copies %s', async (_, make) => {
    const { value, returned, back, errors, cache } = await throughMemory(make);
    expect(errors).toEqual([]);
    // The original is what it was, stack traces included, and so are its copies.
    for (const copy of [returned, back, await cache.get('key')]) {
      expect(difference(value, copy)).toBeUndefined();
      if (typeof value === 'object') expect(copy).not.toBe(value);
    }
  });

  it.each(REFUSED)('hands out %s as it is, with one event', async (_, make) => {
    const { value, returned, back, core, errors } = await throughMemory(make);
    expect(returned).toBe(value);
    expect(back).toBeUndefined();
    expect(core.memory?.size).toBe(0);
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SERIALIZATION' })]);
  });

  it('brings a store what was loaded', async () => {
    const store = new Map<string, unknown>();
    await throughMemory(() => ({ bytes: Buffer.from('abc') }), { store });
    const { cache } = setUp({ store, memory: false });
    expect(difference({ bytes: Buffer.from('abc') }, await cache.get('key'))).toBeUndefined();
    const url = await throughMemory(() => new URL('http://localhost/'), { store: new Map() });
    expect(url.returned).toBe(url.value);
  });

  it('gives each caller what it can change', async () => {
    const { cache, back } = await throughMemory(() => Object.freeze({ list: Object.freeze([1]) }));
    (back as { list: number[] }).list.push(2);
    expect(await cache.get('key')).toEqual({ list: [1] });
  });
});

const leaf = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, true, '', '~', '~u', '~#Map', '\ud800', -0, 0, NaN),
  fc.double(),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.bigInt(),
  fc.date(),
  fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(/a/g, /b/).map(({ source, flags }) => new RegExp(source, flags)),
  fc.string({ maxLength: 3 }).map((text) => new Error(text)),
  fc.string({ maxLength: 3 }).map((text) => new Dog(text)),
);
/** Now and then something that cannot be kept, or only by one of the tiers. */
const odd = fc.constantFrom(...COPIED, ...REFUSED).map(([, make]) => make());
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { arbitrary: leaf, weight: 12 },
    { arbitrary: odd, weight: 1 },
    { arbitrary: fc.array(tie('value'), { maxLength: 4 }), weight: 4 },
    {
      arbitrary: fc.dictionary(fc.string({ maxLength: 3 }), tie('value'), { maxKeys: 4 }),
      weight: 4,
    },
    {
      arbitrary: fc
        .array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 })
        .map((pairs) => new Map(pairs)),
      weight: 2,
    },
    {
      arbitrary: fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
      weight: 2,
    },
    { arbitrary: tie('value').map((part) => ({ one: part, two: [part] })), weight: 1 },
  ),
}));

describe('a value of any parts', () => {
  it('comes back from the store as it was, or is refused', async () => {
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        const { back, stored, errors } = await throughStore(() => value);
        if (stored === 0) expect(errors).toHaveLength(1);
        else {
          kept++;
          expect(difference(value, back)).toBeUndefined();
        }
      }),
      { numRuns: 400 },
    );
    expect(kept).toBeGreaterThan(0);
  });

  it('is copied as it is, or handed out', async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        const { back, errors, core } = await throughMemory(() => value);
        if (core.memory?.size === 0) expect(errors).toHaveLength(1);
        else expect(difference(value, back)).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });
});
