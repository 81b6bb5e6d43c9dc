import { inspect } from 'node:util';

import { CacheManager, type CacheOptions, type LoadOptions } from 'aurora-cache';

import { DISPATCH } from '../../src/base/defaults.js';
import type { Engine } from '../../src/cache/engine.js';
import { CORE } from '../../src/cache/manager.js';
import { BusLink } from './bus-link.js';
import { Checker, HANG_LEASES, versionOf, type ReadStart, type Row } from './checker.js';
import { CommandLink } from './command-link.js';
import { History, type Kill } from './history.js';
import { Random } from './random.js';
import {
  resultTag,
  scenarioOf,
  STATIC_TAG,
  tagsOf,
  type Deed,
  type Fault,
  type KeyPlan,
  type Scenario,
} from './scenario.js';
import { Scheduler, VirtualClock } from './scheduler.js';
import { Server } from './server.js';
import { SimulatedStore } from './simulated-store.js';

const NAMESPACE = 'sim';
/** How bulk calls are cut into commands: smaller while a scenario with few keys runs. */
const BULK: { chunk: number; chunksInFlight: number } = DISPATCH;
/** After the last step, everything must be well again by then. */
const HEALING_MS = 20_000;

/** What the server does at somebody's command. */
const TRACED = [
  ...(['get', 'acquire', 'renew', 'release', 'fill', 'set', 'setMany', 'deleteMany'] as const),
  ...(['unlink', 'dropLease', 'tagClock', 'tagVersions', 'invalidateTags', 'publish'] as const),
] as const;

/** One process: a cache, and what connects it. */
interface Member {
  readonly id: number;
  readonly hasMemory: boolean;
  readonly cache: CacheManager;
  readonly engine: Engine;
  readonly store: SimulatedStore;
  readonly link: CommandLink;
  readonly bus: BusLink;
}

/** Takes something away from the members, or from the server, that the protocol needs. */
export type Sabotage = (members: readonly Member[], server: Server) => void;

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly events: number;
  readonly reads: number;
  readonly loads: number;
  readonly longestStaleMs: number;
  readonly longestMs: number;
  readonly trace: readonly string[];
}

export interface SimulateOptions {
  readonly sabotage?: Sabotage | undefined;
  /** Whether to note everything that happens. */
  readonly traced?: boolean;
}

/** Lives through one seed, or through a scenario made of one. */
export async function simulate(
  seed: number | Scenario,
  options: SimulateOptions = {},
): Promise<Outcome> {
  const scenario = typeof seed === 'number' ? scenarioOf(seed) : seed;
  const { chunk, chunksInFlight } = BULK;
  Object.assign(BULK, scenario.bulk);
  try {
    return await new Simulation(scenario, options).run();
  } finally {
    Object.assign(BULK, { chunk, chunksInFlight });
  }
}

interface Unconfirmed {
  readonly kills: readonly Kill[];
  readonly free?: () => void;
  /** Whether the store had confirmed them once, and went back to a state from before. */
  readonly isRevived?: boolean;
}

class DatabaseError extends Error {}

class Simulation {
  private readonly scheduler = new Scheduler();
  private readonly history = new History(() => this.scheduler.now);
  private readonly random: Random;
  private readonly checker: Checker;
  private readonly server: Server;
  private readonly members: readonly Member[];
  private readonly plans: ReadonlyMap<string, KeyPlan>;
  private readonly trace: string[] = [];
  /** Brings the server's saved state back. */
  private saved: (() => void) | undefined;
  /** Calls that have not settled. */
  private open = 0;
  /** By process, what its store has not confirmed yet. */
  private readonly unconfirmed = new Map<Member, Unconfirmed[]>();
  /** Keys that one process is setting: no other may write them meanwhile. */
  private readonly locks = new Map<string, { owner: Member; holds: number }>();

