/** Faults that show after a long run, after a change of the load, or before the first read. */
import { CacheManager, type Clock, type MemoryStoreOptions } from 'aurora-cache';

import { CORE } from '../../../../src/cache/manager.js';
import { AdaptivePolicy } from '../../../../src/memory/eviction/adaptive.js';
import { ChangeRate } from '../../../../src/memory/eviction/change-rate.js';
import { ExpiredFirst } from '../../../../src/memory/eviction/expired-first.js';
import type { GhostReport } from '../../../../src/memory/eviction/ghost-report.js';
import { Ghosts } from '../../../../src/memory/eviction/ghosts.js';
import { RankedPolicy } from '../../../../src/memory/eviction/ranked-policy.js';
import { SETTINGS, type Setting } from '../../../../src/memory/eviction/setting.js';
import { MemoryTier } from '../../../../src/memory/memory-tier.js';
import { randomFrom } from '../../../support/eviction-model.js';
import {
  hitRateDuringScan,
  hashFrom,
  TimerlessClock,
  zipf,
} from '../../../support/eviction-workloads.js';

const DAY_MS = 86_400_000;

/** The sample of keys is the same in every run. */
function adaptiveTier(
  maxItems: number,
  clock: Clock,
  options: Pick<MemoryStoreOptions, 'maxBytes' | 'sizeOf'> = {},
): MemoryTier {
  const tier = new MemoryTier({ maxItems, clock, ...options });
  tier.usePolicy((store) => new AdaptivePolicy(store, hashFrom(1)));
  return tier;
}

const reportOf = (tier: MemoryTier): GhostReport => tier.estimates() as GhostReport;
const atTimes = (wanted: number, list: GhostReport['sizes']) =>
  list.find(({ times }) => times === wanted) as GhostReport['sizes'][number];

describe('adaptive eviction after a long run', () => {
  it('of hits remembers what is popular when a scan comes', () => {
    expect(hitRateDuringScan(20_000, 400_000)).toBeGreaterThan(98);
  });

  it('of hits halves the frequencies once, and not for each of the hits', () => {
    const policy = new RankedPolicy(SETTINGS[1] as Setting, false);
    for (let slot = 1; slot <= 100; slot++) policy.add(slot, slot, 1, 1, false);
    for (let i = 0; i < 100_000; i++) policy.hit(1 + (i % 50));
    const added = (): void => {
      policy.remove(100);
      policy.add(100, 1000, 1, 1, false);
    };
    for (let i = 0; i < 20; i++) added();
    // Entries that were read a thousand times still precede those that never were.
    const left: number[] = [];
    for (let i = 0; i < 40; i++) {
      const slot = policy.chooseVictim();
      left.push(slot);
      policy.remove(slot);
    }
    expect(left.filter((slot) => slot <= 50)).toEqual([]);
  });

  it('of days finds expired entries as precisely as at first', () => {
    const expired = new ExpiredFirst();
    expired.add(1, 0);
    expired.remove(1);
    const now = 365 * DAY_MS;
    expired.next(now);
    for (let slot = 1; slot <= 100; slot++) expired.add(slot, now + slot);
    for (let slot = 1; slot <= 100; slot++) {
      expect([expired.has(slot, now + slot - 1), expired.has(slot, now + slot)]).toEqual([
        false,
        true,
      ]);
    }
  });

  it('knows the change rate when values are no longer read as often as before', () => {
    const rates = new ChangeRate();
    const reload = (hits: number, round: number): void => {
      for (let hash = 0; hash < 50; hash++) {
        rates.expired(hash, { createdAt: 0, freshUntil: 10, hits }, () => 1);
        rates.loaded(hash, 10, () => 1 + ((hash + round) % 2));
      }
    };
    reload(1000, 0);
    for (let round = 0; round < 1200; round++) {
      reload(1, round);
      rates.halve();
    }
    expect(rates.outOfDate(2)?.percent).toBeGreaterThan(10);
  });
});

