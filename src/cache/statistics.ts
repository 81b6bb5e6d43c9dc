import { hitRate, type CacheCounters } from '../stats/counters.js';
import type { MethodStats, TimingStats } from '../stats/method-record.js';
import { timings } from '../stats/timing-registry.js';
import type { SlowCall } from '../stats/slow-log.js';
import type { Engine } from './engine.js';

/** A cache's figures, as plain data. */
export interface CacheStats extends CacheCounters {
  /** The `name` option. */
  readonly name: string;
  /** What the cache is configured with: memory alone, or a Keyv store as well. */
  readonly type: 'memory' | 'keyv';
  /** Entries in memory that have not been dropped. */
  readonly totalKeys: number;
  /** Most entries in memory; 0 without a memory tier. */
  readonly maxSize: number;
  /** Default life of an entry, in seconds. */
  readonly ttl: number;
  /** Hits of all tiers. */
  readonly hits: number;
  /** Hits among reads, in percent with two decimals; 0 before the first read. */
  readonly hitRate: number;
  /** Estimated bytes in memory; 0 unless `maxMemoryBytes` is set. */
  readonly memoryBytes: number;
  /** Bound of `memoryBytes`, if one is set. */
  readonly maxMemoryBytes: number | undefined;
  /** Keys being loaded or filled now. */
  readonly inFlight: number;
  /** Whether the processes that share the store keep one another's memory up to date. */
  readonly coordinated: boolean;
  /** Whether the shared tier does not answer, and the memory tier carries on alone. */
  readonly degraded: boolean;
  /** Invalidations that the shared tier has not heard of yet. */
  readonly pendingInvalidations: number;
  /** Whether the cache is on: neither disabled nor closed. */
  readonly enabled: boolean;
  /** Every cached method that has been called, and every timed method of the process. */
  readonly methods: readonly MethodReport[];
  /** The most recent calls of timed methods that took too long, newest first. */
  readonly slowCalls: readonly SlowCall[];
}

/** Figures of one method: what the cache did for it, how long its calls took, or both. */
export interface MethodReport {
  /** `UserService.getUser`, or the function's name. */
  readonly name: string;
  /** Present when it is cached. */
  readonly cache?: MethodStats;
  /** Present when it is timed. */
  readonly timing?: TimingStats;
}

/** @internal */
export function statisticsOf(engine: Engine): CacheStats {
  const { counters, memory, options } = engine;
  const hits = counters.memoryHits + counters.sharedHits;
  return {
    name: options.name,
    type: engine.shared === undefined ? 'memory' : 'keyv',
    totalKeys: memory?.size ?? 0,
    maxSize: memory?.maxItems ?? 0,
    ttl: options.load.ttl / 1000,
    hits,
    hitRate: hitRate(hits, counters.misses),
    ...counters,
    memoryBytes: memory?.bytes ?? 0,
    maxMemoryBytes: options.maxMemoryBytes,
    inFlight: engine.flights.size,
    coordinated: false,
    degraded: engine.shared?.isDown ?? false,
    pendingInvalidations: engine.shared?.pending ?? 0,
    enabled: engine.enabled,
    methods: methodReports(engine),
    slowCalls: timings().slowCalls.recent(),
  };
}

function methodReports(engine: Engine): MethodReport[] {
  const timed = new Map(
    timings()
      .snapshot()
      .map((timing) => [timing.name, timing]),
  );
  const reports: MethodReport[] = [];
  for (const record of engine.methods.values()) {
    const timing = timed.get(record.name);
    timed.delete(record.name);
    reports.push({
      name: record.name,
      cache: record.snapshot(),
      ...(timing === undefined ? {} : { timing }),
    });
  }
  for (const [name, timing] of timed) reports.push({ name, timing });
  return reports;
}
