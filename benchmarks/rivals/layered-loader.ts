import { Redis } from 'ioredis';
import { Loader, RedisCache } from 'layered-loader';

import { REDIS_TTL_SECONDS, TTL_SECONDS, type Rival } from './rival.js';

/** Its README: `lru-map` for string keys; a loader per function, which makes the key of its item. */
export const rival: Rival = {
  name: 'layered-loader',
  hasTtl: true,
  inMemory: (entries) => ({
    memoize: <T>(_: string, load: (item: T) => Promise<object>, keyOf: (item: T) => string) => {
      const loader = new Loader<object, T>({
        inMemoryCache: { cacheType: 'lru-map', ttlInMsecs: TTL_SECONDS * 1000, maxItems: entries },
        cacheKeyFromLoadParamsResolver: keyOf,
        dataSourceGetOneFn: load,
      });
      return (item: T) => loader.get(item) as Promise<object>;
    },
  }),
  inRedis: (url) => {
    const client = new Redis(url);
    return {
      memoize: <T>(
        name: string,
        load: (item: T) => Promise<object>,
        keyOf: (item: T) => string,
      ) => {
        const loader = new Loader<object, T>({
          asyncCache: new RedisCache<object>(client, {
            json: true,
            prefix: `layered:${name}`,
            ttlInMsecs: REDIS_TTL_SECONDS * 1000,
          }),
          cacheKeyFromLoadParamsResolver: keyOf,
          dataSourceGetOneFn: load,
        });
        return (item: T) => loader.get(item) as Promise<object>;
      },
    };
  },
};
