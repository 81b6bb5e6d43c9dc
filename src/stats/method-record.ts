import { hitRate } from './counters.js';
import { Latency, type LatencySummary } from './latency.js';

/** Figures of one cached method in one cache. */
export interface MethodStats {
  /** `UserService.getUser`, or the function's name. */
  readonly name: string;
  /** Calls that were answered with a fresh value. */
  readonly hits: number;
  /** Calls that found nothing fresh. */
  readonly misses: number;
  /** Percent, two decimals. */
  readonly hitRate: number;
  /** Misses that were answered with an expired value. */
  readonly stale: number;
  /** Calls that did not use the cache: `condition`, an argument without a key, a disabled cache. */
  readonly bypasses: number;
  /** Runs of the method. */
  readonly loads: number;
  /** Runs that failed or timed out. */
  readonly loadErrors: number;
  /** Durations of the method itself, in milliseconds. */
  readonly loadTimes: LatencySummary;
  /** Milliseconds that hits saved: hits × mean load. */
  readonly timeSavedMs: number;
}

/** Figures of one timed method. */
export interface TimingStats {
  readonly name: string;
  /** Calls that have settled. */
  readonly calls: number;
  /** Calls that failed. */
  readonly errors: number;
  /** Calls that have not settled yet; generators while they run, not while their consumer does. */
  readonly inFlight: number;
  /** Calls that took longer than the threshold. */
  readonly slow: number;
  /** The threshold in milliseconds. */
  readonly slowThresholdMs: number;
  /** Durations in milliseconds, until the returned promise settled. */
  readonly durations: LatencySummary;
}

/**
 * Counts for one cached method.
 *
 * @internal
 */
export class MethodRecord {
  hits = 0;
  misses = 0;
  stale = 0;
  bypasses = 0;
  loads = 0;
  loadErrors = 0;
  readonly loadTimes = new Latency();

  constructor(readonly name: string) {}

  snapshot(): MethodStats {
    const loadTimes = this.loadTimes.summary();
    return {
      name: this.name,
      hits: this.hits,
      misses: this.misses,
      hitRate: hitRate(this.hits, this.misses),
      stale: this.stale,
      bypasses: this.bypasses,
      loads: this.loads,
      loadErrors: this.loadErrors,
      loadTimes,
      timeSavedMs: Math.round(this.hits * loadTimes.mean),
    };
  }
}

/**
 * Counts for one timed method.
 *
 * @internal
 */
export class TimingRecord {
  errors = 0;
  inFlight = 0;
  slow = 0;
  readonly durations = new Latency();

  constructor(
    readonly name: string,
    readonly slowThresholdMs: number,
  ) {}

  snapshot(): TimingStats {
    const durations = this.durations.summary();
    return {
      name: this.name,
      calls: durations.count,
      errors: this.errors,
      inFlight: this.inFlight,
      slow: this.slow,
      slowThresholdMs: this.slowThresholdMs,
      durations,
    };
  }
}
