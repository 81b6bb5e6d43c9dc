import { collectGarbage } from './garbage.js';
import { written, type BenchOptions, type Cell, type Table } from './report.js';

/** One contestant: does the work `times` times. */
export interface Contestant {
  readonly name: string;
  readonly run: (times: number) => unknown;
}

/** A result of {@link Contestant.run} that timed itself: the total time of all operations. */
export interface Measured {
  readonly nanoseconds: number;
}

/** The times of one contestant. */
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
  /** Nanoseconds per operation, by round. */
  readonly rounds: readonly number[];
}

/** The time of one contestant in each round, in nanoseconds per operation. */
export interface Lap {
  readonly name: string;
  readonly rounds: readonly number[];
}

export interface Rounds {
  readonly rounds?: number;
  /** How long a contestant runs in a round; it decides how often the work is done. */
  readonly roundMs?: number;
  /** Least operations in a round. */
  readonly least?: number;
  /**
   * Share of a round that a contestant runs before its time is taken. One in a separate process has
   * idled since its last turn: V8 has collected and dropped what it had compiled, and the caches are
   * another's.
   */
  readonly runUp?: number;
}

/**
 * Runs the contestants in turn, round after round, and compares them within each round, so that drift in
 * the machine's speed affects all of them equally. The order rotates: each contestant comes first and
 * follows every other one equally often, and garbage is collected in between. Ratios are relative to the
 * first contestant.
 */
export async function compete(
  contestants: readonly Contestant[],
  bench: Pick<BenchOptions, 'quick'>,
  rounds?: Rounds,
): Promise<Result[]> {
  return resultsOf(await laps(contestants, bench, rounds));
}

/** The rounds of {@link compete} themselves. */
export async function laps(
  contestants: readonly Contestant[],
  { quick }: Pick<BenchOptions, 'quick'>,
  { rounds = 11, roundMs = 40, least = 1, runUp = 0 }: Rounds = {},
): Promise<Lap[]> {
  const turns = quick ? 1 : rounds;
  const times: number[] = [];
  for (const contestant of contestants) {
    times.push(quick ? 10 * least : await warmUp(contestant, roundMs, least));
  }
  const taken = contestants.map((): number[] => []);
  for (let round = 0; round < turns; round++) {
    for (const i of orderOf(contestants.length, round)) {
      const { run } = contestants[i] as Contestant;
      const work = times[i] ?? 1;
      collectGarbage();
      if (runUp > 0) await run(Math.max(least, Math.ceil(work * runUp)));
      taken[i]?.push(await nanoseconds(run, work));
    }
  }
  return contestants.map(({ name }, i) => ({ name, rounds: taken[i] ?? [] }));
}

/**
 * The order of the contestants in a round. Over enough rounds, each runs equally often right after every
 * other one, since a process pays for the work that the one before left behind (a Williams design, with
 * the second half reversed).
 */
export function orderOf(count: number, round: number): number[] {
  // 0, 1, n − 1, 2, n − 2 …: every distance between neighbours occurs once.
  const row = Array.from({ length: count }, (_, i) => (i % 2 === 1 ? (i + 1) / 2 : count - i / 2));
  const order = row.map((place) => (place + round) % count);
  return Math.floor(round / count) % 2 === 1 ? order.reverse() : order;
}

/**
 * The results of successive races of the same contestants. The first contestant is the base of the
 * ratios.
 */
export function resultsOf(...races: readonly (readonly Lap[])[]): Result[] {
  const all = (i: number): number[] => races.flatMap((race) => race[i]?.rounds ?? []);
  const base = all(0);
  return (races[0] ?? []).map(({ name }, i) => result(name, all(i), base));
}

/** How many times as long one took as another: the median of the ratios within the rounds. */
export function timesOf(results: readonly Result[], name: string, other: string): number {
  return median(ratios(of(results, name).rounds, of(results, other).rounds));
}

/** Runs until the compiler has settled, and determines how much work fills a round. */
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
  const outcome = await run(times);
  if (isMeasured(outcome)) return outcome.nanoseconds / times;
  return Number(process.hrtime.bigint() - start) / times;
}

function isMeasured(outcome: unknown): outcome is Measured {
  return typeof outcome === 'object' && outcome !== null && 'nanoseconds' in outcome;
}

function result(name: string, rounds: readonly number[], base: readonly number[]): Result {
  const toBase = ratios(rounds, base);
  return {
    name,
    median: median(rounds),
    fastest: Math.min(...rounds),
    slowest: Math.max(...rounds),
    ratio: median(toBase),
    low: quantile(toBase, 0.25),
    high: quantile(toBase, 0.75),
    rounds,
  };
}

function ratios(mine: readonly number[], others: readonly number[]): number[] {
  return mine.map((time, round) => time / (others[round] ?? NaN));
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

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? NaN;
}
