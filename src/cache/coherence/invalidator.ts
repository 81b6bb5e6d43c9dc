import type { Clock } from '../../base/time/clock.js';
import type { Glob } from '../../base/keys/glob.js';
import { sharedKey } from '../../base/keys/local-key.js';
import type { MemoryTier } from '../../memory/memory-tier.js';
import type { SharedEntry } from '../../store/shared-tier.js';
import type { Claims } from '../claims/segment.js';
import { localKeysOf } from '../claims/local-segments.js';
import type { LoadTable } from '../load/load-table.js';
import { EVERYTHING, FenceTable, type ChangedBy, type Fence } from './fences.js';
import { TagTable, TagVersions } from './tag-versions.js';

interface Tiers {
  readonly clock: Clock;
  readonly memory: MemoryTier | undefined;
  readonly shared:
    { readonly isCoordinated: boolean; readonly lastTagClock: number | undefined } | undefined;
  readonly loads: LoadTable;
}

/**
 * Invalidates values in this process: results of operations under way may no longer be stored, loads may no
 * longer be joined, and memory drops its entries. `fences.ts` and `tag-versions.ts` record invalidations;
 * `remote-changes.ts` applies those of other processes.
 *
 * Every method works in this order: fences, loads, memory. A read in progress must not fill the memory
 * after it has been emptied.
 *
 * @internal
 */
export class Invalidator {
  readonly fences = new FenceTable();
  /** The times at which this process invalidated tags. */
  readonly tags: TagTable;
  /** Versions of tags that other processes have announced, on the shared store's clock. */
  readonly sharedTags = new TagVersions();

  constructor(
    private readonly tiers: Tiers,
    private readonly claims: Claims,
  ) {
    this.tags = new TagTable(tiers.clock);
  }

  openFence(key: string): Fence {
    return this.fences.open(key, this.tags.note(), this.tiers.shared?.lastTagClock);
  }

  /** Whether the tags of a shared entry are still valid. */
  areTagsValid({ tags, tagClock }: SharedEntry, fence: Fence): boolean {
    // For a store with a tag clock, the tier has compared the tags' versions.
    return this.tags.isValid(tags, this.tiers.shared?.isCoordinated ? fence.tagClock : tagClock);
  }

  /**
   * Prevents operations in progress from storing the key, and callers from joining its load. The entry of
   * the key stays in memory, for the caller to replace; those of its local keys are removed.
   *
   * @param except - The fence of the operation that replaces the entry.
   */
  overtake(key: string, except?: Fence): void {
    this.exclude(key, 'local', except);
    for (const own of localKeysOf(this.claims, key)) this.removeOne(own, 'local');
  }

  /**
   * Removes a key and its local keys.
   *
   * @returns Whether there was a value that had not expired.
   */
  removeKey(key: string, by: ChangedBy): boolean {
    const keys = [key, ...localKeysOf(this.claims, key)];
    const wasFresh = keys.some((one) => this.isFresh(one));
    for (const one of keys) this.removeOne(one, by);
    return wasFresh;
  }

  /**
   * Removes the keys that match a pattern.
   *
   * @returns The number of entries removed from memory.
   */
  removeMatching(glob: Glob, by: ChangedBy): number {
    this.fences.mark(glob, by);
    this.tiers.loads.detachMatching(glob);
    return this.tiers.memory?.removeMatching((key) => glob.matches(sharedKey(key))) ?? 0;
  }

  /**
   * Removes the entries that have one of the tags. Operations in progress read the versions of the tags
   * before they store a value.
   *
   * @param sharedVersion - The version of the tags if another process has invalidated them.
   * @returns The number of entries removed from memory.
   */
  removeTagged(tags: readonly string[], sharedVersion?: number): number {
    if (sharedVersion === undefined) this.tags.invalidate(tags);
    else {
      this.sharedTags.record(tags, sharedVersion);
      this.fences.markUndated();
    }
    this.tiers.loads.detachTagged(new Set(tags));
    return this.tiers.memory?.removeTagged(tags) ?? 0;
  }

  removeAll(by: ChangedBy): void {
    this.fences.mark(EVERYTHING, by);
    this.tiers.loads.detachAll();
    this.tiers.memory?.removeAll();
  }

  private removeOne(key: string, by: ChangedBy): void {
    this.exclude(key, by);
    this.tiers.memory?.drop(key);
  }

  /** Excludes operations in progress from storing the key, and their load from being joined. */
  private exclude(key: string, by: ChangedBy, except?: Fence): void {
    this.fences.mark(key, by, except);
    this.tiers.loads.detach(key);
  }

  private isFresh(key: string): boolean {
    const entry = this.tiers.memory?.peek(key);
    return entry !== undefined && this.tiers.clock.now() < entry.freshUntil;
  }
}
