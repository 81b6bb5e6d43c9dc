import type { EntryOwner, MemoryEntry } from './entry.js';
import { Owners } from './owners.js';

/**
 * The store's entries by key.
 *
 * A Map that changes much is rebuilt again and again, and V8 links each of its tables to the next:
 * once one of them has grown old, all that follow outlive it until the next full collection, with
 * everything that they lead to. The Map therefore leads to numbers, and the entries are in an array:
 * what is evicted young is collected young, which makes a write a sixth cheaper.
 *
 * @internal
 */
export class EntryTable implements Iterable<MemoryEntry> {
  private readonly places = new Map<string, number>();
  /** By place; the first place stays empty. */
  private readonly entries: (MemoryEntry | undefined)[] = [undefined];
  private readonly free: number[] = [];
  private readonly owners = new Owners();

  /** Entries held. */
  get size(): number {
    return this.places.size;
  }

  /** One more than the last place there is; places in between may be empty. */
  get extent(): number {
    return this.entries.length;
  }

  get(key: string): MemoryEntry | undefined {
    const place = this.places.get(key);
    return place === undefined ? undefined : this.entries[place];
  }

  /** Whether an entry is one of the table's. */
  has(entry: MemoryEntry): boolean {
    return this.entries[entry.place] === entry;
  }

  /** The entry in a place, which may be empty. */
  at(place: number): MemoryEntry | undefined {
    return this.entries[place];
  }

  keys(): IterableIterator<string> {
    return this.places.keys();
  }

  /** Entries may come and go meanwhile. */
  *[Symbol.iterator](): Generator<MemoryEntry, void> {
    for (let place = 1; place < this.entries.length; place++) {
      const entry = this.entries[place];
      if (entry !== undefined) yield entry;
    }
  }

  /** Adds an entry, under whose key there must be none. */
  add(entry: MemoryEntry): void {
    const place = this.free.pop() ?? this.entries.length;
    this.entries[place] = entry;
    entry.place = place;
    this.places.set(entry.key, place);
  }

  /** Removes an entry that is there, and says whose it was. */
  remove({ key, place }: MemoryEntry): EntryOwner | undefined {
    this.places.delete(key);
    const owner = this.owners.end(place);
    if (this.places.size === 0) {
      this.entries.length = 1;
      this.free.length = 0;
    } else {
      this.entries[place] = undefined;
      this.free.push(place);
    }
    return owner;
  }

  /** See {@link Owners.claim}. */
  claim(entry: MemoryEntry, owner: EntryOwner): boolean {
    return this.has(entry) && this.owners.claim(entry.place, owner);
  }

  /** Entries that are claimed by an owner. */
  countOf(owner: EntryOwner): number {
    return this.owners.countOf(owner);
  }
}
