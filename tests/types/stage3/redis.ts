/*
 * Values that the option `redis` accepts, and values that must not compile. Checked by `npm run typecheck`.
 */
import { createClient } from '@keyv/redis';
import { CacheManager, type CacheOptions, type RedisLike } from 'aurora-cache';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type * as ioredis5 from 'ioredis-5';

const client: RedisLike = new Redis({ lazyConnect: true });
const cluster: RedisLike = new Cluster(['127.0.0.1:7000'], { lazyConnect: true });
declare const earlier: ioredis5.Redis | ioredis5.Cluster;
declare const options: RedisOptions;
const targets: readonly CacheOptions['redis'][] = [client, cluster, options, earlier];

export const caches = [
  ...targets.map((redis) => new CacheManager({ redis })),
  new CacheManager({ redis: new Redis() }),
  new CacheManager({ redis: { host: 'redis', port: 6379, retryStrategy: () => 100, tls: {} } }),
  new CacheManager({ redis: { name: 'primary', sentinels: [{ host: 'sentinel', port: 26379 }] } }),

  // @ts-expect-error -- a misspelt name
  new CacheManager({ redis: { hots: 'redis' } }),
  // @ts-expect-error -- a number is wanted
  new CacheManager({ redis: { db: 'first' } }),
  // @ts-expect-error -- a client of node-redis
  new CacheManager({ redis: createClient() }),
  // @ts-expect-error -- a URL goes into redisUrl
  new CacheManager({ redis: 'redis://localhost' }),
  // @ts-expect-error -- a Map
  new CacheManager({ redis: new Map() }),
];
