import type { Clock } from '../base/clock.js';
import type { Duration } from '../base/duration.js';
import type { Eviction } from '../memory/options.js';
import type { SizeEstimator } from '../memory/size.js';
import type { CacheStore } from '../store/adapter.js';
import type { Codec, TypeCodec } from '../store/codec/codec.js';
import type { RedisLike, RedisSettings } from './core/redis-target.js';
import type { LifeOptions, LoadTimeOptions } from './policy.js';

/** Options of the memory tier. */
export interface MemoryOptions {
  /**
   * Longest life in memory where there is a shared tier too.
   *
   * @default the entry's own ttl
   */
  ttl?: Duration | undefined;
  /**
   * Deep-freezes plain data as it is stored; recommended while developing.
   *
   * @default false
   */
  freeze?: boolean | undefined;
  /**
   * Gives every reader its own copy, at the cost of copying.
   *
   * @default false
   */
  clone?: boolean | undefined;
  /**
   * Replaces the estimate of a value's bytes, which `maxMemoryBytes` needs.
   *
   * @default an estimate of the heap that the value takes
   */
  sizeOf?: SizeEstimator | undefined;
  /**
   * Which entry is evicted when the tier is full: the one that was used least recently (`'lru'`), or
   * the one whose next miss probably costs least (`'adaptive'`).
   *
   * @default 'lru'
   */
  eviction?: Eviction | undefined;
}

/**
 * When the circuit breaker stops sending commands to a shared tier that does not reply, so that no
 * call waits for it.
 */
export interface BreakerOptions {
  /**
   * Failures and time-outs in a row after which the breaker opens.
   *
   * @default 5
   */
  failures?: number | undefined;
  /**
   * How long until the first probe.
   *
   * @default '1s'
   */
  probeAfter?: Duration | undefined;
  /**
   * Each failed probe doubles the delay of the next one, up to this.
   *
   * @default '10s'
   */
  maxProbeDelay?: Duration | undefined;
}

/** Which values are compressed on their way to the shared tier. */
export interface CompressionOptions {
  /**
   * UTF-8 bytes of an encoded value from which compression is tried.
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
   * Life of entries whose writer names none.
   *
   * @default 300 (seconds)
   */
  defaultTtl?: Duration | undefined;
  /**
   * Most entries in memory. `getStats()` reports it as `maxSize`.
   *
   * @default 1000
   */
  maxMemoryItems?: number | undefined;
  /**
   * Most estimated bytes in memory.
   *
   * @default none: bytes are not counted
   */
  maxMemoryBytes?: number | undefined;
  /**
   * The memory tier, or `false` for none.
   *
   * @default a tier with the defaults of {@link MemoryOptions}
   */
  memory?: false | MemoryOptions | undefined;
  /**
   * A Redis that is shared with other processes: `redis://host:6379/0`, or `rediss://…` for TLS. The
   * cache opens its own client, which needs the package `ioredis`, and closes it when it is closed.
   *
   * @default none: memory alone
   */
  redisUrl?: string | undefined;
  /**
   * The same by options of ioredis (`{ host, port, sentinels, … }`), or as an ioredis client
   * (`Redis` or `Cluster`) of the caller's, which is used as it is and never closed.
   *
   * @default none
   */
  redis?: RedisSettings | RedisLike | undefined;
  /**
   * How the memory tier learns what other processes write to Redis. `tracking`: the server reports
   * every change by any program. `pubsub`: caches notify each other, which misses what other programs
   * write.
   *
   * @default 'tracking', but 'pubsub' on a cluster
   */
  bus?: 'tracking' | 'pubsub' | undefined;
  /**
   * A shared tier: any Keyv storage adapter, a `Keyv` instance, or a `Map`. It is the caller's, and
   * is not closed with the cache.
   *
   * @default none
   */
  store?: CacheStore | undefined;
  /**
   * How long a call may wait for the shared tier.
   *
   * @default 0.5 (seconds)
   */
  storeTimeout?: Duration | undefined;
  /**
   * When the shared tier is not used for a while, or `false` for always.
   *
   * @default the defaults of {@link BreakerOptions}
   */
  breaker?: false | BreakerOptions | undefined;
  /**
   * First part of every key in the shared tier: letters, digits, `.`, `_`, `-`.
   *
   * @default 'aurora'
   */
  namespace?: string | undefined;
  /**
   * Whether class and function names are the same in every build, so that keys which contain them
   * may be shared. `false`: none is; the choice for services that are bundled or minified. `true`:
   * all are. The results of a method whose keys need a name that is not trusted stay in memory, with a
   * warning; a `keyPrefix` (for a function: `name`) avoids it.
   *
   * @default all but names that a minifier or bundler may have made: fewer than four characters, or a
   * digit, `$` or `_` at the end
   */
  trustNames?: boolean | undefined;
  /**
   * Name of the cache in statistics and metrics.
   *
   * @default 'default'
   */
  name?: string | undefined;
  /**
   * How values become text for the shared tier.
   *
   * @default JSON, in a notation that keeps types
   */
  codec?: Codec | undefined;
  /**
   * Compresses large values for the shared tier, with zlib's deflate, unless the result is larger.
   * Compressed values are read with either setting.
   *
   * @default false
   */
  compression?: boolean | CompressionOptions | undefined;
  /**
   * Classes whose instances may be stored in the shared tier, and copied by `clone`. Instances of
   * their subclasses may not, unless the subclass is named as well.
   *
   * @default none
   */
  types?: readonly TypeCodec[] | undefined;
  /**
   * UTF-8 bytes of an encoded value, before compression, that the shared tier takes. A larger value
   * stays in memory, and one that is found in the shared tier is a miss.
   *
   * @default 4194304 (4 MiB)
   */
  maxValueBytes?: number | undefined;
  /**
   * Where time comes from.
   *
   * @default the machine's clock
   */
  clock?: Clock | undefined;
  /**
   * Where the random numbers (0 up to 1) for `jitter` come from.
   *
   * @default Math.random
   */
  random?: (() => number) | undefined;
  /**
   * `false` turns the cache off: nothing is stored, every call loads. Invalidations still reach the
   * shared tier, where other processes read; the cache connects for the first of them.
   *
   * @default true
   */
  enabled?: boolean | undefined;
}
