/**
 * Redis hits without a memory tier, at several numbers of calls in flight: a bare ioredis `get` with
 * `JSON.parse`, this package, and the rivals. Starts its own `redis-server`.
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
import { laps, of, resultsOf, type Lap, type Result, type Rounds } from '../harness/rounds.js';
import { Worker } from '../harness/workers.js';
import { BASE, OURS, row, type HitRequest } from './redis-row.js';
import { tiers } from './tiers.js';

/** More than are ever in flight: callers of one key would share a command. */
const ROWS = 600;
const WIDTHS = [1, 64, 512] as const;
/** Sets of fresh processes, one after the other. */
const SETS = 3;

/** Items of an order: what makes the size. */
const SIZES = [
  { name: '100 B', items: 0, note: 5 },
  { name: '1 kB', items: 12, note: 16 },
  { name: '50 kB', items: 600, note: 30 },
] as const;

export async function redisHit(bench: BenchOptions): Promise<Report> {
  const tables: Table[] = [];
  const bars: Bar[] = [];
  for (const size of bench.quick ? [SIZES[1]] : SIZES) {
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
 * Each contestant runs in a separate process, as it would in a service: in one process, those that
 * share a client would compile it for each other's use. And more than one, in turn: what the compiler
 * makes of a program differs from process to process by as much as is compared.
 */
async function one(server: RedisServer, size: Size, bench: BenchOptions): Promise<Outcome> {
  const races = new Map<number, Lap[][]>(WIDTHS.map((width) => [width, []]));
  let profile: Table | undefined;
  const sets = bench.quick ? 1 : SETS;
  for (let set = 1; set <= sets; set++) {
    const workers = new Map<string, Worker>();
    try {
      await start(workers, server, size, bench);
      for (const [width, taken] of await raced(server, workers, size, bench)) {
        races.get(width)?.push(taken);
      }
      if (set === sets && size.name === '1 kB') profile = await profileOf(workers, bench);
    } finally {
      for (const worker of workers.values()) await worker.stop();
    }
  }
  const results = new Map([...races].map(([width, sets]) => [width, resultsOf(...sets)]));
  const bytes = JSON.stringify(row(0, size)).length;
  const tables = [rateTable(size, bytes, results)];
  if (profile !== undefined) tables.push(profile);
  return { tables, results, bytes };
}

/** Adds the contestants one by one, so that those that run are known if the next one does not. */
async function start(
  workers: Map<string, Worker>,
  server: RedisServer,
  size: Size,
  bench: BenchOptions,
): Promise<void> {
  const rows = bench.quick ? 20 : ROWS;
  const rivals = bench.rivals ? await rivalsWith('inRedis') : [];
  for (const name of [BASE, OURS, ...rivals.map((rival) => rival.name)]) {
    const words = [name, server.url, size.items, size.note, rows].map(String);
    workers.set(name, await Worker.start('redis-hit-worker.ts', words));
  }
}

async function raced(
  server: RedisServer,
  workers: ReadonlyMap<string, Worker>,
  size: Size,
  bench: BenchOptions,
): Promise<Map<number, Lap[]>> {
  const placed = (ofServer: Cores, ofClients: Cores): void => {
    keepTo(server.pid, ofServer);
    for (const { pid } of workers.values()) keepTo(pid, ofClients);
  };
  const taken = new Map<number, Lap[]>();
  // The widest first: it brings the compiler to rest, for which one at a time takes too long.
  for (const width of [...WIDTHS].reverse()) {
    const contestants = [...workers].map(([name, worker]) => ({
      name,
      run: (times: number) => worker.ask(JSON.stringify({ width, times } satisfies HitRequest)),
    }));
    // One at a time, server and client take turns.
    if (width === 1) placed('first', 'last');
    taken.set(width, await laps(contestants, bench, roundsFor(width, size, bench)));
    if (width === 1) placed('any', 'any');
  }
  return taken;
}

function roundsFor(width: number, { items }: Size, { quick }: BenchOptions): Rounds {
  if (quick) return {};
  // A neighbour's load comes and goes within a second: short rounds, and many of them. But for
  // large values, what a round takes is when the collector runs, which evens out in long ones.
  const isLarge = items > 100;
  const roundMs = isLarge ? 120 : 60;
  return { rounds: 8, roundMs, least: (isLarge ? 1 : 2) * width, runUp: 0.75 };
}

function profileOf(workers: ReadonlyMap<string, Worker>, bench: BenchOptions): Promise<Table> {
  const title = 'Profile: a second of hits of 1 kB, 512 in flight';
  const request: HitRequest = { width: 512, times: 10_000, profile: { title, bench } };
  return (workers.get(OURS) as Worker).ask<Table>(JSON.stringify(request));
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

/** The limit of the server itself, measured by a C client that discards the replies. */
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
    // `set` first: without it, every `get` would miss.
    const { stdout } = await promisify(execFile)('redis-benchmark', [
      ...words.map(String),
      '--csv',
    ]);
    const rate = /^"GET","([\d.]+)"/m.exec(stdout)?.[1];
    rows.push([`${clients} connections, pipelines of ${pipeline}`, Number(rate)]);
  }
  return { title, columns: ['', 'per second'], rows };
}
