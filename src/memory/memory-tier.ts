import { systemClock, type Clock } from '../base/time/clock.js';
import { DEFAULTS } from '../base/options/defaults.js';
import { coarseClock, type CoarseClock } from '../base/time/coarse-clock.js';
import { lifeClock } from '../base/time/life-clock.js';
import {
  newEntry,
  NO_TAGS,
  type EntryLife,
  type EntryIndex,
  type EvictReason,
  type MemoryEntry,
} from './entry.js';
import { EntryTable } from './entry-table.js';
import type { PolicyStore } from './eviction/adaptive.js';
import { EvictListeners, type EvictListener } from './evict-listeners.js';
import { ExpiredFirst } from './eviction/expired-first.js';
import type { GhostReport } from './eviction/ghost-report.js';
import { LruPolicy } from './eviction/lru.js';
import type { EvictionPolicy } from './eviction/policy.js';
import type { MemoryStoreOptions } from './options.js';
import { entrySize, estimateSize, type SizeEstimator } from './size.js';
import { Sweep } from './sweep.js';
import { TagIndex } from './tag-index.js';
import { TOO_MUCH_WORK, ValueProtection } from './value-protection.js';

/**
 * The in-process tier: a bounded map with expiry and eviction. The cache calls `find`, `put` and `drop`,
 * so that a hit costs no promise. `MemoryStore` adds the rest of the public class.
 */
export class MemoryTier {
  /** Maximum number of entries. */
  readonly maxItems: number;
  /** Maximum estimated size of all entries, in bytes; `undefined` if sizes are not estimated. */
  readonly maxBytes: number | undefined;
  private readonly clock: Clock;
  private readonly coarseClock: CoarseClock;
  private policy: EvictionPolicy = new LruPolicy();
  private readonly sizeOf: SizeEstimator;
  /** @internal */
  readonly protection: ValueProtection;
  private readonly entries = new EntryTable();
  private readonly expiredFirst = new ExpiredFirst();
  private readonly tagged = new TagIndex();
  private readonly evictListeners = new EvictListeners();
  private usedBytes = 0;
  private readonly sweep: Sweep;

  /** @internal */
  constructor(options: MemoryStoreOptions) {
    this.maxItems = options.maxItems ?? DEFAULTS.maxMemoryItems;
    this.maxBytes = options.maxBytes;
    this.sizeOf = options.sizeOf ?? estimateSize;
    this.protection = new ValueProtection(options);
    this.clock = lifeClock(options.clock ?? systemClock);
    this.coarseClock = coarseClock(this.clock);
    this.sweep = new Sweep(this.entries, this.clock, (entry) => {
      this.evict(entry, 'expired');
    });
  }

  /**
   * Replaces the policy. It is LRU at first, so that most caches need not load the code of others. Existing
   * entries count as stored now.
   * @internal
   */
  usePolicy(create: (store: PolicyStore) => EvictionPolicy): void {
    const { coarseClock, entries, maxBytes, maxItems } = this;
    const policy = create({
      maxItems,
      maxBytes,
      now: () => coarseClock.now(),
      valueAt: (slot) => entries.at(slot)?.value,
    });
    const now = coarseClock.now();
    for (const { freshUntil, key, size, slot } of entries) {
      policy.add(slot, key, this.weightOf(size), freshUntil - now, undefined, true);
    }
    this.policy = policy;
  }

  /** Number of entries, including expired ones that are not yet removed. */
  get size(): number {
    return this.entries.size;
  }

  /** Estimated size of all entries, in bytes; 0 without `maxBytes`. */
  get bytes(): number {
    return this.usedBytes;
  }

  /**
   * Returns the entry of a key, even if it is stale. Removes it if its grace has ended as well.
   * @example const user = store.find('user:7')?.value;
   */
  find(key: string): MemoryEntry | undefined {
    const entry = this.live(key);
    // A stale entry is usually a miss: its load stores the key again.
    if (entry?.isReady(this.coarseClock.ticks()) === true) this.policy.hit(entry.slot);
    return entry;
  }

  /**
   * Returns the entry of a key, even if it has expired. Does not count as a read.
   * @example store.peek('user:7')?.freshUntil;
   */
  peek(key: string): MemoryEntry | undefined {
    return this.entries.get(key);
  }

  /**
   * Records a read of an entry that was made without `find`, if the store still holds the entry.
   * @example store.touch(entry);
   */
  touch(entry: MemoryEntry): void {
    if (entry.slot !== 0) this.policy.hit(entry.slot);
  }

  /**
   * Notes that a reader found nothing under a key in any tier, and may store it now.
   * @internal
   */
  noteMiss(key: string): void {
    this.policy.missed?.(key);
  }

  /**
   * Notifies an index when the store removes the entry.
   *
   * @returns Whether the index was registered: not if the store does not hold the entry, or another index is
   * registered.
   * @internal
   */
  registerIndex(entry: MemoryEntry, index: EntryIndex): boolean {
    return this.entries.registerIndex(entry, index);
  }

  /**
   * Number of entries for which an index is registered.
   * @internal
   */
  countOf(index: EntryIndex): number {
    return this.entries.countOf(index);
  }

  /**
   * Returns the value of an entry for one reader: the shared value, or a copy with `clone`.
   * @example const user = store.valueOf(entry);
   */
  valueOf(entry: MemoryEntry): unknown {
    return this.protection.toReader(entry.value);
  }

