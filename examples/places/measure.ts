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
 * How long a call takes that is answered from the cache, in milliseconds. One alone is too short
 * for the clock: the median over rounds of a thousand.
 */
export async function timeOfHit(call: () => unknown): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < CALLS_PER_ROUND; i++) {
      const result = call();
      // A memoized method answers at once, and should not be charged for a promise.
      if (result instanceof Promise) await result;
    }
    rounds.push((performance.now() - start) / CALLS_PER_ROUND);
  }
  return median(rounds);
}

/**
 * Makes calls as users do, few of them often and many of them rarely: the n-th most frequent is
 * made 1/n times as often as the first (Zipf's law). The same calls on every run.
 */
export async function traffic({ calls }: Subject, count: number): Promise<void> {
  const random = randomNumbers(1);
  const shares = calls.map((_, n) => 1 / (n + 1));
  const sum = shares.reduce((total, share) => total + share, 0);
  for (let i = 0; i < count; i++) {
    let left = random() * sum;
    const chosen = shares.findIndex((share) => (left -= share) < 0);
    await calls[Math.max(0, chosen)]?.();
  }
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? 0;
}

/** Numbers from 0 up to 1 from a seed (a linear congruential generator, good enough for this). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
