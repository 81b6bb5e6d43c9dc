import { DEFAULTS, LIMITS } from '../base/defaults.js';
import { TimingCounters, type TimingStats } from './method-counters.js';
import { SlowLog, type SlowCall } from './slow-log.js';

/**
 * All timed methods of the process. Timing belongs to methods and not to a cache, so that there is
 * one registry, shared by every copy of the package that is loaded (ESM beside CommonJS).
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

  snapshot(): TimingStats[] {
    return [...this.counters.values()].map((one) => one.snapshot());
  }
}

const KEY = Symbol.for('aurora-cache.timings.v2');

/** @internal */
export function timings(): TimingRegistry {
  const shared = globalThis as { [KEY]?: TimingRegistry };
  return (shared[KEY] ??= new TimingRegistry());
}
