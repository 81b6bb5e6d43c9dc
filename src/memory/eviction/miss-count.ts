/** A power of two. */
const GROUPS = 16;

/**
 * Misses of a mini cache and what they cost. They are also counted by groups of keys, since one popular key
 * that expires again and again is many misses, but only one draw of the sample: the spread between the
 * groups shows how far off another sample might be.
 *
 * @internal
 */
export class MissCount {
  misses = 0;
  /** Their sum. */
  cost = 0;
  private readonly groups = new Float64Array(GROUPS);

  add(hash: number, cost: number): void {
    const { groups } = this;
    const group = hash & (GROUPS - 1);
    groups[group] = (groups[group] as number) + 1;
    this.misses++;
    this.cost += cost;
  }

  /** Lets earlier misses count half. */
  halve(): void {
    this.scale(0.5);
  }

  reset(): void {
    this.scale(0);
  }

  /**
   * Standard error, in misses, of the difference from another count of the same sample.
   *
   * @param expected - The multiple of the other's misses that is expected in each group.
   */
  errorFrom(other: MissCount, expected: number): number {
    const differences = this.groups.map((misses, i) => misses - expected * (other.groups[i] ?? 0));
    const mean = (this.misses - expected * other.misses) / GROUPS;
    const squares = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0);
    return Math.sqrt((squares * GROUPS) / (GROUPS - 1));
  }

  private scale(factor: number): void {
    this.misses *= factor;
    this.cost *= factor;
    for (const [i, misses] of this.groups.entries()) this.groups[i] = factor * misses;
  }
}
