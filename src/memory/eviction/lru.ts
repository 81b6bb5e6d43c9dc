import type { EvictionPolicy } from './policy.js';
import { SlotRing } from './slot-ring.js';

/**
 * The least recently used entry goes first.
 *
 * @internal
 */
export class LruPolicy implements EvictionPolicy {
  private readonly ring = new SlotRing();

  add(slot: number): void {
    this.ring.append(slot);
  }

  hit(slot: number): void {
    this.ring.moveToEnd(slot);
  }

  remove(slot: number): void {
    this.ring.remove(slot);
  }

  victim(): number {
    return this.ring.oldest;
  }

  estimates(): undefined {
    return undefined;
  }
}
