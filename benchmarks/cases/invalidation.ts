/**
 * The cost of invalidation: one key, a tag with 10,000 members, a pattern over 100,000 keys next to as
 * many foreign ones; and how long another process keeps serving the old value.
 */
import { CacheManager } from 'aurora-cache';
import { Redis } from 'ioredis';

import { Pinger, type Latency } from '../../tests/support/redis/pinger.js';
import { RedisServer } from '../../tests/support/redis/server.js';
import { oneByOne } from '../harness/loops.js';
import {
  atMost,
  written,
  type BenchOptions,
  type Cell,
  type Report,
  type Table,
} from '../harness/report.js';
import { compete, median, timeTable } from '../harness/rounds.js';
import { Worker } from '../harness/workers.js';

const ROUNDS = 5;
const MEMBERS = 10_000;
const KEYS = 100_000;

const FILL = `
for i = 1, tonumber(ARGV[1]) do
  redis.call('SET', 'bench:user:' .. i .. ':profile', ARGV[2])
  redis.call('SET', 'foreign:user:' .. i .. ':profile', ARGV[2])
end`;

export async function invalidation(bench: BenchOptions): Promise<Report> {
  const server = await RedisServer.start();
  const cache = new CacheManager({ redisUrl: server.url, namespace: 'bench', storeTimeout: '5s' });
  try {
    const reach = await elsewhere(server.url, cache, bench);
    const pattern = await patterns(server, cache, bench);
    const tables = [
      await single(cache, bench),
      await tag(cache, bench),
      pattern.table,
      reach.table,
    ];
    return {
      tables,
      bars: [
        atMost('PING of another client while a pattern is cleared, p99', 20, pattern.p99, ' ms'),
        atMost('another process serves the old value, median', 20, reach.median, ' ms'),
      ],
    };
  } finally {
    await cache.close();
    await server.stop();
  }
}

async function single(cache: CacheManager, bench: BenchOptions): Promise<Table> {
  const memory = new CacheManager();
  const keys = Array.from({ length: 1000 }, (_, i) => `user:${i}`);
  const both = (target: CacheManager): ((times: number) => unknown) =>
    oneByOne(keys, async (key) => {
      await target.set(key, { key });
      await target.delete(key);
    });
  const results = await compete(
    [
      { name: 'memory', run: both(memory) },
      { name: 'memory and Redis', run: both(cache) },
    ],
    bench,
    { rounds: 7 },
  );
  await memory.close();
  return timeTable('set and delete of one key', results, 'µs');
}

async function tag(cache: CacheManager, { quick }: BenchOptions): Promise<Table> {
  const members = quick ? 10 : MEMBERS;
  const memory = new CacheManager({ maxMemoryItems: members });
  const entries = Array.from({ length: members }, (_, i) => ({
    ...{ key: `product:${i}`, value: { id: i }, tags: ['vendor:7'] },
  }));
  const rows: Cell[][] = [];
  for (const [name, target] of [
    ['memory', memory],
    ['memory and Redis', cache],
  ] as const) {
    const times: number[] = [];
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
      await target.setMany(entries);
      const start = performance.now();
      await target.invalidateTags('vendor:7');
      times.push(performance.now() - start);
      const left = await target.getMany(entries.map(({ key }) => key));
      if (left.size > 0) throw new Error(`${left.size} members outlived their tag.`);
    }
    rows.push([name, median(times), range(times)]);
  }
  await memory.close();
  return {
    title: `invalidateTags of a tag with ${members} members, in ms`,
    columns: ['', 'median', 'fastest – slowest'],
    rows,
  };
}

async function patterns(
  server: RedisServer,
  cache: CacheManager,
  { quick }: BenchOptions,
): Promise<{ table: Table; p99: number }> {
  const keys = quick ? 100 : KEYS;
  const admin = new Redis(server.url);
  const times: number[] = [];
  const calm: Latency[] = [];
  const busy: Latency[] = [];
  try {
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      await admin.eval(FILL, 0, keys, 'x'.repeat(200));
      const idle = await Pinger.start(server.port);
      await new Promise((resolve) => setTimeout(resolve, quick ? 20 : 1000));
      calm.push(await idle.stop());
      const pinger = await Pinger.start(server.port);
      const start = performance.now();
      const removed = await cache.clear('user:*');
      times.push(performance.now() - start);
      busy.push(await pinger.stop());
      if (removed !== keys) throw new Error(`${removed} of ${keys} keys were removed.`);
    }
  } finally {
    admin.disconnect();
  }
  const pings = (name: string, of: readonly Latency[]): Cell[] => [
    name,
    ...(['median', 'p99', 'longest'] as const).map((part) => median(of.map((one) => one[part]))),
  ];
  const p99 = median(busy.map((one) => one.p99));
  const table = {
    title: `clear('user:*') of ${keys} keys next to as many foreign ones; PING of another client meanwhile, in ms`,
    columns: ['', 'median', 'p99', 'longest'],
    rows: [
      ['clear', median(times), '', Math.max(...times)],
      pings('PING, idle', calm),
      pings('PING, clearing', busy),
    ],
  };
  return { table, p99 };
}

/** The other process reads all the time, from its memory; the clock is the machine's. */
async function elsewhere(
  url: string,
  cache: CacheManager,
  { quick }: BenchOptions,
): Promise<{ table: Table; median: number }> {
  const rows: Cell[][] = [];
  const all: number[] = [];
  for (const bus of ['tracking', 'pubsub'] as const) {
    const own =
      bus === 'tracking' ? cache : new CacheManager({ redisUrl: url, namespace: 'bench', bus });
    const worker = await Worker.start('invalidation-worker.ts', [url, bus]);
    const times: number[] = [];
    for (let round = 0; round < (quick ? 2 : 40); round++) {
      await own.set('price', { round });
      await worker.ask<null>('remember');
      const seen = worker.ask<number>('watch');
      await new Promise((resolve) => setTimeout(resolve, 10));
      const start = Number(process.hrtime.bigint());
      await own.set('price', { round: -1 - round });
      times.push((Number(await seen) - start) / 1e6);
    }
    await worker.stop();
    if (own !== cache) await own.close();
    rows.push([bus, median(times), range(times)]);
    all.push(median(times));
  }
  const table = {
    title:
      'From the call of `set` to the last old value that another process served from memory, in ms',
    columns: ['bus', 'median', 'fastest – slowest'],
    rows,
  };
  return { table, median: Math.max(...all) };
}

const range = (times: readonly number[]): string =>
  `${written(Math.min(...times))} – ${written(Math.max(...times))}`;
