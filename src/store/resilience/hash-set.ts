/** Minimum number of slots per hash: more shorten searches, fewer save memory. */
const SPARSENESS = 2;
const FIRST_CAPACITY = 1 << 12;

/**
 * Keys as 64-bit hashes, each with the number of its last addition: 12 bytes per slot, for keys of any
 * length. Two keys with the same hash, one in 10^19 pairs, count as the same.
 *
 * Open addressing with linear probing (D. Knuth, The Art of Computer Programming, vol. 3, §6.4).
 *
 * @internal
 */
export class HashSet {
  private high = new Uint32Array(FIRST_CAPACITY);
  private low = new Uint32Array(FIRST_CAPACITY);
  /** 0 for a free slot. */
  private numbers = new Uint32Array(FIRST_CAPACITY);
  private count = 0;

  get size(): number {
    return this.count;
  }

  add(key: string, number: number): void {
    if ((this.count + 1) * SPARSENESS > this.numbers.length) this.resize(this.numbers.length * 2);
    const { high, low } = hash(key);
    this.put(high, low, number);
  }

  has(key: string): boolean {
    if (this.count === 0) return false;
    const { high, low } = hash(key);
    return this.numbers[this.slotOf(high, low)] !== 0;
  }

  delete(key: string): void {
    if (this.count === 0) return;
    const { high, low } = hash(key);
    const slot = this.slotOf(high, low);
    if (this.numbers[slot] === 0) return;
    this.numbers[slot] = 0;
    this.count--;
    this.closeGap(slot);
  }

  /** Removes all keys that were last added with this number or a lower one. */
  deleteUpTo(last: number): void {
    const { high, low, numbers } = this;
    this.clear();
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] as number;
      if (number === 0 || number <= last) continue;
      if ((this.count + 1) * SPARSENESS > this.numbers.length) this.resize(this.numbers.length * 2);
      this.put(high[i] as number, low[i] as number, number);
    }
  }

  clear(): void {
    this.high = new Uint32Array(FIRST_CAPACITY);
    this.low = new Uint32Array(FIRST_CAPACITY);
    this.numbers = new Uint32Array(FIRST_CAPACITY);
    this.count = 0;
  }

  private put(high: number, low: number, number: number): void {
    const slot = this.slotOf(high, low);
    if (this.numbers[slot] === 0) this.count++;
    this.high[slot] = high;
    this.low[slot] = low;
    this.numbers[slot] = number;
  }

  /** The slot that has the hash, or the free slot for it. */
  private slotOf(high: number, low: number): number {
    const { numbers } = this;
    const mask = numbers.length - 1;
    let slot = low & mask;
    while (numbers[slot] !== 0 && (this.low[slot] !== low || this.high[slot] !== high)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Moves entries behind a freed slot forward, so that searches find them without it. */
  private closeGap(gap: number): void {
    const mask = this.numbers.length - 1;
    for (let slot = (gap + 1) & mask; this.numbers[slot] !== 0; slot = (slot + 1) & mask) {
      const number = this.numbers[slot] as number;
      this.numbers[slot] = 0;
      this.count--;
      this.put(this.high[slot] as number, this.low[slot] as number, number);
    }
  }

  private resize(capacity: number): void {
    const { high, low, numbers } = this;
    this.high = new Uint32Array(capacity);
    this.low = new Uint32Array(capacity);
    this.numbers = new Uint32Array(capacity);
    this.count = 0;
    for (let i = 0; i < numbers.length; i++) {
      if (numbers[i] !== 0) this.put(high[i] as number, low[i] as number, numbers[i] as number);
    }
  }
}

/** cyrb53's two halves (public domain), without the cut to 53 bits. */
function hash(key: string): { readonly high: number; readonly low: number } {
  let one = 0xdeadbeef;
  let two = 0x41c6ce57;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    one = Math.imul(one ^ code, 2654435761);
    two = Math.imul(two ^ code, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(two ^ (two >>> 13), 3266489909);
  two = Math.imul(two ^ (two >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return { high: two >>> 0, low: one >>> 0 };
}
