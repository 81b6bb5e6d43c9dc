import type { CacheStore } from '../../store/adapter.js';
import type { RedisTarget } from './redis-target.js';

/**
 * Loads `redis/`, which needs the optional package `ioredis`, and opens a store for the cache. Nothing else
 * imports that folder, so that a cache without Redis neither loads it nor mentions it in its types.
 *
 * @param target - A URL, ioredis options, or a client of the caller.
 * @returns A promise that rejects when `ioredis` is not installed.
 * @internal
 */
export async function openRedis(target: string | RedisTarget): Promise<CacheStore> {
  const { openRedisStore } = await import('../../redis/open.js');
  return (await openRedisStore(target as Parameters<typeof openRedisStore>[0])) as CacheStore;
}