  constructor(
    private readonly scenario: Scenario,
    private readonly options: SimulateOptions,
  ) {
    const { scheduler, history } = this;
    this.random = new Random(~scenario.seed);
    this.checker = new Checker(scenario, history, () => scheduler.now);
    this.server = new Server(scheduler, (key) => {
      this.checker.checkServer(this.server, key);
    });
    this.plans = new Map(scenario.keys.map((plan) => [plan.key, plan]));
    this.members = scenario.processes.map((_, id) => this.member(id));
    options.sabotage?.(this.members, this.server);
    if (options.traced === true) this.traceServer();
  }

  async run(): Promise<Outcome> {
    const { scheduler, scenario, checker } = this;
    this.note(() => JSON.stringify({ ...scenario, steps: undefined }));
    for (const { link } of this.members) {
      scheduler.at(this.random.chance(0.5) ? 0 : this.random.int(0, 20), () => {
        link.connect();
      });
    }
    for (const { at, process, deed } of scenario.steps) {
      scheduler.at(at, () => {
        void this.perform(this.members[process] as Member, deed);
      });
    }
    for (const { at, process } of scenario.closings ?? []) {
      if (at === undefined) continue;
      scheduler.at(at, () => {
        void this.close(this.members[process] as Member);
      });
    }
    for (const fault of scenario.faults) {
      if (fault.kind === 'rollback') {
        scheduler.at(fault.at - scenario.snapshotMs, () => {
          this.saved = this.server.save();
        });
      }
      scheduler.at(fault.at, () => {
        this.strike(fault);
      });
    }
    await scheduler.run(scenario.endMs, () => this.confirm());
    const end = scenario.endMs + HEALING_MS;
    await scheduler.run(end, () => this.confirm() || (this.open === 0 && this.isWell()));
    await this.settle();
    if (this.open > 0) checker.fail(`${this.open} calls have not settled`);
    else if (!this.isWell()) checker.fail(`not everything has recovered: ${this.health()}`);
    else await this.checkAgreement();
    return {
      seed: scenario.seed,
      violations: checker.violations,
      events: scheduler.count,
      reads: checker.reads,
      loads: checker.loads,
      longestStaleMs: checker.longestStaleMs,
      longestMs: checker.longestMs,
      trace: this.trace,
    };
  }

  private member(id: number): Member {
    const { scheduler, server, scenario, random } = this;
    const { hasMemory, skewMs } = scenario.processes[id] as Scenario['processes'][number];
    const { commandMs, busMs, tracking, storeTimeoutMs, leaseMs } = scenario;
    const common = { scheduler, server, together: () => random.chance(0.5) };
    const link = new CommandLink({ ...common, delay: () => random.int(0, commandMs) });
    const bus = new BusLink(
      { ...common, delay: () => random.int(0, busMs) },
      tracking && hasMemory,
    );
    const store = new SimulatedStore({
      ...{ scheduler, link, bus, skewMs, namespace: NAMESPACE },
      keys: scenario.keys.map(({ key }) => key),
      openMs: () => random.int(0, 20),
    });
    const cache = new CacheManager({
      store: store as unknown as NonNullable<CacheOptions['store']>,
      namespace: NAMESPACE,
      clock: new VirtualClock(scheduler, skewMs),
      random: () => random.next(),
      bus: tracking ? 'tracking' : 'pubsub',
      storeTimeout: `${storeTimeoutMs}ms`,
      lease: `${leaseMs}ms`,
      breaker: { failures: 5, probeAfter: '100ms', longest: '400ms' },
      ...(hasMemory ? {} : { memory: false as const }),
      enabled: !scenario.closings?.some(({ process, at }) => process === id && at === undefined),
    });
    const { engine } = cache[CORE];
    if (engine.shared !== undefined) {
      const { store: guarded } = engine.shared as unknown as {
        store: { repairs: { journal: { capacity: number } } };
      };
      guarded.repairs.journal.capacity = scenario.journal;
    }
    return { id, hasMemory, cache, engine, store, link, bus };
  }

  // What happens.

