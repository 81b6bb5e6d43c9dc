import { DEFAULTS, LIMITS } from '../base/options/defaults.js';
import { Latency } from './latency.js';
import { SlowLog, type SlowCall } from './slow-log.js';
import type { LatencySummary } from './summary.js';

/** Statistics of one timed method. */
export interface TimingStats {
  /** The `name` option; by default `UserService.getUser`, or the function's name. */
  readonly name: string;
  /** Calls that have settled. */
  readonly calls: number;
  /** Calls that failed. */
  readonly errors: number;
  /** Calls in progress. A generator counts while it runs, not while its consumer does. */
  readonly inFlight: number;
  /** Calls that took longer than the threshold. */
  readonly slow: number;
  /** The threshold in milliseconds. */
  readonly slowThresholdMs: number;
  /** Durations in milliseconds, until the returned promise settled. */
  readonly durations: LatencySummary;
}

/**
 * Counters of one timed method.
 *
 * @internal
 */
export class TimingCounters {
  errors = 0;
  inFlight = 0;
  slow = 0;
  readonly durations = new Latency();

  constructor(
    readonly name: string,
    readonly slowThresholdMs: number,
  ) {}
}

/**
 * All timed methods of the process. Timing belongs to methods, not to a cache, so there is one registry, which
 * all loaded copies of the package (ESM beside CommonJS) share.
 *
 * @internal
 */
export class TimingRegistry {
  readonly slowCalls = new SlowLog<SlowCall>(DEFAULTS.slowLogSize);
  private readonly counters = new Map<string, TimingCounters>();

  /** The counters of a name, created on first use; beyond the bound, they are not listed. */
  countersOf(name: string, slowThresholdMs: number): TimingCounters {
    const known = this.counters.get(name);
    if (known !== undefined) return known;
    const counters = new TimingCounters(name, slowThresholdMs);
    if (this.counters.size < LIMITS.methods) this.counters.set(name, counters);
    return counters;
  }

  /** The counters that are listed. */
  all(): Iterable<TimingCounters> {
    return this.counters.values();
  }
}

const KEY = Symbol.for('aurora-cache.timings.v2');

/** @internal */
export function timings(): TimingRegistry {
  const shared = globalThis as { [KEY]?: TimingRegistry };
  return (shared[KEY] ??= new TimingRegistry());
}
