import { sharedKey } from '../../base/keys/local-key.js';
import { LIMITS } from '../../base/options/defaults.js';
import { describe } from '../../base/errors/describe.js';
import { toMilliseconds } from '../../base/time/duration.js';
import { ConfigurationError } from '../../base/errors/errors.js';
import type { EntryLife } from '../../memory/entry.js';
import type { FillOutcome, SharedTier } from '../../store/shared-tier.js';
import type { Fence } from '../coherence/fences.js';
import type { CacheCore } from '../core/cache-core.js';
import type { Lease } from '../lease/lease.js';
import type { InFlightLoad } from '../load/in-flight.js';
import { checkedTags, lifeOf, type LoadPolicy } from '../policy.js';
import { removeEntry } from './delete.js';
import { sharedEntry } from './update.js';

/** The user's tags, and the one that a method adds to its entries. */
const MAX_TAGS = LIMITS.tagsPerEntry + 1;

/** Why a result is not stored: its policy excludes it, or an invalidation has overtaken it. */
export type Unstored = 'unwanted' | 'overtaken';

/** The times and tags with which a result is stored. */
export interface StorePlan {
  readonly life: EntryLife;
  readonly tags: readonly string[];
}

/** A result that is being stored. */
interface LoadedValue extends StorePlan {
  readonly value: unknown;
}

/**
 * The times and tags of a load's result, or why nothing is stored.
 *
 * @throws what a function of the policy throws, or ConfigurationError when it returns a bad value.
 * @internal
 */
export function planStore(
  core: CacheCore,
  fence: Fence,
  policy: LoadPolicy,
  value: unknown,
): StorePlan | Unstored {
  if (!core.enabled || policy.unless?.(value) === true) return 'unwanted';
  const ttlMs = ttlOf(policy, value);
  if (ttlMs === 0) return 'unwanted';
  const tags =
    typeof policy.tags === 'function'
      ? checkedTags(policy.tags(value), 'tags', MAX_TAGS)
      : policy.tags;
  if (isOvertaken(core, fence, tags)) {
    core.counters.refusedFills++;
    return 'overtaken';
  }
  return { life: lifeOf(policy, ttlMs, core.clock.now(), core.options.random), tags };
}

/**
 * Stores the result of a load in every tier. No failure reaches a caller: they already have the value.
 *
 * A reload is acknowledged like a `set`: if its result does not reach the shared tier, the entry there
 * is removed, or logged for removal.
 *
 * @param lease - The right to store the value for all processes, where they coordinate.
 * @returns `undefined` if everything is done; otherwise a promise that never rejects, and resolves to
 * whether the value was still current in the shared tier when it was stored there.
 * @internal
 */
export function fill(
  core: CacheCore,
  load: InFlightLoad,
  value: unknown,
  lease: Lease | undefined,
): Promise<boolean> | undefined {
  const { fence, key, purpose, request } = load;
  const isReload = purpose === 'reload';
  try {
    const plan = planStore(core, fence, request.policy, value);
    if (typeof plan === 'string') {
      void lease?.release();
      // If a write of this process has overtaken it, that write has replaced the entry already.
      const isReplaced = plan === 'overtaken' && fence.invalidatedLocally;
      return isReload && !isReplaced ? removeReplaced(core, key) : undefined;
    }
    const shared = core.sharedFor(request.policy);
    // Older loads of the key, for which callers no longer wait, must not be stored after this one.
    core.invalidation.fences.markOlder(fence);
    if (shared === undefined || (shared.isCoordinated && lease === undefined)) {
      fillMemory(core, load, value, plan);
      // The entry of the shared tier is out of date; for a local entry, that is the one under the shared key.
      const keyThere = sharedKey(key);
      const remove = async (): Promise<void> => {
        await core.invalidateShared((tier) => tier.remove(keyThere));
      };
      return isReload ? confirmed(core, core.writes.run(keyThere, remove)) : undefined;
    }
    const kept = core.values.toKeep(value);
    return confirmed(
      core,
      core.writes.run(key, () => fillTiers(core, shared, load, { value: kept, ...plan }, lease)),
    );
  } catch (error) {
    // A function of the policy failed, or returned a bad value.
    core.report(error);
    void lease?.release();
    return isReload ? removeReplaced(core, key) : undefined;
  }
}

