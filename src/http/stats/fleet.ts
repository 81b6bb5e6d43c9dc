import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock, TimerHandle } from '../../base/time/clock.js';
import { HTTP_LIMITS } from '../../base/options/defaults.js';
import type { CacheCore } from '../../cache/core/cache-core.js';
import { CORE, type CacheManager } from '../../cache/manager.js';
import { decodeSnapshot, encodeSnapshot } from './snapshot-codec.js';
import { SnapshotSum } from './snapshot-sum.js';
import type { StatsSnapshot } from './stats-snapshot.js';

/** A published snapshot expires after this many intervals. */
const TTL_INTERVALS = 3;

export interface FleetOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly slowLogSize: number;
  /** The cache if it exists already: publishing must not create it. */
  cache(this: void): CacheManager | undefined;
  snapshot(this: void, cache: CacheManager): Promise<StatsSnapshot>;
}

/** The latest sum over all instances. */
export interface FleetSnapshot {
  readonly snapshot: StatsSnapshot;
  /** Number of instances in the sum. */
  readonly instances: number;
  /** Instances that published a snapshot; `null` if their list could not be read. */
  readonly known: number | null;
  /** Bodies that were already serialized from this snapshot, by the function that built them. */
  readonly bodies: Map<unknown, string>;
}

/**
 * Publishes this instance's snapshot in the shared store at each interval, and adds up those of all
 * instances. An instance is a cache, identified by its origin. Published snapshots expire, so that an instance
 * that has crashed is no longer counted.
 *
 * @internal
 */
export class Fleet {
  private timer: TimerHandle;
  private isClosed = false;
  private publishedBy: CacheCore | undefined;
  private latest: { core: CacheCore; atMs: number; sum: FleetSnapshot } | undefined;
  private pending: { core: CacheCore; sum: Promise<FleetSnapshot> } | undefined;

  constructor(private readonly options: FleetOptions) {
    this.schedule(Math.min(1000, options.intervalMs));
  }

  /**
   * The sum over all instances. It is computed at most once per interval, since each instance takes
   * milliseconds; callers in between share the latest result.
   */
  async read(cache: CacheManager): Promise<FleetSnapshot> {
    const { clock, intervalMs } = this.options;
    const { core } = cache[CORE];
    const { latest, pending } = this;
    if (latest?.core === core && clock.monotonic() - latest.atMs < intervalMs) {
      return latest.sum;
    }
    if (pending?.core === core) return await pending.sum;
    const current = { core, sum: this.computeSum(cache) };
    this.pending = current;
    try {
      const sum = await current.sum;
      this.latest = { core, atMs: clock.monotonic(), sum };
      return sum;
    } finally {
      if (this.pending === current) this.pending = undefined;
    }
  }

  /** Publishes the current snapshot. The shared tier reports failures. */
  async publish(): Promise<void> {
    const cache = this.options.cache();
    const core = cache?.[CORE].core;
    if (cache === undefined || !core?.shared?.isCoordinated || !core.enabled) return;
    const text = encodeSnapshot(await this.options.snapshot(cache));
    if (text === undefined || this.isClosed) return;
    const ttlMs = TTL_INTERVALS * this.options.intervalMs;
    this.publishedBy = core;
    await core.shared.snapshots((all) =>
      all.write(core.origin, text, ttlMs, HTTP_LIMITS.fleetInstances),
    );
  }

  /** Removes the published snapshot. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.options.clock.clearTimeout(this.timer);
    const { publishedBy } = this;
    if (publishedBy?.enabled !== true) return;
    await publishedBy.shared?.snapshots((all) => all.remove(publishedBy.origin));
  }

  private async computeSum(cache: CacheManager): Promise<FleetSnapshot> {
    const { snapshot, slowLogSize } = this.options;
    const { core } = cache[CORE];
    const own = await snapshot(cache);
    const sum = new SnapshotSum(own, slowLogSize);
    let [instances, known]: [number, number | null] = [1, 1];
    if (core.shared?.isCoordinated === true && core.enabled) {
      const others = (
        await core.shared.snapshots((all) => all.list(HTTP_LIMITS.fleetInstances))
      )?.filter((instance) => instance !== core.origin);
      if (others === undefined) known = null;
      else {
        const { added, expired } = await this.addOthers(sum, own, core, others);
        [instances, known] = [1 + added, 1 + others.length - expired];
      }
    }
    return { snapshot: sum.get(), instances, known, bodies: new Map() };
  }

  /** Adds the snapshots of the other instances. If the store fails or takes too long, the rest is left out. */
  private async addOthers(
    sum: SnapshotSum,
    own: StatsSnapshot,
    { shared }: CacheCore,
    others: readonly string[],
  ): Promise<{ readonly added: number; readonly expired: number }> {
    const { clock } = this.options;
    const until = clock.monotonic() + HTTP_LIMITS.fleetReadMs;
    let [added, expired] = [0, 0];
    for (let i = 0; i < others.length && clock.monotonic() < until; i += HTTP_LIMITS.fleetChunk) {
      const chunk = others.slice(i, i + HTTP_LIMITS.fleetChunk);
      const texts = await shared?.snapshots((all) => all.read(chunk));
      if (texts === undefined) break;
      for (const text of texts) {
        if (text === null) {
          expired++;
          continue;
        }
        // Decoding and adding take milliseconds: let requests of the service run in between.
        await nextTurn();
        const other = decodeSnapshot(text, own);
        if (other === undefined) continue;
        sum.add(other);
        added++;
      }
    }
    return { added, expired };
  }

  private schedule(ms: number): void {
    const { clock, intervalMs } = this.options;
    const next = (): void => {
      if (!this.isClosed) this.schedule(intervalMs);
    };
    this.timer = clock.setTimeout(() => {
      this.publish().then(next, next);
    }, ms);
  }
}
