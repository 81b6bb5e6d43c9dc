/**
 * A separate process with caches, which executes its parent's orders: see `cache-process.ts`.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';

import {
  cached,
  CacheManager,
  type CacheOptions,
  type CacheStats,
  type SetOptions,
} from 'aurora-cache';

import { CORE } from '../../../src/cache/manager.js';

/** The events and warnings of a cache. */
export interface Reported {
  /** Times of `degraded` and `recovered`, as `Date.now()`. */
  readonly states: { event: 'degraded' | 'recovered'; at: number }[];
  /** Messages of `error` events, with their number. */
  readonly errors: Map<string, number>;
}

export interface LoadOptions {
  /** Those of all caches together. */
  readonly callers: number;
  readonly keys: number;
  readonly loadMs: number;
  readonly pauseMs: number;
  readonly ttlMs: number;
}

/** The experience of callers since the load began, or since the last report. */
export interface LoadReport {
  calls: number;
  failed: number;
  /** Values that belong to another key. */
  wrong: number;
  loads: number;
  /** Of a call, in ms. */
  longestMs: number;
  /** The longest delay caused by the event loop alone, in ms. */
  loopDelayMs: number;
}

const caches = new Map<string, { cache: CacheManager; reported: Reported }>();
const rejections: string[] = [];
process.on('unhandledRejection', (reason) => rejections.push(String(reason)));

const of = (name: string): CacheManager => {
  const entry = caches.get(name);
  if (entry === undefined) throw new Error(`There is no cache '${name}'.`);
  return entry.cache;
};

let running: Promise<unknown> = Promise.resolve();
let stopped = true;
let report: LoadReport;
const delays = monitorEventLoopDelay({ resolution: 5 });

function newReport(): LoadReport {
  delays.reset();
  return { calls: 0, failed: 0, wrong: 0, loads: 0, longestMs: 0, loopDelayMs: 0 };
}

/** Calls repeatedly: mostly reads, some writes and deletions. */
async function call(cache: CacheManager, options: LoadOptions): Promise<void> {
  const { keys, loadMs, pauseMs, ttlMs } = options;
  while (!stopped) {
    const key = `load:${Math.floor(Math.random() * keys)}`;
    const dice = Math.random();
    const start = performance.now();
    report.calls++;
    try {
      if (dice < 0.01) await cache.set(key, key, { ttl: ttlMs / 1000 });
      else if (dice < 0.02) await cache.delete(key);
      else {
        const load = async (): Promise<string> => {
          report.loads++;
          await wait(loadMs);
          return key;
        };
        const value = await cache.getOrSet(key, load, { ttl: ttlMs / 1000 });
        if (value !== key) report.wrong++;
      }
    } catch {
      report.failed++;
    }
    report.longestMs = Math.max(report.longestMs, performance.now() - start);
    await wait(pauseMs);
  }
}

/** On the default cache, which the environment makes. */
const identity = cached((value: number) => Promise.resolve(value), { name: 'identity' });

const commands = {
  callCached: async (value: number): Promise<number> => await identity(value),

  open(name: string, options: CacheOptions): void {
    const cache = new CacheManager(options);
    const reported: Reported = { states: [], errors: new Map() };
    for (const event of ['degraded', 'recovered'] as const) {
      cache.on(event, () => reported.states.push({ event, at: Date.now() }));
    }
    cache.on('error', ({ error }) => {
      const message = String((error as Error).message);
      reported.errors.set(message, (reported.errors.get(message) ?? 0) + 1);
    });
    caches.set(name, { cache, reported });
  },

  async set(name: string, key: string, value: unknown, options?: SetOptions): Promise<void> {
    await of(name).set(key, value, options);
  },

  async get(name: string, key: string): Promise<unknown> {
    return await of(name).get(key);
  },

  /** The value under a key, or else this one, as a loader's. */
  async load(name: string, key: string, value: unknown, options?: SetOptions): Promise<unknown> {
    return await of(name).getOrSet(key, () => value, options);
  },

  /** The same for many keys. */
  async loadAll(name: string, keys: readonly string[], value: unknown): Promise<void> {
    await Promise.all(keys.map((key) => of(name).getOrSet(key, () => value)));
  },

  async delete(name: string, key: string): Promise<boolean> {
    return await of(name).delete(key);
  },

  async clear(name: string, pattern: string): Promise<number> {
    return await of(name).clear(pattern);
  },

  async invalidateTags(name: string, ...tags: string[]): Promise<void> {
    await of(name).invalidateTags(...tags);
  },

  async stats(name: string): Promise<CacheStats> {
    return await of(name).getStats();
  },

  /** The content of the memory tier by key. */
  held(name: string, keys: readonly string[]): Map<string, unknown> {
    const { memory } = of(name)[CORE].core;
    const entries = keys.map((key) => [key, memory?.find(key)?.value] as const);
    return new Map(entries.filter(([, value]) => value !== undefined));
  },

  reported: (name: string): Reported | undefined => caches.get(name)?.reported,

  rejections: (): string[] => rejections,

  /** Bytes of the heap after a collection, and what the process has open, by kind. */
  footprint(): { heap: number; open: Record<string, number> } {
    globalThis.gc?.();
    globalThis.gc?.();
    const open: Record<string, number> = {};
    for (const kind of process.getActiveResourcesInfo()) open[kind] = (open[kind] ?? 0) + 1;
    return { heap: process.memoryUsage().heapUsed, open };
  },

  startLoad(names: readonly string[], options: LoadOptions): void {
    stopped = false;
    delays.enable();
    report = newReport();
    running = Promise.all(
      Array.from({ length: options.callers }, (_, i) =>
        call(of(names[i % names.length] ?? ''), options),
      ),
    );
  },

  callsSoFar: (): number => report.calls,

  /** Returns the report and starts a new one. */
  reportLoad(): LoadReport {
    const done = { ...report, loopDelayMs: delays.max / 1e6 };
    report = newReport();
    return done;
  },

  async stopLoad(): Promise<LoadReport> {
    stopped = true;
    await running;
    return commands.reportLoad();
  },

  async close(): Promise<void> {
    await Promise.all(Array.from(caches.values(), ({ cache }) => cache.close()));
    caches.clear();
  },
};

export type Commands = typeof commands;
export type Command = keyof Commands;

interface Order {
  readonly id: number;
  readonly command: Command | 'leave';
  readonly words: readonly unknown[];
}

process.on('message', ({ id, command, words }: Order) => {
  // From then on, nothing of this package keeps the process alive.
  if (command === 'leave') {
    process.disconnect();
    return;
  }
  const run = commands[command] as (...words: readonly unknown[]) => unknown;
  new Promise((resolve) => {
    resolve(run(...words));
  }).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.send?.({ id: 0 });
