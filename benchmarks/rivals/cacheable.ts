import { Cacheable, KeyvCacheableMemory } from 'cacheable';
import { Keyv } from 'keyv';

import { TTL_SECONDS, type Rival } from './rival.js';

export const rival: Rival = {
  name: 'cacheable',
  hasTtl: true,
  inMemory: (entries) => {
    // According to its README, its own store copies nothing with `useClone` off.
    const store = new KeyvCacheableMemory({ lruSize: entries, useClone: false });
    const cache = new Cacheable({ primary: new Keyv({ store }), ttl: TTL_SECONDS * 1000 });
    return {
      memoize: (name, load, keyOf) => (item) =>
        cache.getOrSet(`${name}:${keyOf(item)}`, () => load(item)) as Promise<object>,
      close: () => cache.disconnect(),
    };
  },
};
