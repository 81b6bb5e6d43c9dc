import type { GhostEstimate } from '../memory/eviction/ghost-report.js';
import type { CacheCore } from './core/cache-core.js';

/** Reads on which advice is based at least. */
const MIN_READS = 1000;

/** The effect of another value of an option, as plain data. */
export interface Advice {
  readonly kind: 'size' | 'ttl';
  /** The method that the option is for; absent for an option of the cache. */
  readonly method?: string | undefined;
  /** The option to change. */
  readonly option: string;
  /** Its present value: entries, bytes, or seconds. */
  readonly from: number;
  /** The value that was tried on a sample of the keys. */
  readonly to: number;
  readonly gain: {
    /** Percentage points by which the hit rate would rise, or fall if negative. */
    readonly hitRate?: number | undefined;
    /** Percentage points by which `hitRate` may be off. */
    readonly error?: number | undefined;
    /** Milliseconds of load time that would be saved. */
    readonly timeSavedMs?: number | undefined;
  };
  /**
   * `estimate`: from a sample of the keys. `at most`: the same, but entries whose lives other options
   * set gain nothing; and a longer life serves older values.
   */
  readonly confidence: 'measured' | 'estimate' | 'at most';
  /** The option as text, to be pasted. */
  readonly line: string;
}

/**
 * Estimates the effect of other sizes and ttls of the memory tier. Empty before a thousand reads, and
 * without adaptive eviction.
 *
 * @internal
 */
export function adviceFor({ memory, options }: CacheCore): Advice[] {
  const estimates = memory?.estimates();
  if (memory === undefined || estimates === undefined || estimates.reads < MIN_READS) return [];
  const { maxBytes, maxItems } = memory;
  const isByBytes = maxBytes !== undefined && memory.size < maxItems;
  const [option, size] = isByBytes ? ['maxMemoryBytes', maxBytes] : ['maxMemoryItems', maxItems];
  const gain = ({ hitRate, error }: GhostEstimate): Advice['gain'] => ({
    hitRate: hitRate - estimates.hitRate,
    error,
  });
  const sizes = estimates.sizes.map((estimate): Advice => {
    const to = Math.max(1, Math.round(size * estimate.times));
    const line = `${option}: ${String(to)}`;
    const confidence = 'estimate';
    return { kind: 'size', option, from: size, to, gain: gain(estimate), confidence, line };
  });
  const ttl = options.load.ttl / 1000;
  const lives = estimates.lives.map((estimate): Advice => {
    const to = ttl * estimate.times;
    const line = `defaultTtl: ${String(to)}`;
    const confidence = 'at most';
    const about = { option: 'defaultTtl', from: ttl, to, confidence, line } as const;
    return { kind: 'ttl', ...about, gain: gain(estimate) };
  });
  return [...sizes, ...lives];
}
