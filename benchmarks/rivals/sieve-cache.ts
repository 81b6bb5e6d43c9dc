import { SieveCache } from '@neophi/sieve-cache';

import type { StoreRival } from './store.js';

export const rival: StoreRival = {
  name: '@neophi/sieve-cache',
  note: 'entries do not expire; SIEVE',
  make: (entries) => new SieveCache<string, object>(entries),
};
