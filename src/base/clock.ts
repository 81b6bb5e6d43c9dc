import { inSharedContext } from './shared-context.js';

/**
 * A pending timer of a {@link Clock}; only the clock that made it can clear it.
 *
 * @internal
 */
export type TimerHandle = unknown;

/**
 * Where the cache reads time from. Replace it in tests (`ManualClock` in
 * `aurora-cache/testing`) so that nothing has to sleep.
 */
export interface Clock {
  /**
   * Wall-clock time in milliseconds since the Unix epoch. Without {@link Clock.steady} it decides what
   * has expired as well.
   */
  now(): number;
  /**
   * Milliseconds since the Unix epoch on a clock that is never set, which may differ from `now()`; it
   * decides what has expired. The machine's clock needs none: the cache then goes by monotonic time.
   */
  steady?(): number;
  /** Milliseconds on a clock that never goes back, with fractions; measures durations. */
  monotonic(): number;
  /**
   * Calls back once after `ms` milliseconds. The timer must not keep the process alive, nor the
   * `AsyncLocalStorage` context in which it is set.
   */
  setTimeout(callback: () => void, ms: number): unknown;
  /** Cancels a timer by what `setTimeout` returned; one that has fired already is ignored. */
  clearTimeout(handle: unknown): void;
}

/** Longest delay that Node's timers take; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** @internal */
export const machineNow: () => number = Date.now;
const machinePerformance = performance;
const isNative = /\[native code\]/.test(Function.prototype.toString.call(machineNow));

/**
 * The machine's clock. The fake timers of a test runner are honoured: the globals are looked up at
 * every call, only `performance` not while `Date` is the machine's.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  // The global is a getter, which takes longer than reading the time.
  monotonic: () => (isMachineTime() ? machinePerformance : performance).now(),
  setTimeout: (callback, ms) => {
    const timer = inSharedContext(startTimer, callback, Math.min(ms, LONGEST_TIMER));
    // Workers and browsers answer a number, and have nothing to unref.
    if (typeof timer === 'object') (timer as { unref?: () => void }).unref?.();
    return timer;
  },
  clearTimeout: (handle) => {
    clearTimeout(handle as ReturnType<typeof setTimeout>);
  },
};

/** Looks the global up, which a test runner may have replaced. */
function startTimer(callback: () => void, ms: number): unknown {
  return setTimeout(callback, ms);
}

/**
 * Whether {@link systemClock} tells the machine's own time, and not that of a test runner's fake
 * timers.
 *
 * @internal
 */
export function isMachineTime(): boolean {
  return isNative && Date.now === machineNow;
}
