import type { StoreRival } from '../rivals/store.js';
import { COST_MODELS, costsOf } from './costs.js';
import { optimalHits } from './optimum.js';
import { contentsOf, replay, total, type Contents } from './replay.js';
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
  /** The same for stores that weigh costs and know them, by the name of the cost model. */
  readonly weighed: ReadonlyMap<string, ReadonlyMap<string, Uint32Array>>;
}

/**
 * Replays a trace against every store in every size.
 *
 * @param seed - Of the load times.
 * @throws when a store has more hits than are possible: it holds more than it may.
 */
export function simulate(
  trace: Trace,
  sizes: readonly Size[],
  stores: readonly StoreRival[],
  seed: number,
): Outcome[] {
  const contents = contentsOf(trace);
  return sizes.map((size) => {
    const entries = size.entriesFor(trace.keys);
    const optimum = optimalHits(trace, entries);
    const hitsOf = (rival: StoreRival, costs?: Float64Array): Uint32Array =>
      checkedHits(trace, contents, { rival, entries, optimum, costs });
    const hits = new Map(stores.map((rival) => [rival.name, hitsOf(rival)]));
    const weighing = stores.filter(({ weighsCosts }) => weighsCosts === true);
    const weighed = new Map(
      weighing.map((rival) => [
        rival.name,
        new Map(
          COST_MODELS.map((model) => [model.name, hitsOf(rival, costsOf(model, trace.keys, seed))]),
        ),
      ]),
    );
    return { trace, size, entries, optimum, hits, weighed };
  });
}

interface Run {
  readonly rival: StoreRival;
  readonly entries: number;
  readonly optimum: number;
  readonly costs: Float64Array | undefined;
}

function checkedHits(
  trace: Trace,
  contents: Contents,
  { rival, entries, optimum, costs }: Run,
): Uint32Array {
  const store = rival.make(rival.strictBound?.(entries) ?? entries);
  const hits = replay(trace, contents, store, costs);
  store.close?.();
  if (total(hits) <= optimum) return hits;
  throw new Error(
    `${rival.name} had ${total(hits)} hits on ${trace.name} with ${entries} entries, ` +
      `but ${optimum} are possible.`,
  );
}
