import { cached, CacheManager, memoized, MemoryStore, type CacheOptions } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

import { randomFrom } from '../../support/eviction-model.js';
import { zipf } from '../../support/eviction-workloads.js';
import { until } from '../../support/until.js';

const READS = 12_000;

/** A cache after reads by Zipf's law, one a millisecond, and its hit rate. */
async function used(options: CacheOptions): Promise<{ cache: CacheManager; hitRate: number }> {
  const clock = new ManualClock();
  const cache = new CacheManager({ memory: { eviction: 'adaptive' }, clock, ...options });
  const rank = zipf(3000, randomFrom(1));
  for (let i = 0; i < READS; i++) {
    clock.jump('1ms');
    const id = rank();
    await cache.getOrSet(`k${id}`, () => id);
  }
  return { cache, hitRate: (await cache.getStats()).hitRate };
}

// A random secret would draw another sample each time, and now and then one that is far off.
beforeEach(() => {
  const random = randomFrom(1);
  jest.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
    const numbers = array as unknown as Int32Array;
    numbers.set(numbers.map(() => Math.floor(random() * 2 ** 32)));
    return array;
  });
});

describe('advice', () => {
  it('says what another size would bring', async () => {
    const { cache, hitRate } = await used({ maxMemoryItems: 200, defaultTtl: '1h' });
    const advice = (await cache.getAdvice()).filter(({ kind }) => kind === 'size');
    expect(advice.map(({ option, from, to, line }) => [option, from, to, line])).toEqual([
      ['maxMemoryItems', 200, 100, 'maxMemoryItems: 100'],
      ['maxMemoryItems', 200, 400, 'maxMemoryItems: 400'],
      ['maxMemoryItems', 200, 800, 'maxMemoryItems: 800'],
    ]);
    for (const { to, gain } of advice.slice(1, 2)) {
      const other = await used({ maxMemoryItems: to, defaultTtl: '1h' });
      // A sample of 50 keys; the secret of the hash is random.
      expect(Math.abs(hitRate + (gain.hitRate ?? 0) - other.hitRate)).toBeLessThan(6);
      expect(gain.error).toBeGreaterThan(0);
    }
  });

  it('says what another life would bring', async () => {
    const { cache, hitRate } = await used({ maxMemoryItems: 500, defaultTtl: '2s' });
    const advice = (await cache.getAdvice()).filter(({ kind }) => kind === 'ttl');
    expect(advice.map(({ from, to, line }) => [from, to, line])).toEqual([
      [2, 4, 'defaultTtl: 4'],
      [2, 10, 'defaultTtl: 10'],
      [2, 20, 'defaultTtl: 20'],
    ]);
    const other = await used({ maxMemoryItems: 500, defaultTtl: '4s' });
    expect(Math.abs(hitRate + (advice[0]?.gain.hitRate ?? 0) - other.hitRate)).toBeLessThan(6);
  });

  it('says how much load time another size would have saved', async () => {
    const loadMs = 3;
    const run = async (maxMemoryItems: number): Promise<[CacheManager, number]> => {
      const clock = new ManualClock();
      const memory = { eviction: 'adaptive' } as const;
      const cache = new CacheManager({ memory, clock, maxMemoryItems, defaultTtl: '1d' });
      const rank = zipf(3000, randomFrom(1));
      for (let i = 0; i < READS; i++) {
        const id = rank();
        await cache.getOrSet(`k${id}`, () => {
          clock.jump(`${loadMs}ms`);
          return id;
        });
      }
      return [cache, loadMs * (await cache.getStats()).misses];
    };
    const [cache, waited] = await run(500);
    const [, , fourfold] = await cache.getAdvice();
    const [, less] = await run(2000);
    const { timeSavedMs = NaN, error = NaN } = fourfold?.gain ?? {};
    // `error` is in percentage points of the reads, each of which would take as long as a load.
    const margin = (error / 100) * READS * loadMs;
    expect(Math.abs(timeSavedMs - (waited - less))).toBeLessThan(margin);
    expect(timeSavedMs).toBeGreaterThan(0);
  });

  it('says which share of the hits would be out of date with longer lives', async () => {
    const clock = new ManualClock();
    const memory = { eviction: 'adaptive' } as const;
    const cache = new CacheManager({ memory, clock, maxMemoryItems: 200, defaultTtl: '10s' });
    // Each value changes every 40 seconds.
    const load = (id: number) => ({ id, version: Math.floor((clock.now() / 1000 + id) / 40) });
    for (let i = 0; i < READS; i++) {
      clock.jump('10ms');
      const id = (i * 7) % 100;
      await cache.getOrSet(`k${id}`, () => load(id));
    }
    const lives = (await cache.getAdvice()).filter(({ kind }) => kind === 'ttl');
    const shares = lives.map(({ outOfDate }) => outOfDate?.to ?? NaN);
    // A hit is on average half a life old.
    expect(lives[0]?.outOfDate?.from).toBeCloseTo(12, -1);
    expect(shares[0]).toBeCloseTo(23, -1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    for (const { outOfDate } of lives) expect(outOfDate?.error).toBeGreaterThan(0);
  });

  it('knows no load time where none was measured, and no share where nothing was loaded again', async () => {
    const cache = new CacheManager({ memory: { eviction: 'adaptive' }, maxMemoryItems: 100 });
    for (let i = 0; i < 2000; i++) {
      if ((await cache.get(`k${i % 300}`)) === undefined) await cache.set(`k${i % 300}`, i);
    }
    const advice = await cache.getAdvice();
    expect(advice.length).toBe(3);
    for (const { gain, outOfDate } of advice) {
      expect([gain.timeSavedMs, outOfDate]).toEqual([undefined, undefined]);
    }
  });

  it.each<[string, Partial<CacheOptions>]>([
    ['in memory', {}],
    ['on a store', { store: new Map() }],
  ])('names a method that is not worth caching, %s', async (_, options) => {
    const clock = new ManualClock();
    const cache = new CacheManager({ ...options, clock });
    const take = (ms: number) => (id: number) => {
      clock.jump(`${ms}ms`);
      return Promise.resolve(id);
    };
    const never = cached(take(1), { name: 'never', cache });
    const often = cached(take(1), { name: 'often', cache });
    const seldom = cached(take(1), { name: 'seldom', cache });
    for (let i = 0; i < 1200; i++) {
      await never(i);
      await often(i % 10);
      if (i < 900) await seldom(i);
    }
    const advice = await cache.getAdvice();
    expect(advice).toEqual([
      {
        ...{ kind: 'method', method: 'never', option: 'condition', from: 100, to: 0, reads: 1200 },
        ...{ gain: { timeSavedMs: expect.any(Number) as number }, confidence: 'measured' },
        line: 'condition: () => false',
      },
    ]);
    expect(advice[0]?.gain.timeSavedMs).toBeGreaterThan(0);
    // As it is pasted.
    const without = cached(take(1), { name: 'without', cache, condition: () => false });
    expect(await without(1)).toBe(1);
  });

  it('names a method whose loads take less time than reads of the store', async () => {
    const clock = new ManualClock();
    const entries = new Map<string, unknown>();
    const slow = {
      ...{ opts: {}, namespace: undefined, on: () => slow },
      get: (key: string) => {
        clock.jump('5ms');
        return entries.get(key);
      },
      set: (key: string, value: unknown) => entries.set(key, value),
      delete: (key: string) => Promise.resolve(entries.delete(key)),
      clear: () => Promise.resolve(),
    };
    const cache = new CacheManager({ store: slow as never, memory: false, clock });
    const take = (ms: number) => (id: number) => {
      clock.jump(`${ms}ms`);
      return Promise.resolve(id);
    };
    const quick = cached(take(1), { name: 'quick', cache });
    const long = cached(take(50), { name: 'long', cache });
    for (let i = 0; i < 1200; i++) {
      await quick(i % 10);
      await long(i % 10);
    }
    const advice = await cache.getAdvice();
    expect(advice.map(({ kind, method }) => [kind, method])).toEqual([['method', 'quick']]);
    // Some 1190 hits of 5 ms, in place of loads of 1 ms.
    expect(advice[0]?.gain.timeSavedMs).toBeCloseTo(1190 * 4, -3);
  });

  it('names no method whose calls share loads, get expired values, fail, or stay in memory', async () => {
    const clock = new ManualClock();
    const cache = new CacheManager({ store: new Map(), clock, grace: '1h', defaultTtl: '1s' });
    const take = (id: number) => {
      clock.jump('20ms');
      return Promise.resolve(id);
    };
    const shared = cached(take, { name: 'shared', cache });
    const stale = cached(take, { name: 'stale', cache });
    const fail = (): Promise<number> => Promise.reject(new Error('down'));
    const failing = cached(fail, { name: 'failing', cache });
    const half = (id: number): number => {
      clock.jump('1ms');
      return id / 2;
    };
    const local = memoized(half, { name: 'local', cache });
    for (let i = 0; i < 12; i++) await Promise.all(Array.from({ length: 100 }, () => shared(i)));
    for (let i = 0; i < 1200; i++) {
      if (i % 10 === 0) clock.jump('2s');
      await stale(i % 5);
      await failing().catch(() => undefined);
      local(i % 3);
    }
    expect((await cache.getStats()).methods).toHaveLength(4);
    expect(await cache.getAdvice()).toEqual([]);
  });

  it('counts a call that got an expired value as one that did not wait, though its load went on', async () => {
    const cache = new CacheManager();
    const load = async (id: number): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return id;
    };
    const options = { name: 'slow', ttl: '1ms', grace: '1h', softTimeout: '1ms', cache } as const;
    const slow = cached(load, options);
    const ids = Array.from({ length: 100 }, (_, id) => id);
    for (let round = 0; round < 12; round++) {
      await Promise.all(ids.map((id) => slow(id)));
      await until('nothing is loading', async () => (await cache.getStats()).inFlight === 0);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const { loads, stale } = slow.cacheInfo();
    expect([loads > 1000, stale > 900]).toEqual([true, true]);
    expect(await cache.getAdvice()).toEqual([]);
  });

  it('says nothing of a ttl that does not decide the lives in memory, or of times that it cannot know', async () => {
    const kinds = async (options: Partial<CacheOptions>) => {
      const { cache } = await used({ maxMemoryItems: 500, defaultTtl: '2s', ...options });
      return (await cache.getAdvice()).map(({ kind, gain }) => [
        kind,
        gain.timeSavedMs === undefined,
      ]);
    };
    const known = [...['size', 'size', 'size'].map((kind) => [kind, false])];
    const unknown = [...['ttl', 'ttl', 'ttl'].map((kind) => [kind, true])];
    expect(await kinds({ store: new Map() })).toEqual([...known, ...unknown]);
    const memory = { eviction: 'adaptive', ttl: '1s' } as const;
    expect(await kinds({ store: new Map(), memory })).toEqual(known);
  });

  it('does not take what was invalidated for a hit of a larger cache', async () => {
    const cache = new CacheManager({ memory: { eviction: 'adaptive' }, maxMemoryItems: 100 });
    for (let i = 0; i < 5000; i++) {
      const key = `k${i % 400}`;
      await cache.getOrSet(key, () => i);
      await cache.delete(key);
    }
    const gains = (await cache.getAdvice()).map(({ gain }) => gain.hitRate);
    expect(gains.slice(0, 3)).toEqual([0, 0, 0]);
  });

  it('takes a value that is set again for no miss, and its life for one that starts again', async () => {
    const clock = new ManualClock();
    const memory = { eviction: 'adaptive' } as const;
    const cache = new CacheManager({ memory, clock, defaultTtl: '5m', maxMemoryItems: 1000 });
    for (let round = 0; round < 100; round++) {
      for (let id = 0; id < 200; id++) {
        await cache.set(`k${id}`, round);
        await cache.get(`k${id}`);
      }
      clock.jump('10s');
    }
    const advice = await cache.getAdvice();
    expect(advice.map(({ kind }) => kind)).toEqual(['size', 'size', 'size']);
    for (const { gain } of advice.slice(1)) expect(gain.hitRate).toBeLessThan(0.1);
  });

  it('takes an expired value that is loaded again for a miss, and for no hit', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore({ eviction: 'adaptive', clock, maxItems: 100 });
    const times = () => ({ createdAt: clock.now(), freshUntil: clock.now() + 1, staleUntil: 1e15 });
    for (let i = 0; i < 1000; i++) {
      const found = store.find('key');
      if (found === undefined || found.freshUntil <= clock.now()) {
        store.put('key', i, { ...times(), refreshAt: undefined });
      }
      clock.jump('2ms');
    }
    expect(store.estimates()?.hitRate).toBe(0);
  });

  it('has bytes where these are the bound', async () => {
    const { cache } = await used({ maxMemoryItems: 100_000, maxMemoryBytes: 60_000 });
    const [half] = await cache.getAdvice();
    expect(half).toMatchObject({ option: 'maxMemoryBytes', from: 60_000, to: 30_000 });
    expect(half?.gain.hitRate).toBeLessThan(-2);
  });

  it.each([
    ['with LRU', { memory: { eviction: 'lru' } }],
    ['without a memory tier', { memory: false, store: new Map() }],
  ] as const)('is empty %s', async (_, options) => {
    expect(await new CacheManager(options).getAdvice()).toEqual([]);
  });

  it('is empty before there is enough to go by', async () => {
    const cache = new CacheManager({ memory: { eviction: 'adaptive' } });
    await cache.set('a', 1);
    expect(await cache.getAdvice()).toEqual([]);
  });
});
