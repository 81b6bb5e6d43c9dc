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
  const listeningMs = elapsedMs - (now.blockedMs - before.blockedMs);
  const storeMs = listeningMs - (now.queuedMs - before.queuedMs);
  return Math.min(timeoutMs - storeMs, DISPATCH.maxTimeouts * timeoutMs - listeningMs);
}

/**
 * The budget of a call that begins now.
 *
 * @returns The remaining milliseconds.
 * @internal
 */
export function budgetOf(clock: Clock, shared: SharedTier, timeoutMs: number): () => number {
  const start = clock.monotonic();
  const before = shared.ownDelay;
  return () => leftOfBudget(timeoutMs, clock.monotonic() - start, before, shared.ownDelay);
}
