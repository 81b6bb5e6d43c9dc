import { uptime } from 'node:os';

import { isMachineTime, machineNow, systemClock, type Clock } from './clock.js';
import { SteadyTime } from './steady-time.js';

/**
 * The clock with which the package measures the lives of entries. Its {@link Clock.now} does not follow
 * changes of the time of day: setting the clock back must not prolong the life of an entry.
 *
 * @internal
 */
export interface LifeClock extends Clock {
  /** Time of day minus `now()`; for what is shared with processes that know the time of day alone. */
  wallOffset(): number;
}

const machineTime = new SteadyTime({
  wall: machineNow,
  // As it is now: fake timers replace the method.
  monotonic: performance.now.bind(performance),
  uptime,
});

/**
 * {@link systemClock} for lives. Fake timers move `Date.now` alone, which then counts.
 *
 * @internal
 */
export const machineLife: LifeClock = {
  ...systemClock,
  now: () => (isMachineTime() ? machineTime.now() : systemClock.now()),
  wallOffset: () => (isMachineTime() ? machineTime.wallOffset : 0),
};

/** A clock that the user has given: its steady time, or its wall-clock time if it has none. */
class GivenLife implements LifeClock {
  constructor(private readonly clock: Clock) {}

  now(): number {
    return this.clock.steady?.() ?? this.clock.now();
  }

  monotonic(): number {
    return this.clock.monotonic();
  }

  setTimeout(callback: () => void, ms: number): unknown {
    return this.clock.setTimeout(callback, ms);
  }

  clearTimeout(handle: unknown): void {
    this.clock.clearTimeout(handle);
  }

  wallOffset(): number {
    return this.clock.steady === undefined ? 0 : this.clock.now() - this.clock.steady();
  }
}

/**
 * The {@link LifeClock} of a clock.
 *
 * @internal
 */
export function lifeClock(clock: Clock): LifeClock {
  if (clock === systemClock || clock === machineLife) return machineLife;
  return clock instanceof GivenLife ? clock : new GivenLife(clock);
}
