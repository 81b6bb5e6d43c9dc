/**
 * The Redis room: a Keyv storage adapter on ioredis.
 *
 * @packageDocumentation
 */
export { RedisStore, type RedisClient, type RedisStoreOptions } from './redis-store.js';
