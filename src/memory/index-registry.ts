import type { EntryIndex } from './entry.js';

const NO_INDEX = 0;
const MAX_INDEXES = 2 ** 16 - 1;

/**
 * The index to notify when the entry in a slot is removed. Indexes are few and entries many: an entry costs
 * two bytes for the number of its index.
 *
 * @internal
 */
export class IndexRegistry {
  /** The index's number, by slot. */
  private numbers = new Uint16Array(0);
  private readonly known = new Map<EntryIndex, number>();
  /** Indexes and their entries, by number. The number of an index without entries is used again. */
  private readonly indexes: (EntryIndex | undefined)[] = [undefined];
  private readonly counts: number[] = [0];
  private readonly free: number[] = [];

  /** Registers the index for a slot, unless another one is registered; returns whether it is now. */
  register(slot: number, index: EntryIndex): boolean {
    if (slot >= this.numbers.length) this.grow(slot);
    const current = this.numbers[slot] ?? NO_INDEX;
    if (current !== NO_INDEX) return this.indexes[current] === index;
    const number = this.known.get(index) ?? this.newNumber(index);
    if (number === undefined) return false;
    this.numbers[slot] = number;
    this.counts[number] = (this.counts[number] ?? 0) + 1;
    return true;
  }

  /** Ends the registration for a slot, and returns the index. */
  unregister(slot: number): EntryIndex | undefined {
    const number = slot < this.numbers.length ? (this.numbers[slot] ?? NO_INDEX) : NO_INDEX;
    if (number === NO_INDEX) return undefined;
    this.numbers[slot] = NO_INDEX;
    const index = this.indexes[number];
    const left = (this.counts[number] ?? 0) - 1;
    this.counts[number] = left;
    if (left === 0 && index !== undefined) {
      this.known.delete(index);
      this.indexes[number] = undefined;
      this.free.push(number);
    }
    return index;
  }

  /** Slots for which an index is registered. */
  countOf(index: EntryIndex): number {
    return this.counts[this.known.get(index) ?? NO_INDEX] ?? 0;
  }

  private newNumber(index: EntryIndex): number | undefined {
    const number = this.free.pop() ?? this.indexes.length;
    if (number > MAX_INDEXES) return undefined;
    this.known.set(index, number);
    this.indexes[number] = index;
    this.counts[number] = 0;
    return number;
  }

  private grow(slot: number): void {
    const grown = new Uint16Array(16 + Math.ceil(slot * 1.125));
    grown.set(this.numbers);
    this.numbers = grown;
  }
}
