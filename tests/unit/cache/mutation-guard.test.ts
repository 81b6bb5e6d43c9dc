import { FaultStore } from 'aurora-cache/testing';

import { deferred, flush, setUp } from './harness.js';

interface User {
  name: string;
  roles: string[];
}
const user = (): User => ({ name: 'Ada', roles: ['admin'] });

const TIERS: [string, () => object][] = [
  ['memory', () => ({})],
  ['memory before a store', () => ({ store: new FaultStore() })],
];

describe.each(TIERS)('freeze: %s', (_, tiers) => {
  it('what was stored cannot be changed, all the way down', async () => {
    const { cache } = setUp({ ...tiers(), memory: { freeze: true } });
    const loaded = await cache.getOrSet('loaded', user);
    await cache.set('set', user());
    const set = (await cache.get<User>('set')) as User;
    for (const value of [loaded, set]) {
      expect(() => (value.name = 'Eve')).toThrow(TypeError);
      expect(() => value.roles.push('root')).toThrow(TypeError);
    }
  });

  it('does not stop at a part that is frozen already, nor at a cycle', async () => {
    const { cache } = setUp({ ...tiers(), memory: { freeze: true } });
    const self: { back?: unknown } = {};
    const value = Object.freeze({ inner: Object.freeze([user()]), self });
    self.back = value;
    await cache.set('key', value);
    const found = await cache.get<typeof value>('key');
    expect(() => found?.inner[0]?.roles.push('root')).toThrow(TypeError);
  });

  it('leaves instances alone', async () => {
    class Counter {
      count = 0;
    }
    const { cache } = setUp({ memory: { freeze: true } });
    const value = { at: new Date(0), map: new Map([[1, 2]]), counter: new Counter() };
    await cache.set('key', value);
    const found = (await cache.get('key')) as typeof value;
    found.counter.count++;
    found.map.set(2, 3);
    expect(found.counter.count).toBe(1);
  });
});

describe.each(TIERS)('clone: %s', (_, tiers) => {
  const make = () => setUp({ ...tiers(), memory: { clone: true } });

  it('every reader gets its own copy', async () => {
    const { cache } = make();
    const original = user();
    await cache.set('key', original);
    original.roles.push('later');
    const first = (await cache.get<User>('key')) as User;
    first.roles.push('reader');
    const second = await cache.getOrSet('key', user);
    second.name = 'Eve';
    const third = (await cache.getMany<User>(['key'])).get('key');
    expect(third).toEqual(user());
  });

  it('so does every caller of one load, and its first', async () => {
    const { cache } = make();
    const gate = deferred<User>();
    const loaded = user();
    const callers = [1, 2, 3].map(() => cache.getOrSet('key', () => gate.promise));
    gate.resolve(loaded);
    const answers = await Promise.all(callers);
    expect(new Set([...answers, loaded]).size).toBe(4);
    for (const answer of answers) answer.name = 'Eve';
    loaded.name = 'Eve';
    await flush();
    expect(await cache.get('key')).toEqual(user());
  });

  it('what was set is what it was when `set` was called', async () => {
    const { cache } = make();
    const value = user();
    const write = cache.set('key', value);
    value.name = 'Eve';
    await write;
    expect(await cache.get('key')).toEqual(user());
  });

  it('a value that cannot be copied reaches its callers, and is not kept in memory', async () => {
    const { cache, core, errors } = make();
    const value = { call: () => 1 };
    expect(await cache.getOrSet('key', () => value)).toBe(value);
    await flush();
    expect(core.memory?.size).toBe(0);
    expect(errors[0]).toMatchObject({ code: 'ERR_SERIALIZATION' });
    await expect(cache.set('key', value)).resolves.toBeUndefined();
  });

  it('a stale value is a copy too, for callers and for the loader', async () => {
    const { cache, clock } = make();
    await cache.set('key', user(), { ttl: 1, grace: 60 });
    clock.jump('1s');
    const stale = await cache.getOrSet<User>('key', ({ stale: old }) => {
      if (old !== undefined) old.name = 'Eve';
      return Promise.reject(new Error('down'));
    });
    expect(stale).toEqual(user());
    stale.name = 'Eve';
    expect(await cache.getOrSet<User>('key', () => Promise.reject(new Error('down')))).toEqual(
      user(),
    );
  });
});

describe('a store alone', () => {
  it('a value that was changed while its fill waits is frozen first', async () => {
    const store = new FaultStore();
    const { cache } = setUp({ store, memory: { freeze: true } });
    store.inject({ on: ['set'], hang: true, times: 1 });
    const value = await cache.getOrSet('key', user);
    expect(() => value.roles.push('root')).toThrow(TypeError);
    store.release();
    await flush();
    expect(await cache.get('key')).toEqual(user());
  });
});
