import type { Clock, TimerHandle } from '../base/clock.js';
import type { MemoryEntry } from './entry.js';
import type { EntryTable } from './entry-table.js';

/** Sweeps a minute's worth of the store in sixty steps, and a small store at once. */
const EVERY_MS = 1000;
const STEPS = 60;
const LEAST = 500;

/**
 * Finds the expired entries that nobody reads any more; reading drops the others. A timer runs only
 * while there are entries, and each step looks at a bounded number of them.
 *
 * @internal
 */
export class Sweep {
  private timer: TimerHandle = undefined;
  /** The place to go on from. */
  private next = 0;

  constructor(
    private readonly entries: EntryTable,
    private readonly clock: Clock,
    private readonly expire: (entry: MemoryEntry) => void,
  ) {}

  /** Sees to it that a step follows; to be called when there is something to sweep. */
  arm(): void {
    this.timer ??= this.clock.setTimeout(() => {
      this.timer = undefined;
      this.step();
      if (this.entries.size > 0) this.arm();
    }, EVERY_MS);
  }

  stop(): void {
    if (this.timer !== undefined) this.clock.clearTimeout(this.timer);
    this.timer = undefined;
    this.next = 0;
  }

  private step(): void {
    const now = this.clock.now();
    const most = Math.max(LEAST, Math.ceil(this.entries.extent / STEPS));
    for (let i = 0; i < most; i++) {
      if (this.next >= this.entries.extent) {
        this.next = 0;
        return;
      }
      const entry = this.entries.at(this.next++);
      if (entry !== undefined && now >= entry.staleUntil) this.expire(entry);
    }
  }
}
