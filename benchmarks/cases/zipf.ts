/** So many numbers below `range`, of which the n-th is drawn 1/n as often as the first. */
export function zipf(length: number, range: number): number[] {
  const sums = new Float64Array(range);
  let sum = 0;
  for (let i = 0; i < range; i++) sums[i] = sum += 1 / (i + 1);
  // Linear congruence: the same stream in every run.
  let seed = 7;
  return Array.from({ length }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const wanted = (seed / 2 ** 32) * sum;
    let [low, high] = [0, range - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}
