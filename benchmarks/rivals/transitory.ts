import { newCache } from 'transitory';

import type { StoreRival } from './store.js';

export const rival: StoreRival = {
  name: 'transitory',
  note: 'entries do not expire; W-TinyLFU; holds up to 1 % (at least 4) more entries',
  make: (entries) => {
    const cache = newCache<string, object>().maxSize(entries).build();
    return {
      get: (key) => cache.getIfPresent(key) ?? undefined,
      set: (key, value) => cache.set(key, value),
      delete: (key) => cache.delete(key),
      // It removes entries in batches, the last of them five seconds after the last call.
      close: () => cache.clear(),
    };
  },
  strictBound: (entries) => entries - Math.max(Math.floor(entries / 100), 5) + 1,
};
