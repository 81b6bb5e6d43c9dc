import { setImmediate, setTimeout as pause } from 'node:timers/promises';

import { CacheManager } from 'aurora-cache';
import { Redis } from 'ioredis';

import type { Engine } from '../../src/cache/engine.js';
import { Random } from '../simulation/random.js';
import { until } from '../support/redis/server.js';
import { Database } from './database.js';
import type { Inspection, Range, RunReport, RunSpec } from './protocol.js';
import { engineOf, sabotage } from './sabotage.js';
import { subjectsOf, type Row, type Subject } from './subjects.js';

const MOST_EXAMPLES = 5;
const PLANNED = 'planned failure';
/** Between two looks at how late the machine is. */
const LATENESS_MS = 10;
/** The longest wait for quiet. */
const REST_MS = 60_000;

/** One process's part in a run: a cache, and what is done with it and checked. */
export class Run {
  private readonly cache: CacheManager;
  private readonly engine: Engine;
  private readonly database: Database;
  private readonly random: Random;
  private readonly subjects: readonly Subject[];
  /** The newest version of each row that this process has got acknowledged. */
  private readonly own = new Map<string, number>();
  private readonly errors = new Set<string>();
  private readonly examples: string[] = [];
  private count = { reads: 0, writes: 0, loads: 0, failed: 0, unchecked: 0, stale: 0, ownStale: 0 };
  private longestMs = -1;
  private longestDeafMs = -1;
  private lateMs = 0;
  private end = 0;
  private finished = false;

  constructor(
    private readonly spec: RunSpec,
    private readonly worker: number,
    private readonly processes: number,
  ) {
    const { redisUrl, namespace, bus, grace, memoryTtlMs, leaseMs } = spec;
    this.random = new Random(spec.seed * 31 + worker);
    this.database = new Database(spec.databaseUrl, namespace);
    this.cache = new CacheManager({
      ...{ redisUrl, namespace, bus },
      memory: spec.memory && (memoryTtlMs === undefined ? {} : { ttl: `${memoryTtlMs}ms` }),
      lease: leaseMs === undefined ? undefined : `${leaseMs}ms`,
      ...(grace
        ? { defaultTtl: '150ms', grace: '1m', softTimeout: '15ms', refreshAhead: 0.3 }
        : { defaultTtl: '10m' }),
    });
    this.cache.on('error', ({ error }) => this.errors.add(String(error)));
    this.engine = engineOf(this.cache);
    const { cache, database, random } = this;
    const load = (row: string): Promise<Row> => this.load(row);
    this.subjects = subjectsOf(spec, { cache, database, random, load, worker });
  }

  async open(): Promise<void> {
    await this.cache.get('warm-up');
    await this.untilListening();
    if (this.spec.sabotage !== undefined) sabotage(this.engine, this.spec.sabotage);
  }

  async run(): Promise<RunReport> {
    const { readers, writers, durationMs, readPauseMs, writePauseMs } = this.spec;
    this.end = Date.now() + durationMs;
    const writable = this.subjects.filter(({ write }) => write !== undefined);
    await Promise.all([
      this.measureLateness(),
      ...Array.from({ length: readers }, () =>
        this.loop(readPauseMs, () => this.read(this.random.pick(this.subjects))),
      ),
      ...Array.from({ length: writers }, () =>
        this.loop(writePauseMs, () => this.write(this.random.pick(writable))),
      ),
    ]);
    return this.report();
  }

  /** What it has seen so far. */
  report(): RunReport {
    const { count, longestMs, longestDeafMs, lateMs, examples } = this;
    return { ...count, longestMs, longestDeafMs, lateMs, examples, errors: [...this.errors] };
  }

  finish(): void {
    this.finished = true;
  }

  get hears(): boolean {
    return this.engine.shared?.isListening === true;
  }

  /** Waits until nothing is under way here, nor an invalidation that Redis has not confirmed. */
  async settle(): Promise<void> {
    const { engine, spec } = this;
    // A cache without its protections may never come to rest.
    if (spec.sabotage !== undefined) return;
    const isAtRest = async (): Promise<boolean> =>
      this.hears && !this.isAway() && engine.shared?.pending === 0 && this.leftovers === 0;
    await until('nothing is under way', isAtRest, REST_MS);
  }

  /** Reads the beacon of every process into memory. */
  async readBeacons(): Promise<void> {
    const { engine, spec, cache, beacons } = this;
    const { memory } = engine;
    if (spec.sabotage !== undefined) return;
    const areHeld = async (): Promise<boolean> => {
      await Promise.all(beacons.map((key) => cache.getOrSet(key, () => key, { ttl: '1h' })));
      return memory === undefined || beacons.every((key) => memory.find(key) !== undefined);
    };
    await until('the beacons are held', areHeld, REST_MS);
  }

  async removeBeacon(): Promise<void> {
    await this.cache.delete(this.beacons[this.worker] ?? '');
  }

