/**
 * A Keyv storage adapter on ioredis, and the coordination of processes that share a Redis.
 *
 * @packageDocumentation
 */
export { RedisStore } from './ioredis-store.js';
export type { RedisClient, RedisStoreOptions } from './redis-store.js';
