import type { MemoryEntry } from '../../memory/entry.js';
import type { CacheCore } from '../core/cache-core.js';
import type { CacheEvents } from '../events.js';
import type { InFlightLoad, LoadRequest } from '../load/in-flight.js';
import { canServeStale } from '../load/state-machine.js';

type StaleReason = CacheEvents['stale']['reason'];

/** An expired value that is served in place of a loaded one. */
interface Expired {
  readonly value: unknown;
}

/** An expired value is served, since the load takes too long. */
export interface StaleOutcome {
  readonly kind: 'stale';
  readonly expired: Expired;
  readonly reason: StaleReason;
}

/**
 * An expired value that may be served: in its grace, and not invalidated since.
 *
 * @internal
 */
export function servableStale(
  core: CacheCore,
  load: InFlightLoad,
  inMemory: MemoryEntry | undefined,
): Expired | undefined {
  const now = core.clock.now();
  if (inMemory?.held === true && core.trust.canUseMemory && now < inMemory.staleUntil) {
    return { value: core.memory?.valueOf(inMemory) };
  }
  const { stale, fence } = load;
  if (!canServeStale(stale, fence, now) || !core.invalidation.areTagsValid(stale, fence)) {
    return undefined;
  }
  return { value: core.values.forCaller(stale.value) };
}

/**
 * Counts a stale value that a caller gets.
 *
 * @internal
 */
export function serveStale(
  core: CacheCore,
  request: LoadRequest,
  expired: Expired,
  reason: StaleReason,
): unknown {
  core.counters.stale++;
  if (request.methodCounters !== undefined) request.methodCounters.stale++;
  if (core.events.hasListeners('stale')) core.events.emit('stale', { key: request.key, reason });
  return expired.value;
}
