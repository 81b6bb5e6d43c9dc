import type { Store } from '../rivals/store.js';
import type { Trace } from './trace.js';

/** The values of a cache in front of a loader, by the keys of a trace. */
export interface Contents {
  /** The text of each key. */
  readonly texts: readonly string[];
  /** The value of each key. */
  readonly values: readonly object[];
}

/** Characters of a key. */
export const KEY_LENGTH = 40;

export function contentsOf({ keys }: Pick<Trace, 'keys'>): Contents {
  const numbers = Array.from({ length: keys }, (_, key) => key);
  return {
    texts: numbers.map((key) => `catalogue:${String(key).padStart(10, '0')}:Catalogue.findEntry`),
    values: numbers.map((key) => ({ key })),
  };
}

/**
 * Reads every key of a trace in turn, and stores its value where the store does not have it.
 *
 * @param costs - Milliseconds that the load of each key takes; by default the store gets no costs.
 * @returns The hits of each key.
 * @throws when the store returns the value of another key.
 */
export function replay(
  trace: Trace,
  { texts, values }: Contents,
  store: Store,
  costs?: Float64Array,
): Uint32Array {
  const hits = new Uint32Array(trace.keys);
  for (const key of trace.requests) {
    const [text, value] = [texts[key] as string, values[key] as object];
    const found = store.get(text);
    if (found === undefined) {
      if (costs === undefined) store.set(text, value);
      else store.setWithCost?.(text, value, costs[key] as number);
    } else if (found === value) hits[key] = (hits[key] as number) + 1;
    else throw new Error(`The store returned the value of another key than ${text}.`);
  }
  return hits;
}

/** The sum of the hits of all keys. */
export function total(hitsByKey: Uint32Array): number {
  return hitsByKey.reduce((sum, hits) => sum + hits, 0);
}
