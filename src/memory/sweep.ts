import type { Clock, TimerHandle } from '../base/clock.js';
import type { MemoryEntry } from './entry.js';

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
  private cursor: Iterator<MemoryEntry> | undefined;

  constructor(
    private readonly entries: ReadonlyMap<string, MemoryEntry>,
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
    this.cursor = undefined;
  }

  private step(): void {
    const now = this.clock.now();
    const most = Math.max(LEAST, Math.ceil(this.entries.size / STEPS));
    this.cursor ??= this.entries.values();
    for (let i = 0; i < most; i++) {
      const next = this.cursor.next();
      if (next.done === true) {
        this.cursor = undefined;
        return;
      }
      if (now >= next.value.staleUntil) this.expire(next.value);
    }
  }
}
