import type { SharedTier } from '../../store/shared-tier.js';
import type { CacheCore } from '../core/cache-core.js';
import type { BulkEntry, OpenEntry } from './bulk-chunks.js';
import { loadSharedCode } from '../core/lazy-code.js';
import { reportDeleted } from './delete.js';
import type { OvertakenKeys } from './queue.js';
import { store } from './set.js';
import { beginUpdate, endUpdate, keepUpdate } from './update.js';

export type { BulkEntry };

/** Result of `setMany`. */
export interface SetManyResult {
  /** Number of entries that were stored: in the shared tier if there is one. */
  readonly stored: number;
  /** Keys of the entries that the shared tier did not acknowledge, as they were given. */
  readonly failed: readonly string[];
}

/**
 * Stores several values, chunk by chunk, each as `set` stores one. If a chunk gets no reply, the remaining
 * values are stored in memory only, and their entries in the store are logged as out of date.
 *
 * @internal
 */
export async function storeMany(
  core: CacheCore,
  entries: readonly BulkEntry[],
): Promise<SetManyResult> {
  if (!core.enabled) return await storeNothing(core, entries);
  // Of equal keys the last one counts.
  const latest = [...new Map(entries.map((entry) => [entry.key, entry])).values()];
  const { shared } = core;
  if (shared === undefined) {
    // All of them before this returns, so that no later write comes in between.
    await Promise.all(
      latest.map(({ key, value, life, tags }) => store(core, key, value, life(), tags)),
    );
    return { stored: latest.length, failed: [] };
  }
  // All at once: an invalidation that comes while the first chunks are sent concerns the last ones.
  const opened = latest.map((source) => open(core, source));
  const hasTags = latest.some(({ tags }) => tags.length > 0);
  const noting =
    shared.isCoordinated && hasTags ? shared.tags.clock(core.options.storeTimeoutMs) : undefined;
  const keys = latest.map(({ key }) => key);
  const failed = await core.writes.runBulk(keys, async (overtaken) => {
    const bulk = await loadSharedCode();
    return (
      bulk?.storeChunks({ core, shared, overtaken, noting }, opened) ??
      keepOnly(core, shared, overtaken, opened)
    );
  });
  return { stored: latest.length - failed.length, failed };
}

/** A cache that is off stores nothing, but removes the entries that other processes would serve. */
async function storeNothing(
  core: CacheCore,
  entries: readonly BulkEntry[],
): Promise<SetManyResult> {
  try {
    await removeMany(core, [...new Set(entries.map(({ key }) => key))]);
    return { stored: 0, failed: [] };
  } catch (error) {
    core.report(error);
    return { stored: 0, failed: entries.map(({ given }) => given) };
  }
}

/**
 * Stores entries in memory only: the code that sends them is missing, which the tier has reported.
 *
 * @returns Their keys, as they were given.
 */
function keepOnly(
  core: CacheCore,
  shared: SharedTier,
  overtaken: OvertakenKeys,
  opened: readonly OpenEntry[],
): readonly string[] {
  const failed: string[] = [];
  for (const { source, fence, kept } of opened) {
    if (!overtaken.leaveToLaterWrite(source.key)) {
      keepUpdate(core, fence, kept, source.life(), source.tags);
      shared.logPending([source.key]);
      failed.push(source.given);
    }
    endUpdate(core, fence);
  }
  return failed;
}

function open(core: CacheCore, source: BulkEntry): OpenEntry {
  const fence = core.invalidation.openFence(source.key);
  return { source, fence, kept: beginUpdate(core, fence, source.value) };
}

/**
 * Removes several keys from all tiers, chunk by chunk. If a chunk gets no reply, the store's entries of the
 * remaining keys are logged as out of date.
 *
 * @returns How many had a value that had not expired.
 * @internal
 */
export async function removeMany(core: CacheCore, keys: readonly string[]): Promise<number> {
  // Memory is clean before the first reply, however many chunks there are.
  const found = new Set(keys.filter((key) => core.invalidation.removeKey(key, 'local')));
  await core.invalidateShared((shared) =>
    core.writes.runBulk(keys, async (overtaken) => {
      const bulk = await loadSharedCode();
      if (bulk === undefined) shared.logPending(keys);
      else for (const key of await bulk.removeChunks(core, shared, overtaken, keys)) found.add(key);
    }),
  );
  reportDeleted(core, keys);
  return found.size;
}
