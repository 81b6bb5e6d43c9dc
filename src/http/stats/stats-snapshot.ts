import { CORE, type CacheManager } from '../../cache/manager.js';
import type { CacheStats } from '../../cache/statistics.js';
import type { DistributionSnapshot } from '../../stats/distribution.js';
import type { RequestCounters } from '../../stats/request-counters.js';
import { timings } from '../../stats/timing-registry.js';
import type { RequestStats, RouteStats } from './request-stats.js';

/**
 * All statistics of one instance, or the sum of several, as plain data. Every JSON response is built from it,
 * and instances publish it for each other.
 *
 * @internal
 */
export interface StatsSnapshot {
  readonly cache: CacheSnapshot;
  readonly requests: RequestSnapshot;
  readonly methods: readonly MethodSnapshot[];
}

/** @internal */
export type CacheSnapshot = Omit<CacheStats, 'methods' | 'slowCalls'>;

/**
 * Like `RequestStats`, but with durations that can be merged.
 *
 * @internal
 */
export type RequestSnapshot = RequestStats<DistributionSnapshot>;

/** @internal */
export type RouteSnapshot = RouteStats<DistributionSnapshot>;

/** @internal */
export interface MethodSnapshot {
  readonly name: string;
  readonly cache: MethodCacheSnapshot | undefined;
  readonly timing: MethodTimingSnapshot | undefined;
}

/** @internal */
export interface MethodCacheSnapshot {
  readonly hits: number;
  readonly misses: number;
  readonly stale: number;
  readonly bypasses: number;
  readonly loads: number;
  readonly loadErrors: number;
  readonly timeSavedMs: number;
  readonly loadTimes: DistributionSnapshot;
}

/** @internal */
export interface MethodTimingSnapshot {
  readonly calls: number;
  readonly errors: number;
  readonly inFlight: number;
  readonly slow: number;
  readonly durations: DistributionSnapshot;
}

const NO_DURATIONS: DistributionSnapshot = { count: 0, sum: 0, max: 0, buckets: [] };

/**
 * The statistics of this instance as of now.
 *
 * @internal
 */
export async function takeSnapshot(
  cache: CacheManager,
  requests: RequestCounters,
): Promise<StatsSnapshot> {
  const { methods: _, slowCalls: __, ...counters } = await cache.getStats();
  return { cache: counters, requests: requestsOf(requests), methods: methodsOf(cache) };
}

function requestsOf(requests: RequestCounters): RequestSnapshot {
  const { total, errors, aborted, inFlight, slow, slowThresholdMs } = requests;
  const { streams, openStreams } = requests;
  return {
    ...{ total, errors, aborted, inFlight, slow: slow.total, slowThresholdMs },
    ...{ streams, openStreams },
    durations: requests.durations().snapshot(),
    recentSlow: slow.recent(),
    routes: Array.from(requests.routes, ({ method, route, errors, durations }) => ({
      ...{ method, route, errors },
      durations: durations.snapshot(),
    })),
  };
}

function methodsOf(cache: CacheManager): MethodSnapshot[] {
  const timed = new Map<string, MethodTimingSnapshot>();
  for (const { name, errors, inFlight, slow, durations } of timings().all()) {
    const snapshot = durations.snapshot() ?? NO_DURATIONS;
    timed.set(name, { calls: snapshot.count, errors, inFlight, slow, durations: snapshot });
  }
  const methods: MethodSnapshot[] = [];
  for (const counters of cache[CORE].core.methods.values()) {
    const { name, hits, misses, stale, bypasses, loads, loadErrors, timeSavedMs } = counters;
    const loadTimes = counters.loadTimes.snapshot() ?? NO_DURATIONS;
    const counts = { hits, misses, stale, bypasses, loads, loadErrors, timeSavedMs, loadTimes };
    methods.push({ name, cache: counts, timing: timed.get(name) });
    timed.delete(name);
  }
  for (const [name, timing] of timed) methods.push({ name, cache: undefined, timing });
  return methods;
}
