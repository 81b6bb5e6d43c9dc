/** What the page takes from `GET stats`; the server's names. */
export interface Stats {
  readonly instances: number;
  readonly cache: {
    readonly name: string;
    readonly type: string;
    readonly total_keys: number;
    readonly hits: number;
    readonly misses: number;
    readonly hit_rate: number;
  };
  readonly requests: {
    readonly total_requests: number;
    readonly errors: number;
    readonly in_flight: number;
    readonly p99: number;
    readonly slow_requests_count: number;
    readonly slow_request_threshold: number;
    readonly recent_slow_requests: readonly SlowRequest[];
    readonly duration_buckets: readonly (readonly [seconds: number, count: number])[];
  };
  readonly methods: readonly Method[];
}

export interface SlowRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly duration: number;
  readonly timestamp: string;
}

export interface Method {
  readonly name: string;
  readonly calls: number;
  readonly hits: number;
  readonly misses: number;
  readonly hit_rate: number;
  readonly errors: number;
  readonly time_saved: number;
  readonly load_times: { readonly p99: number; readonly count: number } | null;
  readonly call_times: { readonly p99: number; readonly count: number } | null;
}

type Value = number | null;

/** What happened between two answers; `null` where nothing can be said. */
export interface Sample {
  readonly hitRate: Value;
  readonly rate: Value;
  readonly p50: Value;
  readonly p90: Value;
  readonly p99: Value;
}

const NOTHING: Sample = { hitRate: null, rate: null, p50: null, p90: null, p99: null };

/** The counters only grow, except when an instance begins anew or leaves the fleet: a gap then. */
export function sampleOf(before: Stats, after: Stats, seconds: number): Sample {
  const hits = after.cache.hits - before.cache.hits;
  const misses = after.cache.misses - before.cache.misses;
  const requests = after.requests.total_requests - before.requests.total_requests;
  const isAnew = before.instances !== after.instances || hits < 0 || misses < 0 || requests < 0;
  if (isAnew || seconds <= 0) return NOTHING;
  const known = new Map(before.requests.duration_buckets);
  const buckets = after.requests.duration_buckets.map(
    ([upTo, count]) => [upTo, Math.max(0, count - (known.get(upTo) ?? 0))] as const,
  );
  return {
    hitRate: hits + misses === 0 ? null : (100 * hits) / (hits + misses),
    rate: requests / seconds,
    p50: percentile(buckets, 50),
    p90: percentile(buckets, 90),
    p99: percentile(buckets, 99),
  };
}

function percentile(buckets: readonly (readonly [number, number])[], percent: number): Value {
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  let left = Math.ceil((percent / 100) * total);
  for (const [seconds, count] of buckets) {
    left -= count;
    if (total > 0 && left <= 0) return seconds;
  }
  return null;
}

export const integer = (value: number): string => Math.round(value).toLocaleString('en');

/** Seconds as whatever reads best. */
export function duration(seconds: number): [value: string, unit: string] {
  if (seconds < 0.001) return [(seconds * 1e6).toFixed(0), 'µs'];
  if (seconds < 1) return [(seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0), 'ms'];
  if (seconds < 120) return [seconds.toFixed(seconds < 10 ? 2 : 1), 's'];
  if (seconds < 7200) return [(seconds / 60).toFixed(1), 'min'];
  return [(seconds / 3600).toFixed(1), 'h'];
}
