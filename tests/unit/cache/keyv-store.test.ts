import { CacheManager, MemoryStore } from 'aurora-cache';
import { FaultStore, ManualClock } from 'aurora-cache/testing';
import { Keyv } from 'keyv';

import { expectIdle, flush, setUp } from './harness.js';

const clock = new ManualClock();
/** Keyv looks at the machine's clock for its own expiry. */
const today = () => new ManualClock(Date.now());

const STORES: [string, () => { store: never; clock: ManualClock }][] = [
  ['a Map', () => ({ store: new Map() as never, clock })],
  ['a MemoryStore', () => ({ store: new MemoryStore({ clock }) as never, clock })],
  ['a FaultStore', () => ({ store: new FaultStore({ clock }) as never, clock })],
  ['a Keyv over a Map', () => ({ store: new Keyv({ namespace: 'kv' }) as never, clock: today() })],
  [
    'a Keyv over a MemoryStore',
    () => ({
      store: new Keyv({ store: new MemoryStore(), namespace: 'kv' }) as never,
      clock: today(),
    }),
  ],
  [
    'a Keyv over a FaultStore',
    () => ({ store: new Keyv({ store: new FaultStore() }) as never, clock: today() }),
  ],
];

describe.each(STORES)('%s as store', (_, make) => {
  it('is read and written by two caches, which share what they store', async () => {
    const shared = make();
    const a = setUp(shared);
    const b = setUp({ ...shared, memory: false });
    const value = { at: new Date(0), list: [1n, undefined] };
    await a.cache.set('set', value, { ttl: 60, tags: ['t'] });
    await a.cache.getOrSet('loaded', () => null);
    await flush();
    expect(await b.cache.get('set')).toEqual(value);
    expect(await b.cache.has('loaded')).toBe(true);
    expect([...(await b.cache.getMany(['set', 'absent', 'loaded']))]).toEqual([
      ['set', value],
      ['loaded', null],
    ]);
    expect(await b.cache.getOrSet('set', () => 'unused')).toEqual(value);
    expect(await b.cache.delete('set')).toBe(true);
    expect(await b.cache.delete('set')).toBe(false);
    a.core.memory?.removeAll();
    expect(await a.cache.get('set')).toBeUndefined();
    expect([...a.errors, ...b.errors]).toEqual([]);
    expectIdle(a);
    expectIdle(b);
  });

  it('expires, under the cache’s clock, and keeps entries for their grace', async () => {
    const shared = make();
    const { cache } = setUp({ ...shared, memory: false });
    await cache.set('key', 'old', { ttl: 10, grace: 60 });
    shared.clock.jump('10s');
    expect(await cache.get('key')).toBeUndefined();
    const fail = () => Promise.reject(new Error('down'));
    expect(await cache.getOrSet('key', fail)).toBe('old');
    shared.clock.jump('60s');
    await expect(cache.getOrSet('key', fail)).rejects.toThrow('down');
  });

  it('clears by pattern, within the cache’s namespace', async () => {
    const shared = make();
    const a = new CacheManager({ ...shared, namespace: 'a', memory: false });
    const b = new CacheManager({ ...shared, namespace: 'b', memory: false });
    for (const cache of [a, b]) {
      for (const key of ['user:1', 'user:2', 'order:1']) await cache.set(key, 1);
    }
    expect(await a.clear('user:*')).toBe(2);
    expect(await a.clear()).toBe(1);
    expect((await b.getMany(['user:1', 'user:2', 'order:1'])).size).toBe(3);
  });
});

describe('a Keyv instance', () => {
  it('is honoured as it is: namespace, serializer and hooks', async () => {
    const map = new Map<string, string>();
    const seen: string[] = [];
    const store = new Keyv({
      store: map,
      namespace: 'kv',
      serialize: ({ value, expires }) =>
        `own:${JSON.stringify({ value: value as string, expires })}`,
      deserialize: (text) => JSON.parse(text.slice(4)) as never,
    });
    store.hooks.addHandler('preSet', ({ key }: { key: string }) => seen.push(key));
    const cache = new CacheManager({ store, namespace: 'app', memory: false });
    await cache.set('key', { a: 1 });
    expect([...map.keys()]).toEqual(['kv:app:key']);
    expect(map.get('kv:app:key')).toMatch(/^own:/);
    expect(seen).toHaveLength(1);
    expect(await cache.get('key')).toEqual({ a: 1 });
  });

  it('that fails is an error event and a miss', async () => {
    const inner = new FaultStore();
    const { cache, errors } = setUp({ store: new Keyv({ store: inner }), memory: false });
    inner.inject({ error: new Error('gone') });
    expect(await cache.getOrSet('key', () => 1)).toBe(1);
    await flush();
    expect(await cache.delete('key')).toBe(false);
    // Keyv reports failures only as events; the read, the fill and the delete failed.
    expect(errors.length).toBeGreaterThanOrEqual(2);
    expect(errors[0]).toMatchObject({ code: 'ERR_STORE', cause: { message: 'gone' } });
  });
});

describe('a store that cannot list its keys', () => {
  it('cannot be cleared by pattern: that is said, and memory is cleared all the same', async () => {
    const map = new Map<string, unknown>();
    const store = {
      get: (key: string) => Promise.resolve(map.get(key)),
      set: (key: string, value: unknown) => Promise.resolve(map.set(key, value)),
      delete: (key: string) => Promise.resolve(map.delete(key)),
    };
    const { cache, core } = setUp({ store: store as never });
    await cache.set('a', 1);
    await expect(cache.clear('a')).rejects.toThrow(/cannot list its keys/);
    expect(core.memory?.size).toBe(0);
    // It has no getMany either.
    expect((await cache.getMany(['a', 'b'])).size).toBe(1);
  });
});

describe('memory before a store', () => {
  it('holds an entry no longer than what is left of it', async () => {
    const store = new Map<string, unknown>();
    const a = setUp({ store, memory: false });
    const b = setUp({ store, clock: a.clock });
    await a.cache.set('key', 1, { ttl: 100 });
    a.clock.jump('90s');
    expect(await b.cache.get('key')).toBe(1);
    expect(b.core.memory?.find('key')?.freshUntil).toBe(a.clock.now() + 10_000);
  });

  it('memory.ttl bounds how long it may be out of date', async () => {
    const store = new Map<string, unknown>();
    const a = setUp({ store, memory: { ttl: 5 } });
    const b = setUp({ store, clock: a.clock });
    await a.cache.set('key', 'old');
    await b.cache.set('key', 'new');
    expect(await a.cache.get('key')).toBe('old');
    a.clock.jump('5s');
    expect(await a.cache.get('key')).toBe('new');
    a.clock.jump('5s');
    expect(await a.cache.getOrSet('key', () => 'unused')).toBe('new');
  });

  it('memory.ttl means nothing where memory is all there is', async () => {
    const { cache, clock: time } = setUp({ memory: { ttl: 5 } });
    await cache.set('key', 1);
    time.jump('1m');
    expect(await cache.get('key')).toBe(1);
  });
});
