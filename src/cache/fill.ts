import { LIMITS } from '../base/defaults.js';
import { describe, toMilliseconds } from '../base/duration.js';
import { ConfigurationError } from '../base/errors.js';
import type { EntryLife, MemoryEntry } from '../memory/entry.js';
import type { FillOutcome } from '../store/lease-outcomes.js';
import type { SharedEntry, SharedTier } from '../store/shared-tier.js';
import type { Engine } from './engine.js';
import type { Fence } from './fence.js';
import type { Lease } from './lease.js';
import { checkedTags, lifeOf, type LoadPolicy } from './policy.js';
import { removeEntry } from './write-path.js';

/** The user's tags, and one that a method puts on its own entries. */
const MOST_TAGS = LIMITS.tagsPerEntry + 1;

/** Why a result is not to be stored: its policy says so, or an invalidation has overtaken it. */
export type Unstored = 'unwanted' | 'overtaken';

/**
 * The entry to store for a load's result, or why nothing is stored.
 *
 * @throws what a function of the policy throws, or ConfigurationError when it answers nonsense.
 * @internal
 */
export function toStore(
  engine: Engine,
  fence: Fence,
  policy: LoadPolicy,
  value: unknown,
): { readonly life: EntryLife; readonly tags: readonly string[] } | Unstored {
  if (!engine.enabled || policy.unless?.(value) === true) return 'unwanted';
  const ttlMs = ttlOf(policy, value);
  if (ttlMs === 0) return 'unwanted';
  const tags =
    typeof policy.tags === 'function'
      ? checkedTags(policy.tags(value), 'tags', MOST_TAGS)
      : policy.tags;
  if (isOvertaken(engine, fence, tags)) {
    engine.counters.refusedFills++;
    return 'overtaken';
  }
  return { life: lifeOf(policy, ttlMs, engine.clock.now(), engine.options.random), tags };
}

/**
 * Stores the result of a load in every tier. Nothing that goes wrong here reaches a caller: they
 * have their value.
 *
 * @param lease - The right to store it for all processes, where they take turns.
 * @param onEntry - Told of the entry in memory, if it comes to that.
 * @param replaces - A refresh, which is acknowledged like a `set`: if its result does not reach the
 * shared tier, the entry there is removed, or logged for removal.
 * @returns Nothing when all is done; or a promise for the moment when it is, which never rejects: of
 * whether the value was still current in the shared tier when it was stored there.
 * @internal
 */
export function fill(
  engine: Engine,
  fence: Fence,
  policy: LoadPolicy,
  value: unknown,
  lease: Lease | undefined,
  onEntry: (entry: MemoryEntry | undefined) => void,
  replaces = false,
): Promise<boolean> | undefined {
  const { key } = fence;
  const remove = async (): Promise<void> => {
    if (replaces) await engine.invalidateShared((to) => to.remove(key));
  };
  try {
    const stored = toStore(engine, fence, policy, value);
    if (typeof stored === 'string') {
      void lease?.release();
      // A write of this process that has overtaken it has replaced the entry already.
      const isReplaced = stored === 'overtaken' && fence.marked;
      return replaces && !isReplaced ? removeReplaced(engine, key) : undefined;
    }
    const { life, tags } = stored;
    const shared = policy.isPrivate ? undefined : engine.shared;
    // A load that others have given up waiting for must not come after theirs.
    engine.fences.markOlder(fence);
    if (shared === undefined || (shared.isCoordinated && lease === undefined)) {
      onEntry(engine.fillMemory(fence, value, life, tags, fence.sharedClock));
      return replaces ? proved(engine, engine.writes.run(key, remove)) : undefined;
    }
    const kept = engine.protect(value);
    const write = async (): Promise<boolean> => {
      const outcome = await share(engine, shared, fence, { value: kept, ...life, tags }, lease);
      if (outcome !== 'stored') await remove();
      if (outcome === 'refused' || isOvertaken(engine, fence, tags)) engine.counters.refusedFills++;
      else onEntry(engine.fillMemory(fence, kept, life, tags, fence.sharedClock));
      if (outcome !== 'stored') return false;
      // A process that has received every invalidation need not ask.
      const hears = engine.joinsFreely && !shared.isAway && !fence.doubtful;
      return hears || (await isProven(shared, tags, fence.sharedClock));
    };
    return proved(engine, engine.writes.run(key, write));
  } catch (error) {
    // A function of the policy failed, or returned a bad value.
    engine.report(error);
    void lease?.release();
    return replaces ? removeReplaced(engine, key) : undefined;
  }
}

/**
 * Removes what a refresh has made out of date, but cannot replace.
 *
 * @returns `false`, which proves nothing of the value.
 * @internal
 */
export async function removeReplaced(engine: Engine, key: string): Promise<boolean> {
  await proved(engine, removeEntry(engine, key));
  return false;
}

/** Whether the work proved the value; a failure is reported, and proves nothing. */
async function proved(engine: Engine, work: Promise<unknown>): Promise<boolean> {
  try {
    return (await work) === true;
  } catch (error) {
    engine.report(error);
    return false;
  }
}

async function share(
  engine: Engine,
  shared: SharedTier,
  fence: Fence,
  entry: Omit<SharedEntry, 'tagClock'>,
  lease: Lease | undefined,
): Promise<FillOutcome> {
  const { tags } = entry;
  const tagClock = shared.isCoordinated ? fence.sharedClock : fence.tagClock;
  // It may have waited behind the very write that overtook it; and tags whose clock was never noted
  // could not be checked later.
  if (isOvertaken(engine, fence, tags) || (tagClock === undefined && tags.length > 0)) {
    await lease?.release();
    return 'failed';
  }
  const dated = { ...entry, tagClock: tagClock ?? 0 };
  if (lease !== undefined) return await lease.fill(dated);
  return (await shared.write(fence.key, dated)) ? 'stored' : 'failed';
}

/** A lease says nothing of tags. */
async function isProven(
  shared: SharedTier,
  tags: readonly string[],
  noted: number | undefined,
): Promise<boolean> {
  if (!shared.isCoordinated || tags.length === 0) return true;
  return noted !== undefined && (await shared.areTagsValid(tags, noted));
}

function isOvertaken(engine: Engine, fence: Fence, tags: readonly string[]): boolean {
  return fence.marked || !engine.tags.isValid(tags, fence.tagClock);
}

/** Milliseconds to live; 0 when a function says that the value should not be stored. */
function ttlOf(policy: LoadPolicy, value: unknown): number {
  if (typeof policy.ttl === 'number') return policy.ttl;
  const ttl = policy.ttl(value);
  if (ttl === 0) return 0;
  if (typeof ttl === 'object') {
    throw new ConfigurationError(`ttl: the function answered ${describe(ttl)}, not a duration.`);
  }
  return toMilliseconds(ttl, 'ttl');
}
