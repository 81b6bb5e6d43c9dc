/** Buckets per doubling: a value and the middle of its bucket differ by at most 1/64, or 1.6 %. */
export const PER_OCTAVE = 32;
const OCTAVE_BITS = 5;
/** An hour in µs; longer durations count as an hour. */
export const LONGEST = 3_600_000_000;
export const BUCKETS = indexOf(LONGEST) + 1;
const PAGES = Math.ceil(BUCKETS / PER_OCTAVE);

/** A distribution as instances exchange it. */
export interface DistributionSnapshot {
  /** How many durations were recorded. */
  readonly count: number;
  /** Their sum, in milliseconds. */
  readonly sum: number;
  /** The longest, in milliseconds. */
  readonly max: number;
  /** Pairs of a bucket's number and its count, as one list, without empty buckets. */
  readonly buckets: readonly number[];
}

/**
 * A distribution of durations in fixed buckets that grow with the value, after HdrHistogram (32 linear steps per
 * doubling, from 1 µs to an hour). Since all instances use the same buckets, their distributions can be added
 * up, and the percentiles of the sum are as precise as those of each: at most 1.6 % off. Count, sum and maximum
 * are exact.
 *
 * @internal
 */
export class Distribution {
  count = 0;
  /** In milliseconds. */
  sum = 0;
  /** In milliseconds. */
  max = 0;
  /**
   * Counts of the buckets, in one page per doubling. A page is created when a duration falls into it, since
   * most methods have similar durations, and all pages would take seven kilobytes.
   */
  private readonly pages: (number[] | undefined)[] = new Array<undefined>(PAGES).fill(undefined);

  record(ms: number): void {
    const length = ms > 0 ? ms : 0;
    const microseconds = length * 1000;
    const whole = microseconds >= LONGEST ? LONGEST : Math.round(microseconds);
    this.addTo(indexOf(whole), 1);
    this.count++;
    this.sum += length;
    if (length > this.max) this.max = length;
  }

  snapshot(): DistributionSnapshot {
    const buckets: number[] = [];
    this.forEach((bucket, count) => buckets.push(bucket, count));
    const { count, sum, max } = this;
    return { count, sum, max, buckets };
  }

  /** Adds to the count of one bucket, but not to the totals. */
  addTo(bucket: number, count: number): void {
    const page = (this.pages[bucket >> OCTAVE_BITS] ??= new Array<number>(PER_OCTAVE).fill(0));
    page[bucket & (PER_OCTAVE - 1)]! += count;
  }

  /** Calls `visit` for each bucket that is not empty, in their order. */
  private forEach(visit: (bucket: number, count: number) => void): void {
    this.pages.forEach((page, number) => {
      page?.forEach((count, index) => {
        if (count > 0) visit(number * PER_OCTAVE + index, count);
      });
    });
  }
}

/** One bucket per µs up to 32 µs; above, the exponent and the five bits after the leading one. */
export function indexOf(microseconds: number): number {
  const exponent = 31 - Math.clz32(microseconds);
  if (exponent < OCTAVE_BITS) return microseconds;
  const shift = exponent - OCTAVE_BITS;
  return PER_OCTAVE * (shift + 1) + ((microseconds >>> shift) & (PER_OCTAVE - 1));
}
