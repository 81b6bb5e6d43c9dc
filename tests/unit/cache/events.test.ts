import type { CacheEvents, CacheManager } from 'aurora-cache';

import { flush, setUp } from './harness.js';

const EVENTS = [
  'hit',
  'miss',
  'set',
  'delete',
  'evict',
  'load',
  'loadError',
  'stale',
  'refresh',
  'invalidate',
  'error',
] as const satisfies (keyof CacheEvents)[];

function record(cache: CacheManager): unknown[] {
  const seen: unknown[] = [];
  for (const event of EVENTS) {
    cache.on(event, (payload) => seen.push([event, payload]));
  }
  return seen;
}

describe('events', () => {
  it('report what happens, in order', async () => {
    const { cache, clock } = setUp({ maxMemoryItems: 1, store: new Map() });
    const seen = record(cache);
    const expectSeen = (...events: unknown[]): void => {
      expect(seen.splice(0)).toEqual(events);
    };
    await cache.set('a', 1);
    expectSeen(['set', { key: 'a' }]);
    await cache.get('a');
    expectSeen(['hit', { key: 'a', tier: 'memory' }]);
    await cache.set('b', 2, { ttl: 10, grace: 60, tags: ['t'] });
    expectSeen(['evict', { key: 'a', reason: 'items' }], ['set', { key: 'b' }]);
    await cache.get('a');
    expectSeen(['evict', { key: 'b', reason: 'items' }], ['hit', { key: 'a', tier: 'shared' }]);
    await cache.get('absent');
    expectSeen(['miss', { key: 'absent' }]);
    clock.jump('10s');
    const error = new Error('down');
    await cache.getOrSet('b', () => Promise.reject(error));
    expectSeen(
      ['loadError', { key: 'b', error, durationMs: 0 }],
      ['miss', { key: 'b' }],
      ['stale', { key: 'b', reason: 'error' }],
    );
    await cache.getOrSet('c', () => 3, { ttl: 10, refreshAhead: 0.5 });
    expectSeen(['load', { key: 'c', durationMs: 0 }], ['miss', { key: 'c' }]);
    // The caller does not wait for the fill.
    await flush();
    expectSeen(['evict', { key: 'a', reason: 'items' }]);
    clock.jump('5s');
    await cache.getOrSet('c', () => 4, { ttl: 10, refreshAhead: 0.5 });
    expect(seen.splice(0, 2)).toEqual([
      ['hit', { key: 'c', tier: 'memory' }],
      ['refresh', { key: 'c' }],
    ]);
    await cache.clear('x*');
    seen.splice(0, seen.length - 1);
    expectSeen(['invalidate', { pattern: 'x*' }]);
    await cache.invalidateTags('t');
    expectSeen(['invalidate', { tags: ['t'] }]);
    await cache.delete('c');
    expectSeen(['delete', { key: 'c' }]);
  });

  it('has is no read: it emits nothing and counts nothing', async () => {
    const { cache } = setUp();
    await cache.set('a', 1);
    const seen = record(cache);
    await cache.has('a');
    await cache.has('b');
    expect(seen).toEqual([]);
    expect(await cache.getStats()).toMatchObject({ hits: 0, misses: 0 });
  });

  it('an entry that is swept says that it expired', async () => {
    const { cache, clock } = setUp();
    const seen = record(cache);
    await cache.set('a', 1, { ttl: 1 });
    seen.length = 0;
    await clock.advance('2s');
    expect(seen).toEqual([['evict', { key: 'a', reason: 'expired' }]]);
    expect(await cache.getStats()).toMatchObject({ totalKeys: 0, expirations: 1, evictions: 0 });
    // With nothing to sweep there is no timer.
    expect(clock.pending).toBe(0);
  });

  it('an error of a listener reaches no caller, and the other listeners still run', async () => {
    const { cache } = setUp();
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation();
    const second = jest.fn();
    const fail = () => {
      throw new Error('listener');
    };
    for (const event of EVENTS) cache.on(event, fail);
    cache.on('load', second);
    expect(await cache.getOrSet('a', () => 1)).toBe(1);
    expect(await cache.getOrSet('a', () => 2)).toBe(1);
    expect(second).toHaveBeenCalledTimes(1);
    expect(warned).toHaveBeenCalled();
  });

  it('off ends it, during an event too', async () => {
    const { cache } = setUp();
    const listener = jest.fn(() => {
      cache.off('set', listener);
    });
    cache.on('set', listener).on('set', listener);
    await cache.set('a', 1);
    await cache.set('a', 2);
    expect(listener).toHaveBeenCalledTimes(1);
    cache.off('hit', () => undefined);
  });

  it('a listener for hits costs the fast path, and gives it back', () => {
    const { cache, core } = setUp();
    const listener = (): void => undefined;
    expect(core.trust.canServeFastHits).toBe(true);
    cache.on('hit', listener);
    expect(core.trust.canServeFastHits).toBe(false);
    cache.off('hit', listener);
    expect(core.trust.canServeFastHits).toBe(true);
  });

  it('a listener that stores what was evicted does not corrupt the store', async () => {
    const { cache, core } = setUp({ maxMemoryItems: 3, maxMemoryBytes: 100_000 });
    let again = 0;
    cache.on('evict', ({ key }) => {
      // Both kinds of re-entrance: the evicted key, and the one that is being stored.
      if (again++ < 20) void cache.set(again % 2 === 0 ? key : 'new', 'again');
    });
    for (let i = 0; i < 10; i++) await cache.set(i % 3 === 0 ? 'new' : `k${i}`, i);
    expect(core.memory?.size).toBe(3);
    again = 20;
    await cache.clear();
    expect(core.memory).toMatchObject({ size: 0, bytes: 0 });
    for (let i = 0; i < 10; i++) await cache.set(`k${i}`, i);
    expect([...(await cache.getMany(['k6', 'k7', 'k8', 'k9'])).values()]).toEqual([7, 8, 9]);
  });
});
