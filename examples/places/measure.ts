import { randomNumbers, zipf } from './zipf.js';

/** One method of the service, and the calls that its users make, the most frequent first. */
export interface Subject {
  readonly method: string;
  readonly calls: readonly (() => unknown)[];
}

const ROUNDS = 50;
const CALLS_PER_ROUND = 1000;

/** How long a single call takes, in milliseconds. */
export async function timeOf(call: () => unknown): Promise<number> {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

/**
 * How long a cache hit takes, in milliseconds. A single one is too short
 * for the clock: the median over rounds of a thousand.
 */
export async function timeOfHit(call: () => unknown): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < CALLS_PER_ROUND; i++) {
      const result = call();
      // A memoized method returns at once, and should not be charged for a promise.
      if (result instanceof Promise) await result;
    }
    rounds.push((performance.now() - start) / CALLS_PER_ROUND);
  }
  return median(rounds);
}

/** Makes calls as users do, the first of them most often. The same calls on every run. */
export async function traffic({ calls }: Subject, count: number): Promise<void> {
  const choose = zipf(calls.length, randomNumbers(1));
  for (let i = 0; i < count; i++) await calls[choose()]?.();
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? 0;
}
