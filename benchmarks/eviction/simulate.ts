import type { StoreRival } from '../rivals/store.js';
import { optimalHits } from './optimum.js';
import { contentsOf, replay, total } from './replay.js';
import type { Size } from './settings.js';
import type { Trace } from './trace.js';

/** The results of one trace for caches of one size. */
export interface Outcome {
  readonly trace: Trace;
  readonly size: Size;
  readonly entries: number;
  /** The most hits that any policy can have. */
  readonly optimum: number;
  /** The hits of each key, by the name of the store. */
  readonly hits: ReadonlyMap<string, Uint32Array>;
}

/**
 * Replays a trace against every store in every size.
 *
 * @throws when a store has more hits than are possible: it holds more than it may.
 */
export function simulate(
  trace: Trace,
  sizes: readonly Size[],
  stores: readonly StoreRival[],
): Outcome[] {
  const contents = contentsOf(trace);
  return sizes.map((size) => {
    const entries = size.entriesFor(trace.keys);
    const optimum = optimalHits(trace, entries);
    const hits = new Map<string, Uint32Array>();
    for (const { name, make, strictBound } of stores) {
      const store = make(strictBound?.(entries) ?? entries);
      const found = replay(trace, contents, store);
      store.close?.();
      if (total(found) > optimum) {
        throw new Error(
          `${name} had ${total(found)} hits on ${trace.name} with ${entries} entries, ` +
            `but ${optimum} are possible.`,
        );
      }
      hits.set(name, found);
    }
    return { trace, size, entries, optimum, hits };
  });
}
