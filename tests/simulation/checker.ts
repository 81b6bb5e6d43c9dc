import { readEnvelope } from '../../src/store/codec/envelope.js';
import type { History, Moment } from './history.js';
import type { Deed, KeyPlan, Scenario } from './scenario.js';
import type { Server } from './server.js';

/** A value as the simulated database makes it. */
export interface Row {
  readonly version: number;
  /** When it was made, in virtual time. */
  readonly madeAt: number;
}

/** A read's circumstances when it began. */
export interface ReadStart extends Moment {
  readonly process: number;
  /**
   * - `strict`: what was acknowledged before counts, to the moment.
   * - `hearing`: it has a memory tier, and hears of invalidations one bus delay later.
   * - `away`: the store cannot be reached, and messages of others do not arrive.
   */
  readonly trust: 'strict' | 'hearing' | 'away';
}

/** One run of a loader. */
export interface Load {
  readonly key: string;
  /** When the cache was called. */
  readonly calledAt: number;
  readonly startedAt: number;
}

/** A call that writes or invalidates a key, by the order of its beginning and its end. */
interface Call {
  readonly process: number;
  readonly by: Extract<Deed, { kind: 'write' }>['by'];
  readonly start: number;
  end: number;
}

/** A call may take that many store time-outs, leases and loads; see {@link Checker.longestCallMs}. */
const MOST_TIMEOUTS = 4;
const MOST_LEASES = 4;
const MOST_LOADS = 3;
/** Number of leases that a hanging load takes. */
export const HANG_LEASES = 3;

/** Says what went against the promises. */
export class Checker {
  readonly violations: string[] = [];
  reads = 0;
  loads = 0;
  /** Longest time after its acknowledgement that an old version was served, in ms. */
  longestStaleMs = 0;
  /** Longest call, in ms. */
  longestMs = 0;
  private readonly loading = new Set<Load>();
  /** By key, when it was last written or invalidated; `Infinity` while that is under way. */
  private readonly touched = new Map<string, number>();
  private readonly touching = new Map<string, number>();
  private readonly calls = new Map<string, readonly Call[]>();
  private readonly plans: ReadonlyMap<string, KeyPlan>;
  private readonly isCalm: boolean;

  constructor(
    private readonly scenario: Scenario,
    private readonly history: History,
    private readonly now: () => number,
  ) {
    this.plans = new Map(scenario.keys.map((plan) => [plan.key, plan]));
    // A cache that is off loads at every call.
    const isOn = (scenario.closings ?? []).length === 0;
    this.isCalm =
      isOn && scenario.faults.length === 0 && scenario.hangs === 0 && scenario.fails === 0;
  }

  fail(what: string): void {
    this.violations.push(`at ${this.now()}: ${what}`);
  }

  /**
   * How long after the acknowledgement a memory tier that hears may still serve the old version: the
   * server has published before it acknowledged, so the message is there one longest way later;
   * unless the bus has fallen silent, until that is noticed.
   */
  get boundMs(): number {
    const { busMs, detectionMs, faults } = this.scenario;
    const silent = faults.some(({ kind }) => kind === 'bus silent');
    return busMs + (silent ? detectionMs : 0);
  }

  /** In virtual time, from a call until it has settled. */
  get longestCallMs(): number {
    const { storeTimeoutMs, leaseMs, loadMs, hangs } = this.scenario;
    const load = Math.max(loadMs, hangs > 0 ? HANG_LEASES * leaseMs : 0);
    return MOST_TIMEOUTS * storeTimeoutMs + MOST_LEASES * leaseMs + MOST_LOADS * load;
  }

  /** A read has returned. */
  read(start: ReadStart, key: string, row: Row): void {
    this.reads++;
    const { version, madeAt } = row;
    const { process } = start;
    const own = this.history.deadFor(process, key, version);
    if (own !== undefined && own.order < start.order) {
      this.fail(`process ${process} read ${key} v${version}, which it had itself replaced`);
    }
    const dead = this.history.deadSince(key, version);
    if (dead !== undefined && dead.order < start.order && start.trust !== 'away') {
      const staleMs = start.time - dead.time;
      this.longestStaleMs = Math.max(this.longestStaleMs, staleMs);
      if (start.trust === 'strict' || staleMs > this.boundMs) {
        this.fail(
          `process ${process} read ${key} v${version}, begun at ${start.time} (${start.trust}), ` +
            `dead since ${dead.time}`,
        );
      }
    }
    const { ttlMs, graceMs } = this.plans.get(key) as KeyPlan;
    // A value that only waits for its fill is served meanwhile.
    if (start.time > madeAt + ttlMs + graceMs + this.scenario.storeTimeoutMs) {
      this.fail(`process ${process} read ${key} v${version}, expired: made at ${madeAt}`);
    }
  }

