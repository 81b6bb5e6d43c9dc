import { sharedKey } from '../../base/keys/local-key.js';
import { startBudget } from '../core/budget.js';
import type { CacheCore } from '../core/cache-core.js';

/**
 * Removes a key from every tier, with its local keys; for a local key, the shared key that it belongs to.
 *
 * @returns Whether there was a value that had not expired.
 * @throws StoreError if the cache is disabled or closed and the store did not confirm the removal; so do the
 * functions below.
 * @internal
 */
export async function remove(core: CacheCore, entryKey: string): Promise<boolean> {
  const key = sharedKey(entryKey);
  const found = await removeEntry(core, key);
  reportDeleted(core, [key]);
  return found;
}

/**
 * Counts deletions, and emits their events.
 *
 * @internal
 */
export function reportDeleted({ counters, events }: CacheCore, keys: readonly string[]): void {
  counters.deletes += keys.length;
  counters.invalidations += keys.length;
  if (events.hasListeners('delete')) for (const key of keys) events.emit('delete', { key });
}

/**
 * Like {@link remove}, but not counted or emitted as a deletion by the caller.
 *
 * @internal
 */
export async function removeEntry(core: CacheCore, entryKey: string): Promise<boolean> {
  const key = sharedKey(entryKey);
  core.writes.excludeFromBulks([key]);
  const found = core.invalidation.removeKey(key, 'local');
  const removed = await core.invalidateShared((shared) => {
    const leftMs = startBudget(core, shared);
    return core.writes.run(key, async () => {
      const there = await shared.remove(key, core.enabled ? leftMs() : undefined);
      // Once more at the acknowledgement, before a later write gets its turn: what was read
      // meanwhile is the old value.
      core.invalidation.removeKey(key, 'local');
      return there;
    });
  });
  return found || removed === true;
}
