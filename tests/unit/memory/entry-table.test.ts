import { MemoryStore, type MemoryEntry } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

import type { EntryIndex } from '../../../src/memory/entry.js';

describe('the entries of a store and their indexes', () => {
  const clock = new ManualClock();
  const index = (): EntryIndex & { released: string[] } => {
    const released: string[] = [];
    return { released, onRemove: ({ key }) => released.push(key) };
  };
  const put = (store: MemoryStore, key: string): MemoryEntry =>
    store.put(key, key, Infinity) as MemoryEntry;

  it('keeps every entry under its key, and their order, while places are left and taken again', () => {
    let seed = Number(process.env['SEED'] ?? 20261123);
    console.info(`seed ${seed}`);
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    const store = new MemoryStore({ maxItems: 50, clock });
    const indexes = [index(), index(), index()];
    const model = new Map<string, { value: number; index?: EntryIndex }>();
    const order: string[] = [];
    const leave = (key: string): void => {
      model.delete(key);
      order.splice(order.indexOf(key), 1);
    };
    for (let step = 0; step < 20_000; step++) {
      const key = `k${random(80)}`;
      const kind = random(10);
      if (kind < 5) {
        if (model.has(key)) leave(key);
        else if (model.size === 50) leave(order[0] as string);
        store.put(key, step, Infinity);
        model.set(key, { value: step });
        order.push(key);
      } else if (kind < 7) {
        const dropped = store.drop(key);
        expect(dropped?.value).toBe(model.get(key)?.value);
        if (model.has(key)) leave(key);
        // A holder of a removed entry may still touch it.
        if (dropped !== undefined) store.touch(dropped);
      } else if (kind < 9) {
        const entry = store.find(key);
        expect(entry?.value).toBe(model.get(key)?.value);
        const known = model.get(key);
        if (entry === undefined || known === undefined) continue;
        store.touch(entry);
        order.push(...order.splice(order.indexOf(key), 1));
        const claimant = indexes[random(3)] as EntryIndex;
        known.index ??= claimant;
        expect(store.registerIndex(entry, claimant)).toBe(known.index === claimant);
      } else if (random(500) === 0) {
        store.removeAll();
        model.clear();
        order.length = 0;
      }
      if (step % 100 !== 0) continue;
      expect(store.size).toBe(model.size);
      for (const one of indexes) {
        const claimed = [...model.values()].filter((known) => known.index === one);
        expect(store.countOf(one)).toBe(claimed.length);
      }
    }
  });

  it('registers one index for an entry, notifies it once, and forgets indexes without entries', () => {
    const store = new MemoryStore({ clock });
    const [one, other] = [index(), index()];
    const entry = put(store, 'a');
    expect([
      store.registerIndex(entry, one),
      store.registerIndex(entry, one),
      store.registerIndex(entry, other),
    ]).toEqual([true, true, false]);
    expect([store.countOf(one), store.countOf(other)]).toEqual([1, 0]);
    const replacement = put(store, 'a');
    expect(store.registerIndex(entry, one)).toBe(false);
    expect(store.registerIndex(replacement, other)).toBe(true);
    store.removeAll();
    expect([one.released, other.released]).toEqual([['a'], ['a']]);
    // More than there are numbers, refused or one after the other.
    const held = put(store, 'held');
    store.registerIndex(held, one);
    for (let i = 0; i < 70_000; i++) store.registerIndex(held, index());
    for (let i = 0; i < 70_000; i++) {
      const next = index();
      if (!store.registerIndex(put(store, 'b'), next)) throw new Error(`Owner ${i} was refused.`);
    }
  });

  it('refuses an index when there are 65,535 others, and goes on', () => {
    const store = new MemoryStore({ maxItems: 100_000, clock });
    const claims = Array.from({ length: 65_536 }, (_, i) =>
      store.registerIndex(put(store, `k${i}`), index()),
    );
    expect(claims.lastIndexOf(true)).toBe(65_534);
    expect(claims.at(-1)).toBe(false);
    store.drop('k7');
    expect(store.registerIndex(put(store, 'k7'), index())).toBe(true);
  });

  it('sweeps what has expired, wherever it has its place', async () => {
    const store = new MemoryStore({ maxItems: 100_000, clock });
    for (let i = 0; i < 40_000; i++) store.put(`k${i}`, i, i % 2 === 0 ? 1000 : Infinity);
    for (let i = 0; i < 10_000; i++) store.drop(`k${i}`);
    for (let i = 0; i < 5000; i++) store.put(`late ${i}`, i, 1000);
    await clock.advance('63s');
    expect(store.size).toBe(15_000);
    await store.disconnect();
    expect(store.size).toBe(0);
  });
});
