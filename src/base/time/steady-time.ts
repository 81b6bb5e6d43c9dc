/** Readings of a machine's clocks. */
export interface TimeSources {
  /** Time of day, in ms since the epoch. It may be set. */
  wall(): number;
  /** Milliseconds on a clock that is never set, and may stand still while the machine sleeps. */
  monotonic(): number;
  /** Seconds since the machine was started, including sleep. */
  uptime(): number;
}

/** A difference between two clocks that neither a busy machine nor an adjustment by NTP explains. */
const JUMP_MS = 1000;
/** The resolution of `uptime`, in both directions. */
const UPTIME_BLUR_MS = 2000;
/** Readings of the same millisecond that share one of the monotonic clock. */
const MAX_SHARED = 64;
/** Up to this difference, the time of day is assumed not to have been set. */
const MIN_SET_MS = 100;

/**
 * Milliseconds since the epoch as they would be if the time of day were never set: those at the start,
 * plus the time that has passed on the monotonic clock.
 *
 * That clock stands still while a machine sleeps. When the time of day runs ahead of it by more than a
 * second, `uptime` distinguishes sleep from a clock that was set forward. Without `uptime`, the machine is
 * assumed to have slept: an entry may then end too early, but never too late.
 *
 * @internal
 */
export class SteadyTime {
  /** Steady minus monotonic time. */
  private base: number;
  /** Time of day minus monotonic time, at the least since it last jumped. */
  private lead: number;
  /** Uptime minus monotonic time: the time asleep, and a constant. */
  private asleep: number;
  /** Time of day minus steady time, as last noticed. */
  private offset = 0;
  private lastWall: number;
  private last: number;
  private left = 0;

  constructor(private readonly sources: TimeSources) {
    const [wall, monotonic] = [sources.wall(), sources.monotonic()];
    this.lastWall = this.last = wall;
    this.base = this.lead = wall - monotonic;
    this.asleep = this.readAsleep();
  }

  now(): number {
    const wall = this.sources.wall();
    // The second clock is read once a millisecond: a memory miss would take 1.1 times as long with a reading
    // each time.
    if (wall === this.lastWall && this.left > 0) {
      this.left--;
      return this.last;
    }
    return this.read(wall);
  }

  /** Time of day minus {@link SteadyTime.now}, at the last reading; the same until a clock is set. */
  get wallOffset(): number {
    return this.offset;
  }

  private read(wall: number): number {
    const monotonic = this.sources.monotonic();
    const ahead = wall - monotonic - this.lead;
    if (ahead > JUMP_MS || ahead < -JUMP_MS) this.jumped(ahead);
    else if (ahead < 0) this.lead += ahead;
    const now = Math.floor(monotonic + this.base);
    if (Math.abs(wall - now - this.offset) > MIN_SET_MS) this.offset = wall - now;
    this.lastWall = wall;
    this.left = MAX_SHARED;
    return (this.last = now);
  }

  /** The machine slept, or its time of day was set, or both. */
  private jumped(ahead: number): void {
    this.lead += ahead;
    const before = this.asleep;
    this.asleep = this.readAsleep();
    const slept = this.asleep - before;
    if (Number.isNaN(slept)) this.base += Math.max(0, ahead);
    else if (slept >= JUMP_MS) {
      const isAll = Math.abs(ahead - slept) <= UPTIME_BLUR_MS;
      this.base += isAll ? Math.max(ahead, slept) : slept;
    }
  }

  /** NaN where it cannot be read. */
  private readAsleep(): number {
    try {
      const uptime = this.sources.uptime();
      return Number.isFinite(uptime) ? uptime * 1000 - this.sources.monotonic() : NaN;
    } catch {
      return NaN;
    }
  }
}
