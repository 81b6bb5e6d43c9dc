import { CORE, type CacheManager } from '../cache/manager.js';
import type { CacheStats } from '../cache/statistics.js';
import type { DistributionSnapshot } from '../stats/distribution.js';
import type { RequestFigures } from '../stats/request-figures.js';
import { timings } from '../stats/timing-registry.js';
import type { RequestStats, RouteStats } from './request-stats.js';

/**
 * All figures of an instance, or of several added up, as plain data. What is served is made of it,
 * and it is what instances leave for each other.
 *
 * @internal
 */
export interface Figures {
  readonly cache: CacheFigures;
  readonly requests: RequestTotals;
  readonly methods: readonly MethodFigures[];
}

/** @internal */
export type CacheFigures = Omit<CacheStats, 'methods' | 'slowCalls'>;

/**
 * As the API serves them, with durations that can be merged.
 *
 * @internal
 */
export type RequestTotals = RequestStats<DistributionSnapshot>;

/** @internal */
export type RouteFigures = RouteStats<DistributionSnapshot>;

/** @internal */
export interface MethodFigures {
  readonly name: string;
  readonly cache: MethodCacheFigures | undefined;
  readonly timing: MethodTimingFigures | undefined;
}

/** @internal */
export interface MethodCacheFigures {
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
export interface MethodTimingFigures {
  readonly calls: number;
  readonly errors: number;
  readonly inFlight: number;
  readonly slow: number;
  readonly durations: DistributionSnapshot;
}

const NO_DURATIONS: DistributionSnapshot = { count: 0, sum: 0, max: 0, buckets: [] };

/**
 * The figures of this instance, now.
 *
 * @internal
 */
export async function localFigures(
  cache: CacheManager,
  requests: RequestFigures,
): Promise<Figures> {
  const { methods: _, slowCalls: __, ...figures } = await cache.getStats();
  return { cache: figures, requests: totalsOf(requests), methods: methodsOf(cache) };
}

function totalsOf(requests: RequestFigures): RequestTotals {
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

function methodsOf(cache: CacheManager): MethodFigures[] {
  const timed = new Map<string, MethodTimingFigures>();
  for (const { name, errors, inFlight, slow, durations } of timings().all()) {
    const snapshot = durations.snapshot() ?? NO_DURATIONS;
    timed.set(name, { calls: snapshot.count, errors, inFlight, slow, durations: snapshot });
  }
  const methods: MethodFigures[] = [];
  for (const record of cache[CORE].engine.methods.values()) {
    const { name, hits, misses, stale, bypasses, loads, loadErrors, timeSavedMs } = record;
    const loadTimes = record.loadTimes.snapshot() ?? NO_DURATIONS;
    const figures = { hits, misses, stale, bypasses, loads, loadErrors, timeSavedMs, loadTimes };
    methods.push({ name, cache: figures, timing: timed.get(name) });
    timed.delete(name);
  }
  for (const [name, timing] of timed) methods.push({ name, cache: undefined, timing });
  return methods;
}
