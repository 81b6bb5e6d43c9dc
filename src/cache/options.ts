import { systemClock, type Clock } from '../base/clock.js';
import { DEFAULTS, LIMITS } from '../base/defaults.js';
import { toMilliseconds, type Duration } from '../base/duration.js';
import { lifeClock, type LifeClock } from '../base/life-clock.js';
import { ConfigurationError } from '../base/errors.js';
import {
  checkOptions,
  isBoolean,
  isDuration,
  isFunction,
  isIntegerIn,
  isName,
  isObject,
  isOneOf,
  type Check,
} from '../base/options.js';
import { redisTargetProblem } from '../base/redis-options.js';
import { redisUrlProblem } from '../base/redis-url.js';
import { isTypes } from '../base/type-table.js';
import type { Eviction } from '../memory/options.js';
import type { SizeEstimator } from '../memory/size.js';
import type { CacheStore } from '../store/adapter.js';
import type { BreakerSettings } from '../store/breaker.js';
import { RESERVED_TAGS, type Codec, type TypeCodec } from '../store/codec.js';
import type { BusKind } from '../store/coordinator.js';
import {
  LIFE_CHECKS,
  LOAD_TIME_CHECKS,
  mergePolicy,
  type LifeOptions,
  type LoadPolicy,
  type LoadTimeOptions,
} from './policy.js';
import type { RedisLike, RedisSettings, RedisTarget } from './core/redis-target.js';

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
   * Gives every reader a copy of its own, at the cost of copying.
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
   * cache opens a client of its own, which needs the package `ioredis`, and closes it with itself.
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

/** @internal */
export interface ResolvedOptions {
  readonly load: LoadPolicy & { readonly ttl: number };
  readonly maxMemoryItems: number;
  readonly maxMemoryBytes: number | undefined;
  readonly memory: false | MemoryOptions;
  readonly memoryTtlMs: number | undefined;
  readonly store: CacheStore | undefined;
  /** A Redis of the cache's own to open: URL, options or client. */
  readonly redis: string | RedisTarget | undefined;
  readonly bus: BusKind | undefined;
  readonly storeTimeoutMs: number;
  readonly breaker: BreakerSettings | undefined;
  readonly namespace: string;
  /** Whether the user chose the namespace. */
  readonly hasNamespace: boolean;
  readonly trustNames: boolean | undefined;
  readonly name: string;
  readonly codec: Codec | undefined;
  readonly types: readonly TypeCodec[];
  readonly maxValueBytes: number;
  /** Bytes from which values are compressed; `undefined`: none is. */
  readonly compressFrom: number | undefined;
  readonly clock: LifeClock;
  readonly random: () => number;
  readonly enabled: boolean;
}

/** @internal */
export const isNamespace: Check = (value) =>
  typeof value === 'string' && /^[A-Za-z0-9._-]{1,100}$/.test(value)
    ? undefined
    : '1 to 100 letters, digits, dots, underscores or hyphens';

const isCodec: Check = (value) => {
  const codec = value as Partial<Codec> | null;
  return typeof codec?.encode === 'function' &&
    typeof codec.decode === 'function' &&
    typeof codec.tag === 'string' &&
    codec.tag.length === 1 &&
    !RESERVED_TAGS.includes(codec.tag)
    ? undefined
    : 'an object with encode, decode and a tag of one character other than j, m, r, t and z';
};

const isCompression: Check = (value, option) => {
  if (typeof value === 'boolean') return undefined;
  if (typeof value !== 'object' || value === null) return 'true, false or { threshold }';
  checkOptions(option, value as CompressionOptions, {
    threshold: isIntegerIn(1, LIMITS.valueBytes),
  });
  return undefined;
};

const isMemory: Check = (value, option) => {
  if (value === false) return undefined;
  checkOptions(option, value as MemoryOptions, {
    ttl: isDuration,
    freeze: isBoolean,
    clone: isBoolean,
    sizeOf: isFunction,
    eviction: isOneOf('adaptive', 'lru'),
  });
  return undefined;
};

const isBreaker: Check = (value, option) => {
  if (value === false) return undefined;
  checkOptions(option, value as BreakerOptions, {
    failures: isIntegerIn(1, 1_000_000),
    probeAfter: isDuration,
    maxProbeDelay: isDuration,
  });
  return undefined;
};

const isRedisUrl: Check = (value, option) => {
  // The value may hold a password, and must not be described.
  const problem =
    typeof value === 'string' ? redisUrlProblem(value) : 'must be a URL: redis://host:6379/0.';
  if (problem !== undefined) throw new ConfigurationError(`${option}: ${problem}`);
  return undefined;
};

const isRedis: Check = (value, option) => {
  // The options may hold a password, and must not be described.
  const problem = redisTargetProblem(value, option);
  if (problem !== undefined) throw new ConfigurationError(problem);
  return undefined;
};

