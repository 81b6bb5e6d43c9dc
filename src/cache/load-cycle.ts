import type { Clock } from '../base/clock.js';
import { LIMITS } from '../base/defaults.js';
import { warnOnce } from '../base/warn.js';
import type { Engine } from './engine.js';
import { Cycle, type Flight, type Joined } from './flight.js';
import type { CallOrigin } from './load-nesting.js';
import type { LoadRequest } from './load-request.js';
import { onOutcome } from './outcome-listeners.js';
import { loadAlone } from './spent-results.js';

/**
 * Waits for a flight that another call has started, unless its load turns out to wait for this call:
 * a loader that asks for its own key, or two that ask for each other's.
 *
 * @param origin - Where the call was made; `undefined` when that is inside no load.
 * @internal
 */
export function joinFrom(
  origin: CallOrigin | undefined,
  flight: Flight,
  clock: Clock,
  leaseMs: number,
): Promise<Joined> {
  const joined = flight.join(clock, leaseMs);
  if (origin === undefined) return joined;
  return new Promise((resolve) => {
    origin.onCycle = (keys) => {
      resolve(new Cycle(keys));
    };
    flight.node.checkLater(clock, Math.min(LIMITS.cycleCheckMs, leaseMs / 2));
    origin.leave = onOutcome(joined, resolve);
  });
}

/**
 * Runs the loader of a call that would wait for itself, as though there were no cache.
 *
 * @internal
 */
export function loadInCycle(
  engine: Engine,
  request: LoadRequest,
  { keys }: Cycle,
  origin: CallOrigin | undefined,
): Promise<unknown> {
  const { key, record } = request;
  const subject = record?.name ?? key.split(':', 1)[0] ?? '';
  const path = [...new Set([key, ...keys])].map((one) => `'${one}'`).join(', ');
  warnOnce(
    'AURORA_LOAD_CYCLE',
    subject,
    `Loads wait for each other: ${path}. The call of '${key}' inside its own load was not cached. ` +
      'Call the uncached function there, or give the two different keys.',
  );
  return loadAlone(engine, request, origin);
}
