import type { EntryLife } from '../../memory/entry.js';
import type { SharedEntry, SharedTier } from '../../store/shared-tier.js';
import type { Fence } from '../coherence/fences.js';
import type { CacheCore } from '../core/cache-core.js';

/*
 * The steps of an update: a caller's value replaces the entry of a key. `set.ts`, `bulk.ts` and `put.ts` share
 * them, but each sends the value to the shared tier in its own way.
 */

/**
 * Begins an update under its fence.
 *
 * @returns The value to store, which the caller can no longer change.
 * @internal
 */
export function beginUpdate(core: CacheCore, fence: Fence, value: unknown): unknown {
  core.invalidation.overtake(fence.key, fence);
  core.counters.sets++;
  fence.isUpdate = true;
  // Without a shared tier, it reaches memory in the same turn.
  if (core.shared === undefined) return value;
  // No reader may get the old value from memory while the new one is being stored.
  core.memory?.removeForUpdate(fence.key);
  return core.values.toKeep(value);
}

/**
 * Keeps the value in memory, once the shared tier has acknowledged it.
 *
 * @internal
 */
export function keepUpdate(
  core: CacheCore,
  fence: Fence,
  kept: unknown,
  life: EntryLife,
  tags: readonly string[],
): void {
  // Reads that began before the acknowledgement may have seen the old value. So may those that began
  // after another write has marked this fence.
  if (core.shared !== undefined) core.invalidation.overtake(fence.key, fence);
  core.values.keepOrRemove(fence, kept, life, tags);
}

/**
 * Closes the fence of an update, and emits its event.
 *
 * @internal
 */
export function endUpdate(core: CacheCore, fence: Fence): void {
  core.invalidation.fences.close(fence);
  if (core.events.hasListeners('set')) core.events.emit('set', { key: fence.key });
}

/**
 * An entry as the shared tier stores it, with the tag clock from before its value was created: the store's own
 * clock where it has one, otherwise that of this process.
 *
 * @returns `undefined` for an entry with tags whose clock was not read: nothing would show whether the tags
 * were invalidated, so that it must not be stored.
 * @internal
 */
export function sharedEntry(
  shared: SharedTier,
  fence: Fence,
  value: unknown,
  { createdAt, freshUntil, staleUntil }: EntryLife,
  tags: readonly string[],
): SharedEntry | undefined {
  const tagClock = shared.isCoordinated ? fence.sharedClock : fence.tagClock;
  if (tagClock === undefined && tags.length > 0) return undefined;
  // Written out: spreading `life` takes as long as a look-up in a large table.
  return { value, createdAt, freshUntil, staleUntil, tagClock: tagClock ?? 0, tags };
}
