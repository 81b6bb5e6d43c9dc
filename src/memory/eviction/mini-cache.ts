import { ExpiredFirst } from './expired-first.js';
import { MissCount } from './miss-count.js';
import { NONE } from './policy.js';
import { RankedPolicy } from './ranked-policy.js';
import type { SampledAccess, SampledKeys } from './sampled-keys.js';
import type { Setting } from './setting.js';

/**
 * A small cache of keys without values, under one setting: it sees a sample of the keys, and shows what
 * a store of all of them would do under that setting (Waldspurger, Saemundsson, Ahmad and Park, "Cache
 * modeling and optimization using miniature simulations", USENIX ATC 2017). Its slots are the numbers
 * that the keys of the sample have.
 *
 * @internal
 */
export class MiniCache {
  /** Accesses to keys that were not there or had expired. */
  readonly missed = new MissCount();
  /** Those misses that found an entry which had expired. */
  expirations = 0;
  /** Sum of the sizes at most. */
  capacity = 0;
  private readonly policy: RankedPolicy;
  private readonly expired = new ExpiredFirst();

  constructor(
    private readonly keys: SampledKeys,
    setting: Setting,
    hasSizes: boolean,
  ) {
    this.policy = new RankedPolicy(setting, hasSizes);
  }

  /** @param life - Milliseconds that an entry of the key stays fresh. */
  access(key: number, to: SampledAccess, life = to.life): void {
    if (this.policy.holds(key)) {
      if (!this.expired.has(key, to.now)) {
        this.policy.hit(key);
        return;
      }
      this.remove(key);
      this.expirations++;
    }
    this.missed.add(to.hash, to.weight * to.size);
    this.store(key, to, life);
  }

  /** Records that a fresh value was replaced: its life starts again, and the access is no read. */
  update(key: number, to: SampledAccess, life = to.life): void {
    if (this.policy.holds(key)) this.expired.add(key, to.now + life);
    else this.store(key, to, life);
  }

  forget(key: number): void {
    if (this.policy.holds(key)) this.remove(key);
  }

  private store(key: number, to: SampledAccess, life: number): void {
    if (to.size > this.capacity) return;
    this.keys.hold(key);
    this.policy.add(key, to.hash, to.size, to.weight, false);
    this.expired.add(key, to.now + life);
    while (this.policy.size > this.capacity) {
      const expired = this.expired.next(to.now);
      this.remove(expired === NONE ? this.policy.chooseVictim() : expired);
    }
  }

  private remove(key: number): void {
    this.policy.remove(key);
    this.expired.remove(key);
    this.keys.release(key);
  }
}
