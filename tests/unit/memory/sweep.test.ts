import { MemoryStore } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

describe('the sweep', () => {
  const setUp = (): { clock: ManualClock; store: MemoryStore; evicted: string[] } => {
    const clock = new ManualClock(0);
    const store = new MemoryStore({ clock, maxItems: 100_000 });
    const evicted: string[] = [];
    store.onEvict((entry, reason) => evicted.push(`${entry.key} ${reason} ${String(clock.now())}`));
    return { clock, store, evicted };
  };

  it('wakes when the first entry expires, and not before', async () => {
    const { clock, store, evicted } = setUp();
    store.put('hour', 1, 3_600_000);
    store.put('half', 1, 1_800_000);
    store.put('day', 1, 86_400_000);
    const set = jest.spyOn(clock, 'setTimeout');
    await clock.advance('2h');
    expect(evicted).toEqual(['half expired 1800000', 'hour expired 3600000']);
    expect(set.mock.calls.length).toBeLessThan(5);
    await clock.advance('1d');
    expect(store.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('is woken earlier by an entry that expires earlier, and once a second at most', async () => {
    const { clock, store, evicted } = setUp();
    store.put('day', 1, 86_400_000);
    const set = jest.spyOn(clock, 'setTimeout');
    for (let i = 1; i <= 400; i++) store.put(`k${String(i)}`, 1, 2000 - i);
    await clock.advance('3s');
    expect(store.size).toBe(1);
    expect(evicted).toHaveLength(400);
    expect(set.mock.calls.length).toBeLessThan(6);
  });

  it('sleeps while nothing can expire', async () => {
    const { clock, store } = setUp();
    store.put('for ever', 1, Infinity);
    expect(clock.pending).toBe(0);
    store.put('k', 1, 500);
    await clock.advance('10s');
    expect([store.size, clock.pending]).toEqual([1, 0]);
  });

  it('takes no more than a minute after the end of a life, in a large store that changes', async () => {
    const { clock, store } = setUp();
    for (let i = 0; i < 60_000; i++) store.put(`k${String(i)}`, i, 1000 + i);
    for (let second = 1; second <= 125; second++) {
      // Behind the place where the pass is.
      store.put('k0', 1, 1500);
      await clock.advance('1s');
      for (const key of ['k1', 'k30000', 'k59999']) {
        const entry = store.peek(key);
        if (entry !== undefined) expect(clock.now() - entry.staleUntil).toBeLessThan(62_000);
      }
    }
    expect(store.size).toBe(1);
    await clock.advance('63s');
    expect(store.size).toBe(0);
  });
});
