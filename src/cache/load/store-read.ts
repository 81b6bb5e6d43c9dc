import type { EntryLife } from '../../memory/entry.js';
import type { SharedEntry, SharedTier } from '../../store/shared-tier.js';
import type { CacheCore } from '../core/cache-core.js';
import { refreshAt, type LoadPolicy } from '../policy.js';
import type { InFlightLoad } from './in-flight.js';
import { onStoreEntry } from './state-machine.js';

/**
 * The shared tier, unless the load's result must not leave this process.
 *
 * @internal
 */
export function sharedTierFor(core: CacheCore, policy: LoadPolicy): SharedTier | undefined {
  return policy.isPrivate ? undefined : core.shared;
}

/**
 * Reads a load's key from the shared tier. Never rejects: a store that fails has nothing.
 *
 * @internal
 */
export function readStore(
  shared: SharedTier,
  load: InFlightLoad,
): Promise<SharedEntry | undefined> {
  const reading = shared.read(load.key);
  load.ownDelay = shared.gatheringDelay;
  load.batchId = shared.gathering;
  return reading;
}

/**
 * Whether the shared tier's entry is fresh enough for the load; a stale one is kept aside.
 *
 * @internal
 */
export function isFreshEnough(core: CacheCore, load: InFlightLoad, found: SharedEntry): boolean {
  if (!core.invalidation.isCurrent(found, load.fence)) return false;
  const use = onStoreEntry(lifeIn(load, found), load.purpose, core.clock.now());
  if (use === 'stale') load.foundStale(found);
  return use === 'fresh';
}

/**
 * The times of a shared entry, with this load's refresh-ahead.
 *
 * @internal
 */
export function lifeIn(
  { request }: InFlightLoad,
  found: SharedEntry,
): EntryLife & {
  readonly refreshAt: number | undefined;
} {
  const { createdAt, freshUntil, staleUntil } = found;
  return {
    createdAt,
    freshUntil,
    staleUntil,
    refreshAt: refreshAt(request.policy.refresh, createdAt, freshUntil),
  };
}
