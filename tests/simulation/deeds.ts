import { inspect } from 'node:util';

import type { LoadOptions } from 'aurora-cache';

import type { Acknowledgements } from './acknowledgements.js';
import { HANG_LEASES, type ReadStart, type Row } from './checker.js';
import { resultTag, STATIC_TAG, tagsOf, type Deed, type KeyPlan } from './scenario.js';
import type { Member, World } from './world.js';

type Write = Extract<Deed, { kind: 'write' }>['by'];

class DatabaseError extends Error {}

/** Does what the scenario says in the processes, and has the checker look at what comes of it. */
export class Deeds {
  /** Keys that one process is setting: no other may write them meanwhile. */
  private readonly locks = new Map<string, { owner: Member; holds: number }>();

  constructor(
    private readonly world: World,
    private readonly acknowledgements: Acknowledgements,
  ) {}

  async perform(member: Member, deed: Deed): Promise<void> {
    const { scheduler, checker } = this.world;
    const startedAt = scheduler.now;
    const what = `process ${member.id}: ${deed.kind === 'write' ? deed.by : deed.kind}${
      'key' in deed ? ` ${deed.key}` : ''
    }`;
    this.world.open++;
    this.world.note(() => what);
    try {
      if (deed.kind === 'write') await this.write(member, deed.by, deed.key, deed.gapMs);
      else if (deed.kind === 'delete') await this.remove(member, deed.key);
      else if (deed.kind === 'getMany') await this.readMany(member);
      else await this.read(member, deed.kind, deed.key);
      checker.settled(what, startedAt + (deed.kind === 'write' ? deed.gapMs : 0));
    } catch (error) {
      checker.fail(`${what} rejected: ${String((error as Error).stack)}`);
    }
    this.world.open--;
  }

  private async read(member: Member, kind: 'getOrSet' | 'get', key: string): Promise<void> {
    const start = this.startOf(member);
    const plan = this.world.plans.get(key) as KeyPlan;
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
    this.world.note(
      () => `process ${member.id}: ${kind} ${key} of ${start.time} gets ${show(row)}`,
    );
    if (row !== undefined) this.world.checker.read(start, key, row);
  }

  private async readMany(member: Member): Promise<void> {
    const start = this.startOf(member);
    const found = await member.cache.getMany<Row>([...this.world.plans.keys()]);
    this.world.note(() => `process ${member.id}: getMany of ${start.time} gets ${inspect(found)}`);
    for (const [key, row] of found) this.world.checker.read(start, key, row);
  }

  private async remove(member: Member, key: string): Promise<void> {
    const done = this.world.checker.touch([key]);
    const returned = this.world.checker.call(member.id, [key], 'delete');
    await member.cache.delete(key);
    returned();
    done();
  }

  private async write(member: Member, by: Write, key: string, gapMs: number): Promise<void> {
    const { history, scheduler } = this.world;
    const plan = this.world.plans.get(key) as KeyPlan;
    const keys = this.concerned(by, key);
    const written =
      by === 'setMany' ? keys : keys.filter((one) => one === key || this.world.random.chance(0.5));
    const busy = written.some((one) => {
      const lock = this.locks.get(one);
      return lock !== undefined && lock.owner !== member;
    });
    if (busy) return;
    // Two that set a key at once must agree on an order between them: no cache can do that.
    const isSet = by === 'set' || by === 'setMany';
    const free = isSet ? this.lockAll(member, written) : undefined;
    const touched = by === 'resultTag' ? this.keysOf('result') : keys;
    const done = this.world.checker.touch(touched);
    const old = history.version(key);
    const kills = written.map((one) => ({
      key: one,
      version: history.bump(one),
      onlyLast: by === 'resultTag',
    }));
    this.world.note(
      () => `database: ${kills.map((kill) => `${kill.key} v${kill.version}`).join(' ')}`,
    );
    // Values must be set in the order of their versions: the writer ensures that.
    if (gapMs > 0 && !isSet) await scheduler.sleep(gapMs);
    const returned = this.world.checker.call(member.id, touched, by);
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
            const one = this.world.plans.get(kill.key) as KeyPlan;
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
    this.acknowledgements.add(member, { kills, ...(free && { free }) });
    this.acknowledgements.confirm();
  }

  /** Keys that an invalidation is about. */
  private concerned(by: Write, key: string): string[] {
    if (by === 'tag') return this.keysOf('static');
    if (by === 'deleteMany' || by === 'setMany') return [...this.world.plans.keys()];
    if (by !== 'clear') return [key];
    const first = key.slice(0, 2);
    return [...this.world.plans.keys()].filter((one) => one.startsWith(first));
  }

  private keysOf(mode: KeyPlan['tags']): string[] {
    return this.world.scenario.keys.filter(({ tags }) => tags === mode).map(({ key }) => key);
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
    const { random, scheduler, scenario, history } = this.world;
    const ends = this.world.checker.loadBegins(key, caller.time);
    this.world.note(() => `process ${caller.process}: load of ${key} begins`);
    const hangs = random.chance(scenario.hangs);
    const ms = hangs ? HANG_LEASES * scenario.leaseMs : random.int(0, scenario.loadMs);
    const before = random.int(0, ms);
    const fails = random.chance(scenario.fails);
    if (before > 0) await scheduler.sleep(before);
    const version = history.version(key);
    if (ms > before) await scheduler.sleep(ms - before);
    ends();
    this.world.note(
      () => `process ${caller.process}: load of ${key} ${fails ? 'fails' : `sees v${version}`}`,
    );
    if (fails) throw new DatabaseError(key);
    return { version, madeAt: scheduler.now };
  }

  private startOf({ id, hasMemory, core }: Member): ReadStart {
    const { shared } = core;
    const hears = hasMemory && shared?.isListening === true;
    // A cache that is off reads the database.
    if (!core.enabled) return { ...this.world.history.moment(), process: id, trust: 'strict' };
    const trust = shared?.isUnavailable === true ? 'away' : hears ? 'hearing' : 'strict';
    return { ...this.world.history.moment(), process: id, trust };
  }
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
