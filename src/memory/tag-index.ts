import type { MemoryEntry } from './entry.js';

const NONE: ReadonlySet<MemoryEntry> = new Set();

/**
 * Maps tags to entries, so that invalidating a tag drops its entries, and a hit need not check tags. It
 * contains only entries of the store, and is therefore bounded with it.
 *
 * @internal
 */
export class TagIndex {
  private readonly entries = new Map<string, Set<MemoryEntry>>();

  add(entry: MemoryEntry): void {
    for (const tag of entry.tags) {
      const members = this.entries.get(tag);
      if (members === undefined) this.entries.set(tag, new Set([entry]));
      else members.add(entry);
    }
  }

  remove(entry: MemoryEntry): void {
    for (const tag of entry.tags) {
      const members = this.entries.get(tag);
      members?.delete(entry);
      if (members?.size === 0) this.entries.delete(tag);
    }
  }

  of(tag: string): ReadonlySet<MemoryEntry> {
    return this.entries.get(tag) ?? NONE;
  }
}
