import type { Clock } from '../../base/time/clock.js';
import { DISPATCH } from '../../base/options/defaults.js';
import type { OwnDelay, SharedTier } from '../../store/shared-tier.js';

/**
 * How long a call may still wait for the shared tier. Time for which its commands waited for this process
 * does not count against the store, but a caller waits at most four time-outs in the queue.
 *
 * @internal
 */
export function leftOfBudget(
  timeoutMs: number,
  elapsedMs: number,
  before: OwnDelay,
  now: OwnDelay,
): number {
  // Time in which this process could read replies.
  const responsiveMs = elapsedMs - (now.blockedMs - before.blockedMs);
  const storeMs = responsiveMs - (now.queuedMs - before.queuedMs);
  return Math.min(timeoutMs - storeMs, DISPATCH.maxTimeouts * timeoutMs - responsiveMs);
}

/** The parts of a cache that determine a budget. */
interface Budgeted {
  readonly clock: Clock;
  readonly options: { readonly storeTimeoutMs: number };
}

/**
 * The budget of a call that begins now.
 *
 * @returns The remaining milliseconds.
 * @internal
 */
export function startBudget({ clock, options }: Budgeted, shared: SharedTier): () => number {
  const start = clock.monotonic();
  const before = shared.ownDelay;
  return () =>
    leftOfBudget(options.storeTimeoutMs, clock.monotonic() - start, before, shared.ownDelay);
}
