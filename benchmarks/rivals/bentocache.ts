import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';

import { REDIS_TTL_SECONDS, TTL_SECONDS, type Rival } from './rival.js';

export const rival: Rival = {
  name: 'bentocache',
  hasTtl: true,
  inMemory: (entries) => {
    // `serialize: false`: values are shared, as ours are.
    const memory = memoryDriver({ maxItems: entries, serialize: false });
    const stores = { cache: bentostore().useL1Layer(memory) };
    const cache = new BentoCache({ default: 'cache', stores, ttl: TTL_SECONDS * 1000 });
    return {
      memoize: (name, load, keyOf) => (item) =>
        cache.getOrSet({ key: `${name}:${keyOf(item)}`, factory: () => load(item) }),
      close: () => cache.disconnectAll(),
    };
  },
  inRedis: (url) => {
    const connection = new Redis(url);
    const stores = { cache: bentostore().useL2Layer(redisDriver({ connection })) };
    const cache = new BentoCache({ default: 'cache', stores, ttl: REDIS_TTL_SECONDS * 1000 });
    return {
      memoize: (name, load, keyOf) => (item) =>
        cache.getOrSet({ key: `${name}:${keyOf(item)}`, factory: () => load(item) }),
    };
  },
};
