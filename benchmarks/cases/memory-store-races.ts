/** The memory stores and their races. */
import { MemoryStore, type Eviction } from 'aurora-cache';

import type { Race, Races } from '../harness/afresh.js';
import { synchronous } from '../harness/loops.js';
import { storeRivals } from '../harness/rivals.js';
import type { BenchOptions } from '../harness/report.js';
import type { Contestant } from '../harness/rounds.js';
import { TTL_MS, type Store, type StoreRival } from '../rivals/store.js';
import { zipf } from './zipf.js';

export const ENTRIES = 10_000;
export const KEYS = 10 * ENTRIES;
const STREAM = 200_000;

function ours(name: string, eviction: Eviction): StoreRival {
  return {
    name,
    make: (maxItems): Store => {
      const store = new MemoryStore({ maxItems, eviction });
      return {
        get: (key) => store.find(key)?.value,
        set: (key, value) => store.put(key, value, TTL_MS),
        delete: (key) => store.drop(key),
      };
    },
  };
}

/** Not in the races: two policies in one process would slow both, and a service has one. */
export const adaptiveStore = ours('MemoryStore, adaptive', 'adaptive');

/** Our store, and a Map as the lower bound, which neither expires nor evicts. */
export const stores: readonly StoreRival[] = [
  {
    name: 'Map',
    note: 'neither bounded nor expiring; it evicts what was put in first, where it must',
    make: (entries) => {
      const map = new Map<string, object>();
      return {
        get: (key) => map.get(key),
        set: (key, value) => {
          map.set(key, value);
          if (map.size > entries) map.delete(map.keys().next().value as string);
        },
        delete: (key) => map.delete(key),
      };
    },
  },
  ours('MemoryStore', 'lru'),
];

const keys = Array.from({ length: KEYS }, (_, i) => `user:${i}:UserService.getUser`);
const held = shuffled(keys.slice(0, ENTRIES));
const value = { id: 7, name: 'Ada Lovelace' };

/** One table each. */
export const races: Races = {
  get: (bench) =>
    each(bench, (store) => {
      for (const key of held) store.set(key, value);
      return synchronous(held, (key) => store.get(key));
    }),
  set: (bench) => each(bench, (store) => synchronous(keys, (key) => store.set(key, value))),
  mixed: (bench) => {
    const stream = zipf(bench.quick ? 1000 : STREAM, keys.length).map((i) => keys[i] as string);
    return each(bench, (store) =>
      synchronous(stream, (key) => store.get(key) ?? store.set(key, value)),
    );
  },
  removal: (bench) =>
    each(bench, (store) => {
      // With other entries present: some stores have a fast path for the last one.
      for (const key of keys.slice(ENTRIES, (3 / 2) * ENTRIES)) store.set(key, value);
      return synchronous(held, (key) => {
        store.set(key, value);
        return store.delete(key);
      });
    }),
};

async function each(bench: BenchOptions, run: (store: Store) => Contestant['run']): Promise<Race> {
  const all = [...stores, ...(bench.rivals ? await storeRivals() : [])];
  return {
    contestants: all.map(({ name, make }) => ({ name, run: run(make(ENTRIES)) })),
    rounds: { least: bench.quick ? 1 : ENTRIES },
  };
}

/** In an order that is unrelated to the layout of the memory. */
function shuffled<T>(items: readonly T[]): T[] {
  const mixed = [...items];
  let seed = 42;
  for (let i = mixed.length - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    const j = seed % (i + 1);
    [mixed[i], mixed[j]] = [mixed[j] as T, mixed[i] as T];
  }
  return mixed;
}
