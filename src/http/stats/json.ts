import { hitRate } from '../../stats/counters.js';
import type { DistributionSnapshot } from '../../stats/distribution.js';
import { bucketsOf, percentileOf } from '../../stats/percentiles.js';
import type { SlowRequest } from '../../stats/request-counters.js';
import type {
  CacheSnapshot,
  MethodSnapshot,
  RequestSnapshot,
  StatsSnapshot,
} from './stats-snapshot.js';

// The JSON bodies: snake_case, durations in seconds, rates in percent.

type Json = Readonly<Record<string, unknown>>;

/** Which instances the statistics cover. */
export interface Scope {
  readonly scope: 'instance' | 'fleet';
  /** Number of instances in the sum. */
  readonly instances: number;
  /** Fleet only: instances that published statistics; `null` if their list could not be read. */
  readonly instances_known?: number | null;
  /** Fleet only: whether the statistics of a known instance are missing. */
  readonly partial?: boolean;
}

/** @internal */
export function statsJson(snapshot: StatsSnapshot, scope: Scope): Json {
  const { cache, requests, methods } = snapshot;
  return {
    cache: cacheFields(cache),
    requests: requestFields(requests),
    methods: methods.map(methodFields),
    ...scope,
  };
}

/** @internal */
export function cacheJson({ cache }: StatsSnapshot, scope: Scope): Json {
  return { ...cacheFields(cache), ...scope };
}

/** @internal */
export function slowRequestsJson({ requests }: StatsSnapshot, scope: Scope): Json {
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
export function metricsJson({ cache, requests }: StatsSnapshot, scope: Scope): Json {
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
export function methodsJson({ methods }: StatsSnapshot, scope: Scope): Json {
  return { methods: methods.map(methodFields), count: methods.length, ...scope };
}

function cacheFields(cache: CacheSnapshot): Json {
  const fields = Object.entries(cache).map(([name, value]) => [snakeCase(name), value ?? null]);
  return Object.fromEntries(fields) as Json;
}

function requestFields(requests: RequestSnapshot): Json {
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
    // The page computes percentiles of an interval from the difference of two responses.
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

function methodFields({ name, cache, timing }: MethodSnapshot): Json {
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

/** Milliseconds to seconds, rounded to the microsecond. */
function seconds(ms: number): number {
  return Math.round(ms * 1000) / 1_000_000;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
