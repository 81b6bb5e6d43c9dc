import { Glob } from '../../base/keys/glob.js';
import { isLocalKey, sharedKey } from '../../base/keys/local-key.js';
import type { CacheCore } from '../core/cache-core.js';
import { CLAIMS } from '../claims/claim.js';

/**
 * Removes the keys that match any of the patterns from all tiers.
 *
 * @returns The number of removed keys: in the shared tier if there is one, otherwise in memory.
 * @throws ConfigurationError when the shared tier cannot list its keys.
 * @internal
 */
export async function clear(core: CacheCore, patterns: readonly string[]): Promise<number> {
  const globs = patterns.map((pattern) => new Glob(pattern));
  const sum = (remove: (glob: Glob) => number): number =>
    globs.reduce((total, glob) => total + remove(glob), 0);
  const removeHere = (): number => sum((glob) => core.invalidation.removeMatching(glob, 'local'));
  const ofMethods = sum((glob) => removeLocalEntries(core, glob));
  const removedHere = removeHere();
  const removed = await core.invalidateShared(async (shared) => {
    // An earlier write must not land after the pass.
    await core.writes.settled();
    try {
      return await shared.removeMatching(globs);
    } finally {
      removeHere();
    }
  });
  core.counters.invalidations++;
  core.counters.clears++;
  if (core.events.hasListeners('invalidate')) {
    for (const pattern of patterns) core.events.emit('invalidate', { pattern });
  }
  return (removed ?? removedHere) + ofMethods;
}

/**
 * Invalidates all entries that have one of the tags, and all loads in progress whose results may have one.
 *
 * @returns The number of such entries in memory.
 * @internal
 */
export async function invalidateTags(core: CacheCore, tags: readonly string[]): Promise<number> {
  if (tags.length === 0) return 0;
  const removeHere = (): number => core.invalidation.removeTagged(tags);
  const removedHere = removeHere();
  await core.invalidateShared(async (shared) => {
    // With other stores, tags are local to this process.
    if (!shared.isCoordinated) return;
    await shared.tags.invalidate(tags);
    // Once more at the acknowledgement: what was read meanwhile may be from before.
    removeHere();
  });
  core.counters.invalidations++;
  if (core.events.hasListeners('invalidate')) core.events.emit('invalidate', { tags });
  return removedHere;
}

/** Removes the local entries that match a pattern; the shared tier does not count them. */
function removeLocalEntries(core: CacheCore, glob: Glob): number {
  if (core[CLAIMS].locals.size === 0) return 0;
  const matches = (key: string) => isLocalKey(key) && glob.matches(sharedKey(key));
  return core.memory?.removeMatching(matches) ?? 0;
}
