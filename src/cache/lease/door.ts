import type { SharedTier } from '../../store/shared-tier.js';
import type { Fence } from '../coherence/fences.js';
import type { CacheCore } from '../core/cache-core.js';
import type { InFlightLoad } from '../load/in-flight.js';
import type * as Acquire from './acquire.js';
import type { Lease } from './lease.js';

/** The code of leases, once it has been loaded. */
let loaded: typeof Acquire | undefined;

/**
 * Loads the code of leases, which only a coordinated tier needs: a cache in memory has none of it.
 *
 * @returns `undefined` when it cannot be loaded, as that of the tier (`store/open-tier.ts`), which
 * reports it.
 * @internal
 */
export async function loadLeases(): Promise<typeof Acquire | undefined> {
  try {
    return (loaded = await import('./acquire.js'));
  } catch {
    return undefined;
  }
}

/** See {@link Acquire.acquireLoadLease}. */
export async function acquireLoadLease(
  core: CacheCore,
  shared: SharedTier,
  load: InFlightLoad,
): Promise<Acquire.LeaseDecision> {
  const leases = loaded ?? (await loadLeases());
  if (leases !== undefined) return await leases.acquireLoadLease(core, shared, load);
  load.move('unavailable', core.clock.now());
  return { kind: 'load', lease: undefined };
}

/** See {@link Acquire.forceAcquireLease}. */
export async function forceAcquireLease(
  core: CacheCore,
  fence: Fence,
  leaseMs: number,
): Promise<Lease | undefined> {
  const leases = loaded ?? (await loadLeases());
  return await leases?.forceAcquireLease(core, fence, leaseMs);
}
