/** Models of how long the loads of a trace take, and the time that hits save under them. */
import { seededRandom } from './random.js';
import { requestsByKey, type Trace } from './trace.js';

export interface CostModel {
  readonly name: string;
  /** The ratio to reach: time saved with costs ÷ time saved without. */
  readonly aim?: number;
  /** Draws a key's load time in milliseconds. */
  readonly draw: (random: () => number) => number;
}

export const COST_MODELS: readonly CostModel[] = [
  { name: 'constant', draw: () => 10 },
  {
    name: '8 methods, 1–800 ms',
    aim: 1.15,
    draw: (random) => 800 ** (Math.floor(8 * random()) / 7),
  },
  {
    name: 'bimodal: 1 ms, 10 % 800 ms',
    aim: 1.15,
    draw: (random) => (random() < 0.1 ? 800 : 1),
  },
  { name: 'log-normal, σ = 1', aim: 1.08, draw: (random) => 10 * Math.exp(normal(random)) },
  { name: 'log-normal, σ = 1.5', aim: 1.15, draw: (random) => 10 * Math.exp(1.5 * normal(random)) },
];

/** The load time of every key, in milliseconds; the same for the same seed. */
export function costsOf({ draw }: CostModel, keys: number, seed: number): Float64Array {
  // The workloads are drawn from the seed itself; the same numbers would tie costs to popularity.
  const random = seededRandom(~seed);
  return Float64Array.from({ length: keys }, () => draw(random));
}

/**
 * The share of the load time of all requests that hits have saved.
 *
 * @param hitsByKey - Hits of each key.
 */
export function timeSaved(trace: Trace, hitsByKey: Uint32Array, costs: Float64Array): number {
  return weighted(hitsByKey, costs) / weighted(requestsByKey(trace), costs);
}

/** The hits of a cache without a bound: all requests of a key but the first. */
export function unboundedHits(trace: Trace): Uint32Array {
  return requestsByKey(trace).map((count) => count - 1);
}

function weighted(counts: Uint32Array, costs: Float64Array): number {
  return counts.reduce((sum, count, key) => sum + count * (costs[key] as number), 0);
}

/** Box and Muller, Annals of Mathematical Statistics 1958. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
