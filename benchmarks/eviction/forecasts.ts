/** Compares the estimates of a store for other sizes and lives with runs at those sizes and lives. */
import { MemoryStore, type Clock } from 'aurora-cache';

import { contentsOf, type Contents } from './replay.js';
import type { Trace } from './trace.js';

/** A store's estimate for another size, or for other lives; hit ratios in percent. */
export interface Forecast {
  readonly trace: Trace;
  readonly entries: number;
  readonly option: 'size' | 'life';
  /** The multiple of the size or the life. */
  readonly times: number;
  readonly estimate: number;
  /** The error that the store states, in percentage points. */
  readonly error: number;
  /** The hit ratio of a run at that size or life. */
  readonly measured: number;
}

/** Requests during which an entry lives, for each entry that the store holds. */
const LIFE = 3;

/** Replays a trace in an adaptive store, and once more for every estimate of that store. */
export function forecastsOf(trace: Trace, entries: number): Forecast[] {
  const contents = contentsOf(trace);
  const life = LIFE * entries;
  const bySize = run(trace, contents, entries, Infinity).store.estimates()?.sizes ?? [];
  const byLife = run(trace, contents, entries, life).store.estimates()?.lives ?? [];
  return [
    ...bySize.map(({ times, hitRate, error }): Forecast => {
      const other = run(trace, contents, Math.round(entries * times), Infinity);
      const figures = { estimate: hitRate, error, measured: other.hitRatio };
      return { trace, entries, option: 'size', times, ...figures };
    }),
    ...byLife.map(({ times, hitRate, error }): Forecast => {
      const other = run(trace, contents, entries, life * times);
      const figures = { estimate: hitRate, error, measured: other.hitRatio };
      return { trace, entries, option: 'life', times, ...figures };
    }),
  ];
}

/** @param life - Of the entries, in requests. */
function run(
  { requests }: Trace,
  { texts, values }: Contents,
  maxItems: number,
  life: number,
): { hitRatio: number; store: MemoryStore } {
  let time = 0;
  // One millisecond per request. Without timers, only reads and evictions find expired entries.
  const clock: Clock = {
    now: () => time,
    monotonic: () => time,
    setTimeout: () => undefined,
    clearTimeout: () => undefined,
  };
  const store = new MemoryStore({ maxItems, eviction: 'adaptive', clock });
  let hits = 0;
  for (const key of requests) {
    time++;
    const text = texts[key] as string;
    if (store.find(text) === undefined) store.put(text, values[key], life);
    else hits++;
  }
  return { hitRatio: (100 * hits) / requests.length, store };
}

/** Points between the estimate and the measured hit ratio. */
export function offBy({ estimate, measured }: Forecast): number {
  return Math.abs(estimate - measured);
}
