/**
 * A hit in Redis, nothing in memory: a bare ioredis `get` and `JSON.parse`, ours, and the rivals,
 * with so many calls in flight. Starts a `redis-server` of its own.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { cached, CacheManager } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { Redis } from 'ioredis';

import { RedisServer } from '../../tests/support/redis/server.js';
import { inFlight } from '../harness/loops.js';
import { profiled } from '../harness/profile.js';
import { proven, rivalsWith } from '../harness/rivals.js';
import {
  atLeast,
  type Bar,
  type BenchOptions,
  type Report,
  type Table,
} from '../harness/report.js';
import { compete, of, type Result, type Rounds } from '../harness/rounds.js';
import type { RivalCache } from '../rivals/rival.js';
import { tiers } from './tiers.js';

/** More than are ever in flight: callers of one key would share a command. */
const ROWS = 600;
const WIDTHS = [1, 64, 512] as const;
const BASE = 'ioredis get + JSON.parse';
const OURS = 'cached(), memory off';

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
      const found = await one(server.url, size, bench);
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

async function one(url: string, size: Size, bench: BenchOptions): Promise<Outcome> {
  const caches: [string, RivalCache][] = [
    [BASE, bare(url)],
    [OURS, ours(url)],
  ];
  try {
    for (const { name, inRedis } of bench.rivals ? await rivalsWith('inRedis') : []) {
      caches.push([name, await inRedis(url)]);
    }
    return await raced(caches, size, bench);
  } finally {
    // Before the server goes, which some take ill.
    for (const [, { close }] of caches) await close?.();
  }
}

async function raced(
  caches: readonly [string, RivalCache][],
  size: Size,
  bench: BenchOptions,
): Promise<Outcome> {
  const ids = Array.from({ length: bench.quick ? 20 : ROWS }, (_, i) => i);
  const load = (id: number): Promise<object> => Promise.resolve(row(id, size));
  const subjects = [];
  for (const [name, cache] of caches) {
    subjects.push({ name, ...(await proven(name, cache, ids, load, String)) });
  }
  const results = new Map<number, readonly Result[]>();
  for (const width of WIDTHS) {
    const contestants = subjects.map(({ name, call }) => ({
      name,
      run: inFlight(width, ids, call),
    }));
    const rounds = bench.quick ? {} : roundsFor(width, size);
    results.set(width, await compete(contestants, bench, rounds));
  }
  const bytes = JSON.stringify(row(0, size)).length;
  const tables = [rateTable(size, bytes, results)];
  if (size.name === '1 kB') {
    const find = subjects[1]?.call as (id: number) => Promise<object>;
    const work = inFlight(512, ids, find);
    const title = 'Profile: a second of hits of 1 kB, 512 in flight';
    tables.push(await profiled(title, () => work(10_000), bench));
  }
  for (const { verify } of subjects) verify();
  return { tables, results, bytes };
}

/** One at a time, what the kernel does decides: rounds long enough to get past its moods. */
function roundsFor(width: number, { items }: Size): Rounds {
  if (width === 1) return { rounds: 9, roundMs: 120 };
  // A round of 512 large values takes a quarter of a second as it is.
  return items > 100
    ? { rounds: 5, roundMs: 60, least: width }
    : { rounds: 9, roundMs: 60, least: 2 * width };
}

function row(id: number, { items, note }: Size): object {
  return {
    id: 1000 + id,
    name: 'x'.repeat(50),
    items: Array.from({ length: items }, (_, i) => ({
      sku: `SKU-${i}`,
      quantity: i,
      price: i * 1.5,
      note: 'n'.repeat(note),
    })),
    active: true,
  };
}

/** What people write by hand, and what every client can do at most without thinking further. */
function bare(url: string): RivalCache {
  const client = new Redis(url);
  return {
    memoize:
      <T>(_: string, load: (item: T) => Promise<object>, keyOf: (item: T) => string) =>
      async (item: T) => {
        const key = `bare:${keyOf(item)}`;
        const known = await client.get(key);
        if (known !== null) return JSON.parse(known) as object;
        const value = await load(item);
        await client.set(key, JSON.stringify(value), 'EX', 3600);
        return value;
      },
    close: () => {
      client.disconnect();
    },
  };
}

function ours(url: string): RivalCache {
  const store = new RedisStore(url);
  // Patient: on a machine that is busy otherwise, a read that is given up would be a load.
  const patience = { storeTimeout: '20s' } as const;
  const cache = new CacheManager({ store, memory: false, defaultTtl: '1h', ...patience });
  return {
    memoize: (name, load) => cached(load, { name, cache }),
    close: async () => {
      await cache.close();
      await store.disconnect();
    },
  };
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
