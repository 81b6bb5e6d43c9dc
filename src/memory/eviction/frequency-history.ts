/** Bytes for each entry that the store holds, at least; at most twice as many. */
const CELLS_PER_ENTRY = 14;
const MIN_CELLS = 256;

/**
 * How often keys were read that have left the store, as the smaller of two bytes: a sketch that
 * overestimates when both collide (after the count-min sketch of Cormode and Muthukrishnan, 2005).
 *
 * @internal
 */
export class FrequencyHistory {
  private cells = new Uint8Array(MIN_CELLS);
  /** The cell from which ageing continues. */
  private hand = 0;

  /** Makes room for a number of entries. */
  ensure(entries: number): void {
    if (this.cells.length >= CELLS_PER_ENTRY * entries) return;
    const { cells } = this;
    // One more bit of the hash counts: each cell stands for two of the new ones.
    this.cells = new Uint8Array(2 * cells.length);
    this.cells.set(cells);
    this.cells.set(cells, cells.length);
  }

  of(hash: number): number {
    const { cells } = this;
    const one = cells[hash & (cells.length - 1)] as number;
    const other = cells[otherCell(hash) & (cells.length - 1)] as number;
    return one < other ? one : other;
  }

  /** Notes a frequency, unless a higher one is there. */
  raise(hash: number, frequency: number): void {
    const { cells } = this;
    const one = hash & (cells.length - 1);
    const other = otherCell(hash) & (cells.length - 1);
    if ((cells[one] as number) < frequency) cells[one] = frequency;
    if ((cells[other] as number) < frequency) cells[other] = frequency;
  }

  /** Halves the next cells: the given share of all. */
  age(share: number): void {
    const { cells, hand } = this;
    const end = hand + share * cells.length;
    for (let i = Math.floor(hand); i < Math.floor(end); i++) {
      const at = i & (cells.length - 1);
      cells[at] = (cells[at] as number) >> 1;
    }
    this.hand = end % cells.length;
  }
}

/** The hash with its halves exchanged. */
function otherCell(hash: number): number {
  return (hash >>> 16) | (hash << 16);
}
