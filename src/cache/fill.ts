import { LIMITS } from '../base/defaults.js';
import { describe, toMilliseconds } from '../base/duration.js';
import { ConfigurationError } from '../base/errors.js';
import type { EntryLife, MemoryEntry } from '../memory/entry.js';
import type { Engine } from './engine.js';
import type { Fence } from './fence.js';
import { checkedTags, lifeOf, type LoadPolicy } from './policy.js';

/** The user's tags, and one that a method puts on its own entries. */
const MOST_TAGS = LIMITS.tagsPerEntry + 1;

/**
 * What is to be stored of a load's result, or `undefined` when the policy keeps it out or an
 * invalidation has overtaken it.
 *
 * @throws what a function of the policy throws, or ConfigurationError when it answers nonsense.
 * @internal
 */
export function toStore(
  engine: Engine,
  fence: Fence,
  policy: LoadPolicy,
  value: unknown,
): { readonly life: EntryLife; readonly tags: readonly string[] } | undefined {
  if (!engine.enabled || policy.unless?.(value) === true) return undefined;
  const ttlMs = ttlOf(policy, value);
  if (ttlMs === 0) return undefined;
  const tags =
    typeof policy.tags === 'function'
      ? checkedTags(policy.tags(value), 'tags', MOST_TAGS)
      : policy.tags;
  if (isOvertaken(engine, fence, tags)) {
    engine.counters.refusedFills++;
    return undefined;
  }
  return { life: lifeOf(policy, ttlMs, engine.clock.now(), engine.options.random), tags };
}

/**
 * Stores the result of a load in every tier. Nothing that goes wrong here reaches a caller: they
 * have their value.
 *
 * @param onEntry - Told of the entry in memory, if it comes to that.
 * @returns Nothing when all is done, or a promise for the moment when it is. It never rejects.
 * @internal
 */
export function fill(
  engine: Engine,
  fence: Fence,
  policy: LoadPolicy,
  value: unknown,
  onEntry: (entry: MemoryEntry | undefined) => void,
): Promise<void> | undefined {
  try {
    const stored = toStore(engine, fence, policy, value);
    if (stored === undefined) return undefined;
    const { life, tags } = stored;
    const { shared } = engine;
    // A load that others have given up waiting for must not come after theirs.
    engine.fences.markOlder(fence);
    if (shared === undefined) {
      onEntry(engine.fillMemory(fence, value, life, tags));
      return undefined;
    }
    const kept = engine.protect(value);
    const entry = { value: kept, ...life, tags, tagClock: fence.tagClock };
    const write = async (): Promise<void> => {
      // It may have waited behind the very write that overtook it.
      if (!isOvertaken(engine, fence, tags)) await shared.write(fence.key, entry);
      if (isOvertaken(engine, fence, tags)) engine.counters.refusedFills++;
      else onEntry(engine.fillMemory(fence, kept, life, tags));
    };
    return engine.writes.run(fence.key, write).catch((error: unknown) => {
      engine.report(error);
    });
  } catch (error) {
    // A function of the policy failed, or answered nonsense.
    engine.report(error);
    return undefined;
  }
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
