import type { BenchOptions } from './report.js';
import { laps, resultsOf, type Contestant, type Lap, type Result, type Rounds } from './rounds.js';
import { serve, Worker } from './workers.js';

/** Contestants, and what is to be done when they have run. */
export interface Race {
  readonly contestants: readonly Contestant[];
  readonly rounds?: Rounds;
  /** @throws when one of them has not done the work. */
  readonly finish?: () => unknown;
}

/** Races by name; a worker process sets up the requested one. */
export type Races = Readonly<Record<string, (bench: BenchOptions) => Race | Promise<Race>>>;

interface Request {
  readonly race: string;
  readonly bench: BenchOptions;
}

const PROCESSES = 5;
const ROUNDS = 7;

/**
 * Runs a race in several fresh processes, one after the other. Compiled code and garbage collection vary
 * between processes as much as the contestants do: more rounds in one process would only repeat its
 * luck.
 *
 * @param file - Of `cases/`; it calls {@link serveRaces}.
 */
export async function competeAfresh(
  file: string,
  race: string,
  bench: BenchOptions,
): Promise<Result[]> {
  const all: Lap[][] = [];
  for (let i = 0; i < (bench.quick ? 1 : PROCESSES); i++) {
    const worker = await Worker.start(file);
    try {
      all.push(await worker.ask<Lap[]>(JSON.stringify({ race, bench } satisfies Request)));
    } finally {
      await worker.stop();
    }
  }
  return resultsOf(...all);
}

/** In the process itself. */
export function serveRaces(races: Races): void {
  serve(async (question) => {
    const { race, bench } = JSON.parse(question) as Request;
    const make = races[race];
    if (make === undefined) throw new Error(`There is no race '${race}'.`);
    const { contestants, rounds, finish } = await make(bench);
    const taken = await laps(contestants, bench, { rounds: ROUNDS, ...rounds });
    await finish?.();
    return taken;
  });
}
