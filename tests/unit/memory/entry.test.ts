import { MemoryStore, type MemoryEntry } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

import { toTicks } from '../../../src/base/time/ticks.js';

const YEAR = 365 * 86_400_000;

describe('an entry in memory', () => {
  const put = (store: MemoryStore, now: number, lifeMs: number, graceMs = 0, tags: string[] = []) =>
    store.put(
      'a',
      1,
      { createdAt: now, freshUntil: now + lifeMs, staleUntil: now + lifeMs + graceMs },
      tags,
    ) as MemoryEntry;

  it.each([
    ['now', Date.now()],
    ['at the beginning of the epoch', 0],
    ['in a fraction of a millisecond', 1234.5],
    ['a year ago', Date.now() - YEAR],
    ['in a hundred years', Date.now() + 100 * YEAR],
    ['where its number is the mark of the dropped, about', Date.now() - 2 ** 31],
  ])('knows its times and its end: %s', (_, now) => {
    const clock = new ManualClock(now);
    const store = new MemoryStore({ clock });
    for (const lifeMs of [1, 1000, 86_400_000, YEAR, Infinity]) {
      const entry = put(store, now, lifeMs);
      expect([entry.deadline, entry.freshUntil, entry.staleUntil]).toEqual(
        Array(3).fill(now + lifeMs),
      );
      expect(entry.held).toBe(true);
      expect(entry.isReady(toTicks(now))).toBe(true);
      expect(entry.isReady(toTicks(now + lifeMs))).toBe(false);
      store.drop('a');
      expect([entry.held, entry.deadline]).toEqual([false, -1]);
      expect(entry.isReady(toTicks(now))).toBe(false);
    }
  });

  it('keeps its tags, grace and refresh-ahead window', () => {
    const store = new MemoryStore({ clock: new ManualClock() });
    const entry = store.put(
      'a',
      1,
      { createdAt: 0, freshUntil: 5e12, staleUntil: 6e12, refreshAt: 4e12 },
      ['x'],
    );
    expect(entry).toMatchObject({
      ...{ deadline: 4e12, freshUntil: 5e12, staleUntil: 6e12, tags: ['x'], size: 0, held: true },
    });
    const bounded = new MemoryStore({ clock: new ManualClock(), maxBytes: 10_000 });
    expect(put(bounded, 5e12, 1000).size).toBeGreaterThan(100);
  });
});
