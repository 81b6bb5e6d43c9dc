import type { CacheManager } from 'aurora-cache';
import { CacheEvict, CachePut, Cached, cacheControl, cached, configureCache } from 'aurora-cache';
import { FaultStore } from 'aurora-cache/testing';

import { defaultHolder } from '../../../src/cache/default-cache.js';
import { deferred, flush, setUp } from './harness.js';

/** Another instance on the same store, and one that is off. */
const KINDS = ['disabled', 'closed'] as const;

async function pair(kind: (typeof KINDS)[number], store = new FaultStore()) {
  const other = setUp({ store, memory: false });
  const off = setUp({ store, clock: other.clock, enabled: kind !== 'disabled' });
  if (kind === 'closed') await off.cache.close();
  return { other: other.cache, store, ...off };
}

describe.each(KINDS)('an instance that is %s', (kind) => {
  it.each<[string, (cache: CacheManager) => Promise<unknown>, unknown]>([
    ['delete', (cache) => cache.delete('user:1'), true],
    ['deleteMany', (cache) => cache.deleteMany(['user:1', 'user:9']), 1],
    ['clear', (cache) => cache.clear('user:*'), 1],
    ['clear of a namespace', (cache) => cache.namespace('user').clear(), 0],
    ['set', (cache) => cache.set('user:1', 'newer'), undefined],
    [
      'setMany',
      (cache) => cache.setMany([{ key: 'user:1', value: 'newer' }]),
      { stored: 0, failed: [] },
    ],
  ])('removes by %s what the others would serve', async (_, invalidate, result) => {
    const { other, cache } = await pair(kind);
    await other.set('user:1', 'old');
    if (result === 0) {
      await other.namespace('user').set('2', 'old');
      await invalidate(cache);
      expect(await other.namespace('user').get('2')).toBeUndefined();
      return;
    }
    expect(await invalidate(cache)).toEqual(result);
    expect(await other.get('user:1')).toBeUndefined();
  });

  it('removes by decorated methods and controls', async () => {
    const { other, cache } = await pair(kind);
    class Users {
      @Cached({ cache, keyPrefix: 'user' })
      async find(id: number): Promise<string> {
        return await Promise.resolve(`user ${String(id)}`);
      }
      @CacheEvict({ cache, key: () => key })
      async byKey(): Promise<void> {
        await flush();
      }
      @CacheEvict({ cache, pattern: 'user:1:*' })
      async byPattern(): Promise<void> {
        await flush();
      }
      @CacheEvict({ cache, methods: { find: () => [1] } })
      async byMethod(): Promise<void> {
        await flush();
      }
      @CacheEvict({ cache, methods: ['find'] })
      bySynchronousMethod(): string {
        return 'done';
      }
      @CachePut({ cache, method: 'find', args: () => [1] })
      async put(): Promise<string> {
        await flush();
        return 'newer';
      }
      @CachePut({ cache, method: 'find' })
      async putByArguments(_id: number): Promise<string> {
        return await Promise.resolve('newer');
      }
    }
    const users = new Users();
    const control = cacheControl(users, 'find');
    const key = control.keyFor(1);
    const ways: Record<string, () => unknown> = {
      byKey: () => users.byKey(),
      byPattern: () => users.byPattern(),
      byMethod: () => users.byMethod(),
      bySynchronousMethod: () => users.bySynchronousMethod(),
      put: () => users.put(),
      putByArguments: () => users.putByArguments(1),
      invalidate: () => control.invalidate(1),
      cacheClear: () => control.cacheClear(),
      refresh: () => control.refresh(1),
    };
    for (const [name, way] of Object.entries(ways)) {
      await other.set(key, 'old');
      await way();
      await flush();
      expect([name, await other.get(key)]).toEqual([name, undefined]);
    }
  });

  it('rejects a call on the cache itself when the store does not confirm it', async () => {
    const { cache, store } = await pair(kind);
    store.inject({ error: new Error('gone') });
    const failure = { code: 'ERR_STORE', operation: 'invalidate' };
    await expect(cache.delete('key')).rejects.toMatchObject(failure);
    await expect(cache.clear('*')).rejects.toMatchObject(failure);
    await expect(cache.set('key', 1)).rejects.toMatchObject(failure);
    await expect(cache.deleteMany(['a', 'b'])).rejects.toMatchObject(failure);
  });

  it('makes it good later all the same, while the process lives', async () => {
    const { other, cache, store, clock } = await pair(kind);
    await other.set('key', 'old');
    store.inject({ on: ['delete'], error: new Error('gone'), times: 1 });
    await expect(cache.delete('key')).rejects.toMatchObject({ code: 'ERR_STORE' });
    await clock.advance('5s');
    expect(await other.get('key')).toBeUndefined();
  });

  it('emits an error for a decorated call, which returns its method’s result', async () => {
    const { cache, store, errors } = await pair(kind);
    class Users {
      @CacheEvict({ cache, key: 'key' })
      async update(): Promise<string> {
        return await Promise.resolve('updated');
      }
      @CachePut({ cache, keyPrefix: 'user' })
      async put(_id: number): Promise<string> {
        return await Promise.resolve('put');
      }
    }
    store.inject({ error: new Error('gone') });
    for (const call of [() => new Users().update(), () => new Users().put(1)]) {
      errors.length = 0;
      expect(await call()).toMatch(/^(updated|put)$/);
      expect(errors).toContainEqual(expect.objectContaining({ operation: 'invalidate' }));
    }
  });
});