/**
 * Removes the entry that a reload has made out of date but could not replace.
 *
 * @returns `false`, which confirms nothing about the value.
 * @internal
 */
export async function removeReplaced(core: CacheCore, key: string): Promise<boolean> {
  await confirmed(core, removeEntry(core, key));
  return false;
}

/** Whether the work confirmed the value; a failure is reported, and confirms nothing. */
async function confirmed(core: CacheCore, work: Promise<unknown>): Promise<boolean> {
  try {
    return (await work) === true;
  } catch (error) {
    core.report(error);
    return false;
  }
}

function fillMemory(
  core: CacheCore,
  { fence, request }: InFlightLoad,
  value: unknown,
  { life, tags }: StorePlan,
): void {
  const entry = core.values.fill(fence, value, life, tags, fence.sharedClock);
  if (entry !== undefined) request.onEntry?.(entry);
}

/** Stores in the shared tier, then in memory; returns whether the value was still current. */
async function fillTiers(
  core: CacheCore,
  shared: SharedTier,
  load: InFlightLoad,
  result: LoadedValue,
  lease: Lease | undefined,
): Promise<boolean> {
  const { fence, key, purpose } = load;
  const { value, tags } = result;
  const outcome = await writeShared(core, shared, fence, result, lease);
  if (outcome !== 'stored' && purpose === 'reload') {
    await core.invalidateShared((tier) => tier.remove(key));
  }
  // From now on, a miss reads it from the shared tier.
  if (outcome === 'stored') fence.missCost = core.values.storeReadMs;
  if (outcome === 'refused' || isOvertaken(core, fence, tags)) core.counters.refusedFills++;
  else fillMemory(core, load, value, result);
  if (outcome !== 'stored') return false;
  // While invalidations arrive, the tags' versions need not be read.
  if (core.trust.shared === 'live' && !fence.invalidatedRemotely) return true;
  return await areSharedTagsValid(shared, tags, fence.sharedClock);
}

async function writeShared(
  core: CacheCore,
  shared: SharedTier,
  fence: Fence,
  { value, life, tags }: LoadedValue,
  lease: Lease | undefined,
): Promise<FillOutcome> {
  const entry = sharedEntry(shared, fence, value, life, tags);
  // It may have waited behind the very write that overtook it.
  if (entry === undefined || isOvertaken(core, fence, tags)) {
    await lease?.release();
    return 'failed';
  }
  if (lease !== undefined) return await lease.fill(entry);
  return (await shared.write(fence.key, entry)) ? 'stored' : 'failed';
}

/** Whether no tag has been invalidated since: a lease that was held covers the key alone. */
async function areSharedTagsValid(
  shared: SharedTier,
  tags: readonly string[],
  noted: number | undefined,
): Promise<boolean> {
  if (!shared.isCoordinated || tags.length === 0) return true;
  return noted !== undefined && (await shared.tags.areValid(tags, noted));
}

function isOvertaken(core: CacheCore, fence: Fence, tags: readonly string[]): boolean {
  return fence.invalidatedLocally || !core.invalidation.tags.isValid(tags, fence.tagClock);
}

/** Time to live in milliseconds; 0 if a function of the policy returns 0: do not store. */
function ttlOf(policy: LoadPolicy, value: unknown): number {
  if (typeof policy.ttl === 'number') return policy.ttl;
  const ttl = policy.ttl(value);
  if (ttl === 0) return 0;
  if (typeof ttl === 'object') {
    throw new ConfigurationError(`ttl: the function returned ${describe(ttl)}, not a duration.`);
  }
  return toMilliseconds(ttl, 'ttl');
}
