/** Keys that are read together at most: enough to spare the client most of its work. */
const MAX_KEYS = 128;
/**
 * Characters that are read together, about: more makes the first reader of a batch wait for the
 * last, and its texts outlive a collection of the young ones. Measured with values of 50 kB.
 */
const MAX_CHARS = 750_000;
/** Share of the latest value in the average. */
const WEIGHT = 1 / 16;

/**
 * How many values are read together: as many as are worth it, by the size of those that came lately.
 *
 * @internal
 */
export class BatchSize {
  private average = 0;

  /** Keys of the next batch at most. */
  get limit(): number {
    return this.average * MAX_KEYS <= MAX_CHARS
      ? MAX_KEYS
      : Math.max(1, Math.floor(MAX_CHARS / this.average));
  }

  /** Learns from a value that was read; what is not a text has no size. */
  saw(stored: unknown): void {
    if (typeof stored === 'string') this.average += (stored.length - this.average) * WEIGHT;
  }
}
