/** A cache's counters. Plain numbers: a hit can afford no more than an increment. */
export interface CacheCounters {
  /** Reads that the memory tier answered with a fresh value. */
  memoryHits: number;
  /** Reads that the shared tier answered with a fresh value. */
  sharedHits: number;
  /** Reads that found nothing fresh, including those that were then served a stale value. */
  misses: number;
  /** Misses that were answered with an expired value. */
  stale: number;
  /** Loads begun. */
  loads: number;
  /** Loads that failed or timed out. */
  loadErrors: number;
  /** Callers that joined a load which was under way. */
  joined: number;
  /** Loads begun in the background, ahead of the end of a life. */
  refreshes: number;
  /** Values stored by hand. */
  sets: number;
  /** Keys deleted by hand. */
  deletes: number;
  /** Entries removed from memory to make room. */
  evictions: number;
  /** Entries that left memory since their time was over. */
  expirations: number;
  /** Keys, patterns and tags that were invalidated. */
  invalidations: number;
  /** Clears, by a pattern or of everything; each counts among the invalidations as well. */
  clears: number;
  /** Results that were not stored, since an invalidation overtook them. */
  refusedFills: number;
  /** Leases that this process was given: it was the one to load. */
  leasesGranted: number;
  /** Requests for a lease that another load held. */
  leasesDenied: number;
  /** Prolongations of leases, for loads that took long. */
  leasesRenewed: number;
  /** Leases that ended while their loads ran: the key was invalidated meanwhile. */
  leasesLost: number;
  /** Failures of the shared tier, of serialisation, or of an option's function. */
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
 * Counts a read that found a fresh value, for its cache and for its method, if it was a method's. On
 * the hot path.
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
 * Hits among reads, in percent with two decimals, as the performance APIs serve it; 0 before the
 * first read.
 *
 * @internal
 */
export function hitRate(hits: number, misses: number): number {
  const reads = hits + misses;
  return reads === 0 ? 0 : Math.round((hits / reads) * 10_000) / 100;
}
