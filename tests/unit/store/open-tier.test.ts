import type * as Sources from 'aurora-cache';
import type { CacheManager, CacheOptions } from 'aurora-cache';
import { FaultStore, ManualClock } from 'aurora-cache/testing';

import { CORE } from '../../../src/cache/manager.js';
import type { Codec } from '../../../src/store/codec/codec.js';

/*
 * The shared tier's code is loaded by the first cache of a process that has one, and cannot be
 * unloaded: each case loads the modules again.
 */

async function withFreshModules(run: (sources: typeof Sources) => Promise<void>): Promise<void> {
  await jest.isolateModulesAsync(async () => {
    await run(await import('aurora-cache'));
  });
}

/** Modules that only a cache with a shared tier loads. */
const LATE = ['store/store-tier', 'redis/open', 'cache/shared-code'];

const coreOf = (cache: CacheManager) => cache[CORE].core;

describe('a cache whose shared tier is still being loaded', () => {
  it('begins without it, and replaces its stand-in once', async () => {
    await withFreshModules(async ({ CacheManager }) => {
      const cache = new CacheManager({ store: new Map() });
      const first = coreOf(cache).shared;
      await cache.set('a', 1);
      const second = coreOf(cache).shared;
      expect(second).not.toBe(first);
      // Operations that hold the stand-in continue.
      expect(await first?.remove('a')).toBe(true);
      expect(first).toMatchObject({ isUnavailable: false, pending: 0, breakerState: 'closed' });
      expect(coreOf(new CacheManager({ store: new Map() })).shared?.constructor).toBe(
        second?.constructor,
      );
    });
  });

  it.each<[string, Partial<CacheOptions>]>([
    ['our codec', {}],
    [
      "the user's codec",
      {
        codec: {
          tag: 'x',
          encode: (value) => JSON.stringify(value),
          decode: (text) => JSON.parse(text) as unknown,
        } satisfies Codec,
      },
    ],
  ])('stores values as they were at the call, with %s', async (_, options) => {
    await withFreshModules(async ({ CacheManager }) => {
      const store = new FaultStore();
      const cache = new CacheManager({ store, memory: false, ...options });
      const [set, many, tagged] = ['set', 'many', 'tagged'].map((at) => ({ at }));
      const life = { createdAt: 0, freshUntil: 1e15, staleUntil: 1e15, tagClock: 0, tags: [] };
      const entries = [{ key: 'many', entry: { ...life, value: many } }];
      const writes = [
        cache.set('set', set),
        cache.set('tagged', tagged, { tags: ['tag'] }),
        coreOf(cache).shared?.writeMany(entries, 500, 'bulk'),
      ];
      for (const value of [set, many, tagged]) Object.assign(value as object, { at: 'later' });
      for (const write of writes) await write;
      await cache.close();
      expect([...store.entries.keys()].sort()).toEqual([
        'aurora:many',
        'aurora:set',
        'aurora:tagged',
      ]);
      for (const [key, { value }] of store.entries) {
        expect(value).toContain(`{"at":"${key.slice('aurora:'.length)}"}`);
      }
    });
  });

  it('sends operations in the order of their calls', async () => {
    await withFreshModules(async ({ CacheManager }) => {
      const sent: string[] = [];
      const store = new (class extends Map<string, unknown> {
        override set(key: string, text: string): this {
          sent.push(`set ${text.split('\n')[1] ?? ''}`);
          return super.set(key, text);
        }
        override delete(key: string): boolean {
          sent.push('delete');
          return super.delete(key);
        }
      })();
      const shared = coreOf(new CacheManager({ store, memory: false })).shared!;
      const entry = { createdAt: 0, freshUntil: 1e15, staleUntil: 1e15, tagClock: 0, tags: [] };
      await Promise.all([
        shared.write('a', { ...entry, value: 1 }),
        shared.write('a', { ...entry, value: 2 }),
        shared.writeMany([{ key: 'a', entry: { ...entry, value: 3 } }], 500, 'bulk'),
        shared.write('a', { ...entry, value: 4 }),
      ]);
      expect(sent).toEqual(['set j1', 'set j2', 'set j3', 'set j4']);
    });
  });

  it('reports what its store reported meanwhile, and throws for a store that is none', async () => {
    await withFreshModules(async ({ CacheManager }) => {
      const listeners: ((error: Error) => void)[] = [];
      const store = {
        ...{ opts: {}, namespace: undefined },
        ...{ get: () => undefined, set: () => true, delete: () => Promise.resolve(true) },
        clear: () => Promise.resolve(),
        on(event: string, listener: (error: Error) => void) {
          if (event === 'error') listeners.push(listener);
          return store;
        },
      };
      const cache = new CacheManager({ store: store as never });
      const errors: unknown[] = [];
      cache.on('error', ({ error }) => errors.push((error as Error).cause));
      const early = new Error('before the code was there');
      for (const listener of listeners) listener(early);
      await cache.close();
      expect(errors).toEqual([early]);
      expect(() => new CacheManager({ store: {} as never })).toThrow(/store must be/);
    });
  });

  it('may be closed, cleared and read for its statistics at once', async () => {
    await withFreshModules(async ({ CacheManager }) => {
      const store = new Map<string, unknown>([['aurora:a', 'x']]);
      const cache = new CacheManager({ store, clock: new ManualClock() });
      const [cleared, stats] = await Promise.all([cache.clear(), cache.getStats()]);
      expect([cleared, stats.degraded, stats.breaker]).toEqual([1, false, 'closed']);
      const late = new CacheManager({ store });
      void late.set('b', 1);
      const many = late.setMany([{ key: 'c', value: 1 }]);
      await late.close();
      expect([...store.keys()]).toEqual(['aurora:b', 'aurora:c']);
      expect(await many).toEqual({ stored: 1, failed: [] });
    });
  });

  it('loads, and says so once, when its code cannot be loaded', async () => {
    await jest.isolateModulesAsync(async () => {
      jest.doMock('../../../src/store/store-tier', () => {
        throw new Error('no such chunk');
      });
      const { CacheManager } = await import('aurora-cache');
      const warnings = jest.spyOn(process, 'emitWarning').mockReturnValue(undefined);
      const cache = new CacheManager({ store: new Map() });
      const errors: unknown[] = [];
      cache.on('error', ({ error }) => errors.push(error));
      expect(await cache.getOrSet('a', () => 1)).toBe(1);
      expect(await cache.getOrSet('a', () => 2)).toBe(1);
      await cache.set('b', 2);
      expect(await cache.getStats()).toMatchObject({ degraded: true, breaker: 'open' });
      expect(await cache.delete('b')).toBe(true);
      await cache.close();
      expect(errors[0]).toMatchObject({ operation: 'load' });
      expect(warnings).toHaveBeenCalledTimes(1);
      jest.dontMock('../../../src/store/store-tier');
    });
  });

  it('serves from memory, and can be closed, when no late code can be loaded', async () => {
    await jest.isolateModulesAsync(async () => {
      const missing = (): never => {
        throw new Error('no such chunk');
      };
      for (const name of LATE) jest.doMock(`../../../src/${name}`, missing);
      jest.spyOn(process, 'emitWarning').mockReturnValue(undefined);
      const { CacheManager } = await import('aurora-cache');
      const cache = new CacheManager({ redisUrl: 'redis://127.0.0.1:1', namespace: 'n' });
      cache.on('error', () => undefined);
      expect(await cache.getOrSet('a', () => 1)).toBe(1);
      const stored: string[] = [];
      cache.on('set', ({ key }) => stored.push(key));
      const many = cache.setMany(['b', 'c'].map((key) => ({ key, value: 1 })));
      await cache.set('c', 2);
      expect(await many).toEqual({ stored: 1, failed: ['b'] });
      expect([await cache.get('b'), await cache.get('c'), stored.sort()]).toEqual([
        ...[1, 2, ['b', 'c', 'c']],
      ]);
      expect((await cache.getStats()).pendingInvalidations).toBeGreaterThan(0);
      expect(await cache.getMany(Array.from({ length: 200 }, (_, i) => `k${i}`))).toEqual(
        new Map(),
      );
      expect(await cache.deleteMany(['a', 'b'])).toBe(2);
      expect(await cache.getOrSet('a', () => 3)).toBe(3);
      await cache.close();
      expect(await cache.getOrSet('a', () => 2)).toBe(2);
      for (const name of LATE) jest.dontMock(`../../../src/${name}`);
    });
  });
});
