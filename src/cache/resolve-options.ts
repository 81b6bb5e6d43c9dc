import { systemClock } from '../base/time/clock.js';
import { DEFAULTS, LIMITS } from '../base/options/defaults.js';
import { toMilliseconds, type Duration } from '../base/time/duration.js';
import { lifeClock, type LifeClock } from '../base/time/life-clock.js';
import { ConfigurationError } from '../base/errors/errors.js';
import {
  checkOptions,
  isBoolean,
  isDuration,
  isEither,
  isFalse,
  isFunction,
  isIntegerIn,
  isName,
  isClock,
  isOneOf,
  isOptions,
  type Check,
} from '../base/options/options.js';
import { isRedisTarget } from '../base/options/redis-options.js';
import { readRedisUrl } from '../base/options/redis-url.js';
import { isTypes } from '../base/values/type-table.js';
import type { CacheStore } from '../store/adapter.js';
import type { BreakerSettings } from '../store/resilience/breaker.js';
import { RESERVED_TAGS, type Codec, type TypeCodec } from '../store/codec/codec.js';
import type { BusKind } from '../store/coordinator.js';
import { LIFE_CHECKS, LOAD_TIME_CHECKS, mergePolicy, type LoadPolicy } from './policy.js';
import type { RedisTarget } from './core/redis-target.js';
import type { BreakerOptions, CacheOptions, CompressionOptions, MemoryOptions } from './options.js';

/** @internal */
export interface ResolvedOptions {
  readonly load: LoadPolicy & { readonly ttl: number };
  readonly maxMemoryItems: number;
  readonly maxMemoryBytes: number | undefined;
  readonly memory: false | MemoryOptions;
  readonly memoryTtlMs: number | undefined;
  readonly store: CacheStore | undefined;
  /** The Redis to open for the cache: a URL, options or a client. */
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
  /** Minimum size of values to be compressed, in bytes; `undefined` for no compression. */
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

const isCompression = isEither(
  isBoolean,
  isOptions<CompressionOptions>({ threshold: isIntegerIn(1, LIMITS.valueBytes) }),
);

const isMemory = isEither(
  isFalse,
  isOptions<MemoryOptions>({
    ttl: isDuration,
    freeze: isBoolean,
    clone: isBoolean,
    sizeOf: isFunction,
    eviction: isOneOf('adaptive', 'lru'),
  }),
);

const isBreaker = isEither(
  isFalse,
  isOptions<BreakerOptions>({
    failures: isIntegerIn(1, 1_000_000),
    probeAfter: isDuration,
    maxProbeDelay: isDuration,
  }),
);

const isRedisUrl: Check = (value, option) => {
  readRedisUrl(value, option);
  return undefined;
};

const isStore: Check = (value) =>
  typeof value === 'object' && value !== null
    ? undefined
    : 'a Keyv storage adapter, a Keyv instance or a Map (a URL goes into redisUrl)';

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
    redis: isRedisTarget,
    bus: isOneOf('tracking', 'pubsub'),
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
    clock: isClock,
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
    isLocal: false,
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
    memoryTtlMs: memoryTtl === undefined ? undefined : ms(memoryTtl, 'memory.ttl'),
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
  const probeAfterMs = ms(probeAfter ?? DEFAULTS.breakerProbeAfter, 'breaker.probeAfter');
  const maxMs = ms(maxProbeDelay ?? DEFAULTS.breakerMaxProbeDelay, 'breaker.maxProbeDelay');
  return {
    failures: failures ?? DEFAULTS.breakerFailures,
    probeAfterMs,
    maxProbeDelayMs: Math.max(probeAfterMs, maxMs),
  };
}
