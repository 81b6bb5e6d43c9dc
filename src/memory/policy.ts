import type { MemoryEntry } from './entry.js';

/**
 * Decides which entry gives way when the store is full. Entries are its nodes: a policy keeps its
 * order in their `newer` and `older` links.
 */
export interface EvictionPolicy {
  /** A new entry was stored. */
  add(entry: MemoryEntry): void;
  /** An entry was read. On the hot path. */
  touch(entry: MemoryEntry): void;
  /** An entry left the store. */
  remove(entry: MemoryEntry): void;
  /** The entry that should go first, without removing it; `undefined` when there is none. */
  victim(): MemoryEntry | undefined;
}

/** Least recently used goes first: a doubly linked list threaded through the entries. */
export class LruPolicy implements EvictionPolicy {
  private newest: MemoryEntry | undefined;
  private oldest: MemoryEntry | undefined;

  add(entry: MemoryEntry): void {
    entry.older = this.newest;
    entry.newer = undefined;
    if (this.newest !== undefined) this.newest.newer = entry;
    else this.oldest = entry;
    this.newest = entry;
  }

  touch(entry: MemoryEntry): void {
    // Not by `remove` and `add`: every hit comes here, and half of what they do would be undone.
    const { newer, older } = entry;
    if (newer === undefined) return;
    newer.older = older;
    if (older !== undefined) older.newer = newer;
    else this.oldest = newer;
    const newest = this.newest as MemoryEntry;
    entry.newer = undefined;
    entry.older = newest;
    newest.newer = entry;
    this.newest = entry;
  }

  remove(entry: MemoryEntry): void {
    const { newer, older } = entry;
    if (newer !== undefined) newer.older = older;
    else this.newest = older;
    if (older !== undefined) older.newer = newer;
    else this.oldest = newer;
    // A dropped entry that somebody still holds must not keep its neighbours alive.
    entry.newer = undefined;
    entry.older = undefined;
  }

  victim(): MemoryEntry | undefined {
    return this.oldest;
  }
}