  /** Compares what the tiers have with the database, once every message has arrived. */
  async inspect(): Promise<Inspection> {
    const { memory, shared } = this.engine;
    await this.untilListening();
    const arrived = async (): Promise<boolean> =>
      this.beacons.every((key) => memory?.find(key) === undefined);
    if (this.spec.sabotage === undefined) await until('the beacons are gone', arrived, REST_MS);
    const differing: string[] = [];
    let compared = 0;
    const look = async ({ row, key }: Subject): Promise<void> => {
      const current = await this.database.read(row);
      const found = {
        memory: memory?.find(key)?.value,
        redis: (await shared?.read(key))?.value,
        get: await this.cache.get(key),
      };
      for (const [tier, value] of Object.entries(found)) {
        if (value === undefined) continue;
        compared++;
        const { version } = value as Row;
        if (version !== current) differing.push(`${row}: ${current}, but ${version} by ${tier}`);
      }
    };
    await Promise.all(this.subjects.map(look));
    return { differing, compared, leftovers: this.leftovers };
  }

  async close(): Promise<void> {
    await this.cache.close();
    this.database.close();
  }

  private get beacons(): string[] {
    return Array.from({ length: this.processes }, (_, worker) => `beacon:${worker}`);
  }

  /** What is still in the tables. */
  private get leftovers(): number {
    const { fences, flights, waiters } = this.engine;
    return fences.size + flights.size + waiters.size;
  }

  private async untilListening(): Promise<void> {
    await until('it hears messages', async () => this.hears, REST_MS);
  }

  /** Whether the run may end: it was told so, is long enough, and has checked enough. */
  private get isDone(): boolean {
    const { least } = this.spec;
    const { reads, writes } = this.count;
    const isEnough = reads >= least.reads && writes >= least.writes;
    return this.finished && isEnough && Date.now() >= this.end;
  }

  /** Measures how late this machine is at worst while the run lasts. */
  private async measureLateness(): Promise<void> {
    // The database: a test may delay the replies of the cache's Redis.
    const client = new Redis(this.spec.databaseUrl);
    await client.ping();
    while (!this.isDone) {
      const start = performance.now();
      await client.ping();
      await pause(LATENESS_MS);
      const lateMs = performance.now() - start - LATENESS_MS;
      this.lateMs = Math.max(this.lateMs, Math.ceil(lateMs));
    }
    client.disconnect();
  }

  /** A cache without Redis is on its own, and promises nothing. */
  private isAway(): boolean {
    return this.engine.shared?.isAway === true;
  }

  private async loop(range: Range, act: () => Promise<void>): Promise<void> {
    await pause(this.within(range));
    while (!this.isDone) {
      await act();
      await pause(this.within(range));
    }
  }

  private async read(subject: Subject): Promise<void> {
    const { row } = subject;
    const { engine, own } = this;
    const acknowledged = await this.database.acknowledged(row);
    // A process that was not let run for a while hears first what has arrived meanwhile.
    await setImmediate();
    const floor = own.get(row) ?? 0;
    const isDeaf = engine.shared?.isListening !== true;
    const wasAway = this.isAway();
    const startedAt = Date.now();
    let found: Row | undefined;
    let how = '';
    try {
      [how, found] = await this.ask(subject);
    } catch (error) {
      if ((error as Error).message !== PLANNED) throw error;
      this.count.failed++;
      return;
    }
    if (found === undefined) return;
    if (wasAway || this.isAway()) {
      this.count.unchecked++;
      return;
    }
    this.count.reads++;
    const { version } = found;
    const missed = acknowledged.filter((one) => one.version > version);
    const first = Math.min(...missed.map(({ at }) => at));
    const example = (newest: number, ms: number): void => {
      if (this.examples.length >= MOST_EXAMPLES) return;
      const deaf = isDeaf ? ', deaf' : '';
      this.examples.push(
        `${row} by ${how}: ${version}, not ${newest}, acknowledged ${ms} ms before${deaf}`,
      );
    };
    if (missed.length > 0) {
      const ms = startedAt - first;
      this.count.stale++;
      if (!this.spec.memory || ms > this.longestMs) example(missed[0]!.version, ms);
      if (isDeaf) this.longestDeafMs = Math.max(this.longestDeafMs, ms);
      else this.longestMs = Math.max(this.longestMs, ms);
    }
    if (version < floor) {
      this.count.ownStale++;
      example(floor, 0);
    }
  }

  private async ask(subject: Subject): Promise<[how: string, found: Row | undefined]> {
    const { random, cache } = this;
    if (random.chance(0.15)) return ['get', await cache.get<Row>(subject.key)];
    if (subject.refresh !== undefined && random.chance(0.02)) {
      return ['refresh', await subject.refresh()];
    }
    return ['read', await subject.read()];
  }

  private async write(subject: Subject): Promise<void> {
    const { row, write } = subject;
    const { engine, own } = this;
    const failuresBefore = engine.counters.errors;
    const version = await (write as () => Promise<number>)();
    const at = Date.now();
    if (engine.shared?.pending !== 0 || engine.counters.errors > failuresBefore) {
      this.count.unchecked++;
      return;
    }
    this.count.writes++;
    own.set(row, Math.max(version, own.get(row) ?? 0));
    await this.database.acknowledge(row, { version, at });
  }

  private async load(row: string): Promise<Row> {
    const { spec, random, database } = this;
    this.count.loads++;
    const ms = this.within(spec.loadMs);
    const before = ms * this.within(spec.queryAt);
    if (before > 0) await pause(before);
    const version = await database.read(row);
    if (ms > before) await pause(ms - before);
    if (random.chance(spec.failures)) throw new Error(PLANNED);
    return { row, version };
  }

  private within([least, most]: Range): number {
    return least + this.random.next() * (most - least);
  }
}
