import { OversizeError } from '../../base/errors/oversize.js';
import type { LifeClock } from '../../base/time/life-clock.js';
import type { EntryLife, MemoryEntry } from '../../memory/entry.js';
import type { MemoryTier } from '../../memory/memory-tier.js';
import type { Fence } from '../coherence/fences.js';
import type { TagTable, TagVersions } from '../coherence/tag-versions.js';

/** Weight of the latest read of the shared tier in the average. */
const READ_WEIGHT = 0.05;

interface Surroundings {
  readonly memory: MemoryTier | undefined;
  readonly shared: object | undefined;
  readonly clock: LifeClock;
  readonly trust: { readonly canUseMemory: boolean };
  readonly invalidation: { readonly tags: TagTable; readonly sharedTags: TagVersions };
  readonly options: { readonly memoryTtlMs: number | undefined };
  report(error: unknown): void;
}

/**
 * Stores values in memory and returns them to callers. Values that have been invalidated are not stored, and
 * with `clone`, each caller gets a copy. A value that cannot be copied is returned unchanged and not stored;
 * this is reported once.
 *
 * @internal
 */
export class MemoryValues {
  private readonly uncopyable = new WeakSet<object>();
  /** Mean duration of a read of the shared tier in ms; `undefined` before the first. */
  storeReadMs: number | undefined;

  constructor(private readonly core: Surroundings) {}

  /**
   * Puts a value into memory, unless an invalidation has overtaken it.
   *
   * @param sharedClock - The shared store's tag clock before the value was created, if known.
   * @returns The entry, if memory holds it now.
   */
  fill(
    fence: Fence,
    value: unknown,
    life: EntryLife,
    tags: readonly string[],
    sharedClock: number | undefined,
  ): MemoryEntry | undefined {
    const { memory, trust, invalidation } = this.core;
    if (memory === undefined || !trust.canUseMemory) return undefined;
    if (fence.invalidatedLocally || fence.invalidatedRemotely) return undefined;
    if (sharedClock !== undefined && !invalidation.sharedTags.isValid(tags, sharedClock)) {
      return undefined;
    }
    if (!this.canKeep(value)) return undefined;
    try {
      const { key, missCost, isUpdate } = fence;
      return memory.put(key, value, this.capped(life), tags, missCost, isUpdate);
    } catch (error) {
      // A value that `clone` cannot copy, or a failing `sizeOf`: it is not kept.
      this.cannotKeep(value, error);
      return undefined;
    }
  }

  /**
   * Puts a stored value into memory. If an invalidation has overtaken it, memory keeps nothing of the
   * key: a read that ended just now may have put the old value there.
   */
  keepOrRemove(fence: Fence, value: unknown, life: EntryLife, tags: readonly string[]): void {
    const { invalidation, memory } = this.core;
    const isKept =
      invalidation.tags.isValid(tags, fence.tagClock) &&
      this.fill(fence, value, life, tags, fence.sharedClock) !== undefined;
    if (!isKept) memory?.drop(fence.key);
  }

  /** Records the duration of a read of the shared tier, in ms. */
  noteStoreRead(ms: number): void {
    this.storeReadMs ??= ms;
    this.storeReadMs += READ_WEIGHT * (ms - this.storeReadMs);
  }

  /**
   * Prepares a value for memory (copied or frozen) before a caller can change it, for fills that happen after
   * callers have the value.
   */
  toKeep(value: unknown): unknown {
    const { memory } = this.core;
    if (memory === undefined || !this.canKeep(value)) return value;
    try {
      return memory.protection.protect(value);
    } catch (error) {
      return this.cannotKeep(value, error);
    }
  }

  /** The value for one of several callers: a separate copy with `clone`. */
  forCaller(value: unknown): unknown {
    const { memory } = this.core;
    if (memory?.protection.clones !== true || !this.canKeep(value)) return value;
    try {
      return memory.protection.copyOf(value);
    } catch (error) {
      return this.cannotKeep(value, error);
    }
  }

  private canKeep(value: unknown): boolean {
    return !this.uncopyable.has(value as object);
  }

  /** Returns the value as it is, and reports the failure unless the value is only too large. */
  private cannotKeep(value: unknown, error: unknown): unknown {
    const { memory } = this.core;
    if (memory?.protection.clones === true && isObject(value)) this.uncopyable.add(value);
    if (!(error instanceof OversizeError)) this.core.report(error);
    return value;
  }

  private capped(life: EntryLife): EntryLife {
    const { options, shared, clock } = this.core;
    if (options.memoryTtlMs === undefined || shared === undefined) return life;
    const end = clock.now() + options.memoryTtlMs;
    if (end >= life.freshUntil) return life;
    // An entry without grace must not gain one because its life is shortened here.
    const staleUntil = life.staleUntil > life.freshUntil ? life.staleUntil : end;
    return { ...life, freshUntil: end, staleUntil };
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
