import { Cacheable } from '@type-cacheable/core';
import { useAdapter } from '@type-cacheable/lru-cache-adapter';
import { LRUCache } from 'lru-cache';

import { TTL_SECONDS, type Rival } from './rival.js';

/** A decorator for `experimentalDecorators`, applied by hand; with a key function, since its own is slower. */
export const rival: Rival = {
  name: '@type-cacheable/core',
  hasTtl: true,
  inMemory: (entries) => {
    // Its adapter is typed for another version of lru-cache; what it calls is the same in both.
    const store = new LRUCache<string, object>({ max: entries, ttl: TTL_SECONDS * 1000 });
    const client = useAdapter(store as never);
    return {
      memoize: <T>(
        name: string,
        load: (item: T) => Promise<object>,
        keyOf: (item: T) => string,
      ) => {
        const cacheKey = ([item]: T[]): string => `${name}:${keyOf(item as T)}`;
        const descriptor = { value: load, writable: true, configurable: true };
        class Service {}
        const decorate = Cacheable({ client, cacheKey, ttlSeconds: TTL_SECONDS });
        const decorated = decorate(Service.prototype, 'find', descriptor) as typeof descriptor;
        Object.defineProperty(Service.prototype, 'find', decorated ?? descriptor);
        const service = new Service() as { find(item: T): Promise<object> };
        return (item: T) => service.find(item);
      },
    };
  },
};
