import { inSharedContext } from '../async/shared-context.js';

/*
 * This folder measures time: the port (`Clock`), durations, and the clocks that decide on expiry (`life-clock`,
 * `steady-time`), of which hits read the cheap one (`coarse-clock`, `ticks`).
 */

/**
 * A pending timer of a {@link Clock}; only the clock that made it can clear it.
 *
 * @internal
 */
export type TimerHandle = unknown;

/**
 * Source of time for the cache. Replace it in tests with `ManualClock` of `aurora-cache/testing`, so that
 * no test has to sleep.
 */
export interface Clock {
  /**
   * Wall-clock time in milliseconds since the Unix epoch. Without {@link Clock.steady}, it also determines
   * expiry.
   */
  now(): number;
  /**
   * Milliseconds since the Unix epoch on a clock that is never adjusted, which may differ from `now()`. It
   * determines expiry. The system clock does not need it: the cache then uses monotonic time.
   */
  steady?(): number;
  /** Milliseconds, with fractions, on a clock that never goes back; for durations. */
  monotonic(): number;
  /**
   * Calls back once after `ms` milliseconds. The timer must neither keep the process alive nor retain the
   * `AsyncLocalStorage` context in which it is set.
   */
  setTimeout(callback: () => void, ms: number): unknown;
  /** Cancels a timer; one that has already fired is ignored. */
  clearTimeout(handle: unknown): void;
}

/** Maximum delay of Node's timers; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** @internal */
export const machineNow: () => number = Date.now;
const machinePerformance = performance;
const isNative = /\[native code\]/.test(Function.prototype.toString.call(machineNow));

/**
 * The system clock. It respects fake timers of test runners: globals are looked up at every call, except
 * `performance` while `Date` is the real one.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  // The global is a getter, which is slower than reading the time.
  monotonic: () => (isMachineTime() ? machinePerformance : performance).now(),
  setTimeout: (callback, ms) => {
    const timer = inSharedContext(startTimer, callback, Math.min(ms, LONGEST_TIMER));
    // In workers and browsers, a timer is a number without `unref`.
    if (typeof timer === 'object') (timer as { unref?: () => void }).unref?.();
    return timer;
  },
  clearTimeout: (handle) => {
    clearTimeout(handle as ReturnType<typeof setTimeout>);
  },
};

/** Looks the global up at each call: a test runner may have replaced it. */
function startTimer(callback: () => void, ms: number): unknown {
  return setTimeout(callback, ms);
}

/**
 * Whether {@link systemClock} returns real time rather than that of fake timers.
 *
 * @internal
 */
export function isMachineTime(): boolean {
  return isNative && Date.now === machineNow;
}
