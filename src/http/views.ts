import { hitRate } from '../stats/counters.js';
import { bucketsOf, percentileOf, type DistributionSnapshot } from '../stats/distribution.js';
import type { SlowRequest } from '../stats/request-figures.js';
import type { CacheFigures, Figures, MethodFigures, RequestTotals } from './figures.js';

// What is served, as JSON: snake_case, durations in seconds, shares in percent.

type Json = Readonly<Record<string, unknown>>;

/** How many instances the figures are of, and whether more were asked for. */
export interface Scope {
  readonly scope: 'instance' | 'fleet';
  /** Instances that are in the figures. */
  readonly instances: number;
  /** Of a fleet: instances that left figures; `null` when the list of them could not be read. */
  readonly instances_known?: number | null;
  /** Of a fleet: whether figures of known instances are missing. */
  readonly partial?: boolean;
}

/** @internal */
export function statsView(figures: Figures, scope: Scope): Json {
  const { cache, requests, methods } = figures;
  return {
    cache: cacheFields(cache),
    requests: requestFields(requests),
    methods: methods.map(methodFields),
    ...scope,
  };
}

/** @internal */
export function cacheView({ cache }: Figures, scope: Scope): Json {
  return { ...cacheFields(cache), ...scope };
}

/** @internal */
export function slowRequestsView({ requests }: Figures, scope: Scope): Json {
  const { recentSlow, slow, slowThresholdMs } = requests;
  return {
    slow_requests: recentSlow.map(slowFields),
    count: recentSlow.length,
    total_count: slow,
    threshold: seconds(slowThresholdMs),
    ...scope,
  };
}

/** @internal */
export function metricsView({ cache, requests }: Figures, scope: Scope): Json {
  const { total, errors, inFlight, slow, durations } = requests;
  const { type, totalKeys, hitRate: rate, hits, misses, degraded } = cache;
  return {
    cache: { type, total_keys: totalKeys, hit_rate: rate, hits, misses, degraded },
    requests: {
      total,
      average_time: averageOf(durations),
      slow_count: slow,
      errors,
      in_flight: inFlight,
      ...percentiles(durations),
    },
    ...scope,
  };
}

/** @internal */
export function methodsView({ methods }: Figures, scope: Scope): Json {
  return { methods: methods.map(methodFields), count: methods.length, ...scope };
}

function cacheFields(cache: CacheFigures): Json {
  const fields = Object.entries(cache).map(([name, value]) => [snakeCase(name), value ?? null]);
  return Object.fromEntries(fields) as Json;
}

function requestFields(requests: RequestTotals): Json {
  const { total, errors, aborted, inFlight, slow, slowThresholdMs, durations } = requests;
  return {
    total_requests: total,
    total_time: seconds(durations.sum),
    average_time: averageOf(durations),
    slow_requests_count: slow,
    slow_request_threshold: seconds(slowThresholdMs),
    recent_slow_requests: requests.recentSlow.map(slowFields),
    errors,
    aborted,
    in_flight: inFlight,
    streams: requests.streams,
    open_streams: requests.openStreams,
    ...percentiles(durations),
    // Of what lies between two answers, the page makes percentiles of its own.
    duration_buckets: bucketsOf(durations).map(([ms, count]) => [seconds(ms), count]),
    routes: requests.routes.map((one) => ({
      method: one.method,
      route: one.route,
      count: one.durations.count,
      errors: one.errors,
      total_time: seconds(one.durations.sum),
      average_time: averageOf(one.durations),
      ...percentiles(one.durations),
    })),
  };
}

function slowFields({ method, path, status, durationMs, timestamp }: SlowRequest): Json {
  return { method, path, status, duration: seconds(durationMs), timestamp };
}

function methodFields({ name, cache, timing }: MethodFigures): Json {
  const hits = cache?.hits ?? 0;
  const misses = cache?.misses ?? 0;
  const bypasses = cache?.bypasses ?? 0;
  const loads = cache?.loadTimes;
  return {
    name,
    calls: cache === undefined ? (timing?.calls ?? 0) : hits + misses + bypasses,
    hits,
    misses,
    hit_rate: hitRate(hits, misses),
    stale: cache?.stale ?? 0,
    bypasses,
    loads: cache?.loads ?? 0,
    errors: cache === undefined ? (timing?.errors ?? 0) : cache.loadErrors,
    time_saved: seconds(cache?.timeSavedMs ?? 0),
    load_times: loads === undefined ? null : timesOf(loads),
    call_times: timing === undefined ? null : timesOf(timing.durations),
    in_flight: timing?.inFlight ?? 0,
    slow_calls: timing?.slow ?? 0,
  };
}

function timesOf(durations: DistributionSnapshot): Json {
  return { count: durations.count, average: averageOf(durations), ...percentiles(durations) };
}

function percentiles(snapshot: DistributionSnapshot): Json {
  return {
    p50: seconds(percentileOf(snapshot, 50)),
    p90: seconds(percentileOf(snapshot, 90)),
    p99: seconds(percentileOf(snapshot, 99)),
    max: seconds(snapshot.max),
  };
}

function averageOf({ count, sum }: DistributionSnapshot): number {
  return count === 0 ? 0 : seconds(sum / count);
}

/** Seconds of milliseconds, to the microsecond. */
function seconds(ms: number): number {
  return Math.round(ms * 1000) / 1_000_000;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
