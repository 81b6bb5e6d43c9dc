import { lru } from 'tiny-lru';

import { TTL_MS, type StoreRival } from './store.js';

export const rival: StoreRival = {
  name: 'tiny-lru',
  hasTtlAndLru: true,
  make: (entries) => lru<object>(entries, TTL_MS),
};
