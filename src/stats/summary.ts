import type { Distribution } from './distribution.js';
import { percentileOf } from './percentiles.js';

/** Durations in milliseconds; zeros when nothing was recorded. */
export interface LatencySummary {
  /** Number of recorded durations. */
  readonly count: number;
  /** Arithmetic mean, in milliseconds. */
  readonly mean: number;
  /** Median, in milliseconds. */
  readonly p50: number;
  /** 90th percentile, in milliseconds. */
  readonly p90: number;
  /** 99th percentile, in milliseconds. */
  readonly p99: number;
  /** Longest, in milliseconds. */
  readonly max: number;
}

/** Summary of an empty distribution. */
const NONE: LatencySummary = { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 };

/** @internal */
export function summaryOf(distribution: Distribution | undefined): LatencySummary {
  if (distribution === undefined || distribution.count === 0) return { ...NONE };
  const snapshot = distribution.snapshot();
  const { count, sum, max } = snapshot;
  return {
    count,
    mean: rounded(sum / count),
    p50: rounded(percentileOf(snapshot, 50)),
    p90: rounded(percentileOf(snapshot, 90)),
    p99: rounded(percentileOf(snapshot, 99)),
    max: rounded(max),
  };
}

/** To whole microseconds. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
