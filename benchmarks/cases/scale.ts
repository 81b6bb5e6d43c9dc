/** How the cost of a hit depends on the number of keys, methods and processes. */
import { cached, CacheManager } from 'aurora-cache';

import { RedisServer } from '../../tests/support/redis/server.js';
import { collectGarbage } from '../harness/garbage.js';
import { oneByOne } from '../harness/loops.js';
import { atMost, type BenchOptions, type Report, type Table } from '../harness/report.js';
import { compete, of, timeTable, type Result } from '../harness/rounds.js';
import { Worker } from '../harness/workers.js';

const KEYS = [1e3, 1e4, 1e5, 1e6] as const;
const METHODS = [1, 10, 100, 1000] as const;
const PROCESSES = [1, 2, 4, 8] as const;

export async function scale(bench: BenchOptions): Promise<Report> {
  const byKeys = await keys(bench);
  const byMethods = await methods(bench);
  const heap = await distinctKeys(bench);
  const tables = [
    timeTable('Hit through cached(), by keys in memory, in random order', byKeys, 'ns'),
    timeTable('Hit through cached(), 1,000 keys shared by so many functions', byMethods, 'ns'),
    await processes(bench),
    heap.table,
  ];
  return {
    tables,
    bars: [
      atMost('hit with 1,000 functions, of that with one', 3, of(byMethods, '1000').ratio),
      atMost('heap after a million distinct keys, of that after 10,000', 1.5, heap.growth),
    ],
  };
}

async function keys(bench: BenchOptions): Promise<Result[]> {
  const contestants = [];
  const caches: CacheManager[] = [];
  for (const count of bench.quick ? KEYS.slice(0, 1) : KEYS) {
    const cache = new CacheManager({ maxMemoryItems: count });
    const find = cached((id: number) => Promise.resolve({ id }), { name: 'find', cache });
    for (let id = 0; id < count; id++) await find(id);
    // Not in the order of insertion: neighbours in memory would be in the processor's cache.
    const asked = Array.from({ length: Math.min(count, 1e5) }, (_, i) => (i * 7919) % count);
    contestants.push({ name: count.toLocaleString('en'), run: oneByOne(asked, find) });
    caches.push(cache);
  }
  const results = await compete(contestants, bench);
  for (const cache of caches) await cache.close();
  return results;
}

async function methods(bench: BenchOptions): Promise<Result[]> {
  const contestants = [];
  const cache = new CacheManager({ maxMemoryItems: 10_000 });
  for (const count of METHODS) {
    const functions = Array.from({ length: count }, (_, n) =>
      cached((id: number) => Promise.resolve({ id }), { name: `find-${count}-${n}`, cache }),
    );
    const calls = Array.from({ length: 1000 }, (_, id) => ({
      find: functions[id % count] as (id: number) => Promise<object>,
      id,
    }));
    for (const { find, id } of calls) await find(id);
    contestants.push({ name: String(count), run: oneByOne(calls, ({ find, id }) => find(id)) });
  }
  const results = await compete(contestants, bench);
  await cache.close();
  return results;
}

async function processes({ quick }: BenchOptions): Promise<Table> {
  const server = await RedisServer.start();
  const rows: [string, number][] = [];
  try {
    for (const count of quick ? [1] : PROCESSES) {
      const words = [server.url, String(quick ? 20 : 2000)];
      const workers = await Promise.all(
        Array.from({ length: count }, () => Worker.start('scale-worker.ts', words)),
      );
      const rates = await Promise.all(workers.map((worker) => worker.ask<number>('hits')));
      rows.push([String(count), rates.reduce((sum, rate) => sum + rate, 0)]);
      for (const worker of workers) await worker.stop();
    }
  } finally {
    await server.stop();
  }
  return {
    title: 'Hits in Redis per second, 64 in flight in each of so many processes, memory off',
    columns: ['processes', 'hits per second'],
    rows,
    notes: ['Redis itself wants a core as well.'],
  };
}

/** A cache of the default size sees a million keys: it must not remember them. */
async function distinctKeys({ quick }: BenchOptions): Promise<{ table: Table; growth: number }> {
  const cache = new CacheManager();
  const find = cached((id: number) => Promise.resolve({ id }), { name: 'find', cache });
  const rows: [string, number][] = [];
  let done = 0;
  for (const count of quick ? [1e3, 2e3] : [1e4, 1e5, 1e6]) {
    for (; done < count; done++) await find(done);
    collectGarbage();
    rows.push([count.toLocaleString('en'), process.memoryUsage().heapUsed / 2 ** 20]);
  }
  await cache.close();
  return {
    table: {
      title: 'Heap after so many distinct keys, in a cache of the default 1,000 entries',
      columns: ['keys', 'MB'],
      rows,
    },
    growth: (rows.at(-1)?.[1] ?? NaN) / (rows[0]?.[1] ?? NaN),
  };
}
