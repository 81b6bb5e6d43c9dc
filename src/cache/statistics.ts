import { hitRate, type CacheCounters } from '../stats/counters.js';
import type { MethodCounters, MethodStats } from '../stats/method-counters.js';
import { summaryOf } from '../stats/summary.js';
import { timings, type TimingCounters, type TimingStats } from '../stats/timing-registry.js';
import type { SlowCall } from '../stats/slow-log.js';
import { coordinates } from '../store/coordinator.js';
import type { CacheCore } from './core/cache-core.js';

/** A cache's statistics, as plain data. */
export interface CacheStats extends CacheCounters {
  /** The `name` option. */
  readonly name: string;
  /** The configured tiers: memory alone, or Redis or another Keyv store as well. */
  readonly type: 'memory' | 'redis' | 'keyv';
  /**
   * Entries in Redis, as counted some seconds ago; those in memory if there is no Redis or it does not
   * reply.
   */
  readonly totalKeys: number;
  /** Entries in memory that have not been dropped. */
  readonly memoryKeys: number;
  /** Most entries in memory; 0 without a memory tier. */
  readonly maxSize: number;
  /** Default life of an entry, in seconds. */
  readonly ttl: number;
  /** Hits of all tiers. */
  readonly hits: number;
  /** Hits among reads, in percent with two decimals; 0 before the first read. */
  readonly hitRate: number;
  /** Estimated bytes in memory; 0 unless `maxMemoryBytes` is set. */
  readonly memoryBytes: number;
  /** Bound of `memoryBytes`, if one is set. */
  readonly maxMemoryBytes: number | undefined;
  /** Keys being loaded or filled now. */
  readonly inFlight: number;
  /** Whether the processes that share the store coordinate: by leases and invalidation messages. */
  readonly coordinated: boolean;
  /** Whether invalidation messages arrive; if they do not while Redis replies, memory is not served. */
  readonly listening: boolean;
  /** Messages about invalidations and fills sent to the other processes. */
  readonly invalidationsSent: number;
  /** Messages received, those of the server included. */
  readonly invalidationsReceived: number;
  /** State of the circuit breaker in front of the shared tier. */
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Whether the shared tier is unavailable, so that only the memory tier serves. */
  readonly degraded: boolean;
  /** Invalidations that the shared tier has not confirmed yet. */
  readonly pendingInvalidations: number;
  /** Whether the cache is on: neither disabled nor closed. */
  readonly enabled: boolean;
  /** Every cached method that has been called, and every timed method of the process. */
  readonly methods: readonly MethodReport[];
  /** The most recent calls of timed methods that took too long, newest first. */
  readonly slowCalls: readonly SlowCall[];
}

/** Statistics of one method: its cache statistics if it is cached, its call durations if it is timed. */
export interface MethodReport {
  /** `UserService.getUser`, or the function's name. */
  readonly name: string;
  /** Present when it is cached. */
  readonly cache?: MethodStats;
  /** Present when it is timed. */
  readonly timing?: TimingStats;
}

/** @internal */
export async function statisticsOf(core: CacheCore): Promise<CacheStats> {
  const { counters, memory, options, shared } = core;
  const memoryKeys = memory?.size ?? 0;
  const isUnavailable = shared?.isUnavailable ?? true;
  const sharedKeys = isUnavailable || !core.enabled ? undefined : await shared?.count();
  const hits = counters.memoryHits + counters.sharedHits;
  return {
    name: options.name,
    type: typeOf(options),
    totalKeys: sharedKeys ?? memoryKeys,
    memoryKeys,
    maxSize: memory?.maxItems ?? 0,
    ttl: options.load.ttl / 1000,
    hits,
    hitRate: hitRate(hits, counters.misses),
    ...counters,
    memoryBytes: memory?.bytes ?? 0,
    maxMemoryBytes: options.maxMemoryBytes,
    inFlight: core.loads.size,
    coordinated: shared?.isCoordinated ?? false,
    listening: shared?.isListening ?? false,
    invalidationsSent: shared?.messages.sent ?? 0,
    invalidationsReceived: shared?.messages.received ?? 0,
    breaker: shared?.breakerState ?? 'closed',
    degraded: shared !== undefined && core.enabled && shared.isUnavailable,
    pendingInvalidations: shared?.pending ?? 0,
    enabled: core.enabled,
    methods: methodReports(core),
    slowCalls: timings().slowCalls.recent(),
  };
}

/** As configured: whether it can be reached is another matter. */
function typeOf({ redis, store }: CacheCore['options']): CacheStats['type'] {
  if (redis !== undefined) return 'redis';
  if (store === undefined) return 'memory';
  return coordinates(store) ? 'redis' : 'keyv';
}

function methodReports(core: CacheCore): MethodReport[] {
  const timed = new Map(Array.from(timings().all(), (one) => [one.name, timingStats(one)]));
  const reports: MethodReport[] = [];
  for (const counters of core.methods.values()) {
    const timing = timed.get(counters.name);
    timed.delete(counters.name);
    reports.push({
      name: counters.name,
      cache: methodStats(counters),
      ...(timing === undefined ? {} : { timing }),
    });
  }
  for (const [name, timing] of timed) reports.push({ name, timing });
  return reports;
}

/** @internal */
export function methodStats(counters: MethodCounters): MethodStats {
  const { name, hits, misses, stale, bypasses, loads, loadErrors } = counters;
  return {
    name,
    hits,
    misses,
    hitRate: hitRate(hits, misses),
    ...{ stale, bypasses, loads, loadErrors },
    loadTimes: summaryOf(counters.loadTimes.recorded),
    timeSavedMs: Math.round(counters.timeSavedMs),
  };
}

/** @internal */
export function timingStats(counters: TimingCounters): TimingStats {
  const { name, errors, inFlight, slow, slowThresholdMs } = counters;
  const durations = summaryOf(counters.durations.recorded);
  return { name, calls: durations.count, errors, inFlight, slow, slowThresholdMs, durations };
}
