import type { Clock } from '../base/clock.js';

/** How long a count is good for, at least. */
const FRESH_MS = 5000;
/** A count that takes long is made less often: a twentieth of the time at most. */
const REST = 20;
/** How long one who asks waits for a count. */
const PATIENCE_MS = 200;

/**
 * The number of keys in a store, which can only be had by walking over all of them: counted in the
 * background, kept for seconds, and never waited for for long.
 *
 * @internal
 */
export class KeyCount {
  private known: number | undefined;
  private goodUntil = -Infinity;
  private counting: Promise<void> | undefined;

  /** @param count - Walks over the keys; `undefined` when the store cannot be asked. */
  constructor(
    private readonly clock: Clock,
    private readonly count: () => Promise<number | undefined>,
  ) {}

  /** The last count; `undefined` before there is one. */
  async get(): Promise<number | undefined> {
    if (this.clock.monotonic() < this.goodUntil) return this.known;
    this.counting ??= this.renew().finally(() => (this.counting = undefined));
    let stop: (() => void) | undefined;
    const patience = new Promise<void>((resolve) => {
      const timer = this.clock.setTimeout(resolve, PATIENCE_MS);
      stop = () => {
        this.clock.clearTimeout(timer);
      };
    });
    await Promise.race([this.counting, patience]);
    stop?.();
    return this.known;
  }

  private async renew(): Promise<void> {
    const start = this.clock.monotonic();
    this.known = (await this.count()) ?? this.known;
    const end = this.clock.monotonic();
    this.goodUntil = end + Math.max(FRESH_MS, REST * (end - start));
  }
}
