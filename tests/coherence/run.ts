import { setImmediate, setTimeout as pause } from 'node:timers/promises';

import { CacheManager, StoreError } from 'aurora-cache';
import { Redis } from 'ioredis';

import type { Engine } from '../../src/cache/engine.js';
import { Random } from '../simulation/random.js';
import { until } from '../support/redis/server.js';
import { Database, type Acknowledgement, type Trouble } from './database.js';
import type { Inspection, Range, RunReport, RunSpec } from './protocol.js';
import { coordinatorOf, engineOf, sabotage } from './sabotage.js';
import { subjectsOf, type Row, type Subject } from './subjects.js';

const MOST_EXAMPLES = 5;
const PLANNED = 'planned failure';
/** Between two looks at how late the machine is. */
const LATENESS_MS = 10;
/** The longest wait for quiet. */
const REST_MS = 60_000;

/** Between two closings of a cache. */
const CLOSING_MS: Range = [50, 250];

/** A cache, and what is done with it. */
interface Instance {
  readonly cache: CacheManager;
  readonly engine: Engine;
  readonly subjects: readonly Subject[];
}

/** A cache without Redis is on its own, and promises nothing; one that is off asks the database. */
function isAway({ enabled, shared }: Engine): boolean {
  return enabled && shared?.isAway === true;
}

/**
 * Since when every process has to know of a write. What Redis has acknowledged before it went back to
 * an earlier state may be undone until its author has done it again.
 *
 * @param before - When the read began.
 * @param after - When it had ended.
 */
function inForceSince(one: Acknowledgement, before: Trouble, after: Trouble): number {
  if (one.restarts >= after.crashes) return one.at;
  const caught = before.caught.get(one.author);
  return caught !== undefined && caught.crash >= after.crashes
    ? Math.max(one.at, caught.at)
    : Infinity;
}

