import type { Clock, TimerHandle } from '../base/clock.js';
import { toMilliseconds, type Duration } from '../base/duration.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** How often the event loop gets a turn around a timer, so that what it set off can run. */
const SETTLING_TURNS = 3;

/**
 * A clock that stands still until it is told to move, for tests that do not sleep.
 *
 * @example
 * ```ts
 * const clock = new ManualClock();
 * const cache = new CacheManager({ clock });
 * await cache.set('key', 1, { ttl: '1m' });
 * await clock.advance('61s');
 * await cache.get('key'); // undefined
 * ```
 */
export class ManualClock implements Clock {
  private time: number;
  private readonly start: number;
  private readonly timers = new Set<Timer>();
  private order = 0;

  /** @param start - Milliseconds since the epoch; default: the start of 2024. */
  constructor(start = Date.UTC(2024, 0, 1)) {
    this.time = start;
    this.start = start;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.time;
  }

  /** Milliseconds since the clock was made. */
  monotonic(): number {
    return this.time - this.start;
  }

  /** Timers that have not fired yet. */
  get pending(): number {
    return this.timers.size;
  }

  setTimeout(callback: () => void, ms: number): TimerHandle {
    const timer: Timer = { at: this.time + Math.max(0, ms), order: this.order++, callback };
    this.timers.add(timer);
    return timer;
  }

  clearTimeout(handle: TimerHandle): void {
    this.timers.delete(handle as Timer);
  }

  /**
   * Moves on, and fires the timers on the way in their order. Promises that they settle are given
   * time to run before the next one fires, and before this returns.
   *
   * @param duration - Seconds, or a string with a unit; 0 fires only what is due.
   */
  async advance(duration: Duration): Promise<void> {
    const end = this.time + (duration === 0 ? 0 : toMilliseconds(duration, 'advance'));
    await settle();
    for (let next = this.next(end); next !== undefined; next = this.next(end)) {
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.callback();
      await settle();
    }
    // A callback may have jumped further.
    this.time = Math.max(this.time, end);
  }

  /** Moves on without firing anything: a blocked event loop, or a machine that was suspended. */
  jump(duration: Duration): void {
    this.time += toMilliseconds(duration, 'jump');
  }

  private next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.at > end) continue;
      const earlier =
        first === undefined ||
        timer.at < first.at ||
        (timer.at === first.at && timer.order < first.order);
      if (earlier) first = timer;
    }
    return first;
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < SETTLING_TURNS; i++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
