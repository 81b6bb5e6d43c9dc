import type { SharedTier } from '../../store/shared-tier.js';
import type { Fence } from '../coherence/fences.js';
import type { CacheCore } from '../core/cache-core.js';
import { loadSharedCode } from '../core/lazy-code.js';
import type { InFlightLoad } from '../load/in-flight.js';
import type { LeaseDecision } from './acquire.js';
import type { Lease } from './lease.js';

/** As in `acquire.ts`, which is loaded first. */
export async function acquireLoadLease(
  core: CacheCore,
  shared: SharedTier,
  load: InFlightLoad,
): Promise<LeaseDecision> {
  const code = await loadSharedCode();
  if (code !== undefined) return await code.acquireLoadLease(core, shared, load);
  load.move('unavailable', core.clock.now());
  return { kind: 'load', lease: undefined };
}

/** As in `acquire.ts`, which is loaded first. */
export async function forceAcquireLease(
  core: CacheCore,
  fence: Fence,
  leaseMs: number,
): Promise<Lease | undefined> {
  const code = await loadSharedCode();
  return await code?.forceAcquireLease(core, fence, leaseMs);
}
