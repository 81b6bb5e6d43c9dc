import { sharedKey } from '../../base/local-key.js';
import type { EntryLife } from '../../memory/entry.js';
import type { SharedEntry, SharedTier } from '../../store/shared-tier.js';
import type { Fence } from '../coherence/fences.js';
import { budgetOf } from '../core/budget.js';
import type { CacheCore } from '../core/cache-core.js';
import { removeEntry } from './delete.js';
import { beginUpdate, endUpdate, keepUpdate, sharedEntry } from './update.js';

/*
 * Writes: of a caller's value (here, and several at once in `bulk.ts`), of a load's result (`fill.ts`),
 * removal by key (`delete.ts`), by pattern and by tag (`invalidate.ts`). The writes of a key reach the
 * shared tier one after the other (`queue.ts`).
 */

/** Readings of the tag clocks from before a value was created. */
export type TagNote = Pick<Fence, 'tagClock' | 'sharedClock'>;

/** Stores an entry in the shared tier; returns whether it may be kept in memory as well. */
export type ShareEntry = (
  shared: SharedTier,
  entry: SharedEntry,
  budgetMs: number,
) => Promise<boolean>;

/**
 * Stores a caller's value.
 *
 * @param noted - Readings of the tag clocks from before the value was created; default: now.
 * @param share - Stores the entry in the shared tier; default: it replaces the present one.
 * @internal
 */
export async function store(
  core: CacheCore,
  key: string,
  value: unknown,
  life: EntryLife,
  tags: readonly string[],
  noted?: TagNote,
  share: ShareEntry = async (shared, entry, budgetMs) => {
    await shared.write(key, entry, budgetMs);
    return true;
  },
): Promise<void> {
  if (!core.enabled) {
    // Nothing is stored, but the entries of other processes are out of date.
    await removeEntry(core, key);
    return;
  }
  core.writes.overtake([key]);
  const fence = noted
    ? core.invalidation.fences.open(key, noted.tagClock, noted.sharedClock)
    : core.invalidation.openFence(key);
  try {
    const kept = beginUpdate(core, fence, value);
    let isCurrent = true;
    if (core.shared !== undefined) {
      const { shared, clock } = core;
      const left = budgetOf(clock, shared, core.options.storeTimeoutMs);
      // Noted now, before any later invalidation; awaited in the queue, where no later write of the
      // key can overtake this one meanwhile.
      const noting =
        shared.isCoordinated && tags.length > 0 && noted === undefined
          ? shared.tags.clock(left())
          : undefined;
      isCurrent = await core.writes.run(key, async () => {
        // Without tags it is sent before any other code can block the event loop.
        if (noting !== undefined) fence.sharedClock = (await noting) ?? fence.sharedClock;
        const budgetMs = left();
        const entry = sharedEntry(shared, fence, kept, life, tags);
        if (entry !== undefined) return await share(shared, entry, budgetMs);
        await shared.remove(sharedKey(key), budgetMs);
        return true;
      });
    }
    if (isCurrent) keepUpdate(core, fence, kept, life, tags);
    else core.invalidation.removeKey(key, 'local');
  } finally {
    endUpdate(core, fence);
  }
}
