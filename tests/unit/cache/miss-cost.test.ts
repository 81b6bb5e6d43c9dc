import { CacheManager, memoized } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

import { flush } from './harness.js';
import { MemoryTier } from '../../../src/memory/memory-tier.js';

/** The costs that the memory tier is given, by key. */
function costsOf(): Map<string, number | undefined> {
  const costs = new Map<string, number | undefined>();
  const put = jest.spyOn(MemoryTier.prototype, 'put');
  put.mockImplementation((key, _value, _life, _tags, cost) => void costs.set(key, cost));
  return costs;
}

describe('the cost of a miss', () => {
  it('is the time of the load, in memory alone; a set has none', async () => {
    const clock = new ManualClock();
    const costs = costsOf();
    const cache = new CacheManager({ clock });
    await cache.getOrSet('slow', async () => {
      await clock.advance('800ms');
      return 1;
    });
    await cache.getOrSet('fast', () => 1);
    await cache.set('set', 1);
    const squared = memoized((n: number) => (clock.jump('5ms'), n * n), { cache, name: 'squared' });
    squared(3);
    expect([...costs.values()]).toEqual([800, 0, undefined, 5]);
  });

  it('is the time of a read, where a shared tier has the value', async () => {
    const clock = new ManualClock();
    const costs = costsOf();
    const entries = new Map<string, unknown>();
    const store = {
      get: async (key: string) => {
        await clock.advance('4ms');
        return entries.get(key);
      },
      set: (key: string, value: unknown) => Promise.resolve(entries.set(key, value)),
      delete: (key: string) => Promise.resolve(entries.delete(key)),
      clear: () => Promise.resolve(entries.clear()),
    };
    const cache = new CacheManager({ clock, store: store as never });
    const load = async () => {
      await clock.advance('300ms');
      return 1;
    };
    await cache.getOrSet('a', load);
    await cache.getOrSet('a', load);
    await cache.getOrSet('b', load);
    await flush();
    expect(costs).toEqual(
      new Map([
        ['a', 4],
        ['b', 4],
      ]),
    );
  });
});