describe('the estimates of an adaptive store', () => {
  it('take a write without a read for no miss', async () => {
    const cache = new CacheManager({ memory: { eviction: 'adaptive' }, maxMemoryItems: 200 });
    await cache.getAdvice();
    const random = randomFrom(1);
    for (let i = 0; i < 6000; i++) {
      await cache.set(`session${i % 800}`, i);
      await cache.getOrSet(`hot${Math.floor(20 * random())}`, () => i);
    }
    const advice = await cache.getAdvice();
    expect(advice.length).toBeGreaterThanOrEqual(3);
    for (const { gain } of advice) {
      expect(Math.abs(gain.hitRate ?? NaN)).toBeLessThan(2);
    }
  });

  it('take a write after a read that found nothing for a miss', async () => {
    const cache = new CacheManager({ memory: { eviction: 'adaptive' } });
    await cache.getAdvice();
    for (let i = 0; i < 300; i++) {
      if ((await cache.get(`k${i % 100}`)) === undefined) await cache.set(`k${i % 100}`, i);
    }
    const [first] = await Promise.all([cache.getMany(['other', 'k1'])]);
    expect(first.size).toBe(1);
    await cache.setMany([{ key: 'other', value: 1 }]);
    expect(cache[CORE].core.memory?.estimates()).toMatchObject({
      reads: 302,
      hitRate: 100 * (1 - 101 / 302),
    });
  });

  const run = (maxItems: number, invalidate: (tier: MemoryTier, i: number) => void) => {
    const tier = adaptiveTier(maxItems, new TimerlessClock());
    const rank = zipf(2000, randomFrom(7));
    let hits = 0;
    for (let i = 0; i < 20_000; i++) {
      const key = `k${rank()}`;
      if (tier.find(key) === undefined) tier.put(key, i, Infinity);
      else hits++;
      invalidate(tier, i);
    }
    return { tier, hitRate: (100 * hits) / 20_000 };
  };

  it.each<[string, (tier: MemoryTier, i: number) => void]>([
    ['all keys are invalidated', (tier, i) => i % 1000 === 0 && tier.removeAll()],
    ['keys are invalidated that it does not hold', (tier, i) => tier.drop(`k${(7 * i) % 2000}`)],
  ])('hold where %s', (_, invalidate) => {
    const { tier } = run(200, invalidate);
    for (const times of [0.5, 2, 4]) {
      const { hitRate } = run(200 * times, invalidate);
      const estimate = atTimes(times, reportOf(tier).sizes).hitRate;
      expect([times, Math.abs(estimate - hitRate) < 4]).toEqual([times, true]);
    }
  });

  it('hold for values that were made before they were stored', () => {
    const after = (maxItems: number) => {
      const clock = new TimerlessClock();
      const tier = adaptiveTier(maxItems, clock);
      const rank = zipf(1000, randomFrom(7));
      let hits = 0;
      for (let i = 0; i < 40_000; i++) {
        clock.time++;
        const key = `k${rank()}`;
        const freshUntil = clock.time + 2000;
        const life = { createdAt: clock.time - 60_000, freshUntil, staleUntil: freshUntil };
        if (tier.find(key) === undefined) tier.put(key, i, life);
        else hits++;
      }
      return { tier, hitRate: (100 * hits) / 40_000 };
    };
    const { tier } = after(400);
    for (const times of [0.5, 2]) {
      const estimate = atTimes(times, reportOf(tier).sizes).hitRate;
      expect(Math.abs(estimate - after(400 * times).hitRate)).toBeLessThan(4);
    }
  });

  it('never say that a smaller store would do better', () => {
    const random = randomFrom(1);
    // Keys are read about four times in short order, and never again.
    const tier = adaptiveTier(2000, new TimerlessClock());
    let next = 0;
    const active = Array.from({ length: 200 }, () => next++);
    for (let i = 0; i < 40_000; i++) {
      const place = Math.floor(random() * active.length);
      const key = `k${active[place]}`;
      if (tier.find(key) === undefined) tier.put(key, i, Infinity);
      if (random() < 0.25) active[place] = next++;
    }
    const { hitRate, sizes } = reportOf(tier);
    const half = atTimes(0.5, sizes);
    expect(half.hitRate).toBeLessThanOrEqual(hitRate);
  });

  it('fit the sample again when larger values fill an emptied store', () => {
    const sizes = { small: 50, large: 50_000 };
    let size = sizes.small;
    const store = adaptiveTier(1e6, new TimerlessClock(), { maxBytes: 2e7, sizeOf: () => size });
    for (let i = 0; i < 20_000; i++) store.put(`small${i}`, 1, Infinity);
    store.removeAll();
    size = sizes.large;
    let hits = 0;
    for (let i = 0; i < 60_000; i++) {
      const key = `k${i % 600}`;
      if (store.find(key) === undefined) store.put(key, 1, Infinity);
      else hits++;
    }
    expect((100 * hits) / 60_000).toBeGreaterThan(60);
  });

  it('count the hits of popular keys in the share that is out of date', () => {
    const random = randomFrom(3);
    const clock = new TimerlessClock();
    const tier = adaptiveTier(500, clock);
    const until = (): number => -Math.log(1 - random()) * 8000;
    // One key in ten is read a hundred times as often as the others, and never changes.
    const changes = Array.from({ length: 400 }, (_, key) => (key < 40 ? Infinity : until()));
    const versions = changes.map(() => 0);
    for (let i = 0; i < 200_000; i++) {
      clock.time += 0.3;
      const at = random() * 4360;
      const key = at < 4000 ? Math.floor(at / 100) : 40 + Math.floor(at - 4000);
      while ((changes[key] as number) < clock.time) {
        (versions[key] as number)++;
        (changes[key] as number) += until();
      }
      if (tier.find(`k${key}`) === undefined) tier.put(`k${key}`, versions[key], 4000);
    }
    // Of the hits, those of the others are fewer than one in ten.
    expect(atTimes(2, reportOf(tier).lives).outOfDate?.percent).toBeLessThan(6);
  });

  it('are of no use, and say so, before anything has been read', () => {
    const ghosts = new Ghosts(SETTINGS[1] as Setting, false);
    ghosts.fit(1000, 1000);
    const { hitRate, sizes } = ghosts.report(0, 0);
    expect(hitRate).toBe(0);
    expect(sizes.map((one) => [one.hitRate, one.error])).toEqual(sizes.map(() => [0, 100]));
  });

  it('are not made for the sizes of a store of few entries', () => {
    for (const [entries, count] of [
      [15, 0],
      [16, 3],
    ] as const) {
      const ghosts = new Ghosts(SETTINGS[1] as Setting, false);
      ghosts.fit(entries, entries);
      expect(ghosts.report(0, 0).sizes).toHaveLength(count);
    }
  });
});

describe('a life that is no number', () => {
  it.each([NaN, -Infinity])('%p: has ended, and lets expired entries be evicted first', (life) => {
    const clock = new TimerlessClock();
    const store = new MemoryTier({ maxItems: 100, clock });
    store.put('bad', 1, life);
    for (let i = 0; i < 49; i++) store.put(`long${i}`, i, Infinity);
    for (let i = 0; i < 50; i++) store.put(`short${i}`, i, 10);
    clock.time = 1000;
    expect(store.find('bad')).toBeUndefined();
    for (let i = 0; i < 50; i++) store.put(`new${i}`, i, Infinity);
    expect(Array.from({ length: 49 }, (_, i) => store.find(`long${i}`)?.value)).not.toContain(
      undefined,
    );
  });
});