const isStore: Check = (value) =>
  typeof value === 'object' && value !== null
    ? undefined
    : 'a Keyv storage adapter, a Keyv instance or a Map (a URL goes into redisUrl)';

const isBus: Check = (value) =>
  value === 'tracking' || value === 'pubsub' ? undefined : "'tracking' or 'pubsub'";

/**
 * Checks a cache's options and fills in the defaults.
 *
 * @throws ConfigurationError for an unknown option or a bad value.
 * @internal
 */
export function resolveOptions(options: CacheOptions): ResolvedOptions {
  const { ttl: _, ...lifeChecks } = LIFE_CHECKS;
  checkOptions('CacheManager', options, {
    ...lifeChecks,
    ...LOAD_TIME_CHECKS,
    defaultTtl: isDuration,
    maxMemoryItems: isIntegerIn(1, LIMITS.memoryItems),
    maxMemoryBytes: isIntegerIn(1, Number.MAX_SAFE_INTEGER),
    memory: isMemory,
    redisUrl: isRedisUrl,
    redis: isRedis,
    bus: isBus,
    store: isStore,
    storeTimeout: isDuration,
    breaker: isBreaker,
    namespace: isNamespace,
    trustNames: isBoolean,
    name: isName,
    codec: isCodec,
    types: isTypes,
    maxValueBytes: isIntegerIn(1024, LIMITS.valueBytes),
    compression: isCompression,
    clock: isObject,
    random: isFunction,
    enabled: isBoolean,
  });
  const tiers = (['redisUrl', 'redis', 'store'] as const).filter(
    (name) => options[name] !== undefined,
  );
  if (tiers.length > 1) {
    throw new ConfigurationError(
      `CacheManager: ${tiers.join(' and ')} cannot be used together: there is one shared tier.`,
    );
  }
  const ms = (value: Duration, name: string): number =>
    toMilliseconds(value, `CacheManager: ${name}`);
  const ttl = ms(options.defaultTtl ?? DEFAULTS.ttl, 'defaultTtl');
  const none: LoadPolicy = {
    ttl,
    graceMs: 0,
    jitter: DEFAULTS.jitter,
    refresh: undefined,
    softMs: undefined,
    hardMs: undefined,
    leaseMs: ms(DEFAULTS.lease, 'lease'),
    tags: [],
    unless: undefined,
    isPrivate: false,
  };
  const memory = options.memory ?? {};
  const memoryTtl = memory === false ? undefined : memory.ttl;
  const { grace, jitter, refreshAhead, softTimeout, hardTimeout, lease } = options;
  const load = { grace, jitter, refreshAhead, softTimeout, hardTimeout, lease };
  return Object.freeze({
    load: { ...mergePolicy(none, load, 'CacheManager'), ttl },
    maxMemoryItems: options.maxMemoryItems ?? DEFAULTS.maxMemoryItems,
    maxMemoryBytes: options.maxMemoryBytes,
    memory,
    memoryTtlMs: memoryTtl === undefined ? undefined : ms(memoryTtl, 'memory: ttl'),
    store: options.store,
    redis: options.redisUrl ?? options.redis,
    bus: options.bus,
    storeTimeoutMs: ms(options.storeTimeout ?? DEFAULTS.storeTimeout, 'storeTimeout'),
    breaker: toBreaker(options.breaker, ms),
    namespace: options.namespace ?? DEFAULTS.namespace,
    hasNamespace: options.namespace !== undefined,
    trustNames: options.trustNames,
    name: options.name ?? DEFAULTS.name,
    codec: options.codec,
    types: options.types ?? [],
    maxValueBytes: options.maxValueBytes ?? DEFAULTS.maxValueBytes,
    compressFrom: toThreshold(options.compression),
    clock: lifeClock(options.clock ?? systemClock),
    random: options.random ?? Math.random,
    enabled: options.enabled ?? true,
  });
}

function toThreshold(option: boolean | CompressionOptions = false): number | undefined {
  if (option === false) return undefined;
  return (option === true ? undefined : option.threshold) ?? DEFAULTS.compressionThreshold;
}

function toBreaker(
  option: false | BreakerOptions | undefined,
  ms: (value: Duration, name: string) => number,
): BreakerSettings | undefined {
  if (option === false) return undefined;
  const { failures, probeAfter, maxProbeDelay } = option ?? {};
  const probeAfterMs = ms(probeAfter ?? DEFAULTS.breakerProbeAfter, 'breaker: probeAfter');
  const most = ms(maxProbeDelay ?? DEFAULTS.breakerMaxProbeDelay, 'breaker: maxProbeDelay');
  return {
    failures: failures ?? DEFAULTS.breakerFailures,
    probeAfterMs,
    maxProbeDelayMs: Math.max(probeAfterMs, most),
  };
}
