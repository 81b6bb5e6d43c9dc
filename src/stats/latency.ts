import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Durations in milliseconds; zeros when nothing was recorded. */
export interface LatencySummary {
  /** How many durations were recorded. */
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

const MICROSECONDS = 1000;
/** An hour in µs; longer durations count as an hour. */
const LONGEST = 3_600_000_000;

/**
 * Distribution of durations: Node's HDR histogram, in microseconds with two significant digits
 * (about 1 % off). It is made with the first record, since most methods never miss in quantity and
 * an empty histogram weighs several kilobytes.
 *
 * @internal
 */
export class Latency {
  private histogram: RecordableHistogram | undefined;

  record(ms: number): void {
    this.histogram ??= createHistogram({ lowest: 1, highest: LONGEST, figures: 2 });
    this.histogram.record(Math.min(LONGEST, Math.max(1, Math.round(ms * MICROSECONDS))));
  }

  summary(): LatencySummary {
    const { histogram } = this;
    if (histogram === undefined || histogram.count === 0) {
      return { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 };
    }
    return {
      count: histogram.count,
      mean: rounded(histogram.mean),
      p50: rounded(histogram.percentile(50)),
      p90: rounded(histogram.percentile(90)),
      p99: rounded(histogram.percentile(99)),
      max: rounded(histogram.max),
    };
  }
}

function rounded(microseconds: number): number {
  return Math.round(microseconds) / MICROSECONDS;
}
