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

  /** Counts a request that has ended. */
  end(status: number, isAborted: boolean): void {
    const hundreds = Math.min(5, Math.max(1, Math.trunc(status / 100)));
    this.endings[isAborted ? 0 : hundreds]! += 1;
  }
}

/** What is not among them is `OTHER`: clients can make up any number. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Figures by method and route. Routes are patterns (`/users/:id`), which frameworks know, never
 * paths; beyond a bound of them, all others are counted together.
 *
 * @internal
 */
export class RouteTable {
  /** By route and then method: no text is put together per request. */
  private readonly routes = new Map<string, Map<string, RouteRecord>>();
  /** The one of the last request: often the next one's too. */
  private last: RouteRecord | undefined = undefined;

  record(method: string, route: string | undefined): RouteRecord {
    const name = route === undefined || route === '' ? OTHER_ROUTE : route;
    const { last } = this;
    if (last?.method === method && last.route === name) return last;
    const known = this.routes.get(name)?.get(method);
    return (this.last = known ?? this.added(method, name));
  }

  *[Symbol.iterator](): Generator<RouteRecord> {
    for (const records of this.routes.values()) yield* records.values();
  }

  private added(method: string, route: string): RouteRecord {
    const verb = METHODS.has(method) ? method : 'OTHER';
    let name = route.slice(0, LIMITS.routeChars);
    if (!this.routes.has(name) && this.routes.size >= LIMITS.routes) name = OTHER_ROUTE;
    let records = this.routes.get(name);
    if (records === undefined) this.routes.set(name, (records = new Map<string, RouteRecord>()));
    let record = records.get(verb);
    if (record === undefined) records.set(verb, (record = new RouteRecord(verb, name)));
    return record;
  }
}
