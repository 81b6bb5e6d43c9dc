import { HTTP_LIMITS } from '../../base/options/defaults.js';
import { hitRate } from '../../stats/counters.js';
import { Distribution } from '../../stats/distribution.js';
import { addSnapshot } from '../../stats/percentiles.js';
import type {
  CacheSnapshot,
  MethodCacheSnapshot,
  MethodSnapshot,
  MethodTimingSnapshot,
  RequestSnapshot,
  RouteSnapshot,
  StatsSnapshot,
} from './stats-snapshot.js';

/** Adds up numeric fields by name, and merges one field of durations. */
class Sum<T extends object> {
  private readonly totals = new Map<string, number>();
  private readonly durations = new Distribution();

  constructor(private readonly durationsName: keyof T & string) {}

  add(counts: T): void {
    for (const [name, value] of Object.entries(counts)) {
      if (name === this.durationsName) addSnapshot(this.durations, value as never);
      else if (typeof value === 'number')
        this.totals.set(name, (this.totals.get(name) ?? 0) + value);
    }
  }

  /** The sums, under the same names. */
  get(): T {
    const all = {
      ...Object.fromEntries(this.totals),
      [this.durationsName]: this.durations.snapshot(),
    };
    return all as unknown as T;
  }
}

interface MethodSum {
  cache: Sum<MethodCacheSnapshot> | undefined;
  timing: Sum<MethodTimingSnapshot> | undefined;
}

type RouteCounts = Omit<RouteSnapshot, 'method' | 'route'>;

interface RouteSum {
  readonly method: string;
  readonly route: string;
  readonly counts: Sum<RouteCounts>;
}

/**
 * Merges the snapshots of several instances into one. They are added one at a time, so that the
 * event loop can run in between.
 *
 * @internal
 */
export class SnapshotSum {
  private readonly caches: CacheSnapshot[] = [];
  private readonly requests = new Sum<Omit<RequestSnapshot, 'recentSlow' | 'routes'>>('durations');
  private readonly methods = new Map<string, MethodSum>();
  private readonly routes = new Map<string, RouteSum>();
  private recentSlow: RequestSnapshot['recentSlow'] = [];

  /** @param own - The snapshot of this instance, from which the sum takes the settings. */
  constructor(
    private readonly own: StatsSnapshot,
    private readonly slowLogSize: number,
  ) {
    this.add(own);
  }

  add({ cache, requests, methods }: StatsSnapshot): void {
    const { recentSlow, routes, ...counts } = requests;
    this.caches.push(cache);
    this.requests.add(counts);
    for (const route of routes) this.addRoute(route);
    for (const method of methods) this.addMethod(method);
    this.recentSlow = [...this.recentSlow, ...recentSlow]
      .sort((a, b) => (a.timestamp < b.timestamp ? 1 : a.timestamp > b.timestamp ? -1 : 0))
      .slice(0, this.slowLogSize);
  }

  get(): StatsSnapshot {
    if (this.caches.length === 1) return this.own;
    return {
      cache: mergedCaches(this.caches),
      requests: {
        ...this.requests.get(),
        slowThresholdMs: this.own.requests.slowThresholdMs,
        recentSlow: this.recentSlow,
        routes: Array.from(this.routes.values(), ({ method, route, counts }) => ({
          ...{ method, route },
          ...counts.get(),
        })),
      },
      methods: Array.from(this.methods, ([name, { cache, timing }]) => ({
        name,
        cache: cache?.get(),
        timing: timing?.get(),
      })),
    };
  }

  private addRoute({ method, route, ...counts }: RouteSnapshot): void {
    const name = `${method} ${route}`;
    let sum = this.routes.get(name);
    if (sum === undefined) {
      if (this.routes.size >= HTTP_LIMITS.fleetTotalRoutes) return;
      this.routes.set(name, (sum = { method, route, counts: new Sum('durations') }));
    }
    sum.counts.add(counts);
  }

  private addMethod({ name, cache, timing }: MethodSnapshot): void {
    let sum = this.methods.get(name);
    if (sum === undefined) {
      if (this.methods.size >= HTTP_LIMITS.fleetTotalMethods) return;
      this.methods.set(name, (sum = { cache: undefined, timing: undefined }));
    }
    if (cache !== undefined) (sum.cache ??= new Sum('loadTimes')).add(cache);
    if (timing !== undefined) (sum.timing ??= new Sum('durations')).add(timing);
  }
}

function mergedCaches(all: readonly CacheSnapshot[]): CacheSnapshot {
  const own = all[0] as CacheSnapshot;
  const sums: Record<string, unknown> = { ...own };
  for (const [name, value] of Object.entries(own)) {
    if (typeof value === 'number') {
      sums[name] = sum(all, (one) => one[name as keyof CacheSnapshot] as number);
    }
  }
  const bounded = all.every(({ maxMemoryBytes }) => maxMemoryBytes !== undefined);
  const merged: CacheSnapshot = {
    ...(sums as unknown as CacheSnapshot),
    ttl: own.ttl,
    // In Redis, all instances count the same keys, at different times. In memory, each has different ones.
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

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
