import { isRedisClient } from '../base/redis-options.js';
import { RedisAdapter, type RedisTarget } from './redis-store.js';

/**
 * Opens a store for a cache that was given a URL, options or a client. ioredis is imported here and
 * not at the top, so that a bundle that leaves it out runs where it is not installed.
 *
 * @returns A promise that rejects when a client has to be made and `ioredis` is not installed.
 * @internal
 */
export async function openRedisStore(target: RedisTarget): Promise<RedisAdapter> {
  if (typeof target === 'object' && isRedisClient(target)) {
    return new RedisAdapter(target, {}, undefined);
  }
  const { Redis } = await import('ioredis');
  return new RedisAdapter(target, {}, Redis);
}
