/** Minimum cost in ms: differences below it are noise. */
const MIN_COST = 0.1;
/** Each twice as wide as the one before; the last begins after 100 days. */
const BUCKETS = 37;
const COSTS_PER_UPDATE = 16;
/** Costs after which earlier ones count half. */
const MAX_COSTS = 16_384;
const HIGH_QUANTILE = 0.99;
/** Maximum cost, as a multiple of the high quantile. */
const LIMIT = 8;

/**
 * The cost of misses: the median of those that were measured stands for those that were not, and a
 * cost far above nearly all others is limited, so that the loads of an outage do not fill the store.
 *
 * @internal
 */
export class CostScale {
  private readonly counts = new Float64Array(BUCKETS);
  private total = 0;
  private sinceUpdate = 0;
  private median = 1;
  private limit = Infinity;

  /** Whether any cost has been measured. */
  get isKnown(): boolean {
    return this.total > 0;
  }

  /** @param cost - In ms; `undefined` when it is not known. */
  of(cost: number | undefined): number {
    if (cost === undefined || !(cost >= 0)) return this.median;
    const known = Math.max(MIN_COST, cost);
    const bucket = Math.min(BUCKETS - 1, Math.floor(Math.log2(known / MIN_COST)));
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.total++;
    if (++this.sinceUpdate >= Math.min(COSTS_PER_UPDATE, this.total)) this.update();
    return Math.min(known, this.limit);
  }

  private update(): void {
    this.sinceUpdate = 0;
    this.median = Math.SQRT1_2 * this.quantile(0.5);
    this.limit = LIMIT * this.quantile(HIGH_QUANTILE);
    if (this.total < MAX_COSTS) return;
    for (let i = 0; i < BUCKETS; i++) this.counts[i] = (this.counts[i] as number) / 2;
    this.total /= 2;
  }

  /** Upper bound of the bucket that a share of the costs does not exceed. */
  private quantile(share: number): number {
    let bucket = 0;
    let sum = this.counts[0] as number;
    while (sum < share * this.total) sum += this.counts[++bucket] as number;
    return MIN_COST * 2 ** (bucket + 1);
  }
}
