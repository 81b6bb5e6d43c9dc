import { collectGarbage } from './garbage.js';
import { written, type BenchOptions, type Cell, type Table } from './report.js';

/** One contestant: does the work `times` times. */
export interface Contestant {
  readonly name: string;
  readonly run: (times: number) => unknown;
}

/** What one contestant took. */
export interface Result {
  readonly name: string;
  /** Nanoseconds per operation: median, fastest and slowest round. */
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  /** Ratios of its time to the base's of the same round: median and quartiles. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

export interface Rounds {
  readonly rounds?: number;
  /** How long a contestant runs in a round; it decides how often the work is done. */
  readonly roundMs?: number;
  /** Least operations in a round. */
  readonly least?: number;
}

/**
 * Lets the contestants run in turn, round after round, so that a machine whose speed drifts is
 * equally unfair to all of them, and compares them within each round. Each goes first now and then,
 * and none pays for the garbage of another. The first contestant is the base of the ratios.
 */
export async function compete(
  contestants: readonly Contestant[],
  { quick }: Pick<BenchOptions, 'quick'>,
  { rounds = 11, roundMs = 40, least = 1 }: Rounds = {},
): Promise<Result[]> {
  const turns = quick ? 1 : rounds;
  const times: number[] = [];
  for (const contestant of contestants) {
    times.push(quick ? 10 * least : await warmUp(contestant, roundMs, least));
  }
  const taken = contestants.map((): number[] => []);
  for (let round = 0; round < turns; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const i = (turn + round) % contestants.length;
      const { run } = contestants[i] as Contestant;
      collectGarbage();
      taken[i]?.push(await nanoseconds(run, times[i] ?? 1));
    }
  }
  return contestants.map(({ name }, i) => result(name, taken[i] ?? [], taken[0] ?? []));
}

/** Runs until the compiler has settled, and finds out how much work fills a round. */
async function warmUp({ run }: Contestant, roundMs: number, least: number): Promise<number> {
  let times = least;
  let pace = await nanoseconds(run, times);
  let rounds = 0;
  while (rounds < 3) {
    times = Math.max(least, Math.min(times * 10, Math.ceil((roundMs * 1e6) / pace)));
    pace = await nanoseconds(run, times);
    if (pace * times > roundMs * 0.5e6 || times === least) rounds++;
  }
  return times;
}

async function nanoseconds(run: Contestant['run'], times: number): Promise<number> {
  const start = process.hrtime.bigint();
  await run(times);
  return Number(process.hrtime.bigint() - start) / times;
}

function result(name: string, mine: readonly number[], base: readonly number[]): Result {
  const ratios = mine.map((time, round) => time / (base[round] ?? NaN));
  return {
    name,
    median: quantile(mine, 0.5),
    fastest: Math.min(...mine),
    slowest: Math.max(...mine),
    ratio: quantile(ratios, 0.5),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75),
  };
}

/** Results as a table of times; `ratio` is of the times: less than 1 is faster than the base. */
export function timeTable(title: string, results: readonly Result[], unit: 'ns' | 'µs'): Table {
  const per = unit === 'ns' ? 1 : 1000;
  return {
    title,
    columns: ['', `${unit}/op`, 'fastest – slowest', 'ratio', 'quartiles'],
    rows: results.map(({ name, median, fastest, slowest, ratio, low, high }): Cell[] => [
      name,
      median / per,
      `${written(fastest / per)} – ${written(slowest / per)}`,
      `${ratio.toFixed(2)}x`,
      `${low.toFixed(2)} – ${high.toFixed(2)}`,
    ]),
  };
}

/** The result of one contestant. */
export function of(results: readonly Result[], name: string): Result {
  const found = results.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`There is no contestant '${name}'.`);
  return found;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? NaN;
}
