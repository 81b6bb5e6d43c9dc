/** Workloads that need no file. Each stresses one trait of an eviction policy. */
import { seededRandom } from './random.js';
import { TraceBuilder, type Trace } from './trace.js';

type Add = (key: string | number) => void;

/** Adds the given number of requests. */
type Workload = (add: Add, requests: number, random: () => number) => void;

const SKEW = 0.9;

/** Independent draws: only frequency predicts the next request. */
const zipf: Workload = (add, requests, random) => {
  const draw = zipfRanks(Math.ceil(requests / 10), random);
  for (let i = 0; i < requests; i++) add(draw());
};

/** The same, interrupted twenty times by keys that occur once: a fifth of the requests. */
const scan: Workload = (add, requests, random) => {
  const draw = zipfRanks(Math.ceil(requests / 20), random);
  const period = Math.ceil(requests / 20);
  for (let i = 0; i < requests; i++) add(i % period < 0.8 * period ? draw() : `once ${i}`);
};

/** The same keys again and again in the same order, the worst case of LRU. */
const loop: Workload = (add, requests) => {
  const length = Math.ceil(requests / 100);
  for (let i = 0; i < requests; i++) add(i % length);
};

/** Popularity that moves to other keys ten times: old frequencies mislead. */
const shifting: Workload = (add, requests, random) => {
  const keys = Math.ceil(requests / 10);
  const draw = zipfRanks(keys, random);
  for (let i = 0; i < requests; i++) {
    const shift = Math.floor((10 * i) / requests) * Math.ceil(keys / 10);
    add((draw() + shift) % keys);
  }
};

/** Keys that are requested about four times in short order, then never again. */
const bursts: Workload = (add, requests, random) => {
  let next = 0;
  const active = Array.from({ length: Math.ceil(requests / 200) }, () => next++);
  for (let i = 0; i < requests; i++) {
    const place = Math.floor(random() * active.length);
    add(active[place] as number);
    if (random() < 0.25) active[place] = next++;
  }
};

const WORKLOADS = { zipf, scan, loop, shifting, bursts };

/** The built-in workloads; the same ones for the same seed. */
export function syntheticTraces(requests: number, seed: number): Trace[] {
  return Object.entries(WORKLOADS).map(([name, workload]) => {
    const builder = new TraceBuilder();
    workload(builder.add, requests, seededRandom(seed));
    return builder.build(name, 'built in');
  });
}

/** Draws ranks from 0, of which the n-th is drawn 1 ÷ n^0.9 times as often as the first. */
function zipfRanks(keys: number, random: () => number): () => number {
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let i = 0; i < keys; i++) sums[i] = sum += (i + 1) ** -SKEW;
  return () => {
    const wanted = random() * sum;
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) <= wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
