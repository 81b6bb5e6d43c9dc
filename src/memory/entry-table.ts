import type { EntryIndex, MemoryEntry } from './entry.js';
import { IndexRegistry } from './index-registry.js';

/**
 * The store's entries by key.
 *
 * V8 rebuilds the table of a Map that changes often, and each table refers to the next: once one is in the
 * old generation, all later ones stay until the next full collection, with everything that they refer to.
 * Therefore, the Map contains numbers, and an array contains the entries: an entry that is evicted young
 * is collected young, which makes a write a sixth cheaper.
 *
 * @internal
 */
export class EntryTable implements Iterable<MemoryEntry> {
  private readonly slots = new Map<string, number>();
  /** By slot; the first slot stays empty. */
  private readonly entries: (MemoryEntry | undefined)[] = [undefined];
  private readonly free: number[] = [];
  private readonly indexes = new IndexRegistry();

  /** Entries held. */
  get size(): number {
    return this.slots.size;
  }

  /** One more than the last slot; slots in between may be empty. */
  get capacity(): number {
    return this.entries.length;
  }

  get(key: string): MemoryEntry | undefined {
    const slot = this.slots.get(key);
    return slot === undefined ? undefined : this.entries[slot];
  }

  /** Whether the table contains an entry. */
  has(entry: MemoryEntry): boolean {
    return this.entries[entry.slot] === entry;
  }

  /** The entry in a slot, which may be empty. */
  at(slot: number): MemoryEntry | undefined {
    return this.entries[slot];
  }

  keys(): IterableIterator<string> {
    return this.slots.keys();
  }

  /** Entries may be added and removed during the iteration. */
  *[Symbol.iterator](): Generator<MemoryEntry, void> {
    for (let slot = 1; slot < this.entries.length; slot++) {
      const entry = this.entries[slot];
      if (entry !== undefined) yield entry;
    }
  }

  /** Adds an entry, under whose key there must be none. */
  add(entry: MemoryEntry): void {
    const slot = this.free.pop() ?? this.entries.length;
    this.entries[slot] = entry;
    entry.slot = slot;
    this.slots.set(entry.key, slot);
  }

  /** Removes an entry that is there, and returns the index that is registered for it. */
  remove({ key, slot }: MemoryEntry): EntryIndex | undefined {
    this.slots.delete(key);
    const index = this.indexes.unregister(slot);
    if (this.slots.size === 0) {
      this.entries.length = 1;
      this.free.length = 0;
    } else {
      this.entries[slot] = undefined;
      this.free.push(slot);
    }
    return index;
  }

  /** See {@link IndexRegistry.register}. */
  registerIndex(entry: MemoryEntry, index: EntryIndex): boolean {
    return this.has(entry) && this.indexes.register(entry.slot, index);
  }

  /** Entries for which an index is registered. */
  countOf(index: EntryIndex): number {
    return this.indexes.countOf(index);
  }
}
