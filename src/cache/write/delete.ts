import { publicKey } from '../../base/private-key.js';
import { budgetOf } from '../core/budget.js';
import type { CacheCore } from '../core/cache-core.js';
import { CLAIMS, privateKeysOf } from '../core/claims.js';

/**
 * Removes a key from every tier; for a private key, the public one with every private one of it.
 *
 * @returns Whether there was a value that had not expired.
 * @throws StoreError when the cache is off and its store did not confirm it; so do the others below.
 * @internal
 */
export async function remove(core: CacheCore, entryKey: string): Promise<boolean> {
  const key = publicKey(entryKey);
  const found = await removeEntry(core, key);
  core.counters.deletes++;
  core.counters.invalidations++;
  if (core.events.hears('delete')) core.events.emit('delete', { key });
  return found;
}

/**
 * Like {@link remove}, but not counted or emitted as a deletion by the caller.
 *
 * @internal
 */
export async function removeEntry(core: CacheCore, entryKey: string): Promise<boolean> {
  const key = publicKey(entryKey);
  core.writes.overtake([key]);
  const found = forgetKey(core, key);
  const { clock, options } = core;
  const removed = await core.invalidateShared((shared) => {
    const left = budgetOf(clock, shared, options.storeTimeoutMs);
    return core.writes.run(key, async () => {
      const there = await shared.remove(key, core.enabled ? left() : undefined);
      // Once more at the acknowledgement, before a later write gets its turn: what was read
      // meanwhile is the old value.
      forgetKey(core, key);
      return there;
    });
  });
  return found || removed === true;
}

/**
 * Removes a key from the shared tier only: what this process holds under a private key is newer.
 *
 * @internal
 */
export async function removeShared(core: CacheCore, entryKey: string): Promise<void> {
  const key = publicKey(entryKey);
  await core.invalidateShared((shared) =>
    core.writes.run(key, () => shared.remove(key, core.options.storeTimeoutMs)),
  );
}

/**
 * Removes a key from memory, with every private one of it. Operations under way store nothing there.
 *
 * @returns Whether there was a value that had not expired.
 * @internal
 */
export function forgetKey(core: CacheCore, key: string): boolean {
  const now = core.clock.now();
  const isFresh = (one: string): boolean => {
    const entry = core.memory?.peek(one);
    return entry !== undefined && now < entry.freshUntil;
  };
  const wasFresh = isFresh(key) || privateKeysOf(core[CLAIMS], key).some(isFresh);
  core.invalidation.invalidateKey(key);
  core.memory?.drop(key);
  return wasFresh;
}
