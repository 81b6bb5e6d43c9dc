/**
 * The Redis room: a Keyv storage adapter on ioredis.
 *
 * @packageDocumentation
 */
export { RedisStore } from './ioredis-store.js';
export type { RedisClient, RedisStoreOptions } from './redis-store.js';
