import { createCache } from 'async-cache-dedupe';
import { Redis } from 'ioredis';

import { REDIS_TTL_SECONDS, TTL_SECONDS, type Memoize, type Rival } from './rival.js';

type AnyCache = ReturnType<typeof createCache>;

const memoizeWith =
  (cache: AnyCache): Memoize =>
  <T>(name: string, load: (item: T) => Promise<object>, keyOf: (item: T) => string) => {
    // Its own key of an object is a JSON text with sorted names, and slower than what we are given.
    const defined = cache.define(name, { serialize: keyOf }, load) as unknown as Record<
      string,
      (item: T) => Promise<object>
    >;
    const call = defined[name] as (item: T) => Promise<object>;
    return (item: T) => call(item);
  };

export const rival: Rival = {
  name: 'async-cache-dedupe',
  hasTtl: true,
  inMemory: (entries) => ({
    memoize: memoizeWith(
      createCache({ ttl: TTL_SECONDS, storage: { type: 'memory', options: { size: entries } } }),
    ),
  }),
  inRedis: (url) => {
    const client = new Redis(url);
    const cache = createCache({
      ttl: REDIS_TTL_SECONDS,
      storage: { type: 'redis', options: { client } },
    });
    return {
      memoize: memoizeWith(cache),
    };
  },
};
