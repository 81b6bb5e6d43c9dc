import { LIMITS } from '../base/defaults.js';
import { areBuckets, type DistributionSnapshot } from '../stats/distribution.js';
import type { SlowRequest } from '../stats/request-figures.js';
import type { CacheFigures, Figures, MethodFigures, RouteFigures } from './figures.js';

/** Those of another version are not counted: better a number that is missing than one that is wrong. */
const VERSION = 1;

/**
 * Figures as an instance leaves them for the others: bounded, whatever there is to tell.
 *
 * @returns `undefined` when it is still too much.
 * @internal
 */
export function encodeFigures({ cache, requests, methods }: Figures): string | undefined {
  const busiest = [...methods].sort((a, b) => callsOf(b) - callsOf(a));
  const routes = [...requests.routes].sort((a, b) => b.durations.count - a.durations.count);
  const text = JSON.stringify({
    v: VERSION,
    cache,
    requests: {
      ...requests,
      routes: routes.slice(0, LIMITS.fleetRoutes),
      recentSlow: requests.recentSlow.slice(0, LIMITS.fleetSlowRequests),
    },
    methods: busiest.slice(0, LIMITS.fleetMethods),
  });
  return text.length <= LIMITS.fleetChars ? text : undefined;
}

/**
 * What another instance has left. Whatever is not as it should be counts as nothing: anybody may
 * have written it.
 *
 * @param own - Our own, which says what there is to read.
 * @internal
 */
export function decodeFigures(text: string, own: Figures): Figures | undefined {
  if (text.length > LIMITS.fleetChars) return undefined;
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { v, cache, requests, methods } = fields(read);
  if (v !== VERSION) return undefined;
  const figures = fields(requests);
  return {
    cache: readCache(cache, own.cache),
    requests: {
      total: number(figures['total']),
      errors: number(figures['errors']),
      aborted: number(figures['aborted']),
      inFlight: number(figures['inFlight']),
      streams: number(figures['streams']),
      openStreams: number(figures['openStreams']),
      slow: number(figures['slow']),
      slowThresholdMs: number(figures['slowThresholdMs']),
      durations: readDurations(figures['durations']),
      recentSlow: list(figures['recentSlow'], LIMITS.fleetSlowRequests).map(readSlow),
      routes: list(figures['routes'], LIMITS.fleetRoutes).map(readRoute),
    },
    methods: list(methods, LIMITS.fleetMethods).map(readMethod),
  };
}

function callsOf({ cache, timing }: MethodFigures): number {
  return (cache === undefined ? 0 : cache.hits + cache.misses) + (timing?.calls ?? 0);
}

function readCache(read: unknown, own: CacheFigures): CacheFigures {
  const given = fields(read);
  const cache = Object.entries(own).map(([name, value]) => {
    if (typeof value === 'number') return [name, number(given[name])];
    if (typeof value === 'boolean') return [name, given[name] === true];
    return [name, value];
  });
  const { breaker, maxMemoryBytes } = given;
  return {
    ...(Object.fromEntries(cache) as CacheFigures),
    breaker: breaker === 'open' || breaker === 'half-open' ? breaker : 'closed',
    maxMemoryBytes: maxMemoryBytes === undefined ? undefined : number(maxMemoryBytes),
  };
}

function readSlow(read: unknown): SlowRequest {
  const { method, path, status, durationMs, timestamp } = fields(read);
  return {
    method: textOf(method, 20),
    path: textOf(path, LIMITS.pathChars),
    status: number(status),
    durationMs: number(durationMs),
    timestamp: textOf(timestamp, 30),
  };
}

function readRoute(read: unknown): RouteFigures {
  const { method, route, errors, durations } = fields(read);
  return {
    method: textOf(method, 20),
    route: textOf(route, LIMITS.routeChars),
    errors: number(errors),
    durations: readDurations(durations),
  };
}

function readMethod(read: unknown): MethodFigures {
  const { name, cache, timing } = fields(read);
  const cached = fields(cache);
  const timed = fields(timing);
  return {
    name: textOf(name, LIMITS.pathChars),
    cache:
      cache === undefined
        ? undefined
        : {
            hits: number(cached['hits']),
            misses: number(cached['misses']),
            stale: number(cached['stale']),
            bypasses: number(cached['bypasses']),
            loads: number(cached['loads']),
            loadErrors: number(cached['loadErrors']),
            timeSavedMs: number(cached['timeSavedMs']),
            loadTimes: readDurations(cached['loadTimes']),
          },
    timing:
      timing === undefined
        ? undefined
        : {
            calls: number(timed['calls']),
            errors: number(timed['errors']),
            inFlight: number(timed['inFlight']),
            slow: number(timed['slow']),
            durations: readDurations(timed['durations']),
          },
  };
}

function readDurations(read: unknown): DistributionSnapshot {
  const { count, sum, max, buckets } = fields(read);
  const pairs = list(buckets, 2000).map(number);
  return {
    count: number(count),
    sum: number(sum),
    max: number(max),
    buckets: areBuckets(pairs) ? pairs : [],
  };
}

function fields(read: unknown): Readonly<Record<string, unknown>> {
  return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
}

function list(read: unknown, most: number): unknown[] {
  return Array.isArray(read) ? read.slice(0, most) : [];
}

function number(read: unknown): number {
  return typeof read === 'number' && read >= 0 && read <= Number.MAX_SAFE_INTEGER ? read : 0;
}

function textOf(read: unknown, most: number): string {
  return typeof read === 'string' ? read.slice(0, most) : '';
}
