import { HTTP_LIMITS } from '../base/options/defaults.js';
import { Distribution } from './distribution.js';
import { addSnapshot } from './percentiles.js';

/** The route of requests whose own route is unknown or beyond the bound. */
const OTHER_ROUTE = 'other';

/** The possible outcomes of a request. */
export const OUTCOMES = ['aborted', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/**
 * Counters of one method and route.
 *
 * @internal
 */
export class RouteCounters {
  /** Requests with a status of 500 or more, or whose handler threw. */
  errors = 0;
  /** Number of requests by {@link OUTCOMES}. */
  readonly outcomes = OUTCOMES.map(() => 0);
  readonly durations = new Distribution();

  constructor(
    readonly method: string,
    readonly route: string,
  ) {}

  /** Adds the counters of another route. */
  add(other: RouteCounters): void {
    this.errors += other.errors;
    for (const [i, count] of other.outcomes.entries()) this.outcomes[i]! += count;
    addSnapshot(this.durations, other.durations.snapshot());
  }

  /** Counts a request that has ended. */
  end(status: number, isAborted: boolean): void {
    const hundreds = Math.min(5, Math.max(1, Math.trunc(status / 100)));
    this.outcomes[isAborted ? 0 : hundreds]! += 1;
  }
}

function total(byMethod: ReadonlyMap<string, RouteCounters>): number {
  let count = 0;
  for (const { durations } of byMethod.values()) count += durations.count;
  return count;
}

/** Other methods count as `OTHER`: clients can send any number of them. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Counters by method and route. Routes are patterns from the framework (`/users/:id`), never paths. Routes
 * beyond a bound are counted together, as `other`. A busy one replaces the least used, so that names which occur
 * only once or twice cannot keep it out.
 *
 * @internal
 */
export class RouteTable {
  /** By route, then method, so that no string is built per request. */
  private readonly routes = new Map<string, Map<string, RouteCounters>>();
  /** The counters of the last request: the next one often has the same route. */
  private last: RouteCounters | undefined = undefined;
  /** Recent number of requests of routes beyond the bound. */
  private readonly candidates = new Map<string, number>();

  countersOf(method: string, route: string | undefined): RouteCounters {
    const name = route === undefined || route === '' ? OTHER_ROUTE : route;
    const { last } = this;
    if (last?.method === method && last.route === name) return last;
    const known = this.routes.get(name)?.get(method);
    return (this.last = known ?? this.add(method, name));
  }

  /** Whether the bound is reached. */
  private get isFull(): boolean {
    return this.routes.size >= HTTP_LIMITS.routes;
  }

  *[Symbol.iterator](): Generator<RouteCounters> {
    for (const byMethod of this.routes.values()) yield* byMethod.values();
  }

  private add(method: string, route: string): RouteCounters {
    const verb = METHODS.has(method) ? method : 'OTHER';
    let name = route.slice(0, HTTP_LIMITS.routeChars);
    if (!this.routes.has(name) && this.isFull && !this.replaceLeastUsed(name)) name = OTHER_ROUTE;
    let byMethod = this.routes.get(name);
    if (byMethod === undefined)
      this.routes.set(name, (byMethod = new Map<string, RouteCounters>()));
    let counters = byMethod.get(verb);
    if (counters === undefined) byMethod.set(verb, (counters = new RouteCounters(verb, name)));
    return counters;
  }

  /** At intervals, replaces the least used route by this one if that has more requests; returns whether it did. */
  private replaceLeastUsed(name: string): boolean {
    if (name === OTHER_ROUTE) return false;
    const count = (this.candidates.get(name) ?? 0) + 1;
    // Cleared when full: routes in use are added again.
    if (this.candidates.size >= HTTP_LIMITS.routes) this.candidates.clear();
    this.candidates.set(name, count);
    // Not at each request, since it iterates over all routes.
    if (count % HTTP_LIMITS.routeRequests > 0) return false;
    const counts = Array.from(this.routes, ([route, byMethod]) => ({
      route,
      count: total(byMethod),
    }));
    const least = counts
      .filter(({ route }) => route !== OTHER_ROUTE)
      .reduce((a, b) => (b.count < a.count ? b : a));
    if (least.count >= count) return false;
    this.candidates.delete(name);
    this.mergeIntoOther(least.route);
    return true;
  }

  /** Adds the counters of a route to those of `other`, which also counts its requests from now on. */
  private mergeIntoOther(route: string): void {
    const byMethod = this.routes.get(route);
    this.routes.delete(route);
    this.last = undefined;
    for (const counters of byMethod?.values() ?? []) {
      this.add(counters.method, OTHER_ROUTE).add(counters);
    }
  }
}
