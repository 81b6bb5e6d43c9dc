/**
 * Compares this build with another one, such as that of an older commit: the same work, in processes
 * of the same age, in turn.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { RedisServer } from '../../tests/support/redis/server.js';
import { keepTo } from '../harness/cores.js';
import {
  atMost,
  written,
  type Bar,
  type BenchOptions,
  type Report,
  type Table,
} from '../harness/report.js';
import {
  laps,
  median,
  of,
  quantile,
  resultsOf,
  timeTable,
  type Lap,
  type Result,
  type Rounds,
} from '../harness/rounds.js';
import { Worker } from '../harness/workers.js';
import type { PairedQuestion, PairedSetup } from './paired-worker.js';

const HERE = fileURLToPath(new URL('../..', import.meta.url));
const OTHER = 'the other build';
const OURS = 'this build';
/** How much slower this build may be. */
const TOLERANCE = 1.05;
/** Pairs of fresh processes: what the compiler makes of a program differs between processes. */
const PAIRS = 7;
const REDIS_PAIRS = 4;
const WIDTHS = [1, 64, 512] as const;

/** The cases, which can be named one by one. */
export const PAIRED_CASES = [
  'memory-hit',
  'memory-miss',
  'set',
  'first-load',
  'redis-hit',
] as const;

export type PairedCase = (typeof PAIRED_CASES)[number];

/** @param folder - Root or `dist` of the other build. */
export async function paired(
  folder: string,
  names: readonly PairedCase[],
  bench: BenchOptions,
): Promise<Report> {
  const other = resolve(folder);
  const chosen = new Set<PairedCase>(names.length > 0 ? names : PAIRED_CASES);
  const tables: Table[] = [];
  const bars: Bar[] = [];
  for (const [name, title] of [
    ['memory-hit', 'Memory hit through @Cached, one string argument'],
    ['memory-miss', 'Memory miss through @Cached: load, fill, eviction'],
    ['set', 'set of 1,000 hot keys, memory alone'],
  ] as const) {
    if (!chosen.has(name)) continue;
    const results = await inPairs(other, { work: name }, bench, PAIRS);
    tables.push(timeTable(title, results, 'ns'));
    const { ratio } = of(results, OURS);
    if (name === 'memory-hit')
      bars.push(atMost('memory hit, of the other build', TOLERANCE, ratio));
  }
  if (chosen.has('memory-hit')) {
    const { results, bar } = await byHand(bench);
    tables.push(results);
    bars.push(bar);
  }
  if (chosen.has('first-load')) {
    const found = await aroundFirstLoad(other, bench);
    tables.push(found.table);
    bars.push(found.bar);
  }
  if (chosen.has('redis-hit')) {
    for (const [width, results] of await redisHits(other, bench)) {
      tables.push(timeTable(`Redis hit of 1 kB, ${String(width)} in flight`, results, 'µs'));
      const what = `Redis hit, ${String(width)} in flight, of the other build`;
      bars.push(atMost(what, TOLERANCE, of(results, OURS).ratio));
    }
  }
  return { tables, bars };
}

/** Lets both builds compete in one fresh pair of processes after the other. */
async function inPairs(
  other: string,
  setup: Omit<PairedSetup, 'folder'>,
  bench: BenchOptions,
  pairs: number,
): Promise<Result[]> {
  const all: Lap[][] = [];
  for (let i = 0; i < (bench.quick ? 1 : pairs); i++) {
    await withPair(other, setup, async (workers) => {
      all.push(await laps(contestantsOf(workers, {}), bench, { rounds: 9, runUp: 0.5 }));
    });
  }
  return resultsOf(...all);
}

type Pair = ReadonlyMap<string, Worker>;

/** Runs something on a process of each build; the other build's is the base of the ratios. */
async function withPair(
  other: string,
  setup: Omit<PairedSetup, 'folder'>,
  run: (workers: Pair) => Promise<void>,
): Promise<void> {
  const workers = new Map<string, Worker>();
  try {
    for (const [name, folder] of [
      [OTHER, other],
      [OURS, HERE],
    ] as const) {
      workers.set(name, await start({ ...setup, folder }));
    }
    await run(workers);
  } finally {
    for (const worker of workers.values()) await worker.stop();
  }
}

const start = (setup: PairedSetup): Promise<Worker> =>
  Worker.start('paired-worker.ts', [JSON.stringify(setup)]);

