/*
 * This folder counts calls and measures durations; it imports only `base/`. Start here, with the counters of a
 * cache. `method-counters.ts` has those of a cached method, `timing-registry.ts` those of timed methods, and
 * `request-counters.ts` those of HTTP requests, by route (`route-table`). `latency.ts` records durations in a
 * `distribution.ts`, whose buckets instances can add up; `percentiles.ts` and `summary.ts` read it. `slow-log.ts`
 * keeps slow calls and requests.
 */

/** The counters of a cache, since it was created. */
export interface CacheCounters {
  /** Reads served from memory with a fresh value. */
  memoryHits: number;
  /** Reads served from the shared tier with a fresh value. */
  sharedHits: number;
  /** Reads that found no fresh value, including those that then returned a stale one. */
  misses: number;
  /** Misses that returned an expired value. */
  stale: number;
  /** Loads started. */
  loads: number;
  /** Loads that failed or timed out. */
  loadErrors: number;
  /** Callers that joined a load in progress. */
  joined: number;
  /** Background loads started before expiry (`refreshAhead`). */
  refreshes: number;
  /** Values set by calls, not by loads. */
  sets: number;
  /** Keys deleted by calls. */
  deletes: number;
  /** Entries removed from memory to make room. */
  evictions: number;
  /** Entries removed from memory because they expired. */
  expirations: number;
  /** Keys, patterns and tags that were invalidated. */
  invalidations: number;
  /** Calls that cleared a pattern or everything; they also count as invalidations. */
  clears: number;
  /** Results not stored because an invalidation overtook them. */
  refusedFills: number;
  /** Leases granted to this process, which then loaded the key. */
  leasesGranted: number;
  /** Requests for leases that were held by another load. */
  leasesDenied: number;
  /** Renewals of leases, for long loads. */
  leasesRenewed: number;
  /** Leases that ended during their load because the key was invalidated. */
  leasesLost: number;
  /** Failures of the shared tier, of serialization, or of an option's function. */
  errors: number;
}

/** @internal */
export function newCounters(): CacheCounters {
  return {
    memoryHits: 0,
    sharedHits: 0,
    misses: 0,
    stale: 0,
    loads: 0,
    loadErrors: 0,
    joined: 0,
    refreshes: 0,
    sets: 0,
    deletes: 0,
    evictions: 0,
    expirations: 0,
    invalidations: 0,
    clears: 0,
    refusedFills: 0,
    leasesGranted: 0,
    leasesDenied: 0,
    leasesRenewed: 0,
    leasesLost: 0,
    errors: 0,
  };
}

/**
 * Counts a hit for its cache and, if a method caused it, for the method. On the hot path: increments only.
 *
 * @internal
 */
export function countHit(
  counters: CacheCounters,
  methodCounters: { hits: number } | undefined,
  tier: 'memory' | 'shared',
): void {
  if (tier === 'memory') counters.memoryHits++;
  else counters.sharedHits++;
  if (methodCounters !== undefined) methodCounters.hits++;
}

/**
 * Percentage of reads that were hits, with two decimals, as the performance API returns it; 0 before the
 * first read.
 *
 * @internal
 */
export function hitRate(hits: number, misses: number): number {
  const reads = hits + misses;
  return reads === 0 ? 0 : Math.round((hits / reads) * 10_000) / 100;
}
