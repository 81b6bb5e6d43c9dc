import { LIMITS } from '../base/options/defaults.js';
import type { GhostEstimate, GhostReport } from '../memory/eviction/ghost-report.js';
import type { MemoryTier } from '../memory/memory-tier.js';
import type { MethodCounters } from '../stats/method-counters.js';
import type { CacheCore } from './core/cache-core.js';

/** Minimum number of reads, or calls of a method, for advice. */
const MIN_READS = 1000;
/** Minimum number of successful loads of a method, for their mean duration. */
const MIN_LOADS = 10;
/** Milliseconds that a miss in memory adds to its load (docs/performance.md, "Miss in memory"). */
const MISS_MS = 0.005;

/** The effect of another value of an option, as plain data. */
export interface Advice {
  /** `size`, `ttl`: of the memory tier. `method`: a method that is not worth caching. */
  readonly kind: 'size' | 'ttl' | 'method';
  /** The method that the option is for; absent for an option of the cache. */
  readonly method?: string | undefined;
  /** The option to change. */
  readonly option: string;
  /** Its current value: entries, bytes, or seconds. For `condition`: the percentage of cached calls. */
  readonly from: number;
  /** The suggested value, or the one that was simulated. */
  readonly to: number;
  /** Number of reads, or calls of the method, that the advice is based on; earlier ones count less. */
  readonly reads: number;
  readonly gain: {
    /** Percentage points by which the hit rate would rise, or fall if negative. */
    readonly hitRate?: number | undefined;
    /** Percentage points by which `hitRate` may be off (95 % confidence). */
    readonly error?: number | undefined;
    /**
     * Milliseconds of waiting saved in all over these `reads`, negative if callers would wait longer.
     * Absent when it is not known.
     */
    readonly timeSavedMs?: number | undefined;
  };
  /**
   * The price of a longer ttl: the percentage of hits whose value would have changed at its source.
   * Absent until enough entries have expired and been loaded again.
   */
  readonly outOfDate?:
    | {
        /** With the present ttl. */
        readonly from: number;
        /** With the other one: an upper bound if that is more than twice as long. */
        readonly to: number;
        /** Percentage points by which `to` may be off (95 % confidence). */
        readonly error: number;
      }
    | undefined;
  /**
   * `measured`: from the calls so far. `estimate`: from a sample of the keys. `at most`: the same, as an
   * upper bound, since entries with a separate ttl do not change.
   */
  readonly confidence: 'measured' | 'estimate' | 'at most';
  /** The option as text, to be pasted. */
  readonly line: string;
}

/**
 * Advice from the reads and calls so far; none at first.
 *
 * @internal
 */
export function adviceFor(core: CacheCore): Advice[] {
  return [...memoryAdvice(core), ...methodAdvice(core)];
}

/** Estimates for other sizes and lives of the memory tier, which only adaptive eviction makes. */
function memoryAdvice(core: CacheCore): Advice[] {
  const { memory, options, shared } = core;
  const report = memory?.estimates();
  if (memory === undefined || report === undefined || report.reads < MIN_READS) return [];
  const sizes = report.sizes
    .map((estimate) => sizeAdvice(memory, estimate, report))
    .filter(isPossible);
  // With `memory: { ttl }`, `defaultTtl` does not decide how long entries live in memory.
  if (shared !== undefined && options.memoryTtlMs !== undefined) return sizes;
  const ttl = options.load.ttl / 1000;
  const lives = report.lives.map((estimate) => ttlAdvice(ttl, estimate, report)).filter(isPossible);
  return [...sizes, ...(shared === undefined ? lives : lives.map(withoutTime))];
}

/** Behind a shared tier, a miss in memory is a read of that tier; how many loads are saved is not known. */
function withoutTime(advice: Advice): Advice {
  return { ...advice, gain: { ...advice.gain, timeSavedMs: undefined } };
}

/** Whether the option accepts the value, which is another one than now. */
function isPossible({ option, from, to }: Advice): boolean {
  return to !== from && (option !== 'maxMemoryItems' || to <= LIMITS.memoryItems);
}

function sizeAdvice(memory: MemoryTier, estimate: GhostEstimate, report: GhostReport): Advice {
  const { maxBytes, maxItems } = memory;
  const isByBytes = maxBytes !== undefined && memory.size < maxItems;
  const [option, from] = isByBytes ? ['maxMemoryBytes', maxBytes] : ['maxMemoryItems', maxItems];
  const to = Math.max(1, Math.round(from * estimate.times));
  return {
    ...{ kind: 'size', option, from, to, ...gainOf(estimate, report) },
    ...{ confidence: 'estimate', line: `${option}: ${String(to)}` },
  };
}

function ttlAdvice(from: number, estimate: GhostEstimate, report: GhostReport): Advice {
  const to = Math.round(1000 * from * estimate.times) / 1000;
  const { outOfDate: now } = report;
  const { outOfDate: then } = estimate;
  const price = now && then && { from: now.percent, to: then.percent, error: then.error };
  return {
    ...{ kind: 'ttl', option: 'defaultTtl', from, to, ...gainOf(estimate, report) },
    ...{ outOfDate: price, confidence: 'at most', line: `defaultTtl: ${String(to)}` },
  };
}

function gainOf(
  { error, hitRate, timeSavedMs }: GhostEstimate,
  report: GhostReport,
): Pick<Advice, 'reads' | 'gain'> {
  return { reads: report.reads, gain: { hitRate: hitRate - report.hitRate, error, timeSavedMs } };
}

/** Methods whose calls spend more time on the cache than the saved loads would take. */
function methodAdvice(core: CacheCore): Advice[] {
  return [...core.methods.values()].flatMap((method) => {
    const { bypasses, hits, loadErrors, loads, loadTimes, misses, stale } = method;
    const reads = hits + misses;
    const good = loads - loadErrors;
    // Errors are not cached: while a method fails, its calls say nothing.
    if (reads < MIN_READS || good < Math.max(MIN_LOADS, loadErrors)) return [];
    const joined = Math.max(0, misses - stale - loads);
    const savedMs = (hits + stale + joined) * loadTimes.mean;
    const timeSavedMs = overheadOf(core, method) - savedMs;
    if (timeSavedMs <= 0) return [];
    const from = (100 * reads) / (reads + bypasses);
    return {
      ...{ kind: 'method', method: method.name, option: 'condition', from, to: 0, reads },
      ...{ gain: { timeSavedMs }, confidence: 'measured', line: 'condition: () => false' },
    } as const;
  });
}

/** Milliseconds that the calls of a method have spent on the cache. */
function overheadOf({ shared, values }: CacheCore, method: MethodCounters): number {
  const { loads, misses, sharedReads } = method;
  const acquired = shared?.isCoordinated === true ? Math.min(sharedReads, loads) : 0;
  return misses * MISS_MS + (sharedReads + acquired) * (values.storeReadMs ?? 0);
}
