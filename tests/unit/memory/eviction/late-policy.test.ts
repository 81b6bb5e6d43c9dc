import { CacheManager, type CacheStore } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

import { CORE } from '../../../../src/cache/manager.js';
import { AdaptivePolicy } from '../../../../src/memory/eviction/adaptive.js';
import { MemoryTier } from '../../../../src/memory/memory-tier.js';

const memoryOf = (cache: CacheManager) => cache[CORE].core.memory!;

describe('a policy that is set after entries have been stored', () => {
  it.each([undefined, 100_000])('knows them, with maxBytes %p', (maxBytes) => {
    const clock = new ManualClock();
    const tier = new MemoryTier({ maxItems: 100, maxBytes, clock });
    for (let i = 0; i < 100; i++) tier.put(`k${i}`, i, i === 0 ? Infinity : 60_000);
    tier.usePolicy((store) => new AdaptivePolicy(store));
    expect([tier.size, tier.estimates()?.reads]).toEqual([100, 0]);
    const hot = Array.from({ length: 50 }, (_, i) => `k${2 * i}`);
    for (let i = 0; i < 5000; i++) {
      for (const key of hot.slice(0, 5)) tier.find(key);
      tier.put(`scan${i}`, i, 60_000);
    }
    expect(tier.size).toBe(100);
    // Entries without a read are evicted, as if the policy had been there from the start.
    expect(tier.peek('k99')).toBeUndefined();
    expect(hot.slice(0, 5).map((key) => tier.find(key)?.value)).toEqual([0, 2, 4, 6, 8]);
    tier.drop('k0');
    tier.removeAll();
    expect([tier.size, tier.bytes]).toEqual([0, 0]);
  });
});

describe('a cache with adaptive eviction', () => {
  it('counts a write neither as a read nor as a miss, in front of a store too', async () => {
    const report = async (store?: CacheStore): Promise<unknown> => {
      const cache = new CacheManager({ store, memory: { eviction: 'adaptive' } });
      // Its policy is loaded.
      await cache.getAdvice();
      for (let round = 0; round < 10; round++) {
        for (let i = 0; i < 50; i++) {
          await cache.set(`k${i}`, round);
          expect(await cache.get(`k${i}`)).toBe(round);
        }
        const entries = Array.from({ length: 50 }, (_, i) => ({ key: `k${i}`, value: -round }));
        await cache.setMany(entries);
      }
      await cache.delete('k0');
      await cache.set('k0', 0);
      await cache.close();
      return memoryOf(cache).estimates();
    };
    const expected = { reads: 500, hitRate: 100 };
    expect(await report()).toMatchObject(expected);
    expect(await report(new Map())).toMatchObject(expected);
  });
});

describe('a cache whose adaptive eviction is still being loaded', () => {
  it('keeps its bound meanwhile, and begins with it at once', async () => {
    await jest.isolateModulesAsync(async () => {
      const { CacheManager } = await import('aurora-cache');
      const cache = new CacheManager({ memory: { eviction: 'adaptive' }, maxMemoryItems: 20 });
      const memory = memoryOf(cache);
      for (let i = 0; i < 40; i++) memory.put(`k${i}`, i, 60_000);
      expect([memory.size, memory.estimates()]).toEqual([20, undefined]);
      expect(await cache.getOrSet('a', () => 1)).toBe(1);
      await cache.getAdvice();
      expect([memory.size, memory.estimates()?.sizes.length]).toEqual([20, 3]);
    });
  });

  it('evicts by recency, and says so once, when it cannot be loaded', async () => {
    await jest.isolateModulesAsync(async () => {
      jest.doMock('../../../../src/memory/eviction/adaptive', () => {
        throw new Error('no such chunk');
      });
      const { openMemory } = await import('../../../../src/cache/core/tiers.js');
      const { resolveOptions } = await import('../../../../src/cache/resolve-options.js');
      const warnings = jest.spyOn(process, 'emitWarning').mockReturnValue(undefined);
      const options = resolveOptions({ memory: { eviction: 'adaptive' }, maxMemoryItems: 2 });
      const [memory] = [openMemory(options)!, openMemory(options)!];
      await new Promise(setImmediate);
      for (const key of ['a', 'b', 'c']) memory.put(key, 1, 60_000);
      expect(['a', 'b', 'c'].map((key) => memory.peek(key) !== undefined)).toEqual([
        ...[false, true, true],
      ]);
      expect(warnings.mock.calls.map(([message]) => message)).toEqual([
        expect.stringContaining('Adaptive eviction could not be loaded'),
      ]);
      jest.dontMock('../../../../src/memory/eviction/adaptive');
      warnings.mockRestore();
    });
  });
});
