import { escapePattern, pattern } from 'aurora-cache';

import { setUp } from './harness.js';

const KEYS = ['user:1:a', 'user:1:b', 'user:12:a', 'user:*:a', 'order:1:a', 'x[1]', 'x\\y'];

describe.each([
  ['memory', () => ({})],
  ['memory before a Map', () => ({ store: new Map<string, unknown>() })],
  ['a Map alone', () => ({ store: new Map<string, unknown>(), memory: false as const })],
])('clear by pattern: %s', (_, tiers) => {
  it.each([
    ['*', KEYS],
    ['user:1:*', ['user:1:a', 'user:1:b']],
    ['user:*', ['user:1:a', 'user:1:b', 'user:12:a', 'user:*:a']],
    ['user:?:a', ['user:1:a', 'user:*:a']],
    ['*:[ab]', ['user:1:a', 'user:1:b', 'user:12:a', 'user:*:a', 'order:1:a']],
    ['user:[^1]:a', ['user:*:a']],
    ['user:\\*:*', ['user:*:a']],
    ['x\\[1\\]', ['x[1]']],
    ['x\\\\y', ['x\\y']],
    ['USER:*', []],
    ['user:1', []],
  ])('%s removes what it matches, says how many, and nothing else', async (glob, expected) => {
    const { cache } = setUp(tiers());
    for (const key of KEYS) await cache.set(key, key);
    expect(await cache.clear(glob)).toBe(expected.length);
    const left = [...(await cache.getMany(KEYS)).keys()];
    expect(left).toEqual(KEYS.filter((key) => !expected.includes(key)));
  });

  it('an id of * clears only its own', async () => {
    const { cache } = setUp(tiers());
    for (const key of KEYS) await cache.set(key, 1);
    // The key of a decorated method for the id '*'.
    await cache.set('user:%2A:a', 1);
    expect(await cache.clear(pattern`user:${'*'}:*`)).toBe(1);
    expect(await cache.clear(`user:${escapePattern('*')}:*`)).toBe(1);
    expect((await cache.getMany(KEYS)).size).toBe(KEYS.length - 1);
  });

  it('everything is the default, expired entries are not counted in memory', async () => {
    const { cache } = setUp(tiers());
    for (const key of KEYS) await cache.set(key, 1);
    expect(await cache.clear()).toBe(KEYS.length);
    expect(await cache.clear()).toBe(0);
  });

  it.each(['', 7, null, {}])('refuses %p, and nothing is lost', async (bad) => {
    const { cache } = setUp(tiers());
    await cache.set('key', 1);
    await expect(cache.clear(bad as string)).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' });
    await expect(cache.clear('x'.repeat(2000))).rejects.toThrow(/1024 characters/);
    expect(await cache.get('key')).toBe(1);
  });
});

describe('clear of a shared tier', () => {
  it('removes more keys than fit into one batch', async () => {
    const { cache } = setUp({ store: new Map(), maxMemoryItems: 10 });
    for (let i = 0; i < 1050; i++) await cache.set(`a:${i}`, i);
    await cache.set('b', 1);
    expect(await cache.clear('a:*')).toBe(1050);
    expect(await cache.get('b')).toBe(1);
  });

  it('leaves other namespaces of the store alone', async () => {
    const store = new Map<string, unknown>([['theirs', 1]]);
    const a = setUp({ store, namespace: 'a' });
    const ab = setUp({ store, namespace: 'ab' });
    await a.cache.set('key', 1);
    await ab.cache.set('key', 2);
    expect(await a.cache.clear()).toBe(1);
    expect([...store.keys()]).toEqual(['theirs', 'ab:key']);
  });
});
