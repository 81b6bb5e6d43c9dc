import type { Clock, TimerHandle } from '../base/clock.js';
import { LIMITS } from '../base/defaults.js';
import type { Engine } from '../cache/engine.js';
import { CORE, type CacheManager } from '../cache/manager.js';
import type { Figures } from './figures.js';
import { decodeFigures, encodeFigures } from './snapshot.js';

/** Intervals after which an instance that has left nothing new is taken for dead. */
const PATIENCE = 3;

export interface FleetOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** The cache, if there is one by now: it must not be made only to tell that it is empty. */
  cache(this: void): CacheManager | undefined;
  figures(this: void, cache: CacheManager): Promise<Figures>;
}

/**
 * Leaves this instance's figures in the shared store, again and again, and reads those of the
 * others. An instance is a cache: its name is that of the memory tier among those that share the
 * store. What an instance leaves expires, so that one that died is counted no longer.
 *
 * @internal
 */
export class Fleet {
  private timer: TimerHandle;
  private isClosed = false;
  private leftBy: Engine | undefined;

  constructor(private readonly options: FleetOptions) {
    this.schedule(Math.min(1000, options.intervalMs));
  }

  /** The figures of the other instances, as they left them. */
  async others(cache: CacheManager, own: Figures): Promise<Figures[]> {
    const { engine } = cache[CORE];
    const texts = await engine.shared?.snapshots((all) => all.readAll(LIMITS.fleetInstances));
    const others: Figures[] = [];
    for (const [instance, text] of texts ?? []) {
      const figures = instance === engine.origin ? undefined : decodeFigures(text, own);
      if (figures !== undefined) others.push(figures);
    }
    return others;
  }

  /** Leaves the figures as they are now; a failure is the shared tier's, and reported there. */
  async leave(): Promise<void> {
    const cache = this.options.cache();
    const engine = cache?.[CORE].engine;
    if (cache === undefined || !engine?.shared?.isCoordinated || !engine.enabled) return;
    const text = encodeFigures(await this.options.figures(cache));
    if (text === undefined || this.isClosed) return;
    const ttlMs = PATIENCE * this.options.intervalMs;
    this.leftBy = engine;
    await engine.shared.snapshots((all) =>
      all.write(engine.origin, text, ttlMs, LIMITS.fleetInstances),
    );
  }

  /** Takes away what was left: this instance says good-bye. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.options.clock.clearTimeout(this.timer);
    const { leftBy } = this;
    if (leftBy?.enabled !== true) return;
    await leftBy.shared?.snapshots((all) => all.remove(leftBy.origin));
  }

  private schedule(ms: number): void {
    const { clock, intervalMs } = this.options;
    const next = (): void => {
      if (!this.isClosed) this.schedule(intervalMs);
    };
    this.timer = clock.setTimeout(() => {
      this.leave().then(next, next);
    }, ms);
  }
}
