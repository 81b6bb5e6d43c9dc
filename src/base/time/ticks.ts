import { systemClock } from './clock.js';

/*
 * Milliseconds since the process started, which hits compare. For 24 days they are small integers, which V8
 * stores in a field. Times since the epoch are larger numbers, which must be allocated: 16 bytes per entry.
 * Hits take the same time with either.
 */

const START = systemClock.now();

/**
 * A time in ms since the epoch, as ticks.
 *
 * @internal
 */
export function toTicks(time: number): number {
  const since = time - START;
  const small = since | 0;
  // A number that is no small integer (no expiry, another clock's time, 24 days) stays unchanged.
  return small === since ? small : since;
}

/**
 * Ticks as a time in ms since the epoch.
 *
 * @internal
 */
export function fromTicks(ticks: number): number {
  return ticks + START;
}
