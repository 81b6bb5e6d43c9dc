import { LIMITS } from '../base/defaults.js';
import { hitRate } from '../stats/counters.js';
import { Distribution } from '../stats/distribution.js';
import type {
  CacheFigures,
  Figures,
  MethodCacheFigures,
  MethodFigures,
  MethodTimingFigures,
  RequestTotals,
  RouteFigures,
} from './figures.js';

/** Numbers that are added up by their names, and the durations beside them. */
class Sum<T extends object> {
  private readonly totals = new Map<string, number>();
  private readonly durations = new Distribution();

  constructor(private readonly durationsName: keyof T & string) {}

  add(figures: T): void {
    for (const [name, value] of Object.entries(figures)) {
      if (name === this.durationsName) this.durations.addSnapshot(value as never);
      else if (typeof value === 'number')
        this.totals.set(name, (this.totals.get(name) ?? 0) + value);
    }
  }

  /** What was added, under the same names. */
  get(): T {
    const all = {
      ...Object.fromEntries(this.totals),
      [this.durationsName]: this.durations.snapshot(),
    };
    return all as unknown as T;
  }
}

interface MethodSum {
  cache: Sum<MethodCacheFigures> | undefined;
  timing: Sum<MethodTimingFigures> | undefined;
}

type RouteCounts = Omit<RouteFigures, 'method' | 'route'>;

interface RouteSum {
  readonly method: string;
  readonly route: string;
  readonly counts: Sum<RouteCounts>;
}

/**
 * The figures of several instances as though they were one. Instances are added one at a time, so
 * that the event loop can turn between them.
 *
 * @internal
 */
export class FleetSum {
  private readonly caches: CacheFigures[] = [];
  private readonly requests = new Sum<Omit<RequestTotals, 'recentSlow' | 'routes'>>('durations');
  private readonly methods = new Map<string, MethodSum>();
  private readonly routes = new Map<string, RouteSum>();
  private recentSlow: RequestTotals['recentSlow'] = [];

  /** @param own - The figures of the instance that is asked, whose settings stand for all. */
  constructor(
    private readonly own: Figures,
    private readonly slowLogSize: number,
  ) {
    this.add(own);
  }

  add({ cache, requests, methods }: Figures): void {
    const { recentSlow, routes, ...counts } = requests;
    this.caches.push(cache);
    this.requests.add(counts);
    for (const route of routes) this.addRoute(route);
    for (const method of methods) this.addMethod(method);
    this.recentSlow = [...this.recentSlow, ...recentSlow]
      .sort((a, b) => (a.timestamp < b.timestamp ? 1 : a.timestamp > b.timestamp ? -1 : 0))
      .slice(0, this.slowLogSize);
  }

  get(): Figures {
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

  private addRoute({ method, route, ...counts }: RouteFigures): void {
    const name = `${method} ${route}`;
    let sum = this.routes.get(name);
    if (sum === undefined) {
      if (this.routes.size >= LIMITS.fleetTotalRoutes) return;
      this.routes.set(name, (sum = { method, route, counts: new Sum('durations') }));
    }
    sum.counts.add(counts);
  }

  private addMethod({ name, cache, timing }: MethodFigures): void {
    let sum = this.methods.get(name);
    if (sum === undefined) {
      if (this.methods.size >= LIMITS.fleetTotalMethods) return;
      this.methods.set(name, (sum = { cache: undefined, timing: undefined }));
    }
    if (cache !== undefined) (sum.cache ??= new Sum('loadTimes')).add(cache);
    if (timing !== undefined) (sum.timing ??= new Sum('durations')).add(timing);
  }
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

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
