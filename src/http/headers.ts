/** `X-Response-Time` of every millisecond below a second, made when first needed. */
const SHORT: string[] = [];

/**
 * `0.045s`: seconds, to the millisecond.
 *
 * @internal
 */
export function responseTime(ms: number): string {
  const whole = Math.round(ms);
  if (whole < 1000) return (SHORT[whole] ??= `${(whole / 1000).toFixed(3)}s`);
  return `${(whole / 1000).toFixed(3)}s`;
}

/** The same for every hundredth of a millisecond below ten. */
const TOTALS: string[] = [];

function totalOf(ms: number): string {
  const hundredths = Math.round(ms * 100);
  if (hundredths < 1000) {
    return (TOTALS[hundredths] ??= `total;dur=${String(hundredths / 100)}`);
  }
  return `total;dur=${String(hundredths / 100)}`;
}

/** What one request asked of the cache. */
export interface CacheCounts {
  hits: number;
  misses: number;
}

/**
 * A `Server-Timing` header's value: the total in milliseconds, to a hundredth.
 *
 * @see https://www.w3.org/TR/server-timing/
 * @internal
 */
export function serverTiming(ms: number, counts: CacheCounts | undefined): string {
  const total = totalOf(ms);
  if (counts === undefined) return total;
  const { hits, misses } = counts;
  const found = `${String(hits)} ${hits === 1 ? 'hit' : 'hits'}`;
  const lost = `${String(misses)} ${misses === 1 ? 'miss' : 'misses'}`;
  return `${total}, cache;desc="${found}, ${lost}"`;
}