  private async perform(member: Member, deed: Deed): Promise<void> {
    const { scheduler, checker } = this;
    const startedAt = scheduler.now;
    const what = `process ${member.id}: ${deed.kind === 'write' ? deed.by : deed.kind}${
      'key' in deed ? ` ${deed.key}` : ''
    }`;
    this.open++;
    this.note(() => what);
    try {
      if (deed.kind === 'write') await this.write(member, deed.by, deed.key, deed.gapMs);
      else if (deed.kind === 'delete') await this.remove(member, deed.key);
      else if (deed.kind === 'getMany') await this.readMany(member);
      else await this.read(member, deed.kind, deed.key);
      checker.settled(what, startedAt + (deed.kind === 'write' ? deed.gapMs : 0));
    } catch (error) {
      checker.fail(`${what} rejected: ${String((error as Error).stack)}`);
    }
    this.open--;
  }

  /** Closes a cache, whose calls go on. */
  private async close({ id, cache, engine }: Member): Promise<void> {
    this.open++;
    this.note(() => `process ${id}: close`);
    await cache.close();
    this.note(() => `process ${id}: is closed`);
    const left = this.server.leasesOf(engine.origin);
    if (left.length > 0) this.checker.fail(`process ${id} was closed with leases: ${left.join()}`);
    this.open--;
  }

  private async read(member: Member, kind: 'getOrSet' | 'get', key: string): Promise<void> {
    const start = this.startOf(member);
    const plan = this.plans.get(key) as KeyPlan;
    let row: Row | undefined;
    try {
      row =
        kind === 'get'
          ? await member.cache.get<Row>(key)
          : await member.cache.getOrSet(key, () => this.load(start, plan), loadOptions(plan));
    } catch (error) {
      const isLate = (error as { code?: string }).code === 'ERR_LOAD_TIMEOUT';
      if (error instanceof DatabaseError || (isLate && plan.hardMs !== undefined)) return;
      throw error;
    }
    this.note(() => `process ${member.id}: ${kind} ${key} of ${start.time} gets ${show(row)}`);
    if (row !== undefined) this.checker.read(start, key, row);
  }

  private async readMany(member: Member): Promise<void> {
    const start = this.startOf(member);
    const found = await member.cache.getMany<Row>([...this.plans.keys()]);
    this.note(() => `process ${member.id}: getMany of ${start.time} gets ${inspect(found)}`);
    for (const [key, row] of found) this.checker.read(start, key, row);
  }

  private async remove(member: Member, key: string): Promise<void> {
    const done = this.checker.touch([key]);
    const returned = this.checker.call(member.id, [key], 'delete');
    await member.cache.delete(key);
    returned();
    done();
  }

  private async write(
    member: Member,
    by: Extract<Deed, { kind: 'write' }>['by'],
    key: string,
    gapMs: number,
  ): Promise<void> {
    const { history, scheduler } = this;
    const plan = this.plans.get(key) as KeyPlan;
    const keys = this.concerned(by, key);
    const written =
      by === 'setMany' ? keys : keys.filter((one) => one === key || this.random.chance(0.5));
    const busy = written.some((one) => {
      const lock = this.locks.get(one);
      return lock !== undefined && lock.owner !== member;
    });
    if (busy) return;
    // Two that set a key at once must agree on an order by themselves: no cache can do that.
    const isSet = by === 'set' || by === 'setMany';
    const free = isSet ? this.lockAll(member, written) : undefined;
    const touched = by === 'resultTag' ? this.keysOf('result') : keys;
    const done = this.checker.touch(touched);
    const old = history.version(key);
    const kills = written.map((one) => ({
      key: one,
      version: history.bump(one),
      onlyLast: by === 'resultTag',
    }));
    this.note(() => `database: ${kills.map((kill) => `${kill.key} v${kill.version}`).join(' ')}`);
    // What is set must be set in the order of the versions, which is the writer's business.
    if (gapMs > 0 && !isSet) await scheduler.sleep(gapMs);
    const returned = this.checker.call(member.id, touched, by);
    const { cache } = member;
    switch (by) {
      case 'delete':
        await cache.delete(key);
        break;
      case 'set': {
        const { value, options } = entryOf(plan, old + 1, scheduler.now);
        await cache.set(key, value, options);
        break;
      }
      case 'deleteMany':
        await cache.deleteMany(keys);
        break;
      case 'setMany':
        await cache.setMany(
          kills.map((kill) => {
            const one = this.plans.get(kill.key) as KeyPlan;
            const { value, options } = entryOf(one, kill.version, scheduler.now);
            return { key: kill.key, value, ...options };
          }),
        );
        break;
      case 'tag':
        await cache.invalidateTags(STATIC_TAG);
        break;
      case 'resultTag':
        await cache.invalidateTags(resultTag(old));
        break;
      case 'clear':
        await cache.clear(patternOf(key));
        break;
    }
    returned();
    done();
    history.killFor(member.id, kills);
    this.unconfirmed.set(member, [
      ...(this.unconfirmed.get(member) ?? []),
      { kills, ...(free && { free }) },
    ]);
    this.confirm();
  }

