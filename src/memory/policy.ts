import type { MemoryEntry } from './entry.js';

/** Where a store has its entries. */
export interface EntryPlaces {
  /** The entry in a place; `undefined` where there is none. */
  at(place: number): MemoryEntry | undefined;
}

/**
 * Decides which entry gives way when the store is full. A policy belongs to one store, and may keep
 * what it needs to know of an entry by the entry's `place`.
 */
export interface EvictionPolicy {
  /** A new entry was stored. */
  add(entry: MemoryEntry): void;
  /** An entry was read. On the hot path. */
  touch(entry: MemoryEntry): void;
  /** An entry is about to leave the store; it still has its place. */
  remove(entry: MemoryEntry): void;
  /** The entry that should go first, without removing it; `undefined` when there is none. */
  victim(entries: EntryPlaces): MemoryEntry | undefined;
}

/** In place of a neighbour: what the ring begins and ends with. */
const END = 0;

/**
 * Least recently used goes first: a ring of places, linked both ways. Links between the entries
 * themselves would be twice as large, and each that is written is one that the garbage collector must
 * be told of.
 */
export class LruPolicy implements EvictionPolicy {
  /** By place, who was used next after it; for the end, the oldest. */
  private newer: Uint32Array = new Uint32Array(1);
  /** By place, who was used last before it; for the end, the newest. */
  private older: Uint32Array = new Uint32Array(1);

  add({ place }: MemoryEntry): void {
    if (place >= this.newer.length) this.grow(place);
    this.append(place);
  }

  touch({ place }: MemoryEntry): void {
    // The newest, or one that is not in the store any more.
    if (place === END || this.newer[place] === END) return;
    this.unlink(place);
    this.append(place);
  }

  remove({ place }: MemoryEntry): void {
    this.unlink(place);
  }

  victim(entries: EntryPlaces): MemoryEntry | undefined {
    return entries.at(this.newer[END] as number);
  }

  private append(place: number): void {
    const newest = this.older[END] as number;
    this.newer[newest] = place;
    this.older[place] = newest;
    this.newer[place] = END;
    this.older[END] = place;
  }

  private unlink(place: number): void {
    const newer = this.newer[place] as number;
    const older = this.older[place] as number;
    this.newer[older] = newer;
    this.older[newer] = older;
  }

  private grow(place: number): void {
    this.newer = resized(this.newer, place);
    this.older = resized(this.older, place);
  }
}

function resized(links: Uint32Array, place: number): Uint32Array {
  const larger = new Uint32Array(16 + Math.ceil(place * 1.125));
  larger.set(links);
  return larger;
}
