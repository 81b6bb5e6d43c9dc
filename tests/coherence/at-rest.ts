import type { CacheCore } from '../../src/cache/core/cache-core.js';
import { until } from '../support/until.js';
import type { Database } from './database.js';
import { isUnavailable, REST_MS, untilListening, type Instance } from './instance.js';
import type { Inspection } from './protocol.js';
import type { Row, Subject } from './subjects.js';

export interface AtRestOptions {
  readonly instance: Instance;
  /** Of caches that this process closed before. */
  readonly closed: readonly CacheCore[];
  readonly database: Database;
  readonly worker: number;
  readonly processes: number;
  /** A cache without its protections may never come to rest: nothing is waited for. */
  readonly isSabotaged: boolean;
}

/**
 * The state of one process when no operation is in progress. Each process has a beacon: an entry that
 * all hold in memory. A process that has lost it has received every earlier message of its owner.
 */
export class AtRest {
  constructor(private readonly options: AtRestOptions) {}

  /** Waits until nothing is under way here, nor an invalidation that Redis has not confirmed. */
  async settle(): Promise<void> {
    const { shared } = this.core;
    if (this.options.isSabotaged) return;
    const isAtRest = async (): Promise<boolean> =>
      shared?.isListening === true &&
      !isUnavailable(this.core) &&
      shared.pending === 0 &&
      this.leftovers === 0;
    await until('nothing is under way', isAtRest, REST_MS);
  }

  /** Reads the beacon of every process into memory. */
  async readBeacons(): Promise<void> {
    const { beacons, options } = this;
    const { cache, core } = options.instance;
    const { memory } = core;
    if (options.isSabotaged) return;
    const areHeld = async (): Promise<boolean> => {
      await Promise.all(beacons.map((key) => cache.getOrSet(key, () => key, { ttl: '1h' })));
      return memory === undefined || beacons.every((key) => memory.find(key) !== undefined);
    };
    await until('the beacons are held', areHeld, REST_MS);
  }

  async removeBeacon(): Promise<void> {
    const { instance, worker } = this.options;
    await instance.cache.delete(this.beacons[worker] ?? '');
  }

  /** Compares what the tiers have with the database, once every message has arrived. */
  async inspect(): Promise<Inspection> {
    const { instance, isSabotaged } = this.options;
    const { memory } = this.core;
    await untilListening(this.core);
    const arrived = async (): Promise<boolean> =>
      this.beacons.every((key) => memory?.find(key) === undefined);
    if (!isSabotaged) await until('the beacons are gone', arrived, REST_MS);
    const compared = await Promise.all(instance.subjects.map((subject) => this.compare(subject)));
    return {
      differing: compared.flatMap(({ differing }) => differing),
      compared: compared.reduce((sum, { found }) => sum + found, 0),
      leftovers: this.leftovers,
    };
  }

  private async compare({ row, key }: Subject): Promise<{ found: number; differing: string[] }> {
    const { cache, core } = this.options.instance;
    const { memory, shared } = core;
    const current = await this.options.database.read(row);
    const values = Object.entries({
      memory: memory?.find(key)?.value,
      redis: (await shared?.read(key))?.value,
      get: await cache.get(key),
    }).filter(([, value]) => value !== undefined);
    const differing = values
      .map(([tier, value]) => ({ tier, version: (value as Row).version }))
      .filter(({ version }) => version !== current)
      .map(({ tier, version }) => `${row}: ${current}, but ${version} by ${tier}`);
    return { found: values.length, differing };
  }

  private get core(): CacheCore {
    return this.options.instance.core;
  }

  private get beacons(): string[] {
    return Array.from({ length: this.options.processes }, (_, worker) => `beacon:${worker}`);
  }

  /** Entries left in the tables. */
  private get leftovers(): number {
    const all = [this.core, ...this.options.closed];
    return all.reduce(
      (sum, { invalidation, loads, waiters }) =>
        sum + invalidation.fences.size + loads.size + waiters.size,
      0,
    );
  }
}
