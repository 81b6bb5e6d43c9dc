import { Redis, type RedisOptions } from 'ioredis';

import { RedisAdapter, type RedisClient, type RedisStoreOptions } from './redis-store.js';

/**
 * A Keyv storage adapter on ioredis. Times to live are in milliseconds, as in Keyv.
 *
 * While there is no connection, commands fail at once: they are neither queued nor sent again after a
 * reconnect. Reads in one turn of the event loop are combined into one `MGET`. Values must be strings, as
 * `Keyv` and the cache pass them.
 *
 * @example
 * ```ts
 * const store = new RedisStore('redis://localhost:6379/0');
 * const cache = new CacheManager({ store, memory: false });
 * ```
 */
export class RedisStore extends RedisAdapter {
  /**
   * @param target - A URL, or ioredis options for a client that the store opens and closes, or your own
   * ioredis client, which is used as it is and never closed.
   * @throws ConfigurationError for an invalid URL, a client with `keyPrefix`, or an unknown option.
   */
  constructor(target: string | RedisOptions | RedisClient, options: RedisStoreOptions = {}) {
    super(target, options, Redis);
  }
}
