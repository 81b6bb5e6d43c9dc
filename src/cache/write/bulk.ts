import type { EntryLife } from '../../memory/entry.js';
import type { Lane } from '../../store/resilience/dispatcher.js';
import type { KeyedEntry, SharedEntry, SharedTier } from '../../store/shared-tier.js';
import { budgetOf } from '../core/budget.js';
import { chunksOf, inChunks, laneOf } from './chunks.js';
import type { CacheCore } from '../core/cache-core.js';
import type { Fence } from '../coherence/fences.js';
import { forgetKey } from './delete.js';
import type { OvertakenKeys } from './queue.js';
import { keepOrDrop, store } from './set.js';

/** A checked entry of `setMany`. */
export interface BulkEntry {
  /** With the namespace within the cache, but without that of the shared tier. */
  readonly key: string;
  /** As the caller wrote it. */
  readonly given: string;
  readonly value: unknown;
  readonly tags: readonly string[];
  /** Its times, from the moment at which it is stored. */
  readonly life: () => EntryLife;
}

/** Result of `setMany`. */
export interface SetManyResult {
  /** Entries that were stored: in the shared tier if there is one. */
  readonly stored: number;
  /** Keys of the entries that the shared tier did not acknowledge, as they were given. */
  readonly failed: readonly string[];
}

/** An entry that is being stored. */
interface Open {
  readonly source: BulkEntry;
  readonly fence: Fence;
  readonly kept: unknown;
}

/** An entry on its way to the shared tier. */
interface Sent {
  readonly open: Open;
  /** The same in every tier. */
  readonly life: EntryLife;
  /** Whether the shared tier has acknowledged it. */
  isStored: boolean;
}

/** The part that all chunks of one call share. */
interface BulkCall {
  readonly core: CacheCore;
  readonly shared: SharedTier;
  readonly overtaken: OvertakenKeys;
  readonly lane: Lane;
  /** The store's clock of tags from before the call; `undefined` when it is not needed. */
  readonly noting: Promise<number | undefined> | undefined;
}

/**
 * Stores several values, chunk by chunk, each as `set` stores one. After a chunk that got no reply,
 * the rest is kept in memory, and what the store has of it is logged as out of date.
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
    // All of them before this returns: no later write can come in between.
    await Promise.all(
      latest.map(({ key, value, life, tags }) => store(core, key, value, life(), tags)),
    );
    return { stored: latest.length, failed: [] };
  }
  // All at once: an invalidation that comes while the first chunks are sent concerns the last ones.
  const opened = latest.map((source) => open(core, source));
  const hasTags = latest.some(({ tags }) => tags.length > 0);
  const noting =
    shared.isCoordinated && hasTags ? shared.tagClock(core.options.storeTimeoutMs) : undefined;
  const failed: string[] = [];
  const keys = latest.map(({ key }) => key);
  await core.writes.runBulk(keys, async (overtaken) => {
    const call: BulkCall = { core, shared, overtaken, lane: laneOf(latest.length), noting };
    await inChunks(chunksOf(opened), async (some, isSent) => {
      const refused = await storeChunk(call, some, isSent);
      for (const { source } of refused ?? some) failed.push(source.given);
      return refused !== undefined;
    });
  });
  return { stored: latest.length - failed.length, failed };
}

/** A cache that is off stores nothing, but what the others have under the keys is out of date. */
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

function open(core: CacheCore, source: BulkEntry): Open {
  const { key, value } = source;
  const fence = core.invalidation.openFence(key);
  core.invalidation.invalidateKey(key, fence);
  core.counters.sets++;
  // No reader may get the old value from memory while the new one is on its way.
  core.memory?.drop(key);
  return { source, fence, kept: core.values.toKeep(value) };
}

/**
 * @param isSent - Whether anything is sent to the store.
 * @returns Those that the store refused; `undefined` when it did not reply.
 */
