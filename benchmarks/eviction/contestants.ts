import { MemoryStore, type MemoryStoreOptions } from 'aurora-cache';

import { TTL_MS, type StoreRival } from '../rivals/store.js';

const POLICIES = ['lru', 'adaptive'] as const satisfies MemoryStoreOptions['eviction'][];

/** The store of this package under each of its policies. */
export const shippedStores: readonly StoreRival[] = POLICIES.map((eviction) => ({
  name: `MemoryStore, ${eviction}`,
  weighsCosts: eviction === 'adaptive',
  make: (maxItems) => {
    const store = new MemoryStore({ maxItems, eviction });
    return {
      get: (key) => store.find(key)?.value,
      set: (key, value) => store.put(key, value, TTL_MS),
      setWithCost: (key, value, cost) => store.put(key, value, TTL_MS, undefined, cost),
      delete: (key) => store.drop(key),
    };
  },
}));