  /** Keys that an invalidation is about. */
  private concerned(by: Extract<Deed, { kind: 'write' }>['by'], key: string): string[] {
    if (by === 'tag') return this.keysOf('static');
    if (by === 'deleteMany' || by === 'setMany') return [...this.plans.keys()];
    if (by !== 'clear') return [key];
    const first = key.slice(0, 2);
    return [...this.plans.keys()].filter((one) => one.startsWith(first));
  }

  private keysOf(mode: KeyPlan['tags']): string[] {
    return this.scenario.keys.filter(({ tags }) => tags === mode).map(({ key }) => key);
  }

  private lockAll(owner: Member, keys: readonly string[]): () => void {
    const releases = keys.map((key) => this.lock(owner, key));
    return () => {
      for (const release of releases) release();
    };
  }

  private lock(owner: Member, key: string): () => void {
    const lock = this.locks.get(key) ?? { owner, holds: 0 };
    lock.holds++;
    this.locks.set(key, lock);
    return () => {
      if (--lock.holds === 0) this.locks.delete(key);
    };
  }

  /** Looks at the database at a random moment of its time. */
  private async load(caller: ReadStart, { key }: KeyPlan): Promise<Row> {
    const { random, scheduler, scenario, history } = this;
    const ends = this.checker.loadBegins(key, caller.time);
    this.note(() => `process ${caller.process}: load of ${key} begins`);
    const hangs = random.chance(scenario.hangs);
    const ms = hangs ? HANG_LEASES * scenario.leaseMs : random.int(0, scenario.loadMs);
    const before = random.int(0, ms);
    const fails = random.chance(scenario.fails);
    if (before > 0) await scheduler.sleep(before);
    const version = history.version(key);
    if (ms > before) await scheduler.sleep(ms - before);
    ends();
    this.note(
      () => `process ${caller.process}: load of ${key} ${fails ? 'fails' : `sees v${version}`}`,
    );
    if (fails) throw new DatabaseError(key);
    return { version, madeAt: scheduler.now };
  }

  /** What the stores have confirmed since the last look is dead for everybody. */
  private confirm(): boolean {
    if (this.unconfirmed.size === 0) return false;
    for (const [member, writes] of this.unconfirmed) {
      if (pendingOf(member) > 0) continue;
      if (writes.some(({ isRevived }) => isRevived) && !this.hasCaughtUp(member)) continue;
      this.unconfirmed.delete(member);
      for (const { kills, free } of writes) {
        this.note(
          () => `acknowledged: ${kills.map((one) => `${one.key} v${one.version}`).join(' ')}`,
        );
        this.history.killForAll(kills, member.id);
        free?.();
        for (const { key } of kills) this.checker.checkServer(this.server, key);
      }
    }
    return false;
  }

