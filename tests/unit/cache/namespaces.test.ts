import { CacheManager } from 'aurora-cache';

import { setUp } from './harness.js';

describe('namespaces', () => {
  it('keep the same key apart', async () => {
    const { cache } = setUp();
    const users = cache.namespace('users');
    const orders = cache.namespace('orders');
    expect(users).toBeInstanceOf(CacheManager);
    await cache.set('1', 'root');
    await users.set('1', 'user');
    expect(await orders.get('1')).toBeUndefined();
    expect(await orders.getOrSet('1', ({ key }) => key)).toBe('orders:1');
    expect(await users.get('1')).toBe('user');
    expect(await cache.get('1')).toBe('root');
    expect(await cache.get('users:1')).toBe('user');
  });

  it('clear only what is theirs', async () => {
    const { cache } = setUp();
    const users = cache.namespace('users');
    const admins = users.namespace('admins');
    await cache.set('1', 1);
    await users.set('1', 1);
    await admins.set('1', 1);
    expect(await admins.clear('*')).toBe(1);
    await admins.set('1', 1);
    expect(await users.clear()).toBe(2);
    expect(await cache.has('1')).toBe(true);
  });

  it('a dot in a name is not a wildcard, nor does a name match a longer one', async () => {
    const { cache } = setUp();
    await cache.namespace('a.b').set('k', 1);
    await cache.namespace('axb').set('k', 1);
    await cache.namespace('a.bc').set('k', 1);
    expect(await cache.namespace('a.b').clear()).toBe(1);
    expect((await cache.getStats()).totalKeys).toBe(2);
  });

  it('share tiers, bounds, statistics and events', async () => {
    const { cache } = setUp({ maxMemoryItems: 2 });
    const users = cache.namespace('users');
    const keys: string[] = [];
    cache.on('miss', ({ key }) => keys.push(key));
    await users.get('1');
    for (let i = 0; i < 5; i++) await users.set(String(i), i);
    expect(keys).toEqual(['users:1']);
    expect(await cache.getStats()).toMatchObject({ totalKeys: 2, misses: 1, sets: 5 });
    expect(await users.getStats()).toEqual(await cache.getStats());
  });

  it.each(['', 'a:b', 'a*', 'a b', 'ä', 'x'.repeat(101), 7, undefined])('refuse %p', (name) => {
    const { cache } = setUp();
    expect(() => cache.namespace(name as string)).toThrow(/letters, digits/);
  });
});
