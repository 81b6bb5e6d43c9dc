/** Numbers from 0 up to 1 from a seed (a linear congruential generator, good enough for this). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Chooses as users do, few things often and many rarely: the n-th is chosen 1/n times as often as
 * the first (Zipf's law).
 *
 * @returns A function that returns an index below `count`.
 */
export function zipf(count: number, random: () => number): () => number {
  const shares = Array.from({ length: count }, (_, n) => 1 / (n + 1));
  const sum = shares.reduce((total, share) => total + share, 0);
  return () => {
    let left = random() * sum;
    return Math.max(
      0,
      shares.findIndex((share) => (left -= share) < 0),
    );
  };
}
