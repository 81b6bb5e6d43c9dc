import { FaultStore } from 'aurora-cache/testing';

import { deferred, expectIdle, flush, setUp, type Setup } from './harness.js';

describe.each<[string, () => Promise<Setup>]>([
  ['disabled', () => Promise.resolve(setUp({ enabled: false, store: new Map() }))],
  [
    'closed',
    async () => {
      const setup = setUp({ store: new Map() });
      await setup.cache.set('key', 'before');
      await setup.cache.close();
      return setup;
    },
  ],
])('a %s cache', (_, make) => {
  it('stores nothing and loads every time', async () => {
    const setup = await make();
    const { cache } = setup;
    const load = jest.fn(() => 1);
    await cache.set('key', 'value');
    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.has('key')).toBe(false);
    expect((await cache.getMany(['key'])).size).toBe(0);
    expect(await cache.getOrSet('key', load)).toBe(1);
    expect(await cache.getOrSet('key', load)).toBe(1);
    expect(load).toHaveBeenCalledTimes(2);
    expect(await cache.delete('key')).toBe(false);
    expect(await cache.clear()).toBe(0);
    await cache.invalidateTags('t');
    expect(await cache.getStats()).toMatchObject({ enabled: false, totalKeys: 0 });
    expectIdle(setup);
  });

  it('passes on the loader’s own errors, thrown or rejected', async () => {
    const { cache } = await make();
    const error = new Error('own');
    const thrown = cache.getOrSet('key', () => {
      throw error;
    });
    expect(await thrown.catch((reason: unknown) => reason)).toBe(error);
    const rejected = cache.getOrSet('key', () => Promise.reject(error));
    expect(await rejected.catch((reason: unknown) => reason)).toBe(error);
  });

  it('gives the loader a context all the same', async () => {
    const { cache } = await make();
    const seen = await cache.getOrSet('key', ({ key, signal, stale }) => [key, signal, stale]);
    expect(seen).toEqual(['key', expect.any(AbortSignal), undefined]);
  });

  it('still refuses bad arguments', async () => {
    const { cache } = await make();
    await expect(cache.set('', 1)).rejects.toThrow(/key/);
    await expect(cache.set('key', 1, { ttl: 0 })).rejects.toThrow(/ttl/);
    await expect(cache.clear('')).rejects.toThrow(/pattern/);
  });
});

describe('close', () => {
  it('may be called again, by namespaces too, and by await using', async () => {
    const { cache } = setUp();
    const child = cache.namespace('a');
    await cache.set('key', 1);
    await Promise.all([cache.close(), cache.close(), child.close()]);
    await cache[Symbol.asyncDispose]();
    expect(await child.getStats()).toMatchObject({ enabled: false, totalKeys: 0 });
  });

  it('leaves no timer behind', async () => {
    const { cache, clock } = setUp();
    await cache.set('key', 1);
    expect(clock.pending).toBe(1);
    await cache.close();
    expect(clock.pending).toBe(0);
  });

  it('lets loads that are under way come to their end, and stores none of them', async () => {
    const store = new FaultStore();
    const setup = setUp({ store });
    const gate = deferred<number>();
    const caller = setup.cache.getOrSet('key', () => gate.promise);
    await flush();
    await setup.cache.close();
    gate.resolve(1);
    expect(await caller).toBe(1);
    await flush();
    expect(store.entries.size).toBe(0);
    expect(setup.core.memory?.size).toBe(0);
    expect(setup.clock.pending).toBe(0);
    expectIdle(setup);
  });

  it('waits for the writes that are under way, and leaves the store to its owner', async () => {
    const store = new FaultStore();
    const setup = setUp({ store });
    store.inject({ on: ['set'], hang: true, times: 1 });
    const write = setup.cache.set('key', 1);
    const order: string[] = [];
    void write.then(() => order.push('write'));
    const closing = setup.cache.close().then(() => order.push('close'));
    await flush();
    expect(order).toEqual([]);
    store.release();
    await closing;
    expect(order).toEqual(['write', 'close']);
    expect(store.entries.size).toBe(1);
    expect(setup.core.memory?.size).toBe(0);
  });
});
