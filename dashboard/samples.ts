import type { Bucket, Stats } from './responses.js';

type Value = number | null;

/** The activity between two responses; `null` where it is unknown. */
export interface Sample {
  readonly hitRate: Value;
  readonly rate: Value;
  readonly p50: Value;
  readonly p90: Value;
  readonly p99: Value;
}

export const NOTHING: Sample = { hitRate: null, rate: null, p50: null, p90: null, p99: null };

/** Counters only grow, except when an instance restarts or leaves the fleet, which becomes a gap. */
export function sampleOf(before: Stats, after: Stats, seconds: number): Sample {
  const hits = after.cache.hits - before.cache.hits;
  const misses = after.cache.misses - before.cache.misses;
  const requests = after.requests.total_requests - before.requests.total_requests;
  const hasReset = before.instances !== after.instances || hits < 0 || misses < 0 || requests < 0;
  if (hasReset || seconds <= 0) return NOTHING;
  const known = new Map(before.requests.duration_buckets);
  const buckets = after.requests.duration_buckets.map(([upTo, count]): Bucket => [
    upTo,
    Math.max(0, count - (known.get(upTo) ?? 0)),
  ]);
  return {
    hitRate: hits + misses === 0 ? null : (100 * hits) / (hits + misses),
    rate: requests / seconds,
    p50: percentile(buckets, 50),
    p90: percentile(buckets, 90),
    p99: percentile(buckets, 99),
  };
}

function percentile(buckets: readonly Bucket[], percent: number): Value {
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  let left = Math.ceil((percent / 100) * total);
  for (const [seconds, count] of buckets) {
    left -= count;
    if (total > 0 && left <= 0) return seconds;
  }
  return null;
}
