/**
 * A hit in Redis, nothing in memory: a bare ioredis `get` and `JSON.parse`, ours, and the rivals,
 * with so many calls in flight. Starts a `redis-server` of its own.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { RedisServer } from '../../tests/support/redis/server.js';
import { keepTo, type Cores } from '../harness/cores.js';
import { rivalsWith } from '../harness/rivals.js';
import {
  atLeast,
  type Bar,
  type BenchOptions,
  type Report,
  type Table,
} from '../harness/report.js';
import { compete, of, type Result, type Rounds } from '../harness/rounds.js';
import { Worker } from '../harness/workers.js';
import { BASE, OURS, row, type HitRequest } from './redis-row.js';
import { tiers } from './tiers.js';

/** More than are ever in flight: callers of one key would share a command. */
const ROWS = 600;
const WIDTHS = [1, 64, 512] as const;

/** Items of an order: what makes the size. */
const SIZES = [
  { name: '100 B', items: 0, note: 5 },
  { name: '1 kB', items: 12, note: 16 },
  { name: '50 kB', items: 600, note: 30 },
] as const;

export async function redisHit(bench: BenchOptions): Promise<Report> {
  const tables: Table[] = [];
  const bars: Bar[] = [];
  for (const size of bench.quick ? SIZES.slice(0, 2) : SIZES) {
    const server = await RedisServer.start();
    try {
      const found = await one(server, size, bench);
      tables.push(...found.tables, await limit(server.port, size.name, found.bytes, bench));
      if (size === SIZES[1]) {
        bars.push(...barsOf(found.results));
        tables.push(await tiers(server.url, bench));
      }
      for (const width of [64, 512]) {
        bars.push(...aheadOfRivals(`${size.name}, ${width} in flight`, found.results.get(width)));
      }
    } finally {
      await server.stop();
    }
  }
  return { tables, bars };
}

type Size = (typeof SIZES)[number];

interface Outcome {
  readonly tables: readonly Table[];
  readonly results: ReadonlyMap<number, readonly Result[]>;
  readonly bytes: number;
}

/**
 * Each contestant has a process of its own, as it would in a service: in one process, those that
 * share a client would compile it for each other's use.
 */
async function one(server: RedisServer, size: Size, bench: BenchOptions): Promise<Outcome> {
  const rows = bench.quick ? 20 : ROWS;
  const rivals = bench.rivals ? await rivalsWith('inRedis') : [];
  const workers = new Map<string, Worker>();
  try {
    for (const name of [BASE, OURS, ...rivals.map((rival) => rival.name)]) {
      const words = [name, server.url, size.items, size.note, rows].map(String);
      workers.set(name, await Worker.start('redis-hit-worker.ts', words));
    }
    return await raced(server, workers, size, bench);
  } finally {
    for (const worker of workers.values()) await worker.stop();
  }
}

async function raced(
  server: RedisServer,
  workers: ReadonlyMap<string, Worker>,
  size: Size,
  bench: BenchOptions,
): Promise<Outcome> {
  const placed = (ofServer: Cores, ofClients: Cores): void => {
    keepTo(server.pid, ofServer);
    for (const { pid } of workers.values()) keepTo(pid, ofClients);
  };
  const results = new Map<number, readonly Result[]>();
  // The widest first: it brings the compiler to rest, for which one at a time takes too long.
  for (const width of [...WIDTHS].reverse()) {
    const contestants = [...workers].map(([name, worker]) => ({
      name,
      run: (times: number) => worker.ask(JSON.stringify({ width, times } satisfies HitRequest)),
    }));
    // One at a time, server and client take turns.
    if (width === 1) placed('first', 'last');
    const rounds = bench.quick ? {} : roundsFor(width, size);
    results.set(width, await compete(contestants, bench, rounds));
    if (width === 1) placed('any', 'any');
  }
  const bytes = JSON.stringify(row(0, size)).length;
  const tables = [rateTable(size, bytes, results)];
  if (size.name === '1 kB') {
    const title = 'Profile: a second of hits of 1 kB, 512 in flight';
    const request: HitRequest = { width: 512, times: 10_000, profile: { title, bench } };
    tables.push(await (workers.get(OURS) as Worker).ask<Table>(JSON.stringify(request)));
  }
  return { tables, results, bytes };
}

