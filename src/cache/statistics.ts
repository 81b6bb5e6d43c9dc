import { hitRate, type CacheCounters } from '../stats/counters.js';
import type { MethodCounters, MethodStats } from '../stats/method-counters.js';
import { summaryOf } from '../stats/summary.js';
import { timings, type TimingCounters, type TimingStats } from '../stats/timing-registry.js';
import type { SlowCall } from '../stats/slow-log.js';
import { isCoordinatedStore } from '../store/coordinator.js';
import type { CacheCore } from './core/cache-core.js';

/** A cache's statistics, as plain data. */
export interface CacheStats extends CacheCounters {
  /** The `name` option. */
  readonly name: string;
  /** The configured tiers: memory only, or also Redis or another store. */
  readonly type: 'memory' | 'redis' | 'keyv';
  /**
   * Number of entries in Redis, as of the last count a few seconds ago. Without Redis, or if it does not
   * reply, the number of entries in memory.
   */
  readonly totalKeys: number;
  /** Number of entries in memory, including expired ones that are not yet removed. */
  readonly memoryKeys: number;
  /** Maximum number of entries in memory; 0 without a memory tier. */
  readonly maxSize: number;
  /** Default time to live, in seconds. */
  readonly ttl: number;
  /** Hits in all tiers. */
  readonly hits: number;
  /** Percentage of reads that were hits, with two decimals; 0 before the first read. */
  readonly hitRate: number;
  /** Estimated size of the entries in memory, in bytes; 0 unless `maxMemoryBytes` is set. */
  readonly memoryBytes: number;
  /** The `maxMemoryBytes` option, if set. */
  readonly maxMemoryBytes: number | undefined;
  /** Number of keys that are being loaded, or whose result is being stored. */
  readonly inFlight: number;
  /** Whether the processes that share the store coordinate through leases and invalidation messages. */
  readonly coordinated: boolean;
  /** Whether invalidation messages arrive. If not, but Redis replies, local copies are not served. */
  readonly listening: boolean;
  /** Number of messages about invalidations and fills sent to the other processes. */
  readonly invalidationsSent: number;
  /** Number of messages received from other processes and from the server. */
  readonly invalidationsReceived: number;
  /** State of the circuit breaker in front of the shared tier. */
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Whether the shared tier is unavailable, so that only the memory tier is used. */
  readonly degraded: boolean;
  /** Invalidations that the shared tier has not confirmed yet. */
  readonly pendingInvalidations: number;
  /** Whether the cache is on: neither disabled nor closed. */
  readonly enabled: boolean;
  /** Each cached method that has been called, and each timed method of the process. */
  readonly methods: readonly MethodReport[];
  /** The latest calls of timed methods that exceeded their threshold, newest first. */
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

/** The configured type, whether or not the store can be reached. */
function typeOf({ redis, store }: CacheCore['options']): CacheStats['type'] {
  if (redis !== undefined) return 'redis';
  if (store === undefined) return 'memory';
  return isCoordinatedStore(store) ? 'redis' : 'keyv';
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
