import type { Clock } from '../../base/clock.js';
import type { Glob } from '../../base/glob.js';
import { sharedKey } from '../../base/local-key.js';
import type { MemoryTier } from '../../memory/memory-tier.js';
import type { SharedEntry } from '../../store/shared-tier.js';
import { localKeysOf, type Claims } from '../core/claims.js';
import { FenceTable, type Fence } from './fences.js';
import { TagTable, TagVersions } from './tag-versions.js';

interface Tiers {
  readonly clock: Clock;
  readonly memory: MemoryTier | undefined;
  readonly shared:
    { readonly isCoordinated: boolean; readonly lastTagClock: number | undefined } | undefined;
  /** The loads under way. */
  readonly loads: { detach(key: string): void; detachMatching(glob: Glob): void };
}

/**
 * Invalidates values in this process: results of operations under way may no longer be stored, loads may no
 * longer be joined, and memory drops its entries. `fences.ts` and `tag-versions.ts` record invalidations;
 * `remote-changes.ts` applies those of other processes.
 *
 * @internal
 */
export class Invalidation {
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

  /** Creates a fence for a read that has no memory to fill; it is opened if a load follows. */
  createFence(key: string): Fence {
    return this.fences.create(key, this.tags.note(), this.tiers.shared?.lastTagClock);
  }

  /** Whether the tags of a shared entry are still valid. */
  isCurrent({ tags, tagClock }: SharedEntry, fence: Fence): boolean {
    // For a store with a tag clock, the tier has compared the tags' versions.
    return this.tags.isValid(tags, this.tiers.shared?.isCoordinated ? fence.tagClock : tagClock);
  }

  /** Prevents operations in progress from storing the key, and callers from joining its load. */
  invalidateKey(key: string, except?: Fence): void {
    this.fences.markLocal(key, except);
    this.tiers.loads.detach(key);
    for (const own of localKeysOf(this.claims, key)) {
      this.fences.markLocal(own, except);
      this.tiers.loads.detach(own);
      this.tiers.memory?.drop(own);
    }
  }

  /**
   * Removes a key and its local keys from memory. Operations in progress will not store them there.
   *
   * @returns Whether there was a value that had not expired.
   */
  forgetKey(key: string): boolean {
    const { clock, memory } = this.tiers;
    const now = clock.now();
    const wasFresh = [key, ...localKeysOf(this.claims, key)].some((one) => {
      const entry = memory?.peek(one);
      return entry !== undefined && now < entry.freshUntil;
    });
    this.invalidateKey(key);
    memory?.drop(key);
    return wasFresh;
  }

  /** Another process wrote a key: results of loads in progress may not be kept in memory or joined. */
  invalidateKeyRemotely(key: string): void {
    for (const one of [key, ...localKeysOf(this.claims, key)]) {
      this.fences.markRemote(one);
      this.tiers.loads.detach(one);
      this.tiers.memory?.drop(one);
    }
  }

  /**
   * Removes the matches of a pattern from this process, and prevents loads in progress from storing them.
   *
   * @returns The number of entries removed from memory.
   */
  removeMatching(glob: Glob): number {
    this.fences.markLocalMatching(glob);
    this.tiers.loads.detachMatching(glob);
    return this.tiers.memory?.dropMatching((key) => glob.matches(sharedKey(key))) ?? 0;
  }
}
