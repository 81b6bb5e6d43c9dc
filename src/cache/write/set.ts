import type { EntryLife } from '../../memory/entry.js';
import type { SharedTier } from '../../store/shared-tier.js';
import type { Fence } from '../coherence/fences.js';
import { startBudget } from '../core/budget.js';
import type { CacheCore } from '../core/cache-core.js';
import { removeEntry } from './delete.js';
import { beginUpdate, endUpdate, keepUpdate, sharedEntry } from './update.js';

/*
 * Writes: of a caller's value (here, several at once in `bulk.ts`, and one that takes time to create in
 * `put.ts`), of a load's result (`fill.ts`), removal by key (`delete.ts`), by pattern and by tag
 * (`invalidate.ts`). The writes of a key reach the shared tier one after the other (`queue.ts`).
 * `update.ts` has the steps that `set`, bulk calls and puts share; `warm.ts` fills a cache.
 */

/**
 * Stores a caller's value.
 *
 * @internal
 */
export async function store(
  core: CacheCore,
  key: string,
  value: unknown,
  life: EntryLife,
  tags: readonly string[],
): Promise<void> {
  if (!core.enabled) {
    // Nothing is stored, but the entries of other processes are out of date.
    await removeEntry(core, key);
    return;
  }
  core.writes.excludeFromBulks([key]);
  const fence = core.invalidation.openFence(key);
  try {
    const kept = beginUpdate(core, fence, value);
    if (core.shared !== undefined) await writeShared(core, core.shared, fence, kept, life, tags);
    keepUpdate(core, fence, kept, life, tags);
  } finally {
    endUpdate(core, fence);
  }
}

/** Replaces the entry in the shared tier. */
async function writeShared(
  core: CacheCore,
  shared: SharedTier,
  fence: Fence,
  kept: unknown,
  life: EntryLife,
  tags: readonly string[],
): Promise<void> {
  const { key } = fence;
  const leftMs = startBudget(core, shared);
  // Noted now, before any later invalidation; awaited in the queue, where no later write of the key can
  // overtake this one meanwhile.
  const noting = shared.isCoordinated && tags.length > 0 ? shared.tags.clock(leftMs()) : undefined;
  await core.writes.run(key, async () => {
    // Without tags it is sent before any other code can block the event loop.
    if (noting !== undefined) fence.sharedClock = (await noting) ?? fence.sharedClock;
    const entry = sharedEntry(shared, fence, kept, life, tags);
    if (entry === undefined) await shared.remove(key, leftMs());
    else await shared.write(key, entry, leftMs());
  });
}
