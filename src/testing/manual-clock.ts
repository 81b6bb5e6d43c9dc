import type { Clock } from '../base/time/clock.js';
import { toMilliseconds, type Duration } from '../base/time/duration.js';
import { checkValue, type Check } from '../base/options/options.js';

const isTime: Check = (value) =>
  Number.isFinite(value) ? undefined : 'a number of milliseconds since the epoch';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Timers that have fired or were cleared are removed from the queue once there are more than this. */
const MAX_SETTLED = 1000;
/** Turns of the event loop after each timer, in which the work that it started runs. */
const SETTLING_TURNS = 3;

/**
 * A clock that advances only when a test calls {@link ManualClock.advance}, so that tests need not sleep.
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
  /** Steady time. */
  private time: number;
  /** Wall-clock time minus steady time. */
  private offset = 0;
  private readonly start: number;
  private readonly timers = new Set<Timer>();
  /** All timers in the order in which they fire, including cleared ones. */
  private queue: Timer[] = [];
  /** Position of the next timer in the queue. */
  private first = 0;

  /** @param start - Milliseconds since the epoch; default: the start of 2024. */
  constructor(start = Date.UTC(2024, 0, 1)) {
    checkValue('ManualClock: start', start, isTime);
    this.time = start;
    this.start = start;
  }

  /** Wall-clock time in milliseconds since the epoch. */
  now(): number {
    return this.time + this.offset;
  }

  /** Steady time, which {@link ManualClock.setWall} does not change. It determines the expiry of entries. */
  steady(): number {
    return this.time;
  }

  /** Milliseconds since the clock was created. */
  monotonic(): number {
    return this.time - this.start;
  }

  /** Timers that have not fired yet. */
  get pending(): number {
    return this.timers.size;
  }

  setTimeout(callback: () => void, ms: number): unknown {
    const timer: Timer = { at: this.time + Math.max(0, ms), callback };
    this.timers.add(timer);
    this.enqueue(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    this.timers.delete(handle as Timer);
  }

  /**
   * Advances the time, and fires the timers that become due, in order. The reactions to promises that a timer
   * settles run before the next timer fires, and before the returned promise resolves.
   *
   * @param duration - Seconds, or a string with a unit; 0 fires only what is due.
   */
  async advance(duration: Duration): Promise<void> {
    const end = this.time + (duration === 0 ? 0 : toMilliseconds(duration, 'advance'));
    await settle();
    for (let next = this.take(end); next !== undefined; next = this.take(end)) {
      this.time = Math.max(this.time, next.at);
      next.callback();
      await settle();
    }
    // A callback may have jumped further.
    this.time = Math.max(this.time, end);
  }

  /**
   * Sets the wall clock, forwards or back, as an operator or NTP does. No time passes: no timer fires,
   * and nothing expires earlier or later.
   *
   * @param time - Milliseconds since the epoch, or a date.
   * @example
   * ```ts
   * clock.setWall(clock.now() - 3_600_000); // back by one hour
   * ```
   */
  setWall(time: number | Date): void {
    const ms = time instanceof Date ? Number(time) : time;
    checkValue('setWall: time', ms, isTime);
    this.offset = ms - this.time;
  }

  /** Advances the time without firing timers, like a blocked event loop or a suspended machine. */
  jump(duration: Duration): void {
    this.time += toMilliseconds(duration, 'jump');
  }

  /** Inserts a timer behind those that fire at the same time or earlier, which is usually the end. */
  private enqueue(timer: Timer): void {
    if (this.queue.length > 2 * this.timers.size + MAX_SETTLED) {
      this.queue = this.queue.filter((queued) => this.timers.has(queued));
      this.first = 0;
    }
    const { queue } = this;
    let low = this.first;
    let high = queue.length;
    while (low < high) {
      const middle = high === queue.length ? high - 1 : (low + high) >>> 1;
      if ((queue[middle] as Timer).at <= timer.at) low = middle + 1;
      else high = middle;
    }
    queue.splice(low, 0, timer);
  }

  /** Takes the next timer that is due by `end`. */
  private take(end: number): Timer | undefined {
    for (;;) {
      const timer = this.queue[this.first];
      if (timer === undefined) {
        this.queue = [];
        this.first = 0;
        return undefined;
      }
      if (!this.timers.has(timer)) this.first++;
      else if (timer.at > end) return undefined;
      else {
        this.first++;
        this.timers.delete(timer);
        return timer;
      }
    }
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < SETTLING_TURNS; i++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
