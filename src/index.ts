/**
 * Caching and timing decorators for services, and the cache behind them.
 *
 * @packageDocumentation
 */
// Decorators and function wrappers.
export { CacheConfig, type ClassConfigDecorator } from './decorators/cache-config.js';
export { CacheEvict } from './decorators/cache-evict.js';
export { CachePut } from './decorators/cache-put.js';
export { Cached } from './decorators/cached.js';
export {
  cacheControl,
  type CacheControl,
  type CacheInfo,
  type ControlOf,
  type MethodName,
} from './decorators/control.js';
export { cached, memoized, type Controlled } from './decorators/functions.js';
export { getCachedMethods } from './decorators/inspect.js';
export { Memoized } from './decorators/memoized.js';
export type {
  CacheConfigOptions,
  CachedOptions,
  CacheEvictOptions,
  CachePutOptions,
  MemoizedOptions,
} from './decorators/options.js';
export { METHOD_METADATA, type MethodMetadata } from './decorators/reflect/metadata.js';
export { Timed, timed, type TimedOptions } from './decorators/timed.js';
export type { MethodDecoratorOf, SyncMethodDecoratorOf } from './decorators/types/signatures.js';

// The cache behind them.
export { configureCache, getCache, invalidateCache } from './cache/default-cache.js';
export type { CacheEvents, CacheListener } from './cache/events.js';
export type { LoadTrace } from './cache/load/load-channel.js';
export type { LoadContext } from './cache/load/load-context.js';
export type { SetManyResult } from './cache/write/bulk.js';
export type { SetEntry, WarmEntry } from './cache/policy.js';
export type { Advice } from './cache/advice.js';
export { CacheManager } from './cache/manager.js';
export type {
  BreakerOptions,
  CacheOptions,
  CompressionOptions,
  MemoryOptions,
} from './cache/options.js';
export type { RedisLike, RedisSettings } from './cache/core/redis-target.js';
export type { LifeOptions, LoadOptions, LoadTimeOptions, SetOptions } from './cache/policy.js';
export type { CacheStats, MethodReport } from './cache/statistics.js';
export type { WarmOptions, WarmProgress, WarmReport } from './cache/write/warm.js';

// Durations, keys, errors, defaults and the clock.
export { systemClock, type Clock } from './base/time/clock.js';
export { DEFAULTS } from './base/options/defaults.js';
export type { Duration, DurationString } from './base/time/duration.js';
export {
  CacheError,
  CacheKeyError,
  ConfigurationError,
  isCacheError,
  LoadTimeoutError,
  SerializationError,
  StoreError,
  type CacheErrorCode,
} from './base/errors/errors.js';
export { escapePattern } from './base/keys/glob.js';
export { keyPart, pattern } from './base/keys/key.js';

// The memory tier on its own.
export type { EvictReason, MemoryEntry } from './memory/entry.js';
export { MemoryStore } from './memory/memory-store.js';
export type { GhostEstimate, GhostReport } from './memory/eviction/ghost-report.js';
export type { Eviction, MemoryStoreOptions } from './memory/options.js';
export type { SizeEstimator } from './memory/size.js';

// Statistics.
export type { LatencySummary } from './stats/summary.js';
export type { MethodStats } from './stats/method-counters.js';
export type { TimingStats } from './stats/timing-registry.js';
export type { SlowCall } from './stats/slow-log.js';

// Contracts of stores and codecs.
export type { CacheStore } from './store/adapter.js';
export type { Codec, TypeCodec } from './store/codec/codec.js';
