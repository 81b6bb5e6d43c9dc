/** Maximum number of keys per command, which saves most of the client's work. */
const MAX_KEYS = 128;
/**
 * Approximate maximum number of characters per command. With more, the first reader of a batch waits for the
 * last, and the texts outlive a collection of the young generation. Measured with values of 50 kB.
 */
const MAX_CHARS = 750_000;
/** Share of the latest value in the average. */
const WEIGHT = 1 / 16;

/**
 * Determines how many values to read with one command, from the size of recent values.
 *
 * @internal
 */
export class BatchSize {
  private average = 0;

  /** Maximum number of keys in the next batch. */
  get limit(): number {
    return this.average * MAX_KEYS <= MAX_CHARS
      ? MAX_KEYS
      : Math.max(1, Math.floor(MAX_CHARS / this.average));
  }

  /** Updates the average with a stored value; values other than strings are ignored. */
  record(stored: unknown): void {
    if (typeof stored === 'string') this.average += (stored.length - this.average) * WEIGHT;
  }
}
