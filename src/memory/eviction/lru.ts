import type { EvictionPolicy } from './policy.js';
import { SlotRing } from './slot-ring.js';

/**
 * The least recently used entry goes first: the ring in the order of use is all there is to know. A ring
 * in a field would be one more object to go through at each hit.
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
