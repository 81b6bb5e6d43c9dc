import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock, TimerHandle } from '../base/clock.js';
import { LIMITS } from '../base/defaults.js';
import type { Engine } from '../cache/engine.js';
import { CORE, type CacheManager } from '../cache/manager.js';
import type { Figures } from './figures.js';
import { FleetSum } from './merge.js';
import { decodeFigures, encodeFigures } from './snapshot.js';

/** Intervals after which an instance that has left nothing new is taken for dead. */
const PATIENCE = 3;

export interface FleetOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly slowLogSize: number;
  /** The cache, if there is one by now: a report must not create it. */
  cache(this: void): CacheManager | undefined;
  figures(this: void, cache: CacheManager): Promise<Figures>;
}

/** The figures of all instances, as they were added up last. */
export interface FleetView {
  readonly figures: Figures;
  /** Instances that are in the figures. */
  readonly instances: number;
  /** Instances that left figures; `null` when the list of them could not be read. */
  readonly known: number | null;
  /** Responses made from these figures, by what made them. */
  readonly texts: Map<unknown, string>;
}

/**
 * Leaves this instance's figures in the shared store at each interval, and adds up those of all. An
 * instance is a cache: its name is that of the memory tier among those that share the store. What an
 * instance leaves expires, so that one that died is no longer counted.
 *
 * @internal
 */
export class Fleet {
  private timer: TimerHandle;
  private isClosed = false;
  private leftBy: Engine | undefined;
  private latest: { engine: Engine; atMs: number; view: FleetView } | undefined;
  private underWay: { engine: Engine; view: Promise<FleetView> } | undefined;

  constructor(private readonly options: FleetOptions) {
    this.schedule(Math.min(1000, options.intervalMs));
  }

  /**
   * The figures of all instances. They are read and added up at most once in an interval, however
   * many callers there are: that takes milliseconds for each instance.
   */
  async view(cache: CacheManager): Promise<FleetView> {
    const { clock, intervalMs } = this.options;
    const { engine } = cache[CORE];
    const { latest, underWay } = this;
    if (latest?.engine === engine && clock.monotonic() - latest.atMs < intervalMs) {
      return latest.view;
    }
    if (underWay?.engine === engine) return await underWay.view;
    const current = { engine, view: this.addUp(cache) };
    this.underWay = current;
    try {
      const view = await current.view;
      this.latest = { engine, atMs: clock.monotonic(), view };
      return view;
    } finally {
      if (this.underWay === current) this.underWay = undefined;
    }
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

  /** Removes what this instance left. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.options.clock.clearTimeout(this.timer);
    const { leftBy } = this;
    if (leftBy?.enabled !== true) return;
    await leftBy.shared?.snapshots((all) => all.remove(leftBy.origin));
  }

  private async addUp(cache: CacheManager): Promise<FleetView> {
    const { figures, slowLogSize } = this.options;
    const { engine } = cache[CORE];
    const own = await figures(cache);
    const sum = new FleetSum(own, slowLogSize);
    let [instances, known]: [number, number | null] = [1, 1];
    if (engine.shared?.isCoordinated === true && engine.enabled) {
      const others = (
        await engine.shared.snapshots((all) => all.list(LIMITS.fleetInstances))
      )?.filter((instance) => instance !== engine.origin);
      if (others === undefined) known = null;
      else {
        const { added, expired } = await this.addOthers(sum, own, engine, others);
        [instances, known] = [1 + added, 1 + others.length - expired];
      }
    }
    return { figures: sum.get(), instances, known, texts: new Map() };
  }

  /** Stops early where the store fails or takes too long: the rest is missing from the sum. */
  private async addOthers(
    sum: FleetSum,
    own: Figures,
    { shared }: Engine,
    others: readonly string[],
  ): Promise<{ readonly added: number; readonly expired: number }> {
    const { clock } = this.options;
    const until = clock.monotonic() + LIMITS.fleetReadMs;
    let [added, expired] = [0, 0];
    for (let i = 0; i < others.length && clock.monotonic() < until; i += LIMITS.fleetChunk) {
      const chunk = others.slice(i, i + LIMITS.fleetChunk);
      const texts = await shared?.snapshots((all) => all.read(chunk));
      if (texts === undefined) break;
      for (const text of texts) {
        if (text === null) {
          expired++;
          continue;
        }
        // Decoding and adding take milliseconds: requests of the service come in between.
        await nextTurn();
        const figures = decodeFigures(text, own);
        if (figures === undefined) continue;
        sum.add(figures);
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
      this.leave().then(next, next);
    }, ms);
  }
}
