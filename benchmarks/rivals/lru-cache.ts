import { LRUCache } from 'lru-cache';

import { TTL_MS, type StoreRival } from './store.js';

export const rival: StoreRival = {
  name: 'lru-cache',
  note: 'reads the clock once in a millisecond',
  hasTtlAndLru: true,
  make: (entries) => new LRUCache<string, object>({ max: entries, ttl: TTL_MS }),
};
