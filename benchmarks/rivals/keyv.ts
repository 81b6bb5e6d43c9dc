import { createKeyv } from '@keyv/redis';

import { REDIS_TTL_SECONDS, type Rival } from './rival.js';

/** Cache-aside by hand: it has no get-or-compute, and shares no load. */
export const rival: Rival = {
  name: 'Keyv + @keyv/redis',
  note: 'get and set by hand',
  inRedis: (url) => {
    const store = createKeyv(url);
    return {
      memoize:
        <T>(name: string, load: (item: T) => Promise<object>, keyOf: (item: T) => string) =>
        async (item: T) => {
          const key = `${name}:${keyOf(item)}`;
          const known = await store.get<object>(key);
          if (known !== undefined) return known;
          const value = await load(item);
          await store.set(key, value, REDIS_TTL_SECONDS * 1000);
          return value;
        },
    };
  },
};