  /** Whether a process has done again what the store had forgotten, and all have heard of it. */
  private hasCaughtUp({ link, engine }: Member): boolean {
    const { highestFloor } = this.server;
    return (
      link.isConnected &&
      engine.shared?.isCurrent === true &&
      this.members.every(({ store }) => (store.coordinator?.history.floor ?? 0) >= highestFloor)
    );
  }

  private startOf({ id, hasMemory, engine }: Member): ReadStart {
    const { shared } = engine;
    const hears = hasMemory && shared?.isListening === true;
    // A cache that is off asks the database.
    if (!engine.enabled) return { ...this.history.moment(), process: id, trust: 'strict' };
    const trust = shared?.isAway === true ? 'away' : hears ? 'hearing' : 'strict';
    return { ...this.history.moment(), process: id, trust };
  }

  // What goes wrong.

  private strike({ kind, process, lastsMs }: Fault): void {
    const { scheduler, server, random, scenario } = this;
    const member = this.members[process] as Member;
    this.note(() => `fault: ${kind}, process ${process}, ${lastsMs} ms`);
    switch (kind) {
      case 'bus lost':
        this.loseBus(member, lastsMs);
        break;
      case 'bus silent':
        member.bus.swallow();
        scheduler.after(random.int(0, scenario.detectionMs), () => {
          this.loseBus(member, lastsMs);
        });
        break;
      case 'commands lost':
        this.loseCommands(member, lastsMs);
        break;
      case 'both lost':
        this.loseBus(member, lastsMs);
        this.loseCommands(member, lastsMs + random.int(-20, 20));
        break;
      case 'stall':
        server.stalledUntil = Math.max(server.stalledUntil, scheduler.now + lastsMs);
        break;
      case 'restart':
        server.lose();
        for (const each of this.members) {
          this.loseBus(each, lastsMs);
          this.loseCommands(each, lastsMs);
        }
        break;
      case 'handover':
        for (const each of this.members) {
          this.loseBus(each, lastsMs);
          this.loseCommands(each, lastsMs);
        }
        break;
      case 'rollback':
        this.rollBack(lastsMs);
        break;
      case 'flush':
        server.flush();
        break;
      case 'tags lost':
        server.loseTags();
        break;
      case 'evict':
        server.unlink(random.pick(scenario.keys).key);
        break;
    }
  }

  /** Everything comes back as it was a while ago; what has been acknowledged since may be undone. */
  private rollBack(lastsMs: number): void {
    const { history, members, unconfirmed } = this;
    this.saved?.();
    for (const each of members) {
      this.loseBus(each, lastsMs);
      // What was on its way goes down with the server that it was sent to.
      this.loseCommands(each, lastsMs, 0);
    }
    for (const { author, kills } of history.revive()) {
      const member = members[author] as Member;
      unconfirmed.set(member, [...(unconfirmed.get(member) ?? []), { kills, isRevived: true }]);
    }
  }

  private loseBus({ id, bus, link }: Member, lastsMs: number): void {
    bus.lose();
    this.scheduler.after(lastsMs, () => {
      // Without the other connection there is no probe; its return begins anew.
      if (!link.isConnected) return;
      this.note(() => `process ${id}: bus opens`);
      bus.open(this.random.int(0, 20));
    });
  }

  private loseCommands({ id, link }: Member, lastsMs: number, survivors = 3): void {
    if (!link.isConnected) return;
    link.lose(this.random.int(0, survivors));
    this.scheduler.after(lastsMs, () => {
      if (link.isConnected) return;
      this.note(() => `process ${id}: commands connected`);
      link.connect();
    });
  }

  // The end.

  /** Whether every process has recovered from what went wrong. */
  private isWell(): boolean {
    return this.members.every((member) => {
      const { engine, link, bus } = member;
      const { shared } = engine;
      if (!engine.enabled) return pendingOf(member) === 0;
      return (
        link.isConnected &&
        bus.isListening &&
        shared?.isDown === false &&
        shared.pending === 0 &&
        shared.isCurrent
      );
    });
  }