  /** A call has settled. */
  settled(what: string, startedAt: number): void {
    const ms = this.now() - startedAt;
    this.longestMs = Math.max(this.longestMs, ms);
    if (ms > this.longestCallMs) this.fail(`${what} took ${ms} ms`);
  }

  /** A write or an invalidation of these keys begins. */
  touch(keys: readonly string[]): () => void {
    for (const key of keys) this.touching.set(key, (this.touching.get(key) ?? 0) + 1);
    return () => {
      for (const key of keys) {
        this.touching.set(key, (this.touching.get(key) ?? 0) - 1);
        this.touched.set(key, this.now());
      }
    };
  }

  /** The cache is called for it, in the order that counts. */
  call(process: number, keys: readonly string[], by: Call['by']): () => void {
    const call: Call = { process, by, start: this.history.moment().order, end: Infinity };
    for (const key of keys) this.calls.set(key, [...(this.calls.get(key) ?? []), call]);
    return () => {
      call.end = this.history.moment().order;
    };
  }

  /**
   * At the end, before anything is read again: a value that was set last is there. An earlier call of
   * the same process must not have removed it, however late its commands were sent.
   */
  checkKept(server: Server, key: string): void {
    const { ttlMs, tags } = this.plans.get(key) as KeyPlan;
    const calls = this.calls.get(key) ?? [];
    const last = calls.at(-1);
    if (!this.isCalm || ttlMs < 1000 || tags !== 'none' || last?.by !== 'set') return;
    // The pass of a pattern may remove what was set meanwhile.
    const isAlone = calls.every(({ process, by, end }) => {
      return (process === last.process && by !== 'clear') || end < last.start;
    });
    if (!isAlone || versionOf(server, key) !== undefined) return;
    this.fail(`process ${last.process} has set ${key} last, but the store does not have it`);
  }

  /**
   * A loader is called.
   *
   * @param calledAt - When the cache was called.
   */
  loadBegins(key: string, calledAt: number): () => void {
    this.loads++;
    const load = { key, calledAt, startedAt: this.now() };
    for (const other of this.loading) if (other.key === key) this.checkSingle(other, calledAt);
    this.loading.add(load);
    return () => {
      this.loading.delete(load);
    };
  }

  /** The server's entry of a key must be alive, or invalid by its tags. */
  checkServer(server: Server, key: string): void {
    const version = versionOf(server, key);
    if (version === undefined) return;
    const dead = this.history.deadSince(key, version);
    if (dead !== undefined) this.fail(`the store has ${key} v${version}, dead since ${dead.time}`);
  }

  /** No second load starts while one is within its lease, unless the key was written meanwhile. */
  private checkSingle(other: Load, calledAt: number): void {
    const { key, startedAt } = other;
    const { ttlMs, hardMs } = this.plans.get(key) as KeyPlan;
    const { commandMs, leaseMs, loadMs, storeTimeoutMs } = this.scenario;
    // Values that expire in transit cause further leases; callers wait for two at most.
    if (!this.isCalm || ttlMs < 1000 || hardMs !== undefined) return;
    // A lease must outlive the ways of its grant and of its first renewal.
    if (leaseMs < 6 * commandMs) return;
    // A caller that has used up its store budget loads without a lease.
    if (storeTimeoutMs < 10 * commandMs) return;
    if (this.now() - startedAt >= leaseMs || (this.touching.get(key) ?? 0) > 0) return;
    // After an invalidation, loads of earlier callers are not stored, one after the
    // other; after the third, a waiting caller loads for itself.
    const chainMs = 3 * (loadMs + 4 * commandMs);
    const since = Math.min(calledAt, other.calledAt) - chainMs;
    if ((this.touched.get(key) ?? -Infinity) >= since) return;
    this.fail(`a second load of ${key} beside the one of ${startedAt}`);
  }
}

/** The version under a key that a reader of the store would get. */
export function versionOf(server: Server, key: string): number | undefined {
  const envelope = readEnvelope(server.get(key));
  if (envelope === undefined) return undefined;
  const { tags, tagClock, payload, createdAt } = envelope;
  if (createdAt < server.highestFloor) return undefined;
  if (tags.length > 0) {
    const { epoch = Infinity, versions } = server.tagVersions(tags);
    if (Math.max(epoch, ...versions) > tagClock) return undefined;
  }
  // Behind the codec's tag.
  return (JSON.parse(payload.slice(1)) as Row).version;
}