describe('close', () => {
  it('waits for invalidations that are under way', async () => {
    const store = new FaultStore();
    const { cache } = setUp({ store });
    const ways: Record<string, () => Promise<unknown>> = {
      delete: () => cache.delete('page:1'),
      deleteMany: () => cache.deleteMany(['page:1', 'page:2']),
      clear: () => cache.clear('page:*'),
      invalidateTags: () => cache.invalidateTags('tag'),
    };
    const done: string[] = [];
    await cache.set('page:1', 1);
    store.inject({ on: ['iterator', 'delete'], hang: true });
    for (const [name, way] of Object.entries(ways)) void way().then(() => done.push(name));
    const closing = cache.close().then(() => done.push('close'));
    await flush();
    expect(done).not.toContain('close');
    store.heal();
    store.release();
    await closing;
    expect(done.at(-1)).toBe('close');
    expect(done).toHaveLength(5);
    expect(store.entries.size).toBe(0);
  });

  it('waits no longer than its bound for a store that hangs', async () => {
    const store = new FaultStore();
    const { cache, clock, errors } = setUp({ store, breaker: false });
    await cache.set('page:1', 1);
    store.inject({ hang: true });
    void cache.clear('page:*');
    let closed = false;
    void cache.close().then(() => (closed = true));
    await clock.advance('10s');
    expect(closed).toBe(true);
    expect(errors).toContainEqual(expect.objectContaining({ operation: 'close' }));
  });

  it('repeats what the store has not acknowledged, or reports that it is lost', async () => {
    const store = new FaultStore();
    const { cache, errors } = setUp({ store });
    await cache.set('a', 1);
    store.inject({ on: ['delete'], error: new Error('gone'), times: 1 });
    await cache.delete('a');
    await cache.close();
    expect(store.entries.size).toBe(0);

    const second = setUp({ store });
    await second.cache.set('b', 1);
    store.inject({ on: ['delete'], error: new Error('gone') });
    await second.cache.delete('b');
    errors.length = 0;
    await second.cache.close();
    expect(second.errors.at(-1)).toMatchObject({ operation: 'close' });
  });

  it('does not lose the eviction of a method that outlives it', async () => {
    const store = new FaultStore();
    const other = setUp({ store, memory: false }).cache;
    const { cache } = setUp({ store });
    const gate = deferred();
    class Users {
      @CacheEvict({ cache, pattern: 'user:1:*' })
      async update(): Promise<void> {
        await gate.promise;
      }
      @Cached({ cache, keyPrefix: 'other' })
      async find(id: number): Promise<string> {
        return await Promise.resolve(`user ${String(id)}`);
      }
      @CachePut({ cache, method: 'find' })
      async put(_id: number): Promise<string> {
        await gate.promise;
        return 'newer';
      }
    }
    const users = new Users();
    const key = cacheControl(users, 'find').keyFor(7);
    await other.set('user:1:find', 'old');
    await other.set(key, 'old');
    const calls = [users.update(), users.put(7)];
    await cache.close();
    gate.resolve(undefined);
    await Promise.all(calls);
    expect(await other.get('user:1:find')).toBeUndefined();
    expect(await other.get(key)).toBeUndefined();
  });

  it('does not lose a refresh that outlives it', async () => {
    const store = new FaultStore();
    const other = setUp({ store, memory: false }).cache;
    const { cache } = setUp({ store });
    const gate = deferred<string>();
    const find = cached(async (_id: number) => await gate.promise, { cache, name: 'find' });
    const key = find.keyFor(1);
    await other.set(key, 'old');
    const refreshed = find.refresh(1);
    await flush();
    await cache.close();
    gate.resolve('newer');
    expect(await refreshed).toBe('newer');
    expect(await other.get(key)).toBeUndefined();
  });

  it('happens once, even if close() is called again', async () => {
    const store = new FaultStore();
    const { cache } = setUp({ store });
    store.inject({ on: ['iterator'], hang: true });
    void cache.clear('page:*');
    let closed = 0;
    const closings = [1, 2].map(() => cache.close().then(() => closed++));
    await flush();
    expect(closed).toBe(0);
    store.heal();
    store.release();
    await Promise.all(closings);
  });
});

describe('configureCache', () => {
  afterEach(() => {
    defaultHolder.current = undefined;
  });

  it('while a method runs whose result is put: what the new cache holds is removed', async () => {
    configureCache({});
    const gate = deferred<string>();
    class Users {
      @Cached({ keyPrefix: 'user' })
      async find(_id: number): Promise<string> {
        return await Promise.resolve('old');
      }
      @CachePut({ method: 'find' })
      async update(_id: number): Promise<string> {
        return await gate.promise;
      }
    }
    const users = new Users();
    const update = users.update(1);
    const next = configureCache({});
    expect(await users.find(1)).toBe('old');
    const key = cacheControl(users, 'find').keyFor(1);
    expect(await next.has(key)).toBe(true);
    gate.resolve('newer');
    await update;
    expect(await next.has(key)).toBe(false);
  });
});

describe('tags', () => {
  it('more than an entry may have are invalidated by one call', async () => {
    const { cache, errors } = setUp();
    const tags = Array.from({ length: 1000 }, (_, i) => `tag:${String(i)}`);
    class Pages {
      @CacheEvict({ cache, tags: () => tags })
      async publish(): Promise<void> {
        await flush();
      }
    }
    for (const invalidate of [() => cache.invalidateTags(...tags), () => new Pages().publish()]) {
      await cache.set('page', 1, { tags: ['tag:999'] });
      await invalidate();
      expect(await cache.get('page')).toBeUndefined();
    }
    expect(errors).toEqual([]);
    await expect(cache.invalidateTags('good', '')).rejects.toThrow(/tag must be a string/);
  });
});
