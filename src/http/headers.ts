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

/** What one request asked of the cache. */
export interface CacheCounts {
  hits: number;
  misses: number;
}

/**
 * A `Server-Timing` header's value: the total in milliseconds, to the microsecond at best.
 *
 * @see https://www.w3.org/TR/server-timing/
 * @internal
 */
export function serverTiming(ms: number, counts: CacheCounts | undefined): string {
  const total = `total;dur=${String(Math.round(ms * 100) / 100)}`;
  if (counts === undefined) return total;
  const { hits, misses } = counts;
  const found = `${String(hits)} ${hits === 1 ? 'hit' : 'hits'}`;
  const lost = `${String(misses)} ${misses === 1 ? 'miss' : 'misses'}`;
  return `${total}, cache;desc="${found}, ${lost}"`;
}
