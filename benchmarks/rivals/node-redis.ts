import { createClient } from 'redis';

import { REDIS_TTL_SECONDS, type Rival } from './rival.js';

export const rival: Rival = {
  name: 'node-redis get + JSON.parse',
  note: 'get and set by hand',
  inRedis: async (url) => {
    const client = createClient({ url });
    await client.connect();
    return {
      memoize:
        <T>(name: string, load: (item: T) => Promise<object>, keyOf: (item: T) => string) =>
        async (item: T) => {
          const key = `node-redis:${name}:${keyOf(item)}`;
          const known = await client.get(key);
          if (known !== null) return JSON.parse(known) as object;
          const value = await load(item);
          await client.set(key, JSON.stringify(value), {
            expiration: { type: 'EX', value: REDIS_TTL_SECONDS },
          });
          return value;
        },
    };
  },
};
