import type { Clock } from '../base/time/clock.js';
import type { SharedCount } from './coordinator.js';
import { BACKGROUND, type StoreCall } from './resilience/store-call.js';

/** Minimum lifetime of a count. */
const FRESH_MS = 5000;
/** A count is kept for at least this many times its duration, so that slow counts are rare. */
const MIN_PAUSE_RATIO = 20;
/** How often a process reads the count of another process. */
const POLL_MS = 1000;
/** How long a caller waits for a count. */
const WAIT_TIMEOUT_MS = 200;

/**
 * The number of keys in a store. Counting iterates over all of them, so one process does it in the background
 * and shares the result for a few seconds. No caller waits for it for longer than 200 ms.
 *
 * @internal
 */
export class KeyCount {
  private known: number | undefined;
  private freshUntil = -Infinity;
  private counting: Promise<void> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly calls: StoreCall,
  ) {}

  /** The last count; `undefined` before there is one. */
  async get(): Promise<number | undefined> {
    const { clock } = this;
    if (clock.monotonic() < this.freshUntil) return this.known;
    this.counting ??= this.renew().finally(() => (this.counting = undefined));
    let stop: (() => void) | undefined;
    const timeout = new Promise<void>((resolve) => {
      const timer = clock.setTimeout(resolve, WAIT_TIMEOUT_MS);
      stop = () => {
        clock.clearTimeout(timer);
      };
    });
    await Promise.race([this.counting, timeout]);
    stop?.();
    return this.known;
  }

  private async renew(): Promise<void> {
    const { clock } = this;
    const start = clock.monotonic();
    const shared = await this.share((count) => count.claim());
    if (shared !== undefined && shared !== 'mine') {
      if (shared !== 'taken') this.known = shared;
      this.freshUntil = clock.monotonic() + POLL_MS;
      return;
    }
    const counted = await this.count();
    this.known = counted ?? this.known;
    const end = clock.monotonic();
    const freshMs = Math.max(FRESH_MS, MIN_PAUSE_RATIO * (end - start));
    this.freshUntil = end + freshMs;
    if (counted !== undefined) await this.share((count) => count.publish(counted, freshMs));
  }

  /** Counts the keys; `undefined` if the store does not reply. */
  private async count(): Promise<number | undefined> {
    const { calls } = this;
    const keys = calls.backend?.coordinator?.entries.count()[Symbol.asyncIterator]();
    if (keys === undefined || calls.isBreakerOpen) return undefined;
    let counted = 0;
    for (;;) {
      const step = await calls.attempt('count', () => keys.next(), BACKGROUND);
      if (step === undefined) return undefined;
      if (step.done === true) return counted;
      counted += step.value;
    }
  }

  /** Runs a command on the count that all processes share; `undefined` if it failed. */
  private share<T>(run: (shared: SharedCount) => Promise<T>): Promise<T | undefined> {
    return this.calls.coordinate('count', async ({ sharedCount }) =>
      sharedCount === undefined ? undefined : await run(sharedCount),
    );
  }
}
