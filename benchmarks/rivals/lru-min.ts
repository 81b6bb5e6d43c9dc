import { createLRU } from 'lru.min';

import type { StoreRival } from './store.js';

export const rival: StoreRival = {
  name: 'lru.min',
  note: 'entries do not expire',
  make: (entries) => createLRU<string, object>({ max: entries }),
};
