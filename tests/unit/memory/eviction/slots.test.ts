import { ExpiredFirst } from '../../../../src/memory/eviction/expired-first.js';
import { FrequencyHistory } from '../../../../src/memory/eviction/frequency-history.js';
import { mixed } from '../../../../src/memory/eviction/seeded-hash.js';
import { SlotHeap } from '../../../../src/memory/eviction/slot-heap.js';
import { SlotRing } from '../../../../src/memory/eviction/slot-ring.js';
import { randomFrom } from '../../../support/eviction-model.js';

describe('a heap of slots', () => {
  it('has the lowest priority on top, for random sequences of changes', () => {
    const random = randomFrom(1);
    const heap = new SlotHeap();
    const model = new Map<number, number>();
    for (let i = 0; i < 3000; i++) {
      const slot = 1 + Math.floor(100 * random());
      const priority = Math.floor(100 * random());
      if (!model.has(slot)) {
        heap.add(slot, priority);
        model.set(slot, priority);
      } else if (random() < 0.5) {
        heap.update(slot, priority);
        model.set(slot, priority);
      } else {
        heap.remove(slot);
        model.delete(slot);
      }
      expect(heap.size).toBe(model.size);
      const lowest = Math.min(...model.values());
      if (model.size > 0) expect(model.get(heap.top)).toBe(lowest);
      expect(model.size === 0 ? lowest : heap.priorityOf(heap.top)).toBe(lowest);
    }
    for (const slot of model.keys()) heap.remove(slot);
    expect(heap.top).toBe(0);
  });
});

describe('a ring of slots', () => {
  it('begins with the oldest', () => {
    const ring = new SlotRing();
    for (const slot of [3, 1, 2]) ring.append(slot);
    ring.moveToEnd(3);
    ring.moveToEnd(3);
    ring.remove(1);
    expect([ring.oldest, ring.isNewest(3)]).toEqual([2, true]);
    ring.remove(2);
    ring.remove(3);
    expect(ring.oldest).toBe(0);
  });
});

describe('a history of frequencies', () => {
  it('remembers, also after it has grown, and forgets by halves', () => {
    const history = new FrequencyHistory();
    const hashes = Array.from({ length: 10 }, (_, i) => mixed(i + 1));
    for (const [i, hash] of hashes.entries()) history.raise(hash, 4 * i);
    for (let entries = 1; entries < 10_000; entries++) history.ensure(entries);
    const before = hashes.map((hash) => history.of(hash));
    for (const [i, frequency] of before.entries()) expect(frequency).toBeGreaterThanOrEqual(4 * i);
    for (let i = 0; i < 10; i++) history.age(0.1);
    // Shares that end between two cells may leave the last one.
    const after = hashes.map((hash) => history.of(hash));
    expect(after).toEqual(before.map((frequency) => frequency >> 1));
  });

  it('raises nothing to less', () => {
    const history = new FrequencyHistory();
    history.raise(7, 9);
    history.raise(7, 3);
    expect(history.of(7)).toBe(9);
  });
});

describe('a hand over the expired', () => {
  it('finds each in a round, and nothing that lives or is gone', () => {
    const expired = new ExpiredFirst();
    const start = 1.8e12;
    for (let slot = 1; slot <= 100; slot++) {
      const end = slot % 10 === 0 ? start + 1000 : slot % 10 === 1 ? Infinity : start + 1e6;
      expired.add(slot, end);
    }
    expired.remove(50);
    const found = (now: number): Set<number> =>
      new Set(Array.from({ length: 60 }, () => expired.next(now)).filter((slot) => slot > 0));
    expect(found(start + 999)).toEqual(new Set());
    expect(found(start + 1000)).toEqual(new Set([10, 20, 30, 40, 60, 70, 80, 90, 100]));
  });
});