  /**
   * Stores a value, in place of the present one, and evicts entries if necessary. `MemoryStore` has the public
   * form, which checks its arguments.
   *
   * @param given - Its times, or milliseconds from now; `Infinity` for no expiry.
   * @param cost - Cost of the next miss of the key, in milliseconds; default: the median of known costs.
   * @param isUpdate - Whether a caller writes the value, rather than a load.
   * @returns `undefined` if the store does not hold the value; see there.
   * @internal
   */
  put(
    key: string,
    value: unknown,
    given: EntryLife | number,
    tags: readonly string[] = NO_TAGS,
    cost?: number,
    isUpdate = false,
  ): MemoryEntry | undefined {
    // Neither a caller's write nor the replacement of a fresh entry follows a miss.
    const isUnread = this.removeForUpdate(key) || isUpdate;
    const kept = this.protection.tryProtect(value);
    if (kept === TOO_MUCH_WORK) return undefined;
    const { maxBytes } = this;
    const size = maxBytes === undefined ? 0 : entrySize(key, kept, this.sizeOf, maxBytes);
    if (size > (maxBytes ?? Infinity)) return undefined;
    // NaN and -Infinity would make every comparison of ends false.
    const life = typeof given === 'number' && !(given > 0) ? 0 : given;
    const times = typeof life === 'number' ? this.coarseClock.ticks() + life : life;
    const entry = newEntry(key, kept, times, tags, size);
    this.entries.add(entry);
    this.policy.add(entry.slot, key, this.weightOf(size), life, cost, isUnread);
    this.expiredFirst.add(entry.slot, entry.staleUntil);
    if (tags.length > 0) this.tagged.add(entry);
    this.usedBytes += size;
    this.sweep.arm(entry.staleUntil);
    // Only now: a listener for evictions may store something at once, even this key.
    this.makeRoom();
    return entry.held ? entry : undefined;
  }

  /**
   * Removes the entry of a key, and returns it.
   * @example store.drop('user:7');
   */
  drop(key: string): MemoryEntry | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) this.policy.forget?.(key);
    else this.removeEntry(entry, true);
    return entry;
  }

  /**
   * Removes the entry of a key that a `put` is about to replace.
   *
   * @returns Whether it was fresh.
   * @internal
   */
  removeForUpdate(key: string): boolean {
    const entry = this.entries.get(key);
    if (entry === undefined) return false;
    const wasFresh = this.coarseClock.now() < entry.freshUntil;
    this.removeEntry(entry, false);
    return wasFresh;
  }

  /**
   * Removes all entries that have one of the tags; returns their number.
   * @internal
   */
  removeTagged(tags: Iterable<string>): number {
    let removed = 0;
    for (const tag of tags) {
      for (const entry of this.tagged.of(tag)) {
        this.removeEntry(entry, true);
        removed++;
      }
    }
    return removed;
  }

  /**
   * Removes the entries whose keys match.
   *
   * @returns How many of them had not expired.
   * @internal
   */
  removeMatching(matches: (key: string) => boolean): number {
    const now = this.clock.now();
    let removed = 0;
    for (const entry of this.entries) {
      if (!matches(entry.key)) continue;
      if (now < entry.freshUntil) removed++;
      this.removeEntry(entry, true);
    }
    return removed;
  }

  /**
   * Estimates for other sizes and ttls, from a sample of the keys; `undefined` with LRU.
   * @example const double = store.estimates()?.sizes.find(({ times }) => times === 2);
   */
  estimates(): GhostReport | undefined {
    return this.policy.estimates();
  }

  /**
   * Removes everything.
   * @internal
   */
  removeAll(): void {
    for (const entry of this.entries) this.removeEntry(entry, true);
    this.policy.forget?.();
    this.sweep.stop();
  }

  /**
   * Calls `listener` for each entry that is removed by eviction or expiry; `MemoryStore` checks it.
   * @internal
   */
  onEvict(listener: EvictListener): void {
    this.evictListeners.add(listener);
  }

  /** The keys of all entries, including expired ones. */
  protected keys(): string[] {
    return [...this.entries.keys()];
  }

  /**
   * As {@link MemoryTier.find}, but does not count as a read.
   * @internal
   */
  protected live(key: string): MemoryEntry | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || entry.isReady(this.coarseClock.ticks())) return entry;
    if (this.coarseClock.now() < entry.staleUntil) return entry;
    this.evict(entry, 'expired');
    return undefined;
  }

  private makeRoom(): void {
    while (this.entries.size > this.maxItems) this.evictOne('items');
    while (this.usedBytes > (this.maxBytes ?? Infinity)) this.evictOne('bytes');
  }

  private evictOne(reason: EvictReason): void {
    const now = this.coarseClock.now();
    const expired = this.entries.at(this.expiredFirst.next(now));
    const isExpired = expired !== undefined && now >= expired.staleUntil;
    const victim = isExpired ? expired : this.entries.at(this.policy.chooseVictim());
    if (victim !== undefined) this.evict(victim, isExpired ? 'expired' : reason);
  }

  private evict(entry: MemoryEntry, reason: EvictReason): void {
    this.removeEntry(entry, false);
    this.evictListeners.notify(entry, reason);
  }

  private weightOf(size: number): number {
    return this.maxBytes === undefined ? 1 : size;
  }

  /** Removes an entry; every removal goes through here. */
  private removeEntry(entry: MemoryEntry, isInvalidated: boolean): void {
    if (!this.entries.has(entry)) return;
    this.policy.remove(entry.slot, isInvalidated);
    this.expiredFirst.remove(entry.slot);
    const index = this.entries.remove(entry);
    if (entry.tags.length > 0) this.tagged.remove(entry);
    this.usedBytes -= entry.size;
    entry.markRemoved();
    index?.onRemove(entry);
  }
}
