import { MiniCache } from './mini-cache.js';
import type { MissCount } from './miss-count.js';
import type { SampledAccess, SampledKeys } from './sampled-keys.js';
import type { Setting } from './setting.js';

/**
 * Models a store of another size, or with other lives. Such a store would change its setting if another
 * were far better: there is a mini cache for each setting, and the lowest miss count is used.
 *
 * @internal
 */
export class Ghost {
  private readonly minis: readonly MiniCache[];

  /**
   * @param settings - At least one; each may change at any time.
   * @param times - Of the size of the store.
   * @param lives - Of the lives of its entries.
   */
  constructor(
    keys: SampledKeys,
    settings: readonly Setting[],
    hasSizes: boolean,
    readonly times: number,
    private readonly lives: number,
  ) {
    this.minis = settings.map((setting) => new MiniCache(keys, setting, hasSizes));
  }

  /** Whether any of its entries has expired. */
  get hasExpired(): boolean {
    return this.minis.some(({ expirations }) => expirations > 0);
  }

  /** Misses of the mini cache that has fewest. */
  get missed(): MissCount {
    const counts = this.minis.map(({ missed }) => missed);
    return counts.reduce((best, one) => (one.misses < best.misses ? one : best));
  }

  /** Counts no misses so far. */
  reset(): void {
    for (const { missed } of this.minis) missed.reset();
  }

  /** Lets earlier misses count half. */
  halve(): void {
    for (const { missed } of this.minis) missed.halve();
  }

  set capacity(capacity: number) {
    for (const mini of this.minis) mini.capacity = this.times * capacity;
  }

  access(key: number, to: SampledAccess): void {
    for (const mini of this.minis) mini.access(key, to, this.lives * to.life);
  }

  /** See {@link MiniCache.update}. */
  update(key: number, to: SampledAccess): void {
    for (const mini of this.minis) mini.update(key, to, this.lives * to.life);
  }

  forget(key: number): void {
    for (const mini of this.minis) mini.forget(key);
  }
}