/** One process's part in a run: a cache, and what is done with it and checked. */
export class Run {
  private instance: Instance;
  /** Of caches that are closed. */
  private readonly closed: Engine[] = [];
  private readonly database: Database;
  private readonly random: Random;
  /** The latest crash that is not dealt with yet, and the connections until then. */
  private crash: { readonly number: number; readonly connections: number } | undefined;
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
    this.random = new Random(spec.seed * 31 + worker);
    this.database = new Database(spec.databaseUrl, spec.namespace);
    this.instance = this.newInstance();
  }

  async open(): Promise<void> {
    await this.prepare(this.instance);
  }

  async run(): Promise<RunReport> {
    const { readers, writers, durationMs, readPauseMs, writePauseMs } = this.spec;
    this.end = Date.now() + durationMs;
    await Promise.all([
      this.measureLateness(),
      this.closeAgainAndAgain(),
      ...Array.from({ length: readers }, () =>
        this.loop(readPauseMs, () => this.read(this.instance)),
      ),
      ...Array.from({ length: writers }, () =>
        this.loop(writePauseMs, () => this.write(this.instance)),
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
    return this.instance.engine.shared?.isListening === true;
  }

  /** Called while Redis is dead, so that each connection from now on is to what comes back. */
  async crashed(): Promise<void> {
    const { crashes } = await this.database.trouble();
    const { connections } = coordinatorOf(this.instance.engine).history;
    this.crash = { number: crashes, connections };
  }

  get hasCaughtUp(): boolean {
    return this.crash === undefined;
  }

  /** Waits until nothing is under way here, nor an invalidation that Redis has not confirmed. */
  async settle(): Promise<void> {
    const { spec, instance } = this;
    const { engine } = instance;
    // A cache without its protections may never come to rest.
    if (spec.sabotage !== undefined) return;
    const isAtRest = async (): Promise<boolean> =>
      this.hears && !isAway(engine) && engine.shared?.pending === 0 && this.leftovers === 0;
    await until('nothing is under way', isAtRest, REST_MS);
  }

  /** Reads the beacon of every process into memory. */
  async readBeacons(): Promise<void> {
    const { spec, beacons } = this;
    const { engine, cache } = this.instance;
    const { memory } = engine;
    if (spec.sabotage !== undefined) return;
    const areHeld = async (): Promise<boolean> => {
      await Promise.all(beacons.map((key) => cache.getOrSet(key, () => key, { ttl: '1h' })));
      return memory === undefined || beacons.every((key) => memory.find(key) !== undefined);
    };
    await until('the beacons are held', areHeld, REST_MS);
  }

  async removeBeacon(): Promise<void> {
    await this.instance.cache.delete(this.beacons[this.worker] ?? '');
  }

  /** Compares what the tiers have with the database, once every message has arrived. */
  async inspect(): Promise<Inspection> {
    const { cache, engine, subjects } = this.instance;
    const { memory, shared } = engine;
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
        get: await cache.get(key),
      };
      for (const [tier, value] of Object.entries(found)) {
        if (value === undefined) continue;
        compared++;
        const { version } = value as Row;
        if (version !== current) differing.push(`${row}: ${current}, but ${version} by ${tier}`);
      }
    };
    await Promise.all(subjects.map(look));
    return { differing, compared, leftovers: this.leftovers };
  }

  async close(): Promise<void> {
    await this.instance.cache.close();
    this.database.close();
  }

  private get beacons(): string[] {
    return Array.from({ length: this.processes }, (_, worker) => `beacon:${worker}`);
  }

  /** What is still in the tables. */
  private get leftovers(): number {
    const all = [this.instance.engine, ...this.closed];
    return all.reduce(
      (sum, { fences, flights, waiters }) => sum + fences.size + flights.size + waiters.size,
      0,
    );
  }

  private async untilListening(): Promise<void> {
    await until('it hears messages', async () => this.hears, REST_MS);
  }

  /** Whether the run may end: it was told so, is long enough, and has checked enough. */
  private get isDone(): boolean {
    const { least } = this.spec;
    const { reads, writes } = this.count;
    const isEnough =
      reads >= least.reads && writes >= least.writes && this.closed.length >= this.spec.closings;
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
      await this.lookAfterCrash();
    }
    client.disconnect();
  }

  /** Closes the cache while calls are under way; those that come meanwhile find it closed. */
  private async closeAgainAndAgain(): Promise<void> {
    const { spec, closed } = this;
    while (spec.closings > 0 && !this.isDone) {
      await pause(this.within(CLOSING_MS));
      const old = this.instance;
      await old.cache.close();
      const next = this.newInstance();
      await this.prepare(next);
      this.instance = next;
      closed.push(old.engine);
    }
  }

  private newInstance(): Instance {
    const { spec, database, random, worker } = this;
    const { redisUrl, namespace, bus, grace, memoryTtlMs, leaseMs } = spec;
    const cache = new CacheManager({
      ...{ redisUrl, namespace, bus },
      memory: spec.memory && (memoryTtlMs === undefined ? {} : { ttl: `${memoryTtlMs}ms` }),
      lease: leaseMs === undefined ? undefined : `${leaseMs}ms`,
      ...(grace
        ? { defaultTtl: '150ms', grace: '1m', softTimeout: '15ms', refreshAhead: 0.3 }
        : { defaultTtl: '10m' }),
    });
    cache.on('error', ({ error }) => this.errors.add(String(error)));
    const load = (row: string): Promise<Row> => this.load(row);
    const subjects = subjectsOf(spec, { cache, database, random, load, worker });
    return { cache, engine: engineOf(cache), subjects };
  }

  private async prepare({ cache, engine }: Instance): Promise<void> {
    await cache.get('warm-up');
    await until('it hears messages', async () => engine.shared?.isListening === true, REST_MS);
    if (this.spec.sabotage !== undefined) sabotage(engine, this.spec.sabotage);
  }

  /** Reports that everything is done again which Redis had forgotten, once it is. */
  private async lookAfterCrash(): Promise<void> {
    const { crash, worker, instance } = this;
    const { shared } = instance.engine;
    if (crash === undefined || shared?.isAway !== false) return;
    const { connections } = coordinatorOf(instance.engine).history;
    if (connections <= crash.connections || !shared.isCurrent || shared.pending > 0) return;
    await this.database.caughtUp(worker, crash.number);
    this.crash = undefined;
  }

  private async loop(range: Range, act: () => Promise<void>): Promise<void> {
    await pause(this.within(range));
    while (!this.isDone) {
      await act();
      await pause(this.within(range));
    }
  }

  private async read({ cache, engine, subjects }: Instance): Promise<void> {
    const { own, database } = this;
    const subject = this.random.pick(subjects);
    const { row } = subject;
    const [before, acknowledged] = await Promise.all([
      database.trouble(),
      database.acknowledged(row),
    ]);
    // A process that was not let run for a while hears first what has arrived meanwhile.
    await setImmediate();
    const floor = own.get(row) ?? 0;
    const isDeaf = engine.shared?.isListening !== true;
    const wasAway = isAway(engine);
    const startedAt = Date.now();
    let found: Row | undefined;
    let how = '';
    try {
      [how, found] = await this.ask(cache, subject);
    } catch (error) {
      if ((error as Error).message !== PLANNED) throw error;
      this.count.failed++;
      return;
    }
    if (found === undefined) return;
    if (wasAway || isAway(engine)) {
      this.count.unchecked++;
      return;
    }
    this.count.reads++;
    const { version } = found;
    const newer = acknowledged.filter((one) => one.version > version);
    const after = newer.length > 0 ? await database.trouble() : before;
    const missed = newer
      .map((one) => ({ ...one, at: inForceSince(one, before, after) }))
      .filter(({ at }) => at <= startedAt);
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

  private async ask(
    cache: CacheManager,
    subject: Subject,
  ): Promise<[how: string, found: Row | undefined]> {
    const { random } = this;
    if (random.chance(0.15)) return ['get', await cache.get<Row>(subject.key)];
    if (subject.refresh !== undefined && random.chance(0.02)) {
      return ['refresh', await subject.refresh()];
    }
    return ['read', await subject.read()];
  }

  private async write({ engine, subjects }: Instance): Promise<void> {
    const { own, worker, database } = this;
    const writable = subjects.filter(({ write }) => write !== undefined);
    const { row, write } = this.random.pick(writable);
    const { restarts } = await database.trouble();
    const failuresBefore = engine.counters.errors;
    let version: number | undefined;
    try {
      version = await (write as () => Promise<number>)();
    } catch (error) {
      // A closed cache says so when Redis has not confirmed it.
      if (!(error instanceof StoreError)) throw error;
    }
    const at = Date.now();
    const pending = (engine.shared?.pending ?? 0) + engine.offTier.pending;
    if (version === undefined || pending > 0 || engine.counters.errors > failuresBefore) {
      this.count.unchecked++;
      return;
    }
    this.count.writes++;
    own.set(row, Math.max(version, own.get(row) ?? 0));
    await database.acknowledge(row, { version, at, author: worker, restarts });
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
