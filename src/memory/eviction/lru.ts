import type { EvictionPolicy } from './policy.js';
import { SlotRing } from './slot-ring.js';

/**
 * The least recently used entry goes first. Its only state is a ring in the order of use.
 *
 * @internal
 */
export class LruPolicy extends SlotRing implements EvictionPolicy {
  add(slot: number): void {
    this.append(slot);
  }

  hit(slot: number): void {
    this.moveToEnd(slot);
  }

  chooseVictim(): number {
    return this.oldest;
  }

  estimates(): undefined {
    return undefined;
  }
}
