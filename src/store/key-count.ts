import type { Clock } from '../base/clock.js';
import type { SharedCount } from './coordinator.js';

/** How long a count is good for, at least. */
const FRESH_MS = 5000;
/** A count that takes long is made less often: a twentieth of the time at most. */
const REST = 20;
/** When a process asks again for what another has counted, or is counting. */
const ASK_AGAIN_MS = 1000;
/** How long one who asks waits for a count. */
const PATIENCE_MS = 200;

export interface KeyCountOptions {
  readonly clock: Clock;
  /** Walks over the keys; `undefined` when the store cannot be asked. */
  readonly count: () => Promise<number | undefined>;
  /** Runs a command on the place that all processes share; `undefined` when it failed. */
  readonly share: <T>(run: (shared: SharedCount) => Promise<T>) => Promise<T | undefined>;
}

/**
 * The number of keys in a store, which can only be had by walking over all of them: counted in the
 * background by one of the processes, kept for seconds, and never waited for for long.
 *
 * @internal
 */
export class KeyCount {
  private known: number | undefined;
  private goodUntil = -Infinity;
  private counting: Promise<void> | undefined;

  constructor(private readonly options: KeyCountOptions) {}

  /** The last count; `undefined` before there is one. */
  async get(): Promise<number | undefined> {
    const { clock } = this.options;
    if (clock.monotonic() < this.goodUntil) return this.known;
    this.counting ??= this.renew().finally(() => (this.counting = undefined));
    let stop: (() => void) | undefined;
    const patience = new Promise<void>((resolve) => {
      const timer = clock.setTimeout(resolve, PATIENCE_MS);
      stop = () => {
        clock.clearTimeout(timer);
      };
    });
    await Promise.race([this.counting, patience]);
    stop?.();
    return this.known;
  }

  private async renew(): Promise<void> {
    const { clock, count, share } = this.options;
    const start = clock.monotonic();
    const shared = await share((place) => place.take());
    if (shared !== undefined && shared !== 'mine') {
      if (shared !== 'taken') this.known = shared;
      this.goodUntil = clock.monotonic() + ASK_AGAIN_MS;
      return;
    }
    const counted = await count();
    this.known = counted ?? this.known;
    const end = clock.monotonic();
    const freshMs = Math.max(FRESH_MS, REST * (end - start));
    this.goodUntil = end + freshMs;
    if (counted !== undefined) await share((place) => place.publish(counted, freshMs));
  }
}
