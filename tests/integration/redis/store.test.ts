import { Cached, cached, CacheManager, MemoryStore } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { FaultStore, ManualClock, storeContract, type StoreUnderTest } from 'aurora-cache/testing';
import { Redis } from 'ioredis';
import Keyv from 'keyv';

import { RedisServer, until } from '../../support/redis/server.js';
import { stores } from '../../support/stores.js';

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

beforeEach(async () => {
  await admin.flushall();
});

const byHand: Record<string, () => StoreUnderTest> = {
  MemoryStore: () => {
    const clock = new ManualClock();
    return { store: new MemoryStore({ clock }), pass: (ms) => clock.advance(`${ms}ms`) };
  },
  FaultStore: () => {
    const clock = new ManualClock();
    return { store: new FaultStore({ clock }), pass: (ms) => clock.advance(`${ms}ms`) };
  },
};

/** On the machine's clock. A bare `Map` is one without expiry. */
const byWaiting = Object.entries(stores(() => server.url)).map(
  ([name, open]): [string, () => StoreUnderTest] => [
    name,
    () => {
      const { store, close } = open();
      return { store: store as never, close, ...(store instanceof Map ? {} : { pass: wait }) };
    },
  ],
);

describe.each([...Object.entries(byHand), ...byWaiting.filter(([name]) => !(name in byHand))])(
  '%s keeps the contract of a store',
  (_, open) => {
    test.each(storeContract(open).map(({ name, run }) => [name, run] as const))(
      '%s',
      async (_name, run) => {
        await run();
      },
    );
  },
);

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('RedisStore', () => {
  let store: RedisStore;

  beforeEach(() => {
    store = new RedisStore(server.url);
  });

  afterEach(async () => {
    await store.disconnect();
  });

  it('works behind Keyv, whose clear leaves other keys alone', async () => {
    const keyv = new Keyv({ store, namespace: 'mine' });
    await admin.set('theirs', 'value');
    await keyv.set('key', { nested: [1, 2] }, 60_000);
    expect(await keyv.get('key')).toEqual({ nested: [1, 2] });
    expect(await admin.pttl('mine:key')).toBeGreaterThan(59_000);
    await keyv.clear();
    expect(await admin.keys('*')).toEqual(['theirs']);
  });

  it('a negative ttl, as Keyv passes one that has just passed, removes the key', async () => {
    const store = new RedisStore(server.url);
    const keyv = new Keyv({ store });
    await keyv.set('key', 'old');
    await expect(keyv.set('key', 'new', -1)).resolves.toBe(true);
    await expect(keyv.get('key')).resolves.toBeUndefined();
    await store.disconnect();
  });

  it('refuses keys that are no text', async () => {
    const store = new RedisStore(server.url);
    await expect(store.getMany('user' as never)).rejects.toThrow('keys must be an array');
    await expect(store.get(7 as never)).rejects.toThrow('key must be a string');
    await expect(store.has(7 as never)).rejects.toThrow('key must be a string');
    await store.disconnect();
  });

  it('refuses to clear without a namespace', async () => {
    await admin.set('theirs', 'value');
    await expect(store.clear()).rejects.toThrow(/namespace/);
    expect(await admin.get('theirs')).toBe('value');
  });

  it('takes a foreign type under a key for a miss, alone and among others', async () => {
    await admin.rpush('list', 'a');
    await admin.set('text', 'b');
    expect(await store.get('list')).toBeUndefined();
    expect(await store.getMany(['list', 'text'])).toEqual([undefined, 'b']);
  });

  it('reads the keys of one turn with one command', async () => {
    await admin.mset('a', '1', 'b', '2', 'c', '3');
    await store.get('a');
    await admin.config('RESETSTAT');
    expect(await Promise.all(['a', 'b', 'c'].map((key) => store.get(key)))).toEqual([
      '1',
      '2',
      '3',
    ]);
    const statistics = await admin.info('commandstats');
    expect(statistics).toMatch(/cmdstat_mget:calls=1,/);
    expect(statistics).not.toContain('cmdstat_get:');
  });

  it('lists keys below a prefix with special characters, without fetching values', async () => {
    await admin.mset('a*:1', 'x', 'ab:1', 'x', 'a*:2', 'x');
    const keys: string[] = [];
    await admin.config('RESETSTAT');
    for await (const key of store.keys('a*:')) keys.push(key);
    expect(keys.sort()).toEqual(['a*:1', 'a*:2']);
    expect(await admin.info('commandstats')).not.toMatch(/cmdstat_m?get:/);
  });

  it('refuses values that are not text', async () => {
    await expect(store.set('key', 1 as never)).rejects.toThrow(/must be a string; got 1/);
  });
});

