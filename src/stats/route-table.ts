import { HTTP_LIMITS } from '../base/defaults.js';
import { Distribution } from './distribution.js';
import { addSnapshot } from './percentiles.js';

/** The name for requests whose route is unknown or beyond the bound. */
const OTHER_ROUTE = 'other';

/** Outcomes of requests. */
export const ENDINGS = ['aborted', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/**
 * Counters of one method and route.
 *
 * @internal
 */
export class RouteCounters {
  /** Requests with a status of 500 or more, or whose handler threw. */
  errors = 0;
  /** Number of requests by {@link ENDINGS}. */
  readonly endings = ENDINGS.map(() => 0);
  readonly durations = new Distribution();

  constructor(
    readonly method: string,
    readonly route: string,
  ) {}

  /** Adds the counters of another route. */
  add(other: RouteCounters): void {
    this.errors += other.errors;
    for (const [i, count] of other.endings.entries()) this.endings[i]! += count;
    addSnapshot(this.durations, other.durations.snapshot());
  }

  /** Counts a request that has ended. */
  end(status: number, isAborted: boolean): void {
    const hundreds = Math.min(5, Math.max(1, Math.trunc(status / 100)));
    this.endings[isAborted ? 0 : hundreds]! += 1;
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
 * Counters by method and route. Routes are patterns from the framework (`/users/:id`), never paths.
 * Beyond a bound, further routes are counted together. A busy route replaces one with few requests, so
 * that names which occur only once or twice cannot keep it out.
 *
 * @internal
 */
export class RouteTable {
  /** By route, then method, so that no string is built per request. */
  private readonly routes = new Map<string, Map<string, RouteCounters>>();
  /** The counters of the last request, which often match the next one. */
  private last: RouteCounters | undefined = undefined;
  /** Recent number of requests by route, for routes beyond the bound. */
  private readonly waiting = new Map<string, number>();

  countersOf(method: string, route: string | undefined): RouteCounters {
    const name = route === undefined || route === '' ? OTHER_ROUTE : route;
    const { last } = this;
    if (last?.method === method && last.route === name) return last;
    const known = this.routes.get(name)?.get(method);
    return (this.last = known ?? this.added(method, name));
  }

  /** Whether the bound is reached. */
  private get isFull(): boolean {
    return this.routes.size >= HTTP_LIMITS.routes;
  }

  *[Symbol.iterator](): Generator<RouteCounters> {
    for (const byMethod of this.routes.values()) yield* byMethod.values();
  }

  private added(method: string, route: string): RouteCounters {
    const verb = METHODS.has(method) ? method : 'OTHER';
    let name = route.slice(0, HTTP_LIMITS.routeChars);
    if (!this.routes.has(name) && this.isFull && !this.makesRoom(name)) name = OTHER_ROUTE;
    let byMethod = this.routes.get(name);
    if (byMethod === undefined)
      this.routes.set(name, (byMethod = new Map<string, RouteCounters>()));
    let counters = byMethod.get(verb);
    if (counters === undefined) byMethod.set(verb, (counters = new RouteCounters(verb, name)));
    return counters;
  }

  /** At intervals, replaces the least used route if it has fewer requests than this one. */
  private makesRoom(name: string): boolean {
    if (name === OTHER_ROUTE) return false;
    const count = (this.waiting.get(name) ?? 0) + 1;
    // Cleared when full: routes in use are added again.
    if (this.waiting.size >= HTTP_LIMITS.routes) this.waiting.clear();
    this.waiting.set(name, count);
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
    this.waiting.delete(name);
    this.giveUp(least.route);
    return true;
  }

  /** Adds the counters of a route to `other`, and its requests from now on. */
  private giveUp(route: string): void {
    const byMethod = this.routes.get(route);
    this.routes.delete(route);
    this.last = undefined;
    for (const counters of byMethod?.values() ?? []) {
      this.added(counters.method, OTHER_ROUTE).add(counters);
    }
  }
}
