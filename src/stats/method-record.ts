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
  /** Milliseconds that hits saved: for each, the mean load until then. It never falls. */
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
  /** Time that hits had saved when the mean last changed, and their number. */
  private settledMs = 0;
  private settledHits = 0;

  constructor(readonly name: string) {}

  /**
   * Milliseconds that hits saved: for each, the mean load at that time. The mean changes with loads
   * alone, so that a hit has nothing to add up.
   */
  get timeSavedMs(): number {
    return this.settledMs + (this.hits - this.settledHits) * this.loadTimes.mean;
  }

  recordLoad(ms: number): void {
    this.settledMs = this.timeSavedMs;
    this.settledHits = this.hits;
    this.loadTimes.record(ms);
  }

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
      timeSavedMs: Math.round(this.timeSavedMs),
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
