import { Redis, type RedisOptions } from 'ioredis';

import { RedisAdapter, type RedisClient, type RedisStoreOptions } from './redis-store.js';

/**
 * A Keyv storage adapter on ioredis. Times to live are in milliseconds, as in Keyv.
 *
 * Commands fail at once while there is no connection; none waits in a queue, and none is sent again
 * after a reconnect. Reads of one turn of the event loop travel as one `MGET`. Values must be
 * strings, which is what `Keyv` and the cache hand over.
 *
 * @example
 * ```ts
 * const store = new RedisStore('redis://localhost:6379/0');
 * const cache = new CacheManager({ store, memory: false });
 * ```
 */
export class RedisStore extends RedisAdapter {
  /**
   * @param target - A URL, options for an ioredis client of the store's own, or a client of the
   * caller's, which is used as it is and never closed.
   * @throws ConfigurationError for a URL that cannot be read, a client with `keyPrefix`, or an
   * unknown option.
   */
  constructor(target: string | RedisOptions | RedisClient, options: RedisStoreOptions = {}) {
    super(target, options, Redis);
  }
}
