import { LIMITS } from '../base/options/defaults.js';
import { StoreError } from '../base/errors/errors.js';
import type { CacheCore } from './core/cache-core.js';

/**
 * Closes a cache. Loads in progress finish, but store nothing. Waits for invalidations and writes in
 * progress, and releases leases, so that other processes need not wait for them.
 *
 * @internal
 */
export function closeCache(core: CacheCore): Promise<void> {
  return (core.closing ??= close(core));
}

async function close(core: CacheCore): Promise<void> {
  core.enabled = false;
  core.updateTrust();
  core.waiters.wakeAll();
  core.invalidation.removeAll('local');
  await within(core, settled(core));
  const { shared, offTier } = core;
  const lost = (shared?.pending ?? 0) + offTier.pending;
  if (lost > 0) {
    core.report(
      new StoreError(
        'close',
        `The cache was closed before its store confirmed ${String(lost)} invalidations: other ` +
          'processes may serve the old values until they expire.',
      ),
    );
  }
  await shared?.close();
  await offTier.close();
  core.events.clear();
}

/** Settles when no operation is left that other processes wait for, or depend on. */
async function settled(core: CacheCore): Promise<void> {
  const { leases, underWay, writes, offTier, shared } = core;
  // The end of one operation may start another: a lease that is granted only now is released.
  while (leases.size + underWay.size + writes.size + offTier.underWay.length > 0) {
    await Promise.allSettled([
      ...Array.from(leases, (lease) => lease.release()),
      ...underWay,
      ...offTier.underWay,
      writes.settled(),
    ]);
  }
  await Promise.all([shared?.flush(), offTier.flush()]);
}

async function within({ clock }: CacheCore, work: Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = clock.setTimeout(resolve, LIMITS.closeMs);
    void work.then(() => {
      clock.clearTimeout(timer);
      resolve();
    });
  });
}