describe('RedisStore refuses', () => {
  it.each([
    ['a URL that cannot be read', 'not a url', /cannot be read/],
    ['another protocol', 'http://localhost', /redis:\/\/ or rediss:\/\//],
  ])('%s', (_, url, message) => {
    expect(() => new RedisStore(url)).toThrow(message);
  });

  it('shows no password in the message about a URL', () => {
    let message = '';
    try {
      void new RedisStore('http//user:secret@host');
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('cannot be read');
    expect(message).not.toContain('secret');
  });

  it('a client with a keyPrefix', () => {
    const client = new Redis(server.url, { keyPrefix: 'x:', lazyConnect: true });
    expect(() => new RedisStore(client)).toThrow(/keyPrefix/);
    client.disconnect();
  });
});

describe('A cache on RedisStore', () => {
  /** Names in the database, but for what the caches need to coordinate. */
  const entries = async (): Promise<string[]> =>
    (await admin.keys('*')).filter((name) => !name.includes('#')).sort();

  it('shares what one process computed with another, with its types', async () => {
    const stores = [new RedisStore(server.url), new RedisStore(server.url)] as const;
    const [one, two] = stores.map((store) => new CacheManager({ store, memory: false })) as [
      CacheManager,
      CacheManager,
    ];
    const value = { at: new Date(0), tags: new Map([['a', new Set([1n])]]) };
    await one.set('key', value, { ttl: '1m' });
    expect(await two.get('key')).toEqual(value);
    expect(await entries()).toEqual(['aurora:key']);
    expect(await admin.pttl('aurora:key')).toBeLessThanOrEqual(60_000);
    await Promise.all(stores.map((store) => store.disconnect()));
  });

  it('clears by pattern, exactly what matches', async () => {
    const store = new RedisStore(server.url);
    const cache = new CacheManager({ store });
    for (const key of ['user:1:a', 'user:1:b', 'user:10:a', 'order:1']) await cache.set(key, 1);
    await admin.set('other:user:1:a', 'theirs');
    expect(await cache.clear('user:1:*')).toBe(2);
    expect(await entries()).toEqual(['aurora:order:1', 'aurora:user:10:a', 'other:user:1:a']);
    await store.disconnect();
  });

  it('goes on without Redis, and with it again, and no caller sees a failure', async () => {
    const mortal = await RedisServer.start();
    const store = new RedisStore(mortal.url);
    const cache = new CacheManager({ store, memory: false, storeTimeout: '5s' });
    const errors: unknown[] = [];
    cache.on('error', ({ error }) => errors.push(error));
    let calls = 0;
    class Service {
      @Cached({ keyPrefix: 'service', cache, ttl: 60 })
      async answer(question: string): Promise<string> {
        calls++;
        return await Promise.resolve(`answer to ${question}`);
      }
    }
    const service = new Service();
    await service.answer('a');
    await service.answer('a');
    expect(calls).toBe(1);

    await mortal.kill();
    const during = await Promise.all(Array.from({ length: 50 }, () => service.answer('a')));
    expect(new Set(during)).toEqual(new Set(['answer to a']));
    expect(errors.length).toBeGreaterThan(0);

    await mortal.up();
    // Once the client is back, results are shared again.
    await until(
      'the client is back',
      async () => (await store.get('aurora:none').catch(() => null)) !== null,
    );
    await service.answer('b');
    const before = calls;
    await service.answer('b');
    expect(calls).toBe(before);
    await store.disconnect();
    await mortal.stop();
  });

  it('waits for a hung Redis no longer than storeTimeout', async () => {
    const hung = await RedisServer.start();
    const store = new RedisStore(hung.url);
    const cache = new CacheManager({ store, memory: false, storeTimeout: '100ms' });
    await cache.getOrSet('key', () => 1);
    hung.freeze();
    const start = performance.now();
    expect(await cache.getOrSet('another', () => 2)).toBe(2);
    // Not a benchmark: without the time-out this would take for ever.
    expect(performance.now() - start).toBeLessThan(30_000);
    await store.disconnect();
    await hung.stop();
  });
});

describe('a cache on Redis', () => {
  it.each([
    // The first 8, and while the store replies to them, the others.
    ['small values with two commands', 10, 2],
    // 750,000 characters at a time: 15 of them.
    ['large values with several', 50_000, 5],
  ])('reads 60 %s', async (_, characters, commands) => {
    const cache = new CacheManager({ redisUrl: server.url, memory: false, storeTimeout: '20s' });
    const load = (id: number): Promise<object> =>
      Promise.resolve({ id, text: String(id % 10).repeat(characters) });
    const find = cached(load, { name: 'find', cache });
    const ids = Array.from({ length: 60 }, (_, id) => id);
    for (const round of ['load', 'hit']) {
      for (const id of ids) expect([round, await find(id)]).toEqual([round, await load(id)]);
    }
    await admin.config('RESETSTAT');
    expect(await Promise.all(ids.map((id) => find(id)))).toEqual(await Promise.all(ids.map(load)));
    expect(await admin.info('commandstats')).toContain(`cmdstat_mget:calls=${commands},`);
    expect(await admin.info('commandstats')).not.toMatch(/cmdstat_(?:eval\w*|set|get):/);
    await cache.close();
  });
});
