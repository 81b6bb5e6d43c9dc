import { NONE } from './policy.js';
import { grown } from './typed-arrays.js';

/**
 * A queue of slots, linked both ways in typed arrays: links between the entries themselves would be
 * twice as large, and the garbage collector would follow each of them.
 *
 * @internal
 */
export class SlotRing {
  /** By slot, the one that was appended after it; for no slot, the oldest. */
  private newer = new Uint32Array(1);
  /** By slot, the one that was appended before it; for no slot, the newest. */
  private older = new Uint32Array(1);

  /** The slot that was appended first; 0 when there is none. */
  get oldest(): number {
    return this.newer[NONE] as number;
  }

  isNewest(slot: number): boolean {
    return this.older[NONE] === slot;
  }

  append(slot: number): void {
    if (slot >= this.newer.length) {
      this.newer = grown(this.newer, slot);
      this.older = grown(this.older, slot);
    }
    this.link(slot);
  }

  remove(slot: number): void {
    const newer = this.newer[slot] as number;
    const older = this.older[slot] as number;
    this.newer[older] = newer;
    this.older[newer] = older;
  }

  /** On the hot path. */
  moveToEnd(slot: number): void {
    if (this.newer[slot] === NONE) return;
    this.remove(slot);
    this.link(slot);
  }

  private link(slot: number): void {
    const newest = this.older[NONE] as number;
    this.newer[newest] = slot;
    this.older[slot] = newest;
    this.newer[slot] = NONE;
    this.older[NONE] = slot;
  }
}