  private health(): string {
    return this.members
      .map(({ id, engine, link, bus }) => {
        const { isDown, pending, isCurrent } = engine.shared ?? {};
        return `process ${id} ${inspect({ connected: link.isConnected, listening: bus.isListening, isDown, pending, isCurrent })}`;
      })
      .join(', ');
  }

  /** Lets what is under way arrive: messages, and what is done in the background. */
  private async settle(): Promise<void> {
    const { scheduler, checker, scenario } = this;
    const end = scheduler.now + checker.longestCallMs + scenario.busMs + scenario.detectionMs;
    await scheduler.run(end, () => this.confirm());
  }

  /** Each process reads the newest versions, and so does whoever looks into the tiers. */
  private async checkAgreement(): Promise<void> {
    const { checker, history, server, scenario, members } = this;
    this.note(() => 'all is quiet');
    for (const { key } of scenario.keys) checker.checkKept(server, key);
    for (const kind of ['get', 'getOrSet'] as const) {
      for (const member of members) {
        for (const { key } of scenario.keys) void this.perform(member, { kind, key });
      }
      await this.settle();
    }
    if (this.open > 0) checker.fail(`${this.open} calls have not settled at the end`);
    for (const { key } of scenario.keys) {
      const newest = history.version(key);
      const there = versionOf(server, key) ?? newest;
      if (there !== newest) checker.fail(`at the end the store has ${key} v${there}`);
      for (const { id, engine } of members) {
        const entry = engine.servesMemory ? engine.memory?.find(key) : undefined;
        const held = (entry?.value as Row | undefined)?.version ?? newest;
        if (held !== newest) checker.fail(`at the end process ${id} has ${key} v${held} in memory`);
      }
    }
    for (const { id, engine } of members) {
      const left = { fences: engine.fences.size, flights: engine.flights.size };
      const more = { writes: engine.writes.size, waiters: engine.waiters.size };
      const all = { ...left, ...more };
      if (Object.values(all).some((size) => size > 0)) {
        checker.fail(`at the end process ${id} has left ${JSON.stringify(all)}`);
      }
    }
  }

  private traceServer(): void {
    const { server } = this;
    for (const name of TRACED) {
      const method = server[name].bind(server) as (...words: unknown[]) => unknown;
      const traced = (...words: unknown[]): unknown => {
        const reply = method(...words);
        this.note(() => `  server: ${name} ${JSON.stringify(words)} answers ${inspect(reply)}`);
        return reply;
      };
      Object.defineProperty(server, name, { value: traced });
    }
  }

  private note(what: () => string): void {
    if (this.options.traced === true) this.trace.push(`${this.scheduler.now} ${what()}`);
  }
}

/** Invalidations of a process that the server has not confirmed. */
function pendingOf({ engine: { shared, offTier } }: Member): number {
  return (shared?.pending ?? 0) + offTier.pending;
}

function loadOptions(plan: KeyPlan): LoadOptions<Row> {
  const { ttlMs, graceMs, softMs, hardMs, refreshAhead, tags } = plan;
  return {
    ttl: `${ttlMs}ms`,
    grace: graceMs > 0 && `${graceMs}ms`,
    softTimeout: softMs === undefined ? undefined : `${softMs}ms`,
    hardTimeout: hardMs === undefined ? undefined : `${hardMs}ms`,
    refreshAhead,
    tags: tags === 'result' ? ({ version }) => tagsOf(tags, version) : tagsOf(tags, 1),
  };
}

/** A version as the cache is given it. */
function entryOf({ ttlMs, graceMs, tags }: KeyPlan, version: number, madeAt: number) {
  const value: Row = { version, madeAt };
  const grace = graceMs > 0 ? (`${graceMs}ms` as const) : (false as const);
  return { value, options: { ttl: `${ttlMs}ms` as const, grace, tags: tagsOf(tags, version) } };
}

function patternOf(key: string): string {
  return `${key.slice(0, 2)}*`;
}

function show(row: Row | undefined): string {
  return row === undefined ? 'nothing' : `v${row.version} of ${row.madeAt}`;
}
