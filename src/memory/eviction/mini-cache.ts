import { ExpiredFirst } from './expired-first.js';
import { NONE } from './policy.js';
import { RankedPolicy } from './ranked-policy.js';
import type { Setting } from './setting.js';

/** An access to a key of the sample. */
export interface SampledAccess {
  readonly hash: number;
  readonly size: number;
  readonly weight: number;
  /** Milliseconds that an entry of the key stays fresh. */
  readonly life: number;
  /** In ms, on any clock. */
  readonly now: number;
}

/**
 * A small cache of keys without values, under one setting: it sees a sample of the keys, and shows what
 * a store of all of them would do under that setting (Waldspurger, Saemundsson, Ahmad and Park, "Cache
 * modeling and optimization using miniature simulations", USENIX ATC 2017).
 *
 * @internal
 */
export class MiniCache {
  /** Accesses to keys that were not there or had expired. */
  misses = 0;
  /** What these cost. */
  missedCost = 0;
  /** Sum of the sizes at most. */
  capacity = 0;
  private readonly policy: RankedPolicy;
  private readonly expired = new ExpiredFirst();
  private readonly slots = new Map<number, number>();
  // By slot.
  private readonly keys: number[] = [0];
  private readonly sizes: number[] = [0];
  private readonly ends: number[] = [0];
  private readonly free: number[] = [];
  private size = 0;

  constructor(setting: Setting, hasSizes: boolean) {
    this.policy = new RankedPolicy(setting, hasSizes);
  }

  access(to: SampledAccess): void {
    const slot = this.slots.get(to.hash);
    if (slot !== undefined) {
      if (to.now < (this.ends[slot] as number)) {
        this.policy.hit(slot);
        return;
      }
      this.remove(slot);
    }
    this.misses++;
    this.missedCost += to.weight * to.size;
    if (to.size > this.capacity) return;
    this.add(to);
    while (this.size > this.capacity) {
      const expired = this.expired.next(to.now);
      this.remove(expired === NONE ? this.policy.victim() : expired);
    }
  }

  private add({ hash, size, weight, life, now }: SampledAccess): void {
    const slot = this.free.pop() ?? this.keys.length;
    this.keys[slot] = hash;
    this.sizes[slot] = size;
    this.ends[slot] = now + life;
    this.slots.set(hash, slot);
    this.size += size;
    this.policy.add(slot, hash, size, weight, false);
    this.expired.add(slot, now + life);
  }

  private remove(slot: number): void {
    this.policy.remove(slot);
    this.expired.remove(slot);
    this.slots.delete(this.keys[slot] as number);
    this.size -= this.sizes[slot] as number;
    this.free.push(slot);
  }
}
