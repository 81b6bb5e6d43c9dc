import { until } from '../support/until.js';
import type { CoherenceChecker } from './checker.js';
import { faultsOf, type Outcome } from './outcome.js';
import type { Changes } from './plans.js';

/** The longest that the checker may take to notice that a protection is missing. */
const NOTICED_MS = 150_000;
/** Writes of each process that the loss may undo, and as many before and after it. */
const WRITES = 5;

/** One way in which Redis goes back to a state from before what it has acknowledged. */
export interface Loss {
  /** Acknowledgements from now on may be lost. */
  prepare(): Promise<void>;
  /**
   * Loses it. Once this has settled, nothing more can be lost.
   *
   * @returns the port of the replica that has taken over; `undefined`: Redis is dead.
   */
  strike(): Promise<number | undefined>;
  /** Brings back what is dead. */
  recover(): Promise<void>;
}

export interface LostStatePlan {
  readonly checker: CoherenceChecker;
  readonly title: string;
  readonly loss: Loss;
  readonly runs: Readonly<Record<string, Changes>>;
  /** The run without its protection: Redis loses its state until the checker notices that. */
  readonly broken: string;
  /** An old value may be served for a bounded time also without a memory tier. */
  readonly isBounded: boolean;
}

/** Lets runs see the same losses side by side, and returns what they saw, by name. */
export async function sideBySide(plan: LostStatePlan): Promise<Record<string, Outcome>> {
  const { checker, title, loss, runs, broken, isBounded } = plan;
  const begun = new Map<string, string>();
  let losing: Promise<void> | undefined;
  const loseAgain = async (): Promise<void> => {
    const names = Object.keys(runs);
    await until('all have begun', async () => begun.size === names.length);
    const isNoticed = async (): Promise<boolean> => {
      await lose(checker, [...begun.values()], loss);
      const outcome = await checker.report(begun.get(broken) as string);
      return faultsOf(outcome, isBounded).includes('stale');
    };
    await until('it is noticed', isNoticed, NOTICED_MS);
  };
  const meanwhile = (name: string) => async (run: string) => {
    begun.set(name, run);
    await (losing ??= loseAgain());
  };
  const outcomes = Object.entries(runs).map(async ([name, changes]) => {
    const spec = { writers: 1, writePauseMs: [20, 100], ...changes } as const;
    return [name, await checker.check(`${title}, ${name}`, spec, meanwhile(name))] as const;
  });
  return Object.fromEntries(await Promise.all(outcomes));
}

async function lose(checker: CoherenceChecker, runs: readonly string[], loss: Loss): Promise<void> {
  const databases = runs.map((run) => checker.databaseOf(run));
  const count = (what: 'crashes' | 'restarts'): Promise<unknown> =>
    Promise.all(databases.map((one) => one.count(what)));
  await progress(checker, runs);
  await loss.prepare();
  await progress(checker, runs);
  await count('crashes');
  const port = await loss.strike();
  await count('restarts');
  await Promise.all(runs.map((run) => checker.tellCrashed(run, port)));
  await loss.recover();
  await until('all have dealt with it', async () => {
    const caught = await Promise.all(runs.map((run) => checker.askAll(run, 'caught')));
    return !caught.flat().includes(false);
  });
  await progress(checker, runs);
  for (const one of databases) one.close();
}

/** Waits until a number of further writes of every process are acknowledged. */
async function progress(checker: CoherenceChecker, runs: readonly string[]): Promise<void> {
  const written = async (): Promise<number[]> => {
    const reports = await Promise.all(runs.map((run) => checker.askAll(run, 'report')));
    return reports.flat().map(({ writes }) => writes);
  };
  const before = await written();
  await until('more is written', async () =>
    (await written()).every((writes, i) => writes >= (before[i] ?? 0) + WRITES),
  );
}
