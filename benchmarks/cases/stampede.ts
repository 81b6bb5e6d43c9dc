/**
 * A thousand callers of a cold key, in one process and in four that share a Redis: how often the load
 * runs, and how long the callers wait.
 */
import { RedisServer } from '../../tests/support/redis/server.js';
import { rivalsWith } from '../harness/rivals.js';
import { atMost, type BenchOptions, type Cell, type Report } from '../harness/report.js';
import { median } from '../harness/rounds.js';
import { Worker } from '../harness/workers.js';
import { LOAD_MS, type Herd } from './herd.js';

const CALLERS = 1000;
const ROUNDS = 5;
const OURS = 'aurora-cache';

export async function stampede(bench: BenchOptions): Promise<Report> {
  const names = [OURS];
  if (bench.rivals) names.push(...(await rivalsWith('inRedis')).map(({ name }) => name));
  const server = await RedisServer.start();
  const rows: Cell[][] = names.map((name) => [name]);
  let most = 0;
  try {
    for (const processes of [1, 4]) {
      for (const row of rows) {
        const name = String(row[0]);
        const { loads, ms } = await herds(name, processes, server.url, bench);
        row.push(
          loads.join(' '),
          median(ms),
          `${Math.min(...ms).toFixed(0)} – ${Math.max(...ms).toFixed(0)}`,
        );
        if (name === OURS) most = Math.max(most, ...loads);
      }
    }
  } finally {
    await server.stop();
  }
  return {
    tables: [
      {
        title: `${CALLERS} callers of a cold key whose load takes ${LOAD_MS} ms, ${ROUNDS} keys`,
        columns: [
          '',
          ...[1, 4].flatMap((n) => {
            const where = n === 1 ? '1 process' : `${n} processes`;
            return [`loads, ${where}`, 'ms, median', 'fastest – slowest'];
          }),
        ],
        rows,
        notes: ['Loads: of each of the keys. The rivals are set up as for hits in Redis.'],
      },
    ],
    bars: [atMost('loads of a key, in 1 and in 4 processes', 1, most, '')],
  };
}

interface Outcome {
  readonly loads: readonly number[];
  readonly ms: readonly number[];
}

async function herds(
  name: string,
  processes: number,
  url: string,
  { quick }: BenchOptions,
): Promise<Outcome> {
  const words = [name, url, String(CALLERS / processes)];
  const workers = await Promise.all(
    Array.from({ length: processes }, () => Worker.start('stampede-worker.ts', words)),
  );
  const loads: number[] = [];
  const ms: number[] = [];
  try {
    // The first herd runs cold code over unused connections: discard it.
    for (let round = -1; round < (quick ? 1 : ROUNDS); round++) {
      const key = `${name.replaceAll(/\W+/g, '-')}-${processes}-${round}`;
      const found = await Promise.all(workers.map((worker) => worker.ask<Herd>(key)));
      if (round < 0) continue;
      loads.push(found.reduce((sum, herd) => sum + herd.loads, 0));
      ms.push(Math.max(...found.map((herd) => herd.ms)));
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
  return { loads, ms };
}
