import { Latency } from './latency.js';
import type { LatencySummary } from './summary.js';

/** Statistics of one cached method in one cache. */
export interface MethodStats {
  /** `UserService.getUser`, or the function's name. */
  readonly name: string;
  /** Calls that returned a fresh value from the cache. */
  readonly hits: number;
  /** Calls that found no fresh value. */
  readonly misses: number;
  /** Percentage of reads that were hits, with two decimals. */
  readonly hitRate: number;
  /** Misses that returned an expired value. */
  readonly stale: number;
  /** Calls that bypassed the cache: `condition`, an argument without a key, a disabled cache. */
  readonly bypasses: number;
  /** Runs of the method. */
  readonly loads: number;
  /** Runs that failed or timed out. */
  readonly loadErrors: number;
  /** Durations of the method itself, in milliseconds. */
  readonly loadTimes: LatencySummary;
  /** Milliseconds saved by hits: each adds the mean duration of the loads so far. It never decreases. */
  readonly timeSavedMs: number;
}

/**
 * Counters of one cached method.
 *
 * @internal
 */
export class MethodCounters {
  hits = 0;
  misses = 0;
  stale = 0;
  bypasses = 0;
  loads = 0;
  loadErrors = 0;
  /** Reads of the shared tier; the callers of one load share a read. */
  sharedReads = 0;
  readonly loadTimes = new Latency();
  /** Time saved and number of hits when the mean last changed. */
  private settledMs = 0;
  private settledHits = 0;

  constructor(readonly name: string) {}

  /**
   * Milliseconds saved by hits: each adds the mean load at that time. The mean changes only with loads,
   * so a hit does not have to add anything.
   */
  get timeSavedMs(): number {
    return this.settledMs + (this.hits - this.settledHits) * this.loadTimes.mean;
  }

  recordLoad(ms: number): void {
    this.settledMs = this.timeSavedMs;
    this.settledHits = this.hits;
    this.loadTimes.record(ms);
  }
}
