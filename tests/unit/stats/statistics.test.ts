import { FaultStore } from 'aurora-cache/testing';

import { flush, setUp } from '../cache/harness.js';

describe('getStats', () => {
  it('counts hits, misses, loads and their errors, and the rate in percent', async () => {
    const { cache } = setUp();
    expect(await cache.getStats()).toMatchObject({ hits: 0, misses: 0, hitRate: 0 });
    await cache.getOrSet('a', () => 1);
    await cache.getOrSet('a', () => 1);
    await cache.get('a');
    await cache.getMany(['a', 'absent']);
    await cache.getOrSet('b', () => Promise.reject(new Error('no'))).catch(() => undefined);
    expect(await cache.getStats()).toMatchObject({
      hits: 3,
      memoryHits: 3,
      sharedHits: 0,
      misses: 3,
      hitRate: 50,
      loads: 2,
      loadErrors: 1,
      totalKeys: 1,
    });
    await cache.get('absent');
    expect((await cache.getStats()).hitRate).toBe(42.86);
  });

  it('counts what an expired value stood in for as a miss that was served stale', async () => {
    const { cache, clock } = setUp();
    await cache.set('a', 1, { ttl: 1, grace: 60 });
    clock.jump('1s');
    await cache.getOrSet('a', () => Promise.reject(new Error('no')));
    expect(await cache.getStats()).toMatchObject({ hits: 0, misses: 1, stale: 1, loadErrors: 1 });
  });

  it('tells evictions from expirations', async () => {
    const { cache, clock } = setUp({ maxMemoryItems: 2 });
    for (const key of ['a', 'b', 'c']) await cache.set(key, 1, { ttl: 1 });
    clock.jump('1s');
    await cache.get('b');
    expect(await cache.getStats()).toMatchObject({ evictions: 1, expirations: 1, totalKeys: 1 });
  });

  it('counts sets, deletes, invalidations, refreshes and errors', async () => {
    const store = new FaultStore();
    const { cache, clock } = setUp({ store });
    await cache.set('a', 1);
    await cache.setMany([{ key: 'b', value: 2 }]);
    await cache.delete('a');
    await cache.clear();
    await cache.invalidateTags('t');
    await cache.getOrSet('c', () => 1, { ttl: 10, refreshAhead: 0.5 });
    await flush();
    clock.jump('6s');
    await cache.getOrSet('c', () => 2, { ttl: 10, refreshAhead: 0.5 });
    await flush();
    store.inject({ error: new Error('gone'), times: 1 });
    await cache.get('absent');
    expect(await cache.getStats()).toMatchObject({
      sets: 2,
      deletes: 1,
      invalidations: 3,
      clears: 1,
      refreshes: 1,
      errors: 1,
    });
  });

  it('says which tier had the value', async () => {
    const store = new Map<string, unknown>();
    const a = setUp({ store });
    const b = setUp({ store, clock: a.clock });
    await a.cache.set('a', 1);
    await b.cache.get('a');
    await b.cache.getOrSet('a', () => 2);
    expect(await b.cache.getStats()).toMatchObject({
      type: 'keyv',
      coordinated: false,
      sharedHits: 1,
      memoryHits: 1,
      hits: 2,
      hitRate: 100,
    });
  });

  it('reports how the cache is configured', async () => {
    const { cache } = setUp({ name: 'users', defaultTtl: '2m', maxMemoryItems: 7 });
    expect(await cache.getStats()).toMatchObject({
      name: 'users',
      type: 'memory',
      ttl: 120,
      maxSize: 7,
      memoryBytes: 0,
      enabled: true,
    });
    const none = await setUp({ memory: false }).cache.getStats();
    expect(none).toMatchObject({ maxSize: 0, totalKeys: 0 });
  });

  it('is plain data: it can be cloned, sent as JSON, and changes nothing', async () => {
    const { cache } = setUp({ maxMemoryBytes: 10_000 });
    await cache.getOrSet('a', () => 1);
    const stats = await cache.getStats();
    expect(structuredClone(stats)).toEqual(stats);
    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
    (stats as { hits: number }).hits = 99;
    await cache.get('a');
    expect((await cache.getStats()).hits).toBe(1);
    expect(stats).toMatchObject({ memoryHits: 0 });
  });

  it('holds no key, no tag and no value', async () => {
    const { cache } = setUp();
    await cache.getOrSet('secret-key', () => 'secret-value', { tags: ['secret-tag'] });
    await cache.set('secret-other', 'secret');
    expect(JSON.stringify(await cache.getStats())).not.toContain('secret');
  });
});
