import { CacheManager, type CacheOptions, type CacheStore } from 'aurora-cache';
import { Redis } from 'ioredis';
import Keyv from 'keyv';

import { RedisServer, until } from '../../support/redis/server.js';
import { stores, type OpenStore } from '../../support/stores.js';

let server: RedisServer;
let admin: Redis;

beforeAll(async () => {
  server = await RedisServer.start();
  admin = new Redis(server.url);
});

afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

describe.each(Object.entries(stores(() => server.url)))('A cache on %s', (_, open) => {
  let opened: OpenStore;
  let errors: unknown[];

  function cacheOn(store: CacheStore, options: CacheOptions = {}): CacheManager {
    const cache = new CacheManager({ store, memory: false, storeTimeout: '5s', ...options });
    cache.on('error', ({ error }) => errors.push(error));
    return cache;
  }

  beforeEach(async () => {
    await admin.flushall();
    errors = [];
    opened = open();
  });

  afterEach(async () => {
    await opened.close();
  });

  it('loads once for all caches, and sets, reads and deletes', async () => {
    const [one, two] = [cacheOn(opened.store), cacheOn(opened.store)];
    const load = jest.fn(() => ({ id: 1 }));
    expect(await one.getOrSet('loaded', load)).toEqual({ id: 1 });
    await until('the fill has arrived', () => two.has('loaded'));
    expect(await two.getOrSet('loaded', load)).toEqual({ id: 1 });
    expect(load).toHaveBeenCalledTimes(1);

    await one.set('set', 'first');
    await one.set('set', 'second');
    expect(await two.get('set')).toBe('second');
    expect([...(await two.getMany(['set', 'absent', 'loaded']))]).toEqual([
      ['set', 'second'],
      ['loaded', { id: 1 }],
    ]);
    expect(await two.delete('set')).toBe(true);
    expect(await two.delete('set')).toBe(false);
    expect(await one.get('set')).toBeUndefined();
    expect(errors).toEqual([]);
  });

  it('keeps types, compressed or not', async () => {
    const value = {
      at: new Date(0),
      map: new Map([['a', new Set([1n, undefined, NaN])]]),
      bytes: Buffer.from([0, 255, 10]),
      text: 'ä ☃ 𝄞 \u0000 \n '.repeat(1000),
      nothing: null,
    };
    for (const compression of [false, true]) {
      const cache = cacheOn(opened.store, { compression });
      for (const stored of [value, undefined, null, 0, '', false]) {
        await cache.set('key', stored);
        expect(await cache.get('key')).toEqual(stored);
        expect(await cache.has('key')).toBe(true);
      }
    }
    expect(errors).toEqual([]);
  });

  it('clears what matches a pattern, in its namespace', async () => {
    const cache = cacheOn(opened.store);
    const other = cacheOn(opened.store, { namespace: 'other' });
    for (const key of ['user:1:a', 'user:1:b', 'user:10:a', 'order:1']) await cache.set(key, key);
    await other.set('user:1:a', 'theirs');
    expect(await cache.clear('user:1:*')).toBe(2);
    expect([...(await cache.getMany(['user:1:a', 'user:1:b', 'user:10:a', 'order:1'])).keys()]) //
      .toEqual(['user:10:a', 'order:1']);
    expect(await cache.clear()).toBe(2);
    expect(await other.get('user:1:a')).toBe('theirs');
    expect(errors).toEqual([]);
  });

  it('invalidates tags', async () => {
    const cache = cacheOn(opened.store);
    await cache.set('tagged', 1, { tags: ['t', 'u'] });
    await cache.set('other', 2, { tags: ['u'] });
    await cache.invalidateTags('t');
    expect(await cache.get('tagged')).toBeUndefined();
    expect(await cache.get('other')).toBe(2);
    await cache.set('tagged', 3, { tags: ['t'] });
    expect(await cache.get('tagged')).toBe(3);
    expect(errors).toEqual([]);
  });

  it('lets entries expire', async () => {
    const cache = cacheOn(opened.store);
    await cache.set('short', 1, { ttl: '1s' });
    await cache.set('long', 2, { ttl: '1m' });
    expect(await cache.get('short')).toBe(1);
    await until('the entry has expired', async () => (await cache.get('short')) === undefined);
    expect(await cache.get('long')).toBe(2);
    expect(errors).toEqual([]);
  });

  it('takes what it did not write for a miss, and replaces it', async () => {
    const cache = cacheOn(opened.store);
    const raw = opened.store as { set(key: string, value: string): unknown };
    for (const rubbish of ['rubbish', '', 'A1[', 'A1[1,2,3,4,[]]\nj{', '{"value":1}']) {
      await raw.set('aurora:key', rubbish);
      expect(await cache.get('key')).toBeUndefined();
      expect((await cache.getMany(['key', 'absent'])).size).toBe(0);
      expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded');
      await until('it is replaced', async () => (await cache.get('key')) === 'loaded');
    }
  });

  it('leaves the store open when it is closed', async () => {
    const first = cacheOn(opened.store);
    await first.set('key', 1);
    await first.close();
    expect(await cacheOn(opened.store).get('key')).toBe(1);
    const raw = opened.store as Map<string, string>;
    await (raw.set('theirs', 'value') as unknown as Promise<unknown>);
    expect(await (raw.get('theirs') as unknown)).toBe('value');
  });
});

describe('A Keyv instance', () => {
  it.each(['aurora', 'a:b', 'aurora:b', 'aur'])('may have any namespace: %s', async (namespace) => {
    const map = new Map<string, string>();
    const store = new Keyv({ store: map, namespace });
    const cache = new CacheManager({ store, memory: false });
    for (const key of ['user:1', 'user:2', 'order:1']) await cache.set(key, 1);
    expect(await cache.clear('user:*')).toBe(2);
    expect(await cache.get('user:1')).toBeUndefined();
    expect(await cache.get('order:1')).toBe(1);
    expect(await cache.clear()).toBe(1);
    expect(map.size).toBe(0);
  });
});

describe.each(Object.entries(stores(() => server.url)).filter(([name]) => /redis/i.test(name)))(
  'A cache on %s whose server dies',
  (_, open) => {
    it('goes on, and says that the store fails', async () => {
      const mortal = await RedisServer.start();
      const main = server;
      server = mortal;
      const opened = open();
      server = main;
      // Without a listener, Keyv and the adapters would be silent or throw unhandled errors.
      const errors: unknown[] = [];
      const cache = new CacheManager({ store: opened.store, memory: false, storeTimeout: '200ms' });
      cache.on('error', ({ error }) => errors.push(error));
      await until('it is connected, and stores', async () => {
        await cache.set('key', 'stored');
        return (await cache.get('key')) === 'stored';
      });
      errors.length = 0;
      await mortal.kill();
      for (let i = 0; i < 10; i++) {
        expect(await cache.getOrSet(`key ${String(i)}`, () => i)).toBe(i);
        await cache.set('key', i);
        await cache.delete('key');
      }
      await until('the store is given up', async () => {
        await cache.get('key');
        return (await cache.getStats()).degraded;
      });
      expect(errors).not.toEqual([]);
      await cache.close();
      await opened.close();
      await mortal.stop();
    });
  },
);
