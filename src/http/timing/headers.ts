/** `X-Response-Time` by milliseconds below one second, filled on demand. */
const TIMES: string[] = [];

/**
 * The value of `X-Response-Time`: seconds to the millisecond, `0.045s`.
 *
 * @internal
 */
export function responseTime(ms: number): string {
  const whole = Math.round(ms);
  if (whole < 1000) return (TIMES[whole] ??= `${(whole / 1000).toFixed(3)}s`);
  return `${(whole / 1000).toFixed(3)}s`;
}

/** The total of `Server-Timing` by hundredths of a millisecond below 10 ms, filled on demand. */
const TOTALS: string[] = [];

function totalOf(ms: number): string {
  const hundredths = Math.round(ms * 100);
  if (hundredths < 1000) {
    return (TOTALS[hundredths] ??= `total;dur=${String(hundredths / 100)}`);
  }
  return `total;dur=${String(hundredths / 100)}`;
}

/** Cache hits and misses of one request. */
export interface CacheCounts {
  hits: number;
  misses: number;
}

/**
 * The value of `Server-Timing`: the total in milliseconds, to a hundredth.
 *
 * @see https://www.w3.org/TR/server-timing/
 * @internal
 */
export function serverTiming(ms: number, counts: CacheCounts | undefined): string {
  const total = totalOf(ms);
  if (counts === undefined) return total;
  const { hits, misses } = counts;
  const hitText = `${String(hits)} ${hits === 1 ? 'hit' : 'hits'}`;
  const missText = `${String(misses)} ${misses === 1 ? 'miss' : 'misses'}`;
  return `${total}, cache;desc="${hitText}, ${missText}"`;
}
