import { systemClock } from './clock.js';

/*
 * Milliseconds since the process began: what a hit compares. They are small integers for 24 days,
 * which V8 keeps in a field or a register as they are, where each time since the epoch is a number
 * that must be allocated.
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
