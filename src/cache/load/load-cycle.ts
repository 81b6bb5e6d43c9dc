import type { Clock } from '../../base/clock.js';
import { LIMITS } from '../../base/defaults.js';
import { warnOnce } from '../../base/warn.js';
import type { CacheCore } from '../core/cache-core.js';
import type { InFlightLoad, JOIN_TIMEOUT, LoadOutcome, LoadRequest } from './in-flight.js';
import type { CallOrigin } from './nesting.js';
import { onOutcome } from './outcome-listeners.js';
import { loadUnshared } from './single-use.js';

/** In place of an outcome: the load that a caller joined waits for this call. */
export class LoadCycle {
  /** @param keys - Keys of the loads, from the one that made the call to the one that it joined. */
  constructor(readonly keys: readonly string[]) {}
}

/** How a caller's wait for a load ends. */
export type WaitOutcome = LoadOutcome | typeof JOIN_TIMEOUT | LoadCycle;

/**
 * Waits for a load that another call has started, unless it turns out to wait for this call: a loader
 * that requests its own key, or two that request each other's.
 *
 * @param origin - Where the call was made; `undefined` if not inside a load.
 * @internal
 */
export function joinFrom(
  origin: CallOrigin | undefined,
  load: InFlightLoad,
  clock: Clock,
  leaseMs: number,
): Promise<WaitOutcome> {
  const joined = load.join(clock, leaseMs);
  if (origin === undefined) return joined;
  return new Promise((resolve) => {
    origin.onCycle = (keys) => {
      resolve(new LoadCycle(keys));
    };
    load.node.checkLater(clock, Math.min(LIMITS.cycleCheckMs, leaseMs / 2));
    origin.leave = onOutcome(joined, resolve);
  });
}

/**
 * Runs the loader of a call that would wait for itself, bypassing the cache.
 *
 * @internal
 */
export function loadInCycle(
  core: CacheCore,
  request: LoadRequest,
  { keys }: LoadCycle,
  origin: CallOrigin | undefined,
): Promise<unknown> {
  const { key, methodCounters } = request;
  const subject = methodCounters?.name ?? key.split(':', 1)[0] ?? '';
  const path = [...new Set([key, ...keys])].map((one) => `'${one}'`).join(', ');
  warnOnce(
    'AURORA_LOAD_CYCLE',
    subject,
    `Loads wait for each other: ${path}. The call of '${key}' inside its own load was not cached. ` +
      'Call the uncached function there, or give the two different keys.',
  );
  return loadUnshared(core, request, origin);
}
