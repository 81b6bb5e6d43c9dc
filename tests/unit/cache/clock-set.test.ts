import { cached, CacheManager, MemoryStore, memoized } from 'aurora-cache';
import { FaultStore, ManualClock } from 'aurora-cache/testing';

const HOUR = 3_600_000;

const numbers = (): (() => Promise<number>) => {
  let loads = 0;
  return () => Promise.resolve(++loads);
};

describe.each([
  ['back by an hour', -HOUR],
  ['forward by an hour', HOUR],
])('a clock that is set %s', (_, step) => {
  let clock: ManualClock;
  const set = (): void => {
    clock.setWall(clock.now() + step);
  };

  beforeEach(() => {
    clock = new ManualClock();
  });

  it('leaves lives in memory as they are', async () => {
    const cache = new CacheManager({ clock });
    const load = numbers();
    const get = cached(load, { name: 'get', cache, ttl: 1 });
    const square = memoized((id: number) => ({ id }), { name: 'square', cache, ttl: 1 });
    await get();
    const first = square(2);
    await cache.set('k', 'v', { ttl: 1 });
    set();
    await clock.advance('900ms');
    expect([await get(), square(2), await cache.get('k')]).toEqual([1, first, 'v']);
    await clock.advance('101ms');
    expect([await get(), await cache.get('k')]).toEqual([2, undefined]);
    expect(square(2)).not.toBe(first);
  });

  it('leaves grace, refresh-ahead and the sweep as they are', async () => {
    const cache = new CacheManager({ clock, grace: '10s' });
    const load = numbers();
    const options = { ttl: 10, refreshAhead: 0.8 };
    await cache.getOrSet('ahead', load, options);
    await cache.getOrSet('old', numbers(), { ttl: 1 });
    set();
    await clock.advance('9s');
    await cache.getOrSet('ahead', load, options);
    await clock.advance(0);
    expect(await cache.getOrSet('ahead', load, options)).toBe(2);
    const fails = (): never => {
      throw new Error('source');
    };
    expect(await cache.getOrSet('old', fails)).toBe(1);
    await clock.advance('3s');
    await expect(cache.getOrSet('old', fails)).rejects.toThrow('source');
    await clock.advance('1m');
    expect((await cache.getStats()).memoryKeys).toBe(0);
  });

  it('leaves the lives of a MemoryStore as they are', async () => {
    const store = new MemoryStore({ clock });
    await store.set('k', 1, 1000);
    set();
    await clock.advance('999ms');
    expect(await store.get('k')).toBe(1);
    await clock.advance('1ms');
    expect(await store.get('k')).toBeUndefined();
  });

  it('prolongs nothing in a store that knows the time of day alone', async () => {
    const store = new FaultStore();
    const cache = new CacheManager({ clock, store, memory: false });
    const other = new CacheManager({ clock, store, memory: false });
    await cache.set('k', 'v', { ttl: 10 });
    await cache.set('tagged', 'v', { ttl: 10, tags: ['t'] });
    set();
    // Earlier entries count as created in the future, or as expired.
    expect(await cache.get('k')).toBeUndefined();
    expect(await other.get('k')).toBeUndefined();
    await cache.set('k', 'new', { ttl: 10 });
    const later = new CacheManager({ clock, store, memory: false });
    expect([await cache.get('k'), await other.get('k'), await later.get('k')]).toEqual([
      'new',
      'new',
      'new',
    ]);
    await clock.advance('10s');
    expect([await cache.get('k'), await other.get('k'), await later.get('k')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('revives nothing that a tag has invalidated', async () => {
    const store = new FaultStore();
    const cache = new CacheManager({ clock, store, memory: false });
    await cache.set('k', 'v', { ttl: '2h', tags: ['t'] });
    await clock.advance('1s');
    await cache.invalidateTags('t');
    for (let i = 0; i < 5; i++) {
      clock.setWall(clock.now() + step / 120);
      await clock.advance('10s');
      expect(await cache.get('k')).toBeUndefined();
    }
  });
});

describe('an entry of a store without a clock', () => {
  it.each([
    ['less than a minute in the future', 59_000, 'v'],
    ['more than a minute in the future', 61_000, undefined],
  ])('that was made %s, by a host whose clock is ahead', async (_, ahead, wanted) => {
    const store = new FaultStore();
    const [clock, theirs] = [new ManualClock(), new ManualClock()];
    theirs.setWall(theirs.now() + ahead);
    const writer = new CacheManager({ clock: theirs, store });
    await writer.set('k', 'v', { ttl: '1h' });
    await writer.set('started later', 'v', { ttl: '1h' });
    const reader = new CacheManager({ clock, store });
    expect(await reader.get('k')).toBe(wanted);
  });
});

describe('a clock of the user', () => {
  it('that has no steady time decides by the time of day, as ever', async () => {
    let time = 1_000_000;
    const manual = new ManualClock();
    const clock = {
      now: () => time,
      monotonic: () => 0,
      setTimeout: (callback: () => void, ms: number) => manual.setTimeout(callback, ms),
      clearTimeout: (timer: unknown) => {
        manual.clearTimeout(timer);
      },
    };
    const cache = new CacheManager({ clock });
    await cache.set('k', 'v', { ttl: 10 });
    time += 9999;
    expect(await cache.get('k')).toBe('v');
    time += 1;
    expect(await cache.get('k')).toBeUndefined();
  });
});

describe('ManualClock.setWall', () => {
  it('moves the wall clock, and neither time nor timers', async () => {
    const clock = new ManualClock(1000);
    const fired: number[] = [];
    clock.setTimeout(() => fired.push(clock.monotonic()), 50);
    clock.setWall(new Date(500));
    expect([clock.now(), clock.steady(), clock.monotonic()]).toEqual([500, 1000, 0]);
    await clock.advance('49ms');
    expect([clock.now(), fired]).toEqual([549, []]);
    clock.setWall(10_000);
    await clock.advance('1ms');
    expect([clock.now(), clock.monotonic(), fired]).toEqual([10_001, 50, [50]]);
  });
});
