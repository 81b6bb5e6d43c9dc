import { NONE } from './policy.js';
import { grown } from './typed-arrays.js';

const SLOTS_PER_LOOK = 64;
/**
 * Milliseconds after which the origin moves (70 minutes): until then, ends that are as near are precise to
 * half a millisecond.
 */
const MAX_ELAPSED_MS = 2 ** 22;

/**
 * Finds an entry that has expired, to be evicted in place of one that can still be read: a hand that
 * goes around the slots and looks at some of them whenever an entry has to go, unless none can have
 * expired. Without it, a policy that keeps what was read often fills a store with expired entries
 * where lives are short.
 *
 * @internal
 */
export class ExpiredFirst {
  /**
   * By slot, when the entry expires, in ms after the origin; `Infinity` for an empty slot. Four bytes each,
   * which is why the origin must not be long ago.
   */
  private ends = new Float32Array(0);
  /** The first end that was noted, or the time at which the origin last moved. */
  private origin = Infinity;
  /** No entry expires before. */
  private earliest = Infinity;
  /** The first of the ends that this round of the hand has met, or that were added meanwhile. */
  private earliestOfRound = Infinity;
  private hand = 0;

  /** @param end - When the entry expires, on the clock that {@link ExpiredFirst.next} is given. */
  add(slot: number, end: number): void {
    if (slot >= this.ends.length) {
      const { length } = this.ends;
      this.ends = grown(this.ends, slot).fill(Infinity, length);
    }
    if (this.origin === Infinity) this.origin = end;
    const after = end === Infinity ? end : end - this.origin;
    this.ends[slot] = after;
    this.earliest = Math.min(this.earliest, after);
    this.earliestOfRound = Math.min(this.earliestOfRound, after);
  }

  remove(slot: number): void {
    this.ends[slot] = Infinity;
  }

  /** Whether the entry in a slot has expired, to the precision of the hand. */
  has(slot: number, now: number): boolean {
    return (this.ends[slot] as number) <= now - this.origin;
  }

  /** A slot whose entry has probably expired; {@link NONE} if there is none among the next ones. */
  next(now: number): number {
    if (now - this.origin > MAX_ELAPSED_MS) this.moveOrigin(now);
    const { ends } = this;
    const limit = now - this.origin;
    for (let i = 0; i < SLOTS_PER_LOOK && this.earliest <= limit; i++) {
      if (++this.hand >= ends.length) this.startRound();
      const end = ends[this.hand] as number;
      if (end <= limit) return this.hand;
      if (end < this.earliestOfRound) this.earliestOfRound = end;
    }
    return NONE;
  }

  private moveOrigin(now: number): void {
    const elapsed = now - this.origin;
    for (const [slot, end] of this.ends.entries()) this.ends[slot] = end - elapsed;
    this.earliest -= elapsed;
    this.earliestOfRound -= elapsed;
    this.origin = now;
  }

  private startRound(): void {
    this.hand = 0;
    this.earliest = this.earliestOfRound;
    this.earliestOfRound = Infinity;
  }
}
