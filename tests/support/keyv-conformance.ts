import { Keyv, type KeyvOptions, type KeyvStoreAdapter } from 'keyv';

import { keyvCompression } from './stores.js';

import { until } from './until.js';

/** A storage adapter, and how to close it. */
export interface OpenAdapter {
  readonly store: object;
  readonly close: () => Promise<void>;
}

/** Short, and long enough to be read in. */
const LIFE_MS = 1500;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function pairsOf(keyv: Keyv): Promise<unknown[]> {
  const pairs: unknown[] = [];
  for await (const pair of keyv.iterator?.(undefined) as AsyncIterable<unknown>) pairs.push(pair);
  return pairs.sort();
}

/**
 * Keyv's requirements for a storage adapter: the cases of `@keyv/test-suite` 2.1 (api, values, namespaces,
 * iterator), which needs another test runner, and those that Keyv 5.6 has methods for besides.
 *
 * @param open - Opens the adapter on an empty store; several at a time share what they store.
 */
export function keyvConformance(open: () => OpenAdapter): void {
  let opened: OpenAdapter;

  const make = (settings: Omit<KeyvOptions, 'store'> = {}): Keyv =>
    new Keyv({ store: opened.store as KeyvStoreAdapter, throwOnErrors: true, ...settings });

  beforeEach(() => {
    opened = open();
  });

  afterEach(async () => {
    await opened.close();
  });

  describe('api', () => {
    it('every method returns a promise', async () => {
      const keyv = make();
      const promises = [
        keyv.set('foo', 'bar'),
        keyv.setMany([{ key: 'foo', value: 'bar' }]),
        keyv.get('foo'),
        keyv.get(['foo']),
        keyv.has('foo'),
        keyv.delete('foo'),
        keyv.delete(['foo']),
        keyv.clear(),
      ];
      for (const promise of promises) expect(promise).toBeInstanceOf(Promise);
      await Promise.all(promises);
    });

    it('takes properties in opts, as its test suite sets them', async () => {
      const keyv = make();
      const { opts } = keyv.opts.store as KeyvStoreAdapter;
      opts.deserialize = (text: string) => JSON.parse(text) as unknown;
      expect(opts).toHaveProperty('deserialize');
      await keyv.set('foo', 'bar');
      expect(await keyv.get('foo')).toBe('bar');
    });

    it('set returns true, and get what was set', async () => {
      const keyv = make();
      expect(await keyv.set('foo', 'bar')).toBe(true);
      expect(await keyv.get('foo')).toBe('bar');
      expect(await keyv.set('foo', 'other')).toBe(true);
      expect(await keyv.get('foo')).toBe('other');
    });

    it('set with a ttl: gone when it is over', async () => {
      const keyv = make();
      await keyv.set('stays', 'bar');
      await keyv.set('zero', 'bar', 0);
      await keyv.set('foo', 'bar', LIFE_MS);
      expect(await keyv.get('foo')).toBe('bar');
      await until('it has expired', async () => (await keyv.get('foo')) === undefined);
      expect(await keyv.get('foo')).toBeUndefined();
      expect(await keyv.has('foo')).toBe(false);
      expect(await keyv.get(['foo', 'stays', 'zero'])).toEqual([undefined, 'bar', 'bar']);
    });

    it('the ttl of the instance is the default', async () => {
      const keyv = make({ ttl: 200 });
      await keyv.set('foo', 'bar');
      await keyv.set('long', 'bar', 60_000);
      await until('it has expired', async () => (await keyv.get('foo')) === undefined);
      expect(await keyv.get(['foo', 'long'])).toEqual([undefined, 'bar']);
    });

    it('get of a key that is not there is undefined', async () => {
      expect(await make().get('foo')).toBeUndefined();
    });

    it('get and getMany of several keys, in their order, absent ones undefined', async () => {
      const keyv = make();
      await keyv.set('foo', 'bar', 3000);
      await keyv.set('foo2', 'bar2', 3000);
      const expected = ['bar2', undefined, 'bar'];
      expect(await keyv.get(['foo2', 'foo1', 'foo'])).toEqual(expected);
      expect(await keyv.getMany(['foo2', 'foo1', 'foo'])).toEqual(expected);
      expect(await keyv.getMany(['x', 'y', 'z'])).toEqual([undefined, undefined, undefined]);
      expect(await keyv.getMany([])).toEqual([]);
    });

    it('getRaw and getManyRaw have the time of expiry', async () => {
      const keyv = make();
      const before = Date.now();
      await keyv.set('foo', 'bar', 60_000);
      const raw = await keyv.getRaw('foo');
      expect(raw?.value).toBe('bar');
      expect(raw?.expires).toBeGreaterThanOrEqual(before + 60_000);
      expect(await keyv.getRaw('absent')).toBeUndefined();
      expect(await keyv.getManyRaw(['absent', 'foo'])).toEqual([undefined, raw]);
    });

    it('setMany, each with its own ttl', async () => {
      const keyv = make();
      await keyv.setMany([
        { key: 'a', value: 1 },
        { key: 'b', value: 2, ttl: LIFE_MS },
        { key: 'c', value: { d: 3 }, ttl: 60_000 },
      ]);
      expect(await keyv.getMany(['a', 'b', 'c'])).toEqual([1, 2, { d: 3 }]);
      await until('it has expired', async () => (await keyv.get('b')) === undefined);
      expect(await keyv.getMany(['a', 'b', 'c'])).toEqual([1, undefined, { d: 3 }]);
    });

    it('delete returns whether there was something, and removes it', async () => {
      const keyv = make();
      await keyv.set('foo', 'bar');
      expect(await keyv.delete('foo')).toBe(true);
      expect(await keyv.get('foo')).toBeUndefined();
      expect(await keyv.delete('foo')).toBe(false);
    });

    it('delete and deleteMany of several keys', async () => {
      const keyv = make();
      for (const key of ['a', 'b', 'c', 'd']) await keyv.set(key, key);
      expect(await keyv.delete(['a', 'b'])).toBe(true);
      expect(await keyv.deleteMany(['c'])).toBe(true);
      expect(await keyv.getMany(['a', 'b', 'c', 'd'])).toEqual([
        ...[undefined, undefined, undefined],
        'd',
      ]);
      expect(await keyv.delete(['a', 'b', 'c'])).toBe(false);
    });

    it('clear removes everything, and returns nothing', async () => {
      const keyv = make();
      expect(await keyv.clear()).toBeUndefined();
      await keyv.set('foo', 'bar');
      await keyv.set('fizz', 'buzz');
      expect(await keyv.clear()).toBeUndefined();
      expect(await keyv.getMany(['foo', 'fizz'])).toEqual([undefined, undefined]);
    });

    it('has and hasMany', async () => {
      const keyv = make();
      await keyv.set('foo', 'bar');
      expect(await keyv.has('foo')).toBe(true);
      expect(await keyv.has('fizz')).toBe(false);
      expect(await keyv.hasMany(['fizz', 'foo'])).toEqual([false, true]);
    });

    it('hooks see the keys and values of every set and get', async () => {
      const keyv = make();
      const seen: unknown[] = [];
      keyv.hooks.addHandler('preSet', ({ key, value }: { key: string; value: unknown }) =>
        seen.push([key, value]),
      );
      keyv.hooks.addHandler('postGet', ({ value }: { value: { value: unknown } }) =>
        seen.push(value.value),
      );
      await keyv.set('foo', 'bar');
      await keyv.get('foo');
      expect(seen).toEqual([['foo', 'bar'], 'bar']);
    });
  });

  describe('values', () => {
    it.each<[string, unknown]>([
      ['false', false],
      ['null', null],
      ['undefined', undefined],
      ['0', 0],
      ['an empty text', ''],
      ['a text', 'bar'],
      ['a double quote', '"'],
      ['a single quote', "'"],
      ['two single quotes', "''"],
      ['an object', { fizz: 'buzz' }],
      ['an array', [1, [2, null]]],
      ['a buffer', Buffer.from('bar')],
      ['an object with a buffer', { buff: Buffer.from('buzz') }],
      ['a text that looks like a buffer of Keyv', ':base64:YmFy'],
    ])('can be %s', async (_, value) => {
      const keyv = make();
      expect(await keyv.set('foo', value)).toBe(true);
      expect(await keyv.get('foo')).toEqual(value);
      expect(await keyv.getMany(['foo'])).toEqual([value]);
    });

    it('can be a date, which Keyv’s serializer makes a text', async () => {
      const keyv = make();
      await keyv.set('foo', { at: new Date(0) });
      expect(await keyv.get('foo')).toEqual({ at: '1970-01-01T00:00:00.000Z' });
    });

    it('can be a BigInt, by a serializer of the caller’s', async () => {
      const keyv = make({
        serialize: ({ value, expires }) => JSON.stringify({ value: String(value), expires }),
        deserialize: (text) => {
          const { value, expires } = JSON.parse(text) as { value: string; expires?: number };
          return { value: BigInt(value) as never, expires };
        },
      });
      await keyv.set('foo', 9_223_372_036_854_775_807n);
      expect(await keyv.get('foo')).toBe(9_223_372_036_854_775_807n);
    });

    it('cannot be a symbol', async () => {
      const keyv = make();
      keyv.on('error', () => undefined);
      await expect(keyv.set('foo', Symbol('value'))).rejects.toThrow('symbol cannot be serialized');
    });

    it('keys may contain anything', async () => {
      const keyv = make();
      const keys = ["'", '"', '*', '[a]', 'a:b', 'a b', 'ä', '\\', 'a'.repeat(1000)];
      for (const key of keys) await keyv.set(key, key);
      expect(await keyv.getMany(keys)).toEqual(keys);
    });
  });

  describe('namespaces', () => {
    // As everywhere in Keyv, an adapter belongs to one namespace, which is set here.
    let other: OpenAdapter;
    let one: Keyv;
    let two: Keyv;

    beforeEach(async () => {
      other = open();
      one = make({ namespace: 'keyv1' });
      two = new Keyv({ store: other.store as KeyvStoreAdapter, namespace: 'keyv2' });
      for (const key of ['foo', 'bar']) {
        await one.set(key, 'keyv1');
        await two.set(key, 'keyv2');
      }
    });

    afterEach(async () => {
      await other.close();
    });

    it('do not collide', async () => {
      expect(await one.get('foo')).toBe('keyv1');
      expect(await two.get('foo')).toBe('keyv2');
    });

    it('delete keeps to its own', async () => {
      expect(await one.delete('foo')).toBe(true);
      expect(await one.get('foo')).toBeUndefined();
      expect(await two.get('foo')).toBe('keyv2');
    });

    it('clear keeps to its own', async () => {
      await one.clear();
      expect(await one.getMany(['foo', 'bar'])).toEqual([undefined, undefined]);
      expect(await two.getMany(['foo', 'bar'])).toEqual(['keyv2', 'keyv2']);
    });

    it('clear keeps to its own, where one name begins with the other', async () => {
      const longer = new Keyv({ store: other.store as KeyvStoreAdapter, namespace: 'keyv11' });
      await longer.set('foo', 'keyv11');
      await one.clear();
      expect(await longer.get('foo')).toBe('keyv11');
    });

    it('the iterator keeps to its own', async () => {
      expect(await pairsOf(one)).toEqual([
        ['bar', 'keyv1'],
        ['foo', 'keyv1'],
      ]);
      expect(await pairsOf(two)).toEqual([
        ['bar', 'keyv2'],
        ['foo', 'keyv2'],
      ]);
    });
  });

  describe('iterator', () => {
    it('is an async iterator', () => {
      const iterator = make().iterator?.(undefined) as AsyncIterable<unknown>;
      expect(typeof iterator[Symbol.asyncIterator]).toBe('function');
    });

    it('has all values, several pages of them too', async () => {
      const keyv = make();
      const pairs = Array.from({ length: 500 }, (_, i) => [String(i), { i }] as const);
      await Promise.all(pairs.map(([key, value]) => keyv.set(key, value)));
      expect(await pairsOf(keyv)).toEqual([...pairs].map((pair) => [...pair]).sort());
    });

    it('has nothing that has expired', async () => {
      const keyv = make();
      for (let i = 0; i < 5; i++) await keyv.set(String(i), i, 200);
      await keyv.set('foo', 'bar');
      await sleep(300);
      expect(await pairsOf(keyv)).toEqual([['foo', 'bar']]);
    });

    it('has nothing where there is nothing', async () => {
      expect(await pairsOf(make())).toEqual([]);
    });
  });

  it('compression is applied to what is stored, and undone for readers', async () => {
    const [plain, keyv] = [make(), make({ compression: keyvCompression })];
    for (const value of ['bar', 5, [4, 5, 6, 7], { a: null }, 'ä ☃'.repeat(1000)]) {
      await keyv.set('foo', value, 60_000);
      expect(await plain.get('foo')).toBe(await keyvCompression.compress(value));
      expect(await keyv.get('foo')).toEqual(value);
      expect(await keyv.getMany(['foo'])).toEqual([value]);
      expect(await keyv.has('foo')).toBe(true);
      expect(await pairsOf(keyv)).toEqual([['foo', value]]);
    }
  });
}
