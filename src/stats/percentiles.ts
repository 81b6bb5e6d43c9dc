import {
  BUCKETS,
  indexOf,
  LONGEST,
  PER_OCTAVE,
  type Distribution,
  type DistributionSnapshot,
} from './distribution.js';

/**
 * The non-empty buckets: a duration in milliseconds, and the number of similar durations.
 *
 * @internal
 */
export function bucketsOf({ buckets }: DistributionSnapshot): [ms: number, count: number][] {
  const pairs: [number, number][] = [];
  for (let i = 0; i + 1 < buckets.length; i += 2) {
    pairs.push([middleOf(buckets[i]!) / 1000, buckets[i + 1]!]);
  }
  return pairs;
}

/**
 * The number of durations up to `ms`, with the precision of the buckets.
 *
 * @internal
 */
export function countUpTo({ buckets }: DistributionSnapshot, ms: number): number {
  const last = indexOf(Math.min(LONGEST, Math.max(0, Math.floor(ms * 1000))));
  let seen = 0;
  for (let i = 0; i + 1 < buckets.length && buckets[i]! <= last; i += 2) seen += buckets[i + 1]!;
  return seen;
}

/**
 * The duration in milliseconds that `percent` of all do not exceed; 0 if there are none. It reads only the
 * non-empty buckets; a route or method has a few dozen.
 *
 * @internal
 */
export function percentileOf({ buckets, max }: DistributionSnapshot, percent: number): number {
  let count = 0;
  for (let i = 1; i < buckets.length; i += 2) count += buckets[i]!;
  const rank = Math.max(1, Math.ceil((percent / 100) * count));
  let seen = 0;
  for (let i = 0; i + 1 < buckets.length; i += 2) {
    seen += buckets[i + 1]!;
    if (seen >= rank) return Math.min(middleOf(buckets[i]!) / 1000, Math.max(max, 0.001));
  }
  return 0;
}

/**
 * Whether a list is valid as the buckets of a snapshot: existing bucket numbers in ascending order, each
 * with a positive count.
 *
 * @internal
 */
export function areBuckets(buckets: readonly number[]): boolean {
  for (let i = 0; i < buckets.length; i += 2) {
    const bucket = buckets[i]!;
    const isNext = bucket > (buckets[i - 2] ?? -1) && bucket < BUCKETS;
    if (!isNext || !Number.isInteger(bucket) || !(buckets[i + 1]! > 0)) return false;
  }
  return true;
}

function middleOf(index: number): number {
  if (index < PER_OCTAVE) return Math.max(1, index);
  const shift = Math.floor(index / PER_OCTAVE) - 1;
  const low = (PER_OCTAVE + (index % PER_OCTAVE)) * 2 ** shift;
  return low + (2 ** shift - 1) / 2;
}

/**
 * Adds the durations that another instance has recorded. Unknown buckets are ignored.
 *
 * @internal
 */
export function addSnapshot(to: Distribution, { sum, max, buckets }: DistributionSnapshot): void {
  for (let i = 0; i + 1 < buckets.length; i += 2) {
    const bucket = buckets[i]!;
    const count = buckets[i + 1]!;
    if (!Number.isInteger(bucket) || bucket < 0 || bucket >= BUCKETS || !(count > 0)) continue;
    to.addTo(bucket, count);
    to.count += count;
  }
  to.sum += sum;
  to.max = Math.max(to.max, max);
}
