import { createKeyv } from '@keyv/redis';
import { createCache, type Cache } from 'cache-manager';
import { Keyv } from 'keyv';

import { REDIS_TTL_SECONDS, TTL_SECONDS, type Memoize, type Rival } from './rival.js';

const memoizeWith =
  (cache: Cache): Memoize =>
  (name, load, keyOf) =>
  (item) =>
    cache.wrap(`${name}:${keyOf(item)}`, () => load(item));

export const rival: Rival = {
  name: 'cache-manager',
  note: 'memory: unbounded',
  hasTtl: true,
  inMemory: () => {
    // Its README: without them it would make JSON of every value.
    const store = new Keyv();
    store.serialize = undefined;
    store.deserialize = undefined;
    return { memoize: memoizeWith(createCache({ stores: [store], ttl: TTL_SECONDS * 1000 })) };
  },
  inRedis: (url) => {
    const store = createKeyv(url);
    const cache = createCache({ stores: [store], ttl: REDIS_TTL_SECONDS * 1000 });
    return { memoize: memoizeWith(cache) };
  },
};