function roundsFor(width: number, { items }: Size): Rounds {
  // Large values and many of them: what a round takes is when the collector runs. It takes long
  // rounds, and more of them, for that to even out.
  if (items > 100 && width > 100) return { rounds: 11, roundMs: 120, least: 3 * width };
  // One at a time, the figure that counts is a few hundredths.
  return { rounds: width === 1 ? 21 : 9, roundMs: 120, least: items > 100 ? width : 2 * width };
}

/** Rates relative to the base: more is faster. */
function rateTable(
  { name }: Size,
  bytes: number,
  results: ReadonlyMap<number, readonly Result[]>,
): Table {
  const names = results.get(WIDTHS[0])?.map((result) => result.name) ?? [];
  return {
    title: `Hit in Redis on loopback, ${name} (${bytes} bytes as JSON): operations per second, by how many are in flight`,
    columns: ['', ...WIDTHS.flatMap((width) => [`${width}`, 'ratio (quartiles)'])],
    rows: names.map((subject) => [
      subject,
      ...WIDTHS.flatMap((width) => {
        const { median, ratio, low, high } = of(results.get(width) ?? [], subject);
        const range = `${(1 / high).toFixed(2)} – ${(1 / low).toFixed(2)}`;
        return [1e9 / median, `${(1 / ratio).toFixed(2)}x (${range})`];
      }),
    ]),
  };
}

function barsOf(results: ReadonlyMap<number, readonly Result[]>): Bar[] {
  const speed = (width: number): number => 1 / of(results.get(width) ?? [], OURS).ratio;
  return [
    atLeast('Redis hit of 1 kB, 1 in flight, of bare ioredis', 0.9, speed(1)),
    atLeast('Redis hit of 1 kB, 64 in flight', 1.2, speed(64)),
    atLeast('Redis hit of 1 kB, 512 in flight', 1.6, speed(512)),
  ];
}

function aheadOfRivals(what: string, results: readonly Result[] = []): Bar[] {
  const others = results.filter(({ name }) => name !== OURS && name !== BASE);
  if (others.length === 0) return [];
  const fastest = others.reduce((best, next) => (next.ratio < best.ratio ? next : best));
  const ahead = fastest.ratio / of(results, OURS).ratio;
  return [atLeast(`Redis hit of ${what}, of the fastest rival (${fastest.name})`, 1, ahead)];
}

/** What the server itself can do, asked by a program in C that looks at no answer. */
async function limit(
  port: number,
  name: string,
  bytes: number,
  { quick }: BenchOptions,
): Promise<Table> {
  const title = `redis-benchmark, ${name}: GET per second`;
  const rows: [string, number][] = [];
  for (const [clients, pipeline] of [
    [1, 1],
    [50, 1],
    [50, 16],
  ] as const) {
    const requests = quick ? 1000 : clients === 1 || bytes > 10_000 ? 10_000 : 100_000;
    const words = [
      '-p',
      port,
      '-t',
      'get,set',
      '-d',
      bytes,
      '-n',
      requests,
      '-c',
      clients,
      '-P',
      pipeline,
    ];
    // `set` first: without it, `get` would ask for what is not there.
    const { stdout } = await promisify(execFile)('redis-benchmark', [
      ...words.map(String),
      '--csv',
    ]);
    const rate = /^"GET","([\d.]+)"/m.exec(stdout)?.[1];
    rows.push([`${clients} connections, pipelines of ${pipeline}`, Number(rate)]);
  }
  return { title, columns: ['', 'per second'], rows };
}
