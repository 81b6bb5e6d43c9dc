/** One contestant: does the work `times` times. */
export interface Contestant {
  readonly name: string;
  readonly run: (times: number) => Promise<void>;
}

/** What one contestant took. */
export interface Result {
  readonly name: string;
  /** Nanoseconds per operation: median, fastest and slowest round. */
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  /** Median of the ratios to the first contestant, round by round. */
  readonly ratio: number;
}

/**
 * Lets the contestants run in turn, round after round, so that a machine whose speed drifts is
 * equally unfair to all of them, and compares them within each round.
 */
export async function compete(
  contestants: readonly Contestant[],
  { rounds = 15, times = 300_000 }: { readonly rounds?: number; readonly times?: number } = {},
): Promise<Result[]> {
  const taken = contestants.map((): number[] => []);
  // Two rounds to warm up the compiler.
  for (let round = -2; round < rounds; round++) {
    for (const [i, { run }] of contestants.entries()) {
      const start = process.hrtime.bigint();
      await run(times);
      const nanoseconds = Number(process.hrtime.bigint() - start) / times;
      if (round >= 0) taken[i]?.push(nanoseconds);
    }
  }
  const base = taken[0] ?? [];
  return contestants.map(({ name }, i) => {
    const mine = taken[i] ?? [];
    return {
      name,
      median: median(mine),
      fastest: Math.min(...mine),
      slowest: Math.max(...mine),
      ratio: median(mine.map((time, round) => time / (base[round] ?? NaN))),
    };
  });
}

/** Prints results as a table, slowest last. */
export function report(title: string, results: readonly Result[]): void {
  const width = Math.max(...results.map(({ name }) => name.length));
  console.log(`\n${title}\n`);
  console.log(`${''.padEnd(width)}  ns/op   (fastest – slowest)   ratio`);
  for (const { name, median: mid, fastest, slowest, ratio } of results) {
    const spread = `(${fastest.toFixed(0)} – ${slowest.toFixed(0)})`;
    console.log(
      `${name.padEnd(width)}  ${mid.toFixed(0).padStart(5)}   ${spread.padEnd(19)}   ${ratio.toFixed(2)}×`,
    );
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