async function storeChunk(
  call: BulkCall,
  some: readonly Open[],
  isSent: boolean,
): Promise<readonly Open[] | undefined> {
  const { core, shared, overtaken } = call;
  const { events, writes } = core;
  const { fences } = core.invalidation;
  try {
    const sharedClock = await call.noting;
    for (const { fence } of some) fence.sharedClock = sharedClock ?? fence.sharedClock;
    const keys = some.map(({ source }) => source.key);
    return await writes.runMany(keys, async () => {
      const mine: Sent[] = [];
      for (const open of some) {
        if (overtaken.skips(open.source.key)) continue;
        mine.push({ open, life: open.source.life(), isStored: false });
      }
      if (!isSent) shared.postpone(mine.map(({ open: { source } }) => source.key));
      const hasReplied = isSent && (await share(call, mine));
      const refused: Open[] = [];
      for (const { open, life, isStored } of mine) {
        const { source, fence, kept } = open;
        // As in `store`: reads that began before the acknowledgement may have seen the old value.
        core.invalidation.invalidateKey(source.key, fence);
        keepOrDrop(core, fence, kept, life, source.tags);
        if (!isStored && !overtaken.has(source.key)) refused.push(open);
      }
      return hasReplied ? refused : undefined;
    });
  } finally {
    for (const { fence } of some) fences.close(fence);
    if (events.hears('set')) for (const { source } of some) events.emit('set', { key: source.key });
  }
}

/** Brings entries to the shared tier, and notes which it acknowledged; returns whether it replied. */
async function share({ core, shared, lane }: BulkCall, some: readonly Sent[]): Promise<boolean> {
  const left = budgetOf(core.clock, shared, core.options.storeTimeoutMs);
  const entries: KeyedEntry[] = [];
  const storing: Sent[] = [];
  const removed: string[] = [];
  for (const one of some) {
    const { source, fence, kept } = one.open;
    const tagClock = shared.isCoordinated ? fence.sharedClock : fence.tagClock;
    // Without the clock, an entry with tags could not be distinguished from an invalidated one. A
    // pattern that was cleared since the call must not miss the entry; the queue orders writes of the
    // key itself.
    if (fence.cleared || (tagClock === undefined && source.tags.length > 0)) {
      removed.push(source.key);
      continue;
    }
    storing.push(one);
    entries.push({ key: source.key, entry: sharedEntry(kept, one.life, source.tags, tagClock) });
  }
  const [stored, gone] = await Promise.all([
    shared.writeMany(entries, left(), lane),
    removed.length === 0 ? [] : shared.removeMany(removed, left(), lane),
  ]);
  if (stored === undefined || gone === undefined) return false;
  for (const [i, one] of storing.entries()) one.isStored = stored[i] === true;
  for (const one of some) if (one.open.fence.cleared) one.isStored = true;
  return true;
}

/** Spelt out: spreading `life` takes as long as a look-up in a large table. */
function sharedEntry(
  value: unknown,
  { createdAt, freshUntil, staleUntil }: EntryLife,
  tags: readonly string[],
  tagClock = 0,
): SharedEntry {
  return { value, createdAt, freshUntil, staleUntil, tagClock, tags };
}

/**
 * Removes several keys from every tier, chunk by chunk. After a chunk that got no reply, what the
 * store has of the rest is logged as out of date.
 *
 * @returns How many had a value that had not expired.
 * @internal
 */
export async function removeMany(core: CacheCore, keys: readonly string[]): Promise<number> {
  const { writes, counters, events } = core;
  // Memory is clean before the first reply, however many chunks there are.
  const found = new Set(keys.filter((key) => forgetKey(core, key)));
  await core.invalidateShared((shared) =>
    writes.runBulk(keys, async (overtaken) => {
      const lane = laneOf(keys.length);
      await inChunks(chunksOf(keys), async (some, isSent) => {
        const mine = some.filter((key) => !overtaken.skips(key));
        const removed = await removeChunk(core, shared, mine, isSent ? lane : undefined);
        for (const key of removed ?? []) found.add(key);
        return removed !== undefined;
      });
    }),
  );
  counters.deletes += keys.length;
  counters.invalidations += keys.length;
  if (events.hears('delete')) for (const key of keys) events.emit('delete', { key });
  return found.size;
}

/**
 * @param lane - `undefined`: nothing is sent.
 * @returns The keys that had a fresh entry in the store; `undefined` without a reply.
 */
async function removeChunk(
  core: CacheCore,
  shared: SharedTier,
  keys: readonly string[],
  lane: Lane | undefined,
): Promise<readonly string[] | undefined> {
  return await core.writes.runMany(keys, async () => {
    const left = budgetOf(core.clock, shared, core.options.storeTimeoutMs);
    if (lane === undefined) shared.postpone(keys);
    const removed =
      lane === undefined
        ? undefined
        : await shared.removeMany(keys, core.enabled ? left() : undefined, lane);
    // Once more at the acknowledgement: what was read meanwhile is the old value.
    for (const key of keys) forgetKey(core, key);
    return removed && keys.filter((_, i) => removed[i] === true);
  });
}
