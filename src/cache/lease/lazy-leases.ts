import { lazyModule } from '../../base/lazy-module.js';
import type { SharedTier } from '../../store/shared-tier.js';
import type { Fence } from '../coherence/fences.js';
import type { CacheCore } from '../core/cache-core.js';
import type { InFlightLoad } from '../load/in-flight.js';
import type * as Acquire from './acquire.js';
import type { Lease } from './lease.js';

/**
 * Loads the code of leases, which only a coordinated tier needs. It is in the same chunk as the tier's
 * code: if one is missing, so is the other, and `store/open-tier.ts` reports that.
 *
 * @internal
 */
export const loadLeases = lazyModule<typeof Acquire>(() => import('./acquire.js'));

/** See {@link Acquire.acquireLoadLease}. */
export async function acquireLoadLease(
  core: CacheCore,
  shared: SharedTier,
  load: InFlightLoad,
): Promise<Acquire.LeaseDecision> {
  const leases = await loadLeases();
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
  const leases = await loadLeases();
  return await leases?.forceAcquireLease(core, fence, leaseMs);
}
