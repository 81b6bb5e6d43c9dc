import type { Estimate, GhostEstimate, LifeEstimate } from '../memory/eviction/ghost-report.js';
import type { MemoryTier } from '../memory/memory-tier.js';
import type { MethodCounters } from '../stats/method-counters.js';
import type { CacheCore } from './core/cache-core.js';

/** Reads, or calls of a method, on which advice is based at least. */
const MIN_READS = 1000;
/** Milliseconds that a miss in memory costs beside its load (docs/performance.md, "Miss in memory"). */
const MISS_MS = 0.005;
/** Round trips to a shared tier that a miss adds: it reads, and its result is acknowledged. */
const MISS_TRIPS = 2;

/** The effect of another value of an option, as plain data. */
export interface Advice {
  /** `size`, `ttl`: of the memory tier. `method`: a method that is not worth caching. */
  readonly kind: 'size' | 'ttl' | 'method';
  /** The method that the option is for; absent for an option of the cache. */
  readonly method?: string | undefined;
  /** The option to change. */
  readonly option: string;
  /** Its present value: entries, bytes, or seconds. Of `condition`, the percentage of calls. */
  readonly from: number;
  /** The value to compare it with. */
  readonly to: number;
  readonly gain: {
    /** Percentage points by which the hit rate would rise, or fall if negative. */
    readonly hitRate?: number | undefined;
    /** Percentage points by which `hitRate` may be off (95 % confidence). */
    readonly error?: number | undefined;
    /**
     * Milliseconds by which waiting would be shorter in all, or longer if negative, over the reads on which
     * the advice is based; absent when no load was measured.
     */
    readonly timeSavedMs?: number | undefined;
  };
  /**
   * The price of a longer ttl: the percentage of hits whose value would have changed at its source.
   * Absent until enough entries have expired and been loaded again.
   */
  readonly outOfDate?: {
    /** With the present ttl. */
    readonly from: number;
    /** With the other one. */
    readonly to: number;
    /** Percentage points by which `to` may be off (95 % confidence). */
    readonly error: number;
  };
  /**
   * `measured`: from the calls so far. `estimate`: from a sample of the keys. `at most`: the same, but
   * entries whose lives other options set gain nothing.
   */
  readonly confidence: 'measured' | 'estimate' | 'at most';
  /** The option as text, to be pasted. */
  readonly line: string;
}

/**
 * Compares options with others by what the cache has seen so far. Empty at first.
 *
 * @internal
 */
export function adviceFor(core: CacheCore): Advice[] {
  return [...memoryAdvice(core), ...methodAdvice(core)];
}

/** Estimates for other sizes and lives of the memory tier, which only adaptive eviction makes. */
function memoryAdvice({ memory, options }: CacheCore): Advice[] {
  const report = memory?.estimates();
  if (memory === undefined || report === undefined || report.reads < MIN_READS) return [];
  const { hitRate, lives, outOfDate, sizes } = report;
  return [
    ...sizes.map((estimate) => sizeAdvice(memory, estimate, hitRate)),
    ...lives.map((estimate) => ttlAdvice(options.load.ttl / 1000, estimate, hitRate, outOfDate)),
  ];
}

function sizeAdvice(memory: MemoryTier, estimate: GhostEstimate, hitRate: number): Advice {
  const { maxBytes, maxItems } = memory;
  const isByBytes = maxBytes !== undefined && memory.size < maxItems;
  const [option, from] = isByBytes ? ['maxMemoryBytes', maxBytes] : ['maxMemoryItems', maxItems];
  const to = Math.max(1, Math.round(from * estimate.times));
  const about = { option, from, to, line: `${option}: ${String(to)}` };
  return { kind: 'size', ...about, gain: gainOf(estimate, hitRate), confidence: 'estimate' };
}

function ttlAdvice(
  from: number,
  estimate: LifeEstimate,
  hitRate: number,
  present: Estimate | undefined,
): Advice {
  const to = from * estimate.times;
  const { outOfDate: then } = estimate;
  const price =
    present === undefined || then === undefined
      ? undefined
      : { from: present.percent, to: then.percent, error: then.error };
  return {
    ...{ kind: 'ttl', option: 'defaultTtl', from, to, gain: gainOf(estimate, hitRate) },
    ...(price && { outOfDate: price }),
    ...{ confidence: 'at most', line: `defaultTtl: ${String(to)}` },
  };
}

function gainOf(estimate: GhostEstimate, hitRate: number): Advice['gain'] {
  const { error, timeSavedMs } = estimate;
  return {
    ...{ hitRate: estimate.hitRate - hitRate, error },
    ...(timeSavedMs !== undefined && { timeSavedMs }),
  };
}

/** Methods whose misses cost more than their hits save. */
function methodAdvice(core: CacheCore): Advice[] {
  return [...core.methods.values()].flatMap((method) => {
    const timeSavedMs = overheadOf(core, method) - method.timeSavedMs;
    if (method.hits + method.misses < MIN_READS || timeSavedMs <= 0) return [];
    return {
      ...{ kind: 'method', method: method.name, option: 'condition', from: 100, to: 0 },
      ...{ gain: { timeSavedMs }, confidence: 'measured', line: 'condition: () => false' },
    } as const;
  });
}

/** Milliseconds that the calls of a method have spent on the cache. */
function overheadOf({ counters, shared, values }: CacheCore, method: MethodCounters): number {
  const tripMs = shared === undefined ? 0 : (values.storeReadMs ?? 0);
  const hits = counters.memoryHits + counters.sharedHits;
  // Hits are counted by tier for the whole cache alone.
  const sharedHits = hits === 0 ? 0 : (method.hits * counters.sharedHits) / hits;
  return method.misses * (MISS_MS + MISS_TRIPS * tripMs) + sharedHits * tripMs;
}
