/** A pending timer of a {@link Clock}; only the clock that made it can clear it. */
export type TimerHandle = unknown;

/**
 * Where the cache reads time from. Replace it in tests (`ManualClock` in
 * `aurora-cache/testing`) so that nothing has to sleep.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch; decides what has expired. */
  now(): number;
  /** Milliseconds on a clock that never goes back, with fractions; measures durations. */
  monotonic(): number;
  /** Calls back once after `ms` milliseconds. The timer must not keep the process alive. */
  setTimeout(callback: () => void, ms: number): TimerHandle;
  /** Cancels a timer; one that has fired already is ignored. */
  clearTimeout(handle: TimerHandle): void;
}

/** Longest delay that Node's timers take; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * The machine's clock. The globals are looked up at every call, not captured, so that the fake
 * timers of a test runner are honoured.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, ms) => {
    const timer: unknown = setTimeout(callback, Math.min(ms, LONGEST_TIMER));
    // Workers and browsers answer a number, and have nothing to unref.
    if (typeof timer === 'object') (timer as { unref?: () => void }).unref?.();
    return timer;
  },
  clearTimeout: (handle) => {
    clearTimeout(handle as ReturnType<typeof setTimeout>);
  },
};

const machineNow: () => number = Date.now;
const isNative = /\[native code\]/.test(Function.prototype.toString.call(machineNow));

/**
 * Whether {@link systemClock} tells the machine's own time, and not that of a test runner's fake
 * timers.
 *
 * @internal
 */
export function isMachineTime(): boolean {
  return isNative && Date.now === machineNow;
}
