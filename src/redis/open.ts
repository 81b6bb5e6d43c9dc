import type { Redis } from 'ioredis';

import { StoreError } from '../base/errors/errors.js';
import { isRedisClient } from '../base/options/redis-options.js';
import { warnOnce } from '../base/errors/warn.js';
import type { ConnectionTarget } from './connection/connection.js';
import { RedisAdapter } from './redis-store.js';

/**
 * Opens the store of a cache from a URL, ioredis options or a client. It imports ioredis dynamically, so that
 * programs without Redis run where ioredis is not installed.
 *
 * @returns A promise that rejects if a client must be created and `ioredis` is not installed.
 * @internal
 */
export async function openRedisStore(target: ConnectionTarget): Promise<RedisAdapter> {
  if (typeof target === 'object' && isRedisClient(target)) {
    return new RedisAdapter(target, {}, undefined);
  }
  return new RedisAdapter(target, {}, await loadClient());
}

async function loadClient(): Promise<typeof Redis> {
  try {
    return (await import('ioredis')).Redis;
  } catch (cause) {
    const message =
      "Redis cannot be used: the package 'ioredis' could not be loaded. Install it with npm install " +
      'ioredis; if you bundle your program, mark ioredis as external.';
    warnOnce('AURORA_NO_IOREDIS', 'ioredis', message);
    throw new StoreError('connect', message, { cause });
  }
}
