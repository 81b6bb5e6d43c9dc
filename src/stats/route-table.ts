import { LIMITS } from '../base/defaults.js';
import { Distribution } from './distribution.js';

/** The name under which requests are counted whose route is not known, or is one too many. */
const OTHER_ROUTE = 'other';

/** How requests end. */
export const ENDINGS = ['aborted', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/**
 * Requests of one method and route.
 *
 * @internal
 */
export class RouteRecord {
  /** Those that were answered with a status of 500 or more, or not at all since something threw. */
  errors = 0;
  /** How many ended in which of {@link ENDINGS}. */
  readonly endings = ENDINGS.map(() => 0);
  readonly durations = new Distribution();

  constructor(
    readonly method: string,
    readonly route: string,
  ) {}

  /** Adds the requests of another. */
  add(other: RouteRecord): void {
    this.errors += other.errors;
    for (const [i, count] of other.endings.entries()) this.endings[i]! += count;
    this.durations.add(other.durations);
  }

  /** Counts a request that has ended. */
  end(status: number, isAborted: boolean): void {
    const hundreds = Math.min(5, Math.max(1, Math.trunc(status / 100)));
    this.endings[isAborted ? 0 : hundreds]! += 1;
  }
}

function total(records: ReadonlyMap<string, RouteRecord>): number {
  let count = 0;
  for (const { durations } of records.values()) count += durations.count;
  return count;
}

/** All others count as `OTHER`: clients can make up any number of methods. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Figures by method and route. Routes are patterns (`/users/:id`), which frameworks know, never
 * paths; beyond a bound of them, all others are counted together. A route that is used takes the
 * place of one that is hardly used, so that names which occur once or twice cannot keep it out.
 *
 * @internal
 */
export class RouteTable {
  /** By route and then method: no text is put together per request. */
  private readonly routes = new Map<string, Map<string, RouteRecord>>();
  /** The one of the last request: often the next one's too. */
  private last: RouteRecord | undefined = undefined;
  /** Requests of routes for which there was no place, as far as they are remembered. */
  private readonly waiting = new Map<string, number>();

  record(method: string, route: string | undefined): RouteRecord {
    const name = route === undefined || route === '' ? OTHER_ROUTE : route;
    const { last } = this;
    if (last?.method === method && last.route === name) return last;
    const known = this.routes.get(name)?.get(method);
    return (this.last = known ?? this.added(method, name));
  }

  /** Whether there is no place for further routes. */
  private get isFull(): boolean {
    return this.routes.size >= LIMITS.routes;
  }

  *[Symbol.iterator](): Generator<RouteRecord> {
    for (const records of this.routes.values()) yield* records.values();
  }

  private added(method: string, route: string): RouteRecord {
    const verb = METHODS.has(method) ? method : 'OTHER';
    let name = route.slice(0, LIMITS.routeChars);
    if (!this.routes.has(name) && this.isFull && !this.makesRoom(name)) name = OTHER_ROUTE;
    let records = this.routes.get(name);
    if (records === undefined) this.routes.set(name, (records = new Map<string, RouteRecord>()));
    let record = records.get(verb);
    if (record === undefined) records.set(verb, (record = new RouteRecord(verb, name)));
    return record;
  }

  /** Once a route has had so many requests, and again after as many, the least used with fewer gives way. */
  private makesRoom(name: string): boolean {
    if (name === OTHER_ROUTE) return false;
    const count = (this.waiting.get(name) ?? 0) + 1;
    // Forgotten all at once when there are too many: what is used comes back.
    if (this.waiting.size >= LIMITS.routes) this.waiting.clear();
    this.waiting.set(name, count);
    // Not at each request: it looks at all routes.
    if (count % LIMITS.routeRequests > 0) return false;
    const counts = Array.from(this.routes, ([route, records]) => ({
      route,
      count: total(records),
    }));
    const least = counts
      .filter(({ route }) => route !== OTHER_ROUTE)
      .reduce((a, b) => (b.count < a.count ? b : a));
    if (least.count >= count) return false;
    this.waiting.delete(name);
    this.giveUp(least.route);
    return true;
  }

  /** From now on, the requests of a route count as those of others. */
  private giveUp(route: string): void {
    const records = this.routes.get(route);
    this.routes.delete(route);
    this.last = undefined;
    for (const record of records?.values() ?? []) {
      this.added(record.method, OTHER_ROUTE).add(record);
    }
  }
}
