import { LIMITS } from '../base/defaults.js';
import { hitRate } from '../stats/counters.js';
import { Distribution, type DistributionSnapshot } from '../stats/distribution.js';
import type {
  CacheFigures,
  Figures,
  MethodCacheFigures,
  MethodFigures,
  MethodTimingFigures,
  RequestTotals,
  RouteFigures,
} from './figures.js';

/**
 * The figures of several instances as though they were one.
 *
 * @param own - Those of the instance that is asked, whose settings stand for all.
 * @internal
 */
export function merged(own: Figures, others: readonly Figures[], slowLogSize: number): Figures {
  if (others.length === 0) return own;
  const all = [own, ...others];
  return {
    cache: mergedCaches(all.map(({ cache }) => cache)),
    requests: mergedRequests(
      all.map(({ requests }) => requests),
      slowLogSize,
    ),
    methods: mergedMethods(all.flatMap(({ methods }) => methods)),
  };
}

function mergedCaches(all: readonly CacheFigures[]): CacheFigures {
  const own = all[0] as CacheFigures;
  const sums: Record<string, unknown> = { ...own };
  for (const [name, value] of Object.entries(own)) {
    if (typeof value === 'number') {
      sums[name] = sum(all, (one) => one[name as keyof CacheFigures] as number);
    }
  }
  const bounded = all.every(({ maxMemoryBytes }) => maxMemoryBytes !== undefined);
  const merged: CacheFigures = {
    ...(sums as unknown as CacheFigures),
    ttl: own.ttl,
    // They count the same keys in Redis, each at another moment; those in memory are each its own.
    totalKeys:
      own.type === 'redis'
        ? Math.max(...all.map(({ totalKeys }) => totalKeys))
        : sum(all, ({ totalKeys }) => totalKeys),
    maxMemoryBytes: bounded ? sum(all, ({ maxMemoryBytes = 0 }) => maxMemoryBytes) : undefined,
    listening: all.every(({ listening }) => listening),
    degraded: all.some(({ degraded }) => degraded),
    breaker: all.find(({ breaker }) => breaker !== 'closed')?.breaker ?? 'closed',
  };
  return { ...merged, hitRate: hitRate(merged.hits, merged.misses) };
}

function mergedRequests(all: readonly RequestTotals[], slowLogSize: number): RequestTotals {
  const routes = new Map<string, RouteFigures[]>();
  for (const route of all.flatMap((one) => one.routes)) {
    addTo(routes, `${route.method} ${route.route}`, route);
  }
  return {
    total: sum(all, ({ total }) => total),
    errors: sum(all, ({ errors }) => errors),
    aborted: sum(all, ({ aborted }) => aborted),
    inFlight: sum(all, ({ inFlight }) => inFlight),
    slow: sum(all, ({ slow }) => slow),
    slowThresholdMs: all[0]?.slowThresholdMs ?? 0,
    durations: added(all.map(({ durations }) => durations)),
    recentSlow: all
      .flatMap(({ recentSlow }) => recentSlow)
      .sort((a, b) => (a.timestamp < b.timestamp ? 1 : a.timestamp > b.timestamp ? -1 : 0))
      .slice(0, slowLogSize),
    routes: Array.from(routes.values(), (same) => ({
      method: same[0]?.method ?? '',
      route: same[0]?.route ?? '',
      errors: sum(same, ({ errors }) => errors),
      durations: added(same.map(({ durations }) => durations)),
    })).slice(0, LIMITS.routes * 8),
  };
}

function mergedMethods(all: readonly MethodFigures[]): MethodFigures[] {
  const byName = new Map<string, MethodFigures[]>();
  for (const method of all) addTo(byName, method.name, method);
  return Array.from(byName.entries(), ([name, same]) => {
    const caches = same.flatMap(({ cache }) => cache ?? []);
    const timings = same.flatMap(({ timing }) => timing ?? []);
    return {
      name,
      cache: caches.length === 0 ? undefined : mergedMethodCaches(caches),
      timing: timings.length === 0 ? undefined : mergedTimings(timings),
    };
  }).slice(0, LIMITS.methods);
}

function mergedMethodCaches(all: readonly MethodCacheFigures[]): MethodCacheFigures {
  return {
    hits: sum(all, ({ hits }) => hits),
    misses: sum(all, ({ misses }) => misses),
    stale: sum(all, ({ stale }) => stale),
    bypasses: sum(all, ({ bypasses }) => bypasses),
    loads: sum(all, ({ loads }) => loads),
    loadErrors: sum(all, ({ loadErrors }) => loadErrors),
    loadTimes: added(all.map(({ loadTimes }) => loadTimes)),
  };
}

function mergedTimings(all: readonly MethodTimingFigures[]): MethodTimingFigures {
  return {
    calls: sum(all, ({ calls }) => calls),
    errors: sum(all, ({ errors }) => errors),
    inFlight: sum(all, ({ inFlight }) => inFlight),
    slow: sum(all, ({ slow }) => slow),
    durations: added(all.map(({ durations }) => durations)),
  };
}

function added(all: readonly DistributionSnapshot[]): DistributionSnapshot {
  const [first] = all;
  if (all.length === 1 && first !== undefined) return first;
  const distribution = new Distribution();
  for (const one of all) distribution.addSnapshot(one);
  return distribution.snapshot();
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

function addTo<T>(lists: Map<string, T[]>, name: string, value: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}
