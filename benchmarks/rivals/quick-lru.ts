import QuickLRU from 'quick-lru';

import { TTL_MS, type StoreRival } from './store.js';

export const rival: StoreRival = {
  name: 'quick-lru',
  note: 'holds up to twice as many entries',
  hasTtlAndLru: true,
  make: (entries) => new QuickLRU<string, object>({ maxSize: entries, maxAge: TTL_MS }),
  strictBound: (entries) => Math.floor(entries / 2),
};
