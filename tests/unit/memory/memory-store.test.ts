import { MemoryStore, type EvictReason, type MemoryEntry } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

const clock = new ManualClock();
const EVICTIONS = ['adaptive', 'lru'] as const;
const forever = { createdAt: 0, freshUntil: Infinity, staleUntil: Infinity };

function life(freshMs: number, graceMs = 0) {
  const freshUntil = clock.now() + freshMs;
  return { createdAt: clock.now(), freshUntil, staleUntil: freshUntil + graceMs };
}

describe('the memory store', () => {
  it('evicts the least recently used, and says why', () => {
    const store = new MemoryStore({ maxItems: 3, clock });
    const evicted: [string, EvictReason][] = [];
    store.onEvict(({ key }, reason) => evicted.push([key, reason]));
    for (const key of ['a', 'b', 'c']) store.put(key, key, forever);
    store.find('a');
    store.put('d', 'd', forever);
    store.put('c', 'again', forever);
    store.put('e', 'e', forever);
    expect(evicted).toEqual([
      ['b', 'items'],
      ['a', 'items'],
    ]);
    expect(['a', 'b', 'c', 'd', 'e'].filter((key) => store.find(key))).toEqual(['c', 'd', 'e']);
  });

  it('an entry knows whether it is held: after replacing, dropping, evicting, emptying', () => {
    const store = new MemoryStore({ maxItems: 1, clock });
    const put = (key: string) => store.put(key, 1, forever) as MemoryEntry;
    const replaced = put('a');
    const dropped = put('a');
    expect([replaced.held, dropped.held]).toEqual([false, true]);
    expect(store.drop('a')).toBe(dropped);
    const evicted = put('b');
    const last = put('c');
    expect([dropped.held, evicted.held, last.held]).toEqual([false, false, true]);
    store.removeAll();
    expect(last.held).toBe(false);
    expect(last.slot).toBe(0);
  });

  it('takes milliseconds for a life as well', () => {
    const store = new MemoryStore({ clock });
    const entry = store.put('a', 1, 1000) as MemoryEntry;
    expect([entry.freshUntil, entry.staleUntil]).toEqual(Array(2).fill(clock.now() + 1000));
    expect(store.put('b', 2, Infinity)?.staleUntil).toBe(Infinity);
    const tagged = store.put('c', 3, 2000, ['t']) as MemoryEntry;
    expect([tagged.deadline, tagged.staleUntil, tagged.tags]).toEqual([
      clock.now() + 2000,
      clock.now() + 2000,
      ['t'],
    ]);
    clock.jump('1s');
    expect([store.find('a'), store.find('b')?.value]).toEqual([undefined, 2]);
    expect(store.removeTagged(['t'])).toBe(1);
  });

  it('notifies the index of an entry once when it removes it', () => {
    const store = new MemoryStore({ clock });
    const onRemove = jest.fn();
    const entry = store.put('a', 1, forever) as MemoryEntry;
    const index = { onRemove };
    expect(store.registerIndex(entry, index)).toBe(true);
    expect(store.countOf(index)).toBe(1);
    store.put('a', 2, forever);
    store.drop('a');
    expect(onRemove.mock.calls).toEqual([[entry]]);
    expect(store.countOf(index)).toBe(0);
    expect(store.registerIndex(entry, index)).toBe(false);
  });

  it('keeps a stale entry until its grace ends, and drops it on the way then', () => {
    const store = new MemoryStore({ clock });
    const reasons: EvictReason[] = [];
    store.onEvict((_, reason) => reasons.push(reason));
    store.put('a', 1, life(1000, 500));
    clock.jump('1499ms');
    expect(store.find('a')?.value).toBe(1);
    clock.jump('1ms');
    expect(store.find('a')).toBeUndefined();
    expect(reasons).toEqual(['expired']);
    expect(store.size).toBe(0);
  });

  it('drops by tag and by pattern, counting what had not expired', () => {
    const store = new MemoryStore({ clock });
    store.put('a:1', 1, forever, ['x', 'y', 'x']);
    store.put('a:2', 2, life(1, 10_000), ['y']);
    store.put('b:1', 3, forever);
    clock.jump('1ms');
    expect(store.removeMatching((key) => key.startsWith('a:'))).toBe(1);
    store.put('a:1', 1, forever, ['x', 'y', 'x']);
    expect(store.removeTagged(['x', 'y'])).toBe(1);
    expect(store.removeTagged(['x'])).toBe(0);
    expect(store.size).toBe(1);
  });

  it('is not affected if the caller changes the array of tags', () => {
    const store = new MemoryStore({ clock });
    const tags = ['x'];
    store.put('a', 1, forever, tags);
    tags[0] = 'y';
    store.put('a', 2, forever, ['y']);
    expect(store.removeTagged(['x'])).toBe(0);
    expect(store.find('a')?.value).toBe(2);
  });

  it.each(EVICTIONS)('holds its bound when exceeded a hundredfold, by items (%s)', (eviction) => {
    const store = new MemoryStore({ maxItems: 50, clock, eviction });
    let evicted = 0;
    store.onEvict(() => evicted++);
    let kept = 0;
    for (let i = 0; i < 5000; i++) if (store.put(`k${i}`, i, forever)?.value === i) kept++;
    expect([store.size, evicted, kept]).toEqual([50, 4950, 5000]);
  });

  it.each(EVICTIONS)('evicts what has expired before anything else (%s)', (eviction) => {
    const store = new MemoryStore({ maxItems: 100, clock, eviction });
    const reasons = new Map<EvictReason, number>();
    store.onEvict((_, reason) => reasons.set(reason, (reasons.get(reason) ?? 0) + 1));
    for (let i = 0; i < 50; i++) store.put(`kept${i}`, i, forever);
    for (let i = 0; i < 50; i++) store.put(`short${i}`, i, life(500, 100));
    clock.jump('550ms');
    // In grace, and read since the others were.
    for (let i = 0; i < 50; i++) store.find(`short${i}`);
    clock.jump('100ms');
    for (let i = 0; i < 25; i++) store.put(`new${i}`, i, forever);
    expect([...reasons]).toEqual([['expired', 25]]);
  });

  it('a check for presence is no read', async () => {
    const store = new MemoryStore({ maxItems: 2, clock, eviction: 'lru' });
    store.put('a', 1, forever);
    store.put('b', 2, forever);
    await store.has('a');
    store.peek('a');
    store.put('c', 3, forever);
    expect(store.peek('a')).toBeUndefined();
  });

  it.each(EVICTIONS)('counts bytes in and out (%s)', (eviction) => {
    const store = new MemoryStore({ maxBytes: 10_000, clock, sizeOf: () => 1000, eviction });
    for (let i = 0; i < 100; i++) store.put(`k${i % 20}`, i, forever);
    expect(store.size).toBe(7);
    expect(store.bytes).toBeGreaterThan(7000);
    expect(store.bytes).toBeLessThanOrEqual(10_000);
    store.removeAll();
    expect(store.bytes).toBe(0);
  });

  it('estimates long values as large, cycles and shared parts once', () => {
    const list: unknown[] = ['x'.repeat(100)];
    list.push(list, list[0]);
    const sizes = [1, 'x'.repeat(500), Buffer.alloc(5000), new Map([[1, 'x'.repeat(5000)]]), list];
    const measured = sizes.map((value) => {
      const store = new MemoryStore({ maxBytes: 1_000_000, clock });
      store.put('k', value, forever);
      return store.bytes;
    });
    expect(measured[0]).toBeLessThan(400);
    expect(measured[1]).toBeGreaterThan(1000);
    expect(measured[2]).toBeGreaterThan(5000);
    expect(measured[3]).toBeGreaterThan(10_000);
    expect(measured[4]).toBeLessThan(1000);
  });

  it.each([
    { maxItems: 0 },
    { maxItems: 'many' },
    { maxBytes: 0.5 },
    { sizeOf: 5 },
    { freeze: 1 },
    { eviction: 'lfu' },
    { policy: {} },
    { max: 5 },
    null,
  ])('refuses %p', (options) => {
    expect(() => new MemoryStore(options as never)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIGURATION' }) as Error,
    );
  });
});