const contestantsOf = (
  workers: Pair,
  question: Partial<PairedQuestion>,
): { name: string; run: (times: number) => Promise<unknown> }[] =>
  [...workers].map(([name, worker]) => ({
    name,
    run: (times) => worker.ask(JSON.stringify({ width: 1, ...question, times })),
  }));

/** Both in one process, as in the case `memory-hit`, but without the rivals. */
async function byHand(bench: BenchOptions): Promise<{ results: Table; bar: Bar }> {
  const all: Lap[][] = [];
  for (let i = 0; i < (bench.quick ? 1 : PAIRS); i++) {
    const worker = await start({ work: 'memory-hit', folder: HERE });
    try {
      const run = (isByHand: boolean) => (times: number) =>
        worker.ask(JSON.stringify({ width: 1, times, isByHand } satisfies PairedQuestion));
      const contestants = [
        { name: 'by hand', run: run(true) },
        { name: '@Cached', run: run(false) },
      ];
      all.push(await laps(contestants, bench, { rounds: 9, runUp: 0.5 }));
    } finally {
      await worker.stop();
    }
  }
  const results = resultsOf(...all);
  return {
    results: timeTable('This build and the same by hand', results, 'ns'),
    bar: atMost('memory hit through @Cached, of hand-written', 0.3, of(results, '@Cached').ratio),
  };
}

/**
 * Nanoseconds per hit in a fresh process that has loaded nothing (the values were `set`), and in the
 * same process after its first load. A load must leave nothing on that slows what follows, as the
 * first `AsyncLocalStorage.run` of a process does.
 */
async function aroundFirstLoad(
  other: string,
  bench: BenchOptions,
): Promise<{ table: Table; bar: Bar }> {
  const found = new Map<string, { before: number[]; after: number[]; ratios: number[] }>();
  for (const name of [OTHER, OURS]) found.set(name, { before: [], after: [], ratios: [] });
  const rounds: Rounds = { rounds: 7, runUp: 0.5 };
  for (let i = 0; i < (bench.quick ? 1 : PAIRS); i++) {
    await withPair(other, { work: 'first-load' }, async (workers) => {
      const before = resultsOf(await laps(contestantsOf(workers, {}), bench, rounds));
      for (const worker of workers.values()) {
        await worker.ask(
          JSON.stringify({ width: 1, times: 0, load: true } satisfies PairedQuestion),
        );
      }
      const after = resultsOf(await laps(contestantsOf(workers, {}), bench, rounds));
      for (const [name, times] of found) {
        const [first, then] = [of(before, name).median, of(after, name).median];
        times.before.push(first);
        times.after.push(then);
        times.ratios.push(then / first);
      }
    });
  }
  const rows = [...found].map(([name, { before, after, ratios }]) => [
    name,
    median(before),
    median(after),
    `${median(ratios).toFixed(2)}x`,
    `${written(quantile(ratios, 0.25))} – ${written(quantile(ratios, 0.75))}`,
  ]);
  const title = 'Memory hit before and after the first load of a process';
  const columns = ['', 'ns before', 'ns after', 'ratio', 'quartiles'];
  const ratio = median(found.get(OURS)?.ratios ?? []);
  return {
    table: { title, columns, rows },
    bar: atMost('memory hit after the first load, of before', TOLERANCE, ratio),
  };
}

async function redisHits(other: string, bench: BenchOptions): Promise<Map<number, Result[]>> {
  const server = await RedisServer.start();
  const taken = new Map<number, Lap[][]>(WIDTHS.map((width) => [width, []]));
  try {
    for (let i = 0; i < (bench.quick ? 1 : REDIS_PAIRS); i++) {
      await withPair(other, { work: 'redis-hit', url: server.url }, async (workers) => {
        // The widest first: it brings the compiler to rest, for which one at a time takes too long.
        for (const width of [...WIDTHS].reverse()) {
          const place = (isApart: boolean): void => {
            keepTo(server.pid, isApart ? 'first' : 'any');
            for (const { pid } of workers.values()) keepTo(pid, isApart ? 'last' : 'any');
          };
          // One at a time, server and client take turns.
          if (width === 1) place(true);
          const rounds: Rounds = { rounds: 9, roundMs: 60, least: 2 * width, runUp: 0.75 };
          taken
            .get(width)
            ?.push(
              await laps(contestantsOf(workers, { width, isLatency: width === 1 }), bench, rounds),
            );
          if (width === 1) place(false);
        }
      });
    }
  } finally {
    await server.stop();
  }
  return new Map([...taken].map(([width, all]) => [width, resultsOf(...all)]));
}
