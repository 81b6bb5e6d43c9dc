import { setTimeout as pause } from 'node:timers/promises';

import { StoreError, type CacheManager } from 'aurora-cache';
import { Redis } from 'ioredis';

import type { CacheCore } from '../../src/cache/core/cache-core.js';
import { Random } from '../simulation/random.js';
import { AtRest } from './at-rest.js';
import { CaughtUp } from './caught-up.js';
import { Database } from './database.js';
import { Findings } from './findings.js';
import { newInstance, prepare, type Instance } from './instance.js';
import type { Range, RunReport, RunSpec } from './protocol.js';
import { ReadCheck } from './read-check.js';
import type { Row, Subject } from './subjects.js';

const PLANNED = 'planned failure';
/** Between two looks at how late the machine is. */
const LATENESS_MS = 10;

/** Between two closings of a cache. */
const CLOSING_MS: Range = [50, 250];

/** One process's part in a run: a cache, and what is done with it and checked. */
export class Run {
  private instance: Instance;
  /** Of caches that are closed. */
  private readonly closed: CacheCore[] = [];
  private readonly database: Database;
  private readonly random: Random;
  private readonly findings = new Findings();
  private readonly readCheck: ReadCheck;
  private readonly caughtUp: CaughtUp;
  private end = 0;
  private finished = false;

  constructor(
    private readonly spec: RunSpec,
    private readonly worker: number,
    private readonly processes: number,
  ) {
    const { findings } = this;
    this.random = new Random(spec.seed * 31 + worker);
    const database = new Database(spec.databaseUrl, spec.namespace);
    this.database = database;
    this.readCheck = new ReadCheck({ database, findings, isStrict: !spec.memory });
    this.caughtUp = new CaughtUp(database, worker);
    this.instance = this.newInstance();
  }

  async open(): Promise<void> {
    await prepare(this.instance, this.spec);
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

  /** The findings so far. */
  report(): RunReport {
    return this.findings.report();
  }

  finish(): void {
    this.finished = true;
  }

  get hears(): boolean {
    return this.instance.core.shared?.isListening === true;
  }

  /** See {@link Orders.crashed}. */
  async crashed(port: number | undefined): Promise<void> {
    await this.caughtUp.crashed(this.instance.core, port);
  }

  get hasCaughtUp(): boolean {
    return this.caughtUp.isTrue;
  }

  /** The state after the run. */
  get atRest(): AtRest {
    const { instance, closed, database, worker, processes, spec } = this;
    const isSabotaged = spec.sabotage !== undefined;
    return new AtRest({ instance, closed, database, worker, processes, isSabotaged });
  }

  async close(): Promise<void> {
    await this.instance.cache.close();
    this.database.close();
  }

  /** Whether the run may end: that was requested, it is long enough, and it has checked enough. */
  private get isDone(): boolean {
    const { least } = this.spec;
    const { reads, writes } = this.findings.count;
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
      this.findings.late(performance.now() - start - LATENESS_MS);
      await this.caughtUp.look(this.instance.core);
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
      await prepare(next, spec);
      this.instance = next;
      closed.push(old.core);
    }
  }

  private newInstance(): Instance {
    const { spec, database, random, worker } = this;
    const load = (row: string): Promise<Row> => this.load(row);
    return newInstance(spec, { database, random, load, worker }, (text) => {
      this.findings.errors.add(text);
    });
  }

  private async loop(range: Range, act: () => Promise<void>): Promise<void> {
    await pause(this.within(range));
    while (!this.isDone) {
      await act();
      await pause(this.within(range));
    }
  }

  private async read({ cache, core, subjects }: Instance): Promise<void> {
    const subject = this.random.pick(subjects);
    const check = await this.readCheck.begin(subject.row, core);
    let found: Row | undefined;
    let how = '';
    try {
      [how, found] = await this.ask(cache, subject);
    } catch (error) {
      if ((error as Error).message !== PLANNED) throw error;
      this.findings.count.failed++;
      return;
    }
    if (found !== undefined) await check(how, found.version);
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

  private async write({ core, subjects }: Instance): Promise<void> {
    const { worker, database, findings } = this;
    const writable = subjects.filter(({ write }) => write !== undefined);
    const { row, write } = this.random.pick(writable);
    const { restarts } = await database.trouble();
    const failuresBefore = core.counters.errors;
    let version: number | undefined;
    try {
      version = await (write as () => Promise<number>)();
    } catch (error) {
      // A closed cache says so when Redis has not confirmed it.
      if (!(error instanceof StoreError)) throw error;
    }
    const at = Date.now();
    const pending = (core.shared?.pending ?? 0) + core.offTier.pending;
    if (version === undefined || pending > 0 || core.counters.errors > failuresBefore) {
      findings.count.unchecked++;
      return;
    }
    findings.count.writes++;
    this.readCheck.acknowledged(row, version);
    await database.acknowledge(row, { version, at, author: worker, restarts });
  }

  private async load(row: string): Promise<Row> {
    const { spec, random, database } = this;
    this.findings.count.loads++;
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
