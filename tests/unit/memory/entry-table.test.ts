import { MemoryStore, type MemoryEntry } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

import type { EntryOwner } from '../../../src/memory/entry.js';

describe('the entries of a store and their owners', () => {
  const clock = new ManualClock();
  const owner = (): EntryOwner & { released: string[] } => {
    const released: string[] = [];
    return { released, release: ({ key }) => released.push(key) };
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
    const owners = [owner(), owner(), owner()];
    const model = new Map<string, { value: number; owner?: EntryOwner }>();
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
        const claimant = owners[random(3)] as EntryOwner;
        known.owner ??= claimant;
        expect(store.claim(entry, claimant)).toBe(known.owner === claimant);
      } else if (random(500) === 0) {
        store.empty();
        model.clear();
        order.length = 0;
      }
      if (step % 100 !== 0) continue;
      expect(store.size).toBe(model.size);
      for (const one of owners) {
        const claimed = [...model.values()].filter((known) => known.owner === one);
        expect(store.countOf(one)).toBe(claimed.length);
      }
    }
  });

  it('gives an entry one owner, who is told once, and forgets owners without entries', () => {
    const store = new MemoryStore({ clock });
    const [one, other] = [owner(), owner()];
    const entry = put(store, 'a');
    expect([store.claim(entry, one), store.claim(entry, one), store.claim(entry, other)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([store.countOf(one), store.countOf(other)]).toEqual([1, 0]);
    const replacement = put(store, 'a');
    expect(store.claim(entry, one)).toBe(false);
    expect(store.claim(replacement, other)).toBe(true);
    store.empty();
    expect([one.released, other.released]).toEqual([['a'], ['a']]);
    // More than there are numbers, refused or one after the other.
    const held = put(store, 'held');
    store.claim(held, one);
    for (let i = 0; i < 70_000; i++) store.claim(held, owner());
    for (let i = 0; i < 70_000; i++) {
      const next = owner();
      if (!store.claim(put(store, 'b'), next)) throw new Error(`Owner ${i} was refused.`);
    }
  });

  it('refuses an owner when there are 65,535 others, and goes on', () => {
    const store = new MemoryStore({ maxItems: 100_000, clock });
    const claims = Array.from({ length: 65_536 }, (_, i) =>
      store.claim(put(store, `k${i}`), owner()),
    );
    expect(claims.lastIndexOf(true)).toBe(65_534);
    expect(claims.at(-1)).toBe(false);
    store.drop('k7');
    expect(store.claim(put(store, 'k7'), owner())).toBe(true);
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
