import type { Clock, TimerHandle } from '../base/time/clock.js';
import type { MemoryEntry } from './entry.js';
import type { EntryTable } from './entry-table.js';

/** A pass takes a minute at most, in sixty steps; a small store takes one. */
const EVERY_MS = 1000;
const STEPS = 60;
const MIN_ENTRIES_PER_STEP = 500;

/**
 * Removes expired entries that are not read again; reads remove the others. A pass consists of bounded
 * steps, one per second, and the next pass starts when the first of the remaining entries expires: a store
 * whose entries live for days costs one timer, not one per second.
 *
 * @internal
 */
export class Sweep {
  private timer: TimerHandle = undefined;
  /** When the timer fires; `Infinity` when there is none. */
  private wakesAt = Infinity;
  /** The slot to continue at. */
  private next = 0;
  /** When the first of the entries expires that this pass has seen, or that were stored meanwhile. */
  private soonest = Infinity;

  constructor(
    private readonly entries: EntryTable,
    private readonly clock: Clock,
    private readonly expire: (entry: MemoryEntry) => void,
  ) {}

  /** Notes that an entry was stored which expires at `end`, in ms since the epoch. */
  arm(end: number): void {
    if (end < this.soonest) this.soonest = end;
    if (end < this.wakesAt - EVERY_MS) this.wakeAt(end);
  }

  stop(): void {
    if (this.timer !== undefined) this.clock.clearTimeout(this.timer);
    this.timer = undefined;
    this.wakesAt = this.soonest = Infinity;
    this.next = 0;
  }

  /** Sets the timer, unless it fires before that. No sooner than in a second. */
  private wakeAt(time: number): void {
    const now = this.clock.now();
    const at = Math.max(time, now + EVERY_MS);
    if (at >= this.wakesAt) return;
    if (this.timer !== undefined) this.clock.clearTimeout(this.timer);
    this.wakesAt = at;
    this.timer = this.clock.setTimeout(() => {
      this.timer = undefined;
      this.wakesAt = Infinity;
      this.wake();
    }, at - now);
  }

  private wake(): void {
    const isOver = this.step();
    if (this.entries.size === 0) {
      this.stop();
      return;
    }
    const { soonest } = this;
    // The next pass determines it again.
    if (isOver) this.soonest = Infinity;
    this.wakeAt(isOver ? soonest : -Infinity);
  }

  /** Checks the next entries; returns whether the pass is complete. */
  private step(): boolean {
    const now = this.clock.now();
    const count = Math.max(MIN_ENTRIES_PER_STEP, Math.ceil(this.entries.capacity / STEPS));
    for (let i = 0; i < count && this.next < this.entries.capacity; i++) {
      const entry = this.entries.at(this.next++);
      if (entry === undefined) continue;
      if (now >= entry.staleUntil) this.expire(entry);
      else if (entry.staleUntil < this.soonest) this.soonest = entry.staleUntil;
    }
    if (this.next < this.entries.capacity) return false;
    this.next = 0;
    return true;
  }
}
