import { HTTP_LIMITS } from '../../base/options/defaults.js';
import type { DistributionSnapshot } from '../../stats/distribution.js';
import { areBuckets } from '../../stats/percentiles.js';
import type { SlowRequest } from '../../stats/request-counters.js';
import type {
  CacheSnapshot,
  MethodSnapshot,
  RouteSnapshot,
  StatsSnapshot,
} from './stats-snapshot.js';

/** Snapshots of other versions are skipped: missing numbers are better than wrong ones. */
const VERSION = 1;

const REQUEST_COUNTS = [
  'total',
  'errors',
  'aborted',
  'inFlight',
  'streams',
  'openStreams',
  'slow',
  'slowThresholdMs',
] as const;
const CACHE_COUNTS = [
  'hits',
  'misses',
  'stale',
  'bypasses',
  'loads',
  'loadErrors',
  'timeSavedMs',
] as const;
const TIMING_COUNTS = ['calls', 'errors', 'inFlight', 'slow'] as const;

/**
 * Encodes a snapshot for other instances. Routes and methods are limited to the busiest ones.
 *
 * @returns `undefined` if the text is still too long.
 * @internal
 */
export function encodeSnapshot({ cache, requests, methods }: StatsSnapshot): string | undefined {
  const busiest = [...methods].sort((a, b) => callsOf(b) - callsOf(a));
  const routes = [...requests.routes].sort((a, b) => b.durations.count - a.durations.count);
  const text = JSON.stringify({
    v: VERSION,
    cache,
    requests: {
      ...requests,
      routes: routes.slice(0, HTTP_LIMITS.fleetRoutes),
      recentSlow: requests.recentSlow.slice(0, HTTP_LIMITS.fleetSlowRequests),
    },
    methods: busiest.slice(0, HTTP_LIMITS.fleetMethods),
  });
  return text.length <= HTTP_LIMITS.fleetChars ? text : undefined;
}

/**
 * Decodes the snapshot of another instance. The text is untrusted: invalid fields become 0 or empty.
 *
 * @param own - This instance's snapshot, which defines the fields of the cache.
 * @internal
 */
export function decodeSnapshot(text: string, own: StatsSnapshot): StatsSnapshot | undefined {
  if (text.length > HTTP_LIMITS.fleetChars) return undefined;
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { v, cache, requests, methods } = fields(read);
  if (v !== VERSION) return undefined;
  const counts = fields(requests);
  return {
    cache: readCache(cache, own.cache),
    requests: {
      ...numbers(counts, REQUEST_COUNTS),
      durations: readDurations(counts['durations']),
      recentSlow: list(counts['recentSlow'], HTTP_LIMITS.fleetSlowRequests).map(readSlow),
      routes: list(counts['routes'], HTTP_LIMITS.fleetRoutes).map(readRoute),
    },
    methods: list(methods, HTTP_LIMITS.fleetMethods).map(readMethod),
  };
}

function callsOf({ cache, timing }: MethodSnapshot): number {
  return (cache === undefined ? 0 : cache.hits + cache.misses) + (timing?.calls ?? 0);
}

function readCache(read: unknown, own: CacheSnapshot): CacheSnapshot {
  const given = fields(read);
  const cache = Object.entries(own).map(([name, value]) => {
    if (typeof value === 'number') return [name, number(given[name])];
    if (typeof value === 'boolean') return [name, given[name] === true];
    return [name, value];
  });
  const { breaker, maxMemoryBytes } = given;
  return {
    ...(Object.fromEntries(cache) as CacheSnapshot),
    breaker: breaker === 'open' || breaker === 'half-open' ? breaker : 'closed',
    maxMemoryBytes: maxMemoryBytes === undefined ? undefined : number(maxMemoryBytes),
  };
}

function readSlow(read: unknown): SlowRequest {
  const { method, path, status, durationMs, timestamp } = fields(read);
  return {
    method: textOf(method, 20),
    path: textOf(path, HTTP_LIMITS.pathChars),
    status: number(status),
    durationMs: number(durationMs),
    timestamp: textOf(timestamp, 30),
  };
}

function readRoute(read: unknown): RouteSnapshot {
  const { method, route, errors, durations } = fields(read);
  return {
    method: textOf(method, 20),
    route: textOf(route, HTTP_LIMITS.routeChars),
    errors: number(errors),
    durations: readDurations(durations),
  };
}

function readMethod(read: unknown): MethodSnapshot {
  const { name, cache, timing } = fields(read);
  const cached = fields(cache);
  const timed = fields(timing);
  return {
    name: textOf(name, HTTP_LIMITS.pathChars),
    cache:
      cache === undefined
        ? undefined
        : { ...numbers(cached, CACHE_COUNTS), loadTimes: readDurations(cached['loadTimes']) },
    timing:
      timing === undefined
        ? undefined
        : { ...numbers(timed, TIMING_COUNTS), durations: readDurations(timed['durations']) },
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

function list(read: unknown, max: number): unknown[] {
  return Array.isArray(read) ? read.slice(0, max) : [];
}

function numbers<N extends string>(
  read: Readonly<Record<string, unknown>>,
  names: readonly N[],
): Record<N, number> {
  return Object.fromEntries(names.map((name) => [name, number(read[name])])) as Record<N, number>;
}

function number(read: unknown): number {
  return typeof read === 'number' && read >= 0 && read <= Number.MAX_SAFE_INTEGER ? read : 0;
}

function textOf(read: unknown, max: number): string {
  return typeof read === 'string' ? read.slice(0, max) : '';
}
