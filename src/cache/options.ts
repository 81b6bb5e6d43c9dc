import type { Clock } from '../base/time/clock.js';
import type { Duration } from '../base/time/duration.js';
import type { Eviction } from '../memory/options.js';
import type { SizeEstimator } from '../memory/size.js';
import type { CacheStore } from '../store/adapter.js';
import type { Codec, TypeCodec } from '../store/codec/codec.js';
import type { RedisLike, RedisSettings } from './core/redis-target.js';
import type { LifeOptions, LoadTimeOptions } from './policy.js';

/** Options of the memory tier. */
export interface MemoryOptions {
  /**
   * Maximum time that an entry stays in memory when there is also a shared tier.
   *
   * @default the ttl of the entry
   */
  ttl?: Duration | undefined;
  /**
   * Deep-freezes plain data when it is stored, so that no reader can change a shared value. Recommended
   * during development.
   *
   * @default false
   */
  freeze?: boolean | undefined;
  /**
   * Stores a copy, and returns a new copy to every reader. This makes hits slower.
   *
   * @default false
   */
  clone?: boolean | undefined;
  /**
   * Returns the size of a value in bytes. Only called if `maxMemoryBytes` is set.
   *
   * @default an estimate of the heap memory that the value takes
   */
  sizeOf?: SizeEstimator | undefined;
  /**
   * Which entry is evicted when the tier is full: the least recently used one (`'lru'`), or the one whose
   * next miss probably costs least (`'adaptive'`).
   *
   * @default 'lru'
   */
  eviction?: Eviction | undefined;
}

/**
 * When the circuit breaker stops sending commands to a shared tier that does not reply, so that calls do
 * not wait for it.
 */
export interface BreakerOptions {
  /**
   * Number of consecutive failures, time-outs included, after which the breaker opens.
   *
   * @default 5
   */
  failures?: number | undefined;
  /**
   * Time from the opening of the breaker to the first probe.
   *
   * @default '1s'
   */
  probeAfter?: Duration | undefined;
  /**
   * Maximum delay between two probes. Each failed probe doubles the delay, up to this limit.
   *
   * @default '10s'
   */
  maxProbeDelay?: Duration | undefined;
}

/** Which values are compressed on their way to the shared tier. */
export interface CompressionOptions {
  /**
   * Minimum size of an encoded value to be compressed, in UTF-8 bytes.
   *
   * @default 2048
   */
  threshold?: number | undefined;
}

/**
 * Options of {@link CacheManager}.
 *
 * @example
 * ```ts
 * const options: CacheOptions = {
 *   redisUrl: 'redis://localhost:6379',
 *   namespace: 'shop',
 *   defaultTtl: '5m',
 *   maxMemoryItems: 10_000,
 *   grace: '1h',
 * };
 * ```
 */
export interface CacheOptions extends Omit<LifeOptions, 'ttl'>, LoadTimeOptions {
  /**
   * Time to live of entries stored without a `ttl`.
   *
   * @default 300 (seconds)
   */
  defaultTtl?: Duration | undefined;
  /**
   * Maximum number of entries in memory. `getStats()` reports it as `maxSize`.
   *
   * @default 1000
   */
  maxMemoryItems?: number | undefined;
  /**
   * Maximum estimated size of all entries in memory, in bytes.
   *
   * @default not limited: sizes are not estimated
   */
  maxMemoryBytes?: number | undefined;
  /**
   * Settings of the memory tier, or `false` for no memory tier.
   *
   * @default the defaults of {@link MemoryOptions}
   */
  memory?: false | MemoryOptions | undefined;
  /**
   * URL of a Redis that is shared with other processes: `redis://host:6379/0`, or `rediss://…` for TLS.
   * The cache opens its own client, which requires the package `ioredis`, and closes it in `close()`.
   *
   * @default none: memory only
   */
  redisUrl?: string | undefined;
  /**
   * Instead of `redisUrl`: ioredis options (`{ host, port, sentinels, … }`), or your own ioredis client
   * (`Redis` or `Cluster`), which is used as it is and never closed.
   *
   * @default none
   */
  redis?: RedisSettings | RedisLike | undefined;
  /**
   * How the memory tier learns of changes that other processes make in Redis. `tracking`: the server
   * reports every change, by any program. `pubsub`: caches notify each other, so that changes by other
   * programs go unnoticed.
   *
   * @default 'tracking', but 'pubsub' on a cluster
   */
  bus?: 'tracking' | 'pubsub' | undefined;
  /**
   * A shared tier other than `redisUrl` and `redis`: any Keyv storage adapter, a `Keyv` instance, or a
   * `Map`. It stays open when the cache is closed.
   *
   * @default none
   */
  store?: CacheStore | undefined;
  /**
   * Maximum time that a call waits for the shared tier.
   *
   * @default 0.5 (seconds)
   */
  storeTimeout?: Duration | undefined;
  /**
   * Circuit breaker settings, or `false` to disable the breaker.
   *
   * @default the defaults of {@link BreakerOptions}
   */
  breaker?: false | BreakerOptions | undefined;
  /**
   * First part of every key in the shared tier. Letters, digits, `.`, `_` and `-`.
   *
   * @default 'aurora'
   */
  namespace?: string | undefined;
  /**
   * Whether class and function names are the same in every build, so that keys which contain them can be
   * shared. Use `false` (no name is trusted) for services that are bundled or minified; `true` trusts all
   * names. If a method's keys contain a name that is not trusted, its results stay in memory and a warning
   * is emitted. A `keyPrefix` (for a function, a `name`) avoids this.
   *
   * @default trusts all names except those that a minifier or bundler may have generated: fewer than four
   * characters, or a digit, `$` or `_` at the end
   */
  trustNames?: boolean | undefined;
  /**
   * Name of the cache in statistics and metrics.
   *
   * @default 'default'
   */
  name?: string | undefined;
  /**
   * Encodes values for the shared tier.
   *
   * @default JSON that keeps types
   */
  codec?: Codec | undefined;
  /**
   * Compresses large values for the shared tier with zlib's deflate, unless the result would be larger.
   * Reading works with either setting.
   *
   * @default false
   */
  compression?: boolean | CompressionOptions | undefined;
  /**
   * Classes whose instances can be stored in the shared tier, and copied by `clone`. A subclass needs its
   * own item.
   *
   * @default none
   */
  types?: readonly TypeCodec[] | undefined;
  /**
   * Maximum size of an encoded value in the shared tier, in UTF-8 bytes before compression. A larger value
   * stays in memory; a larger one found in the shared tier is a miss.
   *
   * @default 4194304 (4 MiB)
   */
  maxValueBytes?: number | undefined;
  /**
   * Source of time.
   *
   * @default the system clock
   */
  clock?: Clock | undefined;
  /**
   * Source of random numbers for `jitter`: from 0 up to, but excluding, 1.
   *
   * @default Math.random
   */
  random?: (() => number) | undefined;
  /**
   * `false` disables the cache: nothing is stored, and every call loads. Invalidations still reach the
   * shared tier, for the other processes; the first of them opens the connection.
   *
   * @default true
   */
  enabled?: boolean | undefined;
}
