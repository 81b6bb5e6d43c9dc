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
  private readonly records = new Map<string, TimingCounters>();

  /** The record of a name, made when first asked for; beyond the bound, one that is not listed. */
  record(name: string, slowThresholdMs: number): TimingCounters {
    const known = this.records.get(name);
    if (known !== undefined) return known;
    const record = new TimingCounters(name, slowThresholdMs);
    if (this.records.size < LIMITS.methods) this.records.set(name, record);
    return record;
  }

  /** The records that are listed. */
  all(): Iterable<TimingCounters> {
    return this.records.values();
  }

  snapshot(): TimingStats[] {
    return [...this.records.values()].map((record) => record.snapshot());
  }
}

const KEY = Symbol.for('aurora-cache.timings.v1');

/** @internal */
export function timings(): TimingRegistry {
  const shared = globalThis as { [KEY]?: TimingRegistry };
  return (shared[KEY] ??= new TimingRegistry());
}
