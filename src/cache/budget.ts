import type { Clock } from '../base/clock.js';
import { DISPATCH } from '../base/defaults.js';
import type { SharedTier } from '../store/shared-tier.js';

/**
 * How long one call may still wait for the shared tier. The time in which its commands waited for us,
 * not for the store, is not the store's; but a caller waits four time-outs at most, whatever the
 * reason.
 *
 * @internal
 */
export function leftOfBudget(
  timeoutMs: number,
  elapsedMs: number,
  /** Share of the time that was our own delay. */
  ownMs: number,
): number {
  const storeMs = elapsedMs - Math.max(0, ownMs);
  return Math.min(timeoutMs - storeMs, DISPATCH.maxTimeouts * timeoutMs - elapsedMs);
}

/**
 * The budget of a call that begins now.
 *
 * @returns What is left of it, in milliseconds.
 * @internal
 */
export function budgetOf(clock: Clock, shared: SharedTier, timeoutMs: number): () => number {
  const start = clock.monotonic();
  const own = shared.ownDelayMs;
  return () => leftOfBudget(timeoutMs, clock.monotonic() - start, shared.ownDelayMs - own);
}
