import type { EntryOwner } from './entry.js';

const NO_OWNER = 0;
const MOST_OWNERS = 2 ** 16 - 1;

/**
 * The owner to notify when the entry in a place is removed. Owners are few and entries many: an entry costs
 * two bytes for its owner's number.
 *
 * @internal
 */
export class Owners {
  /** The owner's number, by place. */
  private numbers = new Uint16Array(0);
  private readonly known = new Map<EntryOwner, number>();
  /** Owner and claims, by number. An owner without claims is forgotten, and its number given again. */
  private readonly owners: (EntryOwner | undefined)[] = [undefined];
  private readonly claims: number[] = [0];
  private readonly free: number[] = [];

  /** Makes the owner that of a place, unless there is another; whether it is now. */
  claim(place: number, owner: EntryOwner): boolean {
    if (place >= this.numbers.length) this.grow(place);
    const current = this.numbers[place] ?? NO_OWNER;
    if (current !== NO_OWNER) return this.owners[current] === owner;
    const number = this.known.get(owner) ?? this.newNumber(owner);
    if (number === undefined) return false;
    this.numbers[place] = number;
    this.claims[number] = (this.claims[number] ?? 0) + 1;
    return true;
  }

  /** Ends the claim to a place, and says whose it was. */
  end(place: number): EntryOwner | undefined {
    const number = place < this.numbers.length ? (this.numbers[place] ?? NO_OWNER) : NO_OWNER;
    if (number === NO_OWNER) return undefined;
    this.numbers[place] = NO_OWNER;
    const owner = this.owners[number];
    const left = (this.claims[number] ?? 0) - 1;
    this.claims[number] = left;
    if (left === 0 && owner !== undefined) {
      this.known.delete(owner);
      this.owners[number] = undefined;
      this.free.push(number);
    }
    return owner;
  }

  /** Places that are claimed by an owner. */
  countOf(owner: EntryOwner): number {
    return this.claims[this.known.get(owner) ?? NO_OWNER] ?? 0;
  }

  private newNumber(owner: EntryOwner): number | undefined {
    const number = this.free.pop() ?? this.owners.length;
    if (number > MOST_OWNERS) return undefined;
    this.known.set(owner, number);
    this.owners[number] = owner;
    this.claims[number] = 0;
    return number;
  }

  private grow(place: number): void {
    const grown = new Uint16Array(16 + Math.ceil(place * 1.125));
    grown.set(this.numbers);
    this.numbers = grown;
  }
}
