import { MiniCache } from './mini-cache.js';
import type { SampledAccess, SampledKeys } from './sampled-keys.js';
import { RECENCY, type Setting } from './setting.js';

/** The number of misses, and their cost. */
export type Missed = Pick<MiniCache, 'misses' | 'missedCost'>;

/**
 * Models a store of another size, or with other lives. Such a store would change its setting if another
 * were far better. A second mini cache therefore evicts by recency alone, and the lower miss count is used.
 *
 * @internal
 */
export class Ghost {
  private readonly minis: readonly [MiniCache, MiniCache];

  /**
   * @param setting - Of the store.
   * @param times - Of the size of the store.
   * @param lives - Of the lives of its entries.
   */
  constructor(
    keys: SampledKeys,
    setting: Setting,
    hasSizes: boolean,
    readonly times: number,
    private readonly lives: number,
  ) {
    this.minis = [new MiniCache(keys, setting, hasSizes), new MiniCache(keys, RECENCY, hasSizes)];
  }

  /** The mini cache with fewer misses. */
  get best(): Readonly<Missed> {
    const [one, other] = this.minis;
    return one.misses <= other.misses ? one : other;
  }

  /** Counts the same misses as another mini cache so far. */
  follow({ misses, missedCost }: Readonly<Missed>): void {
    for (const mini of this.minis) Object.assign(mini, { misses, missedCost });
  }

  /** Lets earlier misses count half. */
  halve(): void {
    for (const mini of this.minis) mini.halve();
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
