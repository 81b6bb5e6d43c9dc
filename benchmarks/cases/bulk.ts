/** Calls on many keys, compared with pipelines of ioredis that are split into chunks by hand. */
import { RedisServer } from '../../tests/support/redis/server.js';
import {
  atLeast,
  type Bar,
  type BenchOptions,
  type Report,
  type Table,
} from '../harness/report.js';
import { laps, of, resultsOf, timeTable, type Lap, type Measured } from '../harness/rounds.js';
import { Worker } from '../harness/workers.js';
import type { BulkCall, BulkQuestion } from './bulk-worker.js';

const BASE = 'ioredis, chunks of 1,000';
const OURS = 'aurora-cache';
const ENTRIES = 100_000;
/** Minimum speed of the calls relative to the pipeline. */
const BAR = 0.7;
/** Pairs of fresh processes. */
const PAIRS = 2;
const ROUNDS = 3;

const CALLS: readonly (readonly [BulkCall, pipeline: string])[] = [
  ['setMany', 'SET with PX, JSON.stringify'],
  ['getMany', 'GET, JSON.parse'],
  ['deleteMany', 'UNLINK'],
  ['warm', 'SET with PX, JSON.stringify'],
];

export async function bulk(bench: BenchOptions): Promise<Report> {
  const server = await RedisServer.start();
  const taken = new Map<BulkCall, Lap[][]>(CALLS.map(([call]) => [call, []]));
  try {
    for (let i = 0; i < (bench.quick ? 1 : PAIRS); i++) await race(server.url, bench, taken);
  } finally {
    await server.stop();
  }
  const tables: Table[] = [];
  const bars: Bar[] = [];
  for (const [call, pipeline] of CALLS) {
    const results = resultsOf(...(taken.get(call) ?? []));
    tables.push(
      timeTable(`${call} of 100,000 entries, per entry; base: ${pipeline}`, results, 'µs'),
    );
    bars.push(atLeast(`${call}, speed of the pipeline`, BAR, 1 / of(results, OURS).ratio));
  }
  return { tables, bars };
}

/** All calls in one pair of processes. */
async function race(
  url: string,
  bench: BenchOptions,
  taken: ReadonlyMap<BulkCall, Lap[][]>,
): Promise<void> {
  const workers = [
    [BASE, await Worker.start('bulk-worker.ts', [url, 'bare'])],
    [OURS, await Worker.start('bulk-worker.ts', [url, 'ours'])],
  ] as const;
  try {
    for (const [call] of CALLS) {
      const contestants = workers.map(([name, worker]) => ({
        name,
        run: (entries: number) =>
          worker.ask<Measured>(JSON.stringify({ call, entries } satisfies BulkQuestion)),
      }));
      // The number of entries is fixed, and with it the duration of a round.
      const least = bench.quick ? 100 : ENTRIES;
      taken.get(call)?.push(await laps(contestants, bench, { rounds: ROUNDS, roundMs: 1, least }));
    }
  } finally {
    for (const [, worker] of workers) await worker.stop();
  }
}
