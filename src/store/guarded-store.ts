import type { Clock, TimerHandle } from '../base/clock.js';
import { ConfigurationError, StoreError } from '../base/errors.js';
import type { StorePort } from './adapter.js';
import { CircuitBreaker, type BreakerSettings } from './breaker.js';
import { deadline } from './deadline.js';
import { PendingLog, type KeyMatcher } from './pending-log.js';

export interface GuardedStoreOptions {
  /** In front of every key in the store; callers and the log do without. */
  readonly prefix: string;
  readonly clock: Clock;
  /** How long one operation may take. */
  readonly timeoutMs: number;
  /** `undefined` for no breaker. */
  readonly breaker: BreakerSettings | undefined;
  /** Told of every failure; a caller never is. */
  readonly onError: (error: unknown) => void;
  /** Told when the store is given up (true) and when it is back (false). */
  readonly onChange: (isDown: boolean) => void;
}

/** Deletions under way at once. */
const DELETE_BATCH = 100;

/**
 * A store that nobody has to wait for: every operation is within a deadline, an outage opens a
 * circuit breaker, and what could not be removed meanwhile is removed when the store is back. Until
 * then nobody reads it, so that no invalidation is lost while the process lives.
 *
 * @internal
 */
export class GuardedStore {
  private readonly breaker: CircuitBreaker | undefined;
  private readonly log = new PendingLog();
  private replaying: Promise<boolean> | undefined;
  private retryTimer: TimerHandle = undefined;
  private closed = false;
  /** Failures so far, thrown or reported. */
  private failures = 0;

  constructor(
    private readonly port: StorePort,
    private readonly options: GuardedStoreOptions,
  ) {
    const { breaker, clock, onChange } = options;
    this.breaker = breaker && new CircuitBreaker(breaker, clock, () => this.probe(), onChange);
  }

  /** Whether the store is given up for now. */
  get isDown(): boolean {
    return this.breaker?.isOpen === true;
  }

  /** Keys and patterns that are out of date in the store. */
  get pending(): number {
    return this.log.size;
  }

  /** What is stored under the keys; `undefined` where there is nothing, or nothing to be had. */
  async read(keys: readonly string[]): Promise<readonly unknown[]> {
    if (this.isDown) return [];
    const { port } = this;
    const full = keys.map((key) => this.options.prefix + key);
    const [only] = full;
    const answer =
      full.length === 1 && only !== undefined
        ? await this.attempt('get', async () => [await port.get(only)])
        : await this.attempt('getMany', () => port.getMany(full));
    // An adapter may answer anything.
    if (!isList(answer)) return [];
    if (this.log.size === 0) return answer;
    return answer.map((value: unknown, i) => (this.log.covers(keys[i] ?? '') ? undefined : value));
  }

  /** Stores a text; answers whether the store acknowledged it. */
  async write(key: string, text: string, ttlMs: number): Promise<boolean> {
    const done = await this.attempt('set', async () => {
      await this.port.set(this.options.prefix + key, text, ttlMs);
      return true;
    });
    if (done === true) this.log.removeKey(key);
    // Whether it arrived or not: what is there now may be older than what it was to replace.
    else this.postpone(key);
    return done === true;
  }

  /** Removes a key; `undefined` when the store did not say whether it was there. */
  async remove(key: string): Promise<boolean | undefined> {
    const there = await this.attempt('delete', () => this.port.delete(this.options.prefix + key));
    if (there === undefined) this.postpone(key);
    else this.log.removeKey(key);
    return there;
  }

  /**
   * Removes every key that one of the matchers matches.
   *
   * @returns How many there were, as far as the store could be asked.
   * @throws ConfigurationError when the store cannot list its keys.
   */
  async removeMatching(matchers: readonly KeyMatcher[]): Promise<number> {
    if (this.port.keys(this.options.prefix) === undefined) {
      throw new ConfigurationError(
        'clear: the store cannot list its keys (it has no iterator), so that no pattern can be ' +
          'cleared in it. Use delete, tags, or a store with an iterator.',
      );
    }
    const count = { removed: 0 };
    const done = !this.isDown && (await this.removeListed(matchers, count, 'aloud'));
    if (!done) {
      this.log.addMatchers(matchers);
      this.replaySoon();
    }
    return count.removed;
  }

  /** Tries the store again at once: it said that it is back. */
  hurry(): void {
    this.breaker?.hurry();
    this.replaySoon();
  }

  /** Ends all probing and retrying. */
  close(): void {
    this.closed = true;
    this.breaker?.stop();
    this.options.clock.clearTimeout(this.retryTimer);
  }

  /** An `error` event of the store, which may belong to any operation or none. */
  reported(cause: unknown): void {
    if (this.isDown || this.replaying !== undefined) this.count(cause);
    else this.failed('event', cause);
  }

  /** Tells of a failure, and counts it if it says that the store is away. */
  private failed(operation: string, cause: unknown): void {
    this.options.onError(toStoreError(operation, cause));
    this.count(cause);
  }

  private count(cause: unknown): void {
    this.failures++;
    if (isOutage(cause)) this.breaker?.failed();
    else this.breaker?.succeeded();
  }

  private postpone(key: string): void {
    this.log.addKey(key);
    this.replaySoon();
  }

  /** One operation within its deadline, unless the store is given up; its failure stays here. */
  private async attempt<T>(operation: string, run: () => Promise<T>): Promise<T | undefined> {
    return this.isDown ? undefined : await this.forced(operation, run);
  }

  private async forced<T>(
    operation: string,
    run: () => Promise<T>,
    telling: Telling = 'aloud',
  ): Promise<T | undefined> {
    const { timeoutMs, clock } = this.options;
    const before = this.failures;
    try {
      const result = await deadline(run(), timeoutMs, clock, operation);
      // `Keyv` reports a failure as an event, and answers as though nothing had happened.
      if (this.failures !== before) return undefined;
      this.breaker?.succeeded();
      return result;
    } catch (error) {
      if (telling === 'aloud') this.failed(operation, error);
      else this.count(error);
      return undefined;
    }
  }

  /** The breaker's question: what is out of date goes first, so that nobody reads it afterwards. */
  private async probe(): Promise<boolean> {
    if (this.log.size > 0) return await this.replay();
    const key = `${this.options.prefix}#probe`;
    const answer = await this.forced('get', async () => [await this.port.get(key)], 'quietly');
    return answer !== undefined;
  }

  private replaySoon(): void {
    if (this.isDown || this.closed || this.log.size === 0 || this.replaying !== undefined) return;
    void this.replay().then((done) => {
      if (done || this.isDown || this.closed) return;
      const { clock, breaker } = this.options;
      this.retryTimer = clock.setTimeout(() => {
        this.replaySoon();
      }, breaker?.probeAfterMs ?? RETRY_MS);
    });
  }

  /** Removes what is in the log until nothing is left; answers false at the first failure. */
  private replay(): Promise<boolean> {
    this.replaying ??= this.replayAll().finally(() => (this.replaying = undefined));
    return this.replaying;
  }

  private async replayAll(): Promise<boolean> {
    while (this.log.size > 0) {
      const work = this.log.snapshot();
      for (let i = 0; i < work.keys.length; i += DELETE_BATCH) {
        const keys = work.keys.slice(i, i + DELETE_BATCH);
        if (!(await this.removeAll(keys, { removed: 0 }, 'quietly'))) return false;
      }
      const { matchers } = work;
      const done =
        matchers.length === 0 || (await this.removeListed(matchers, { removed: 0 }, 'quietly'));
      if (!done) return false;
      this.log.settle(work);
    }
    return true;
  }

  /** Lists the store's keys and removes those that match; answers whether all of it succeeded. */
  private async removeListed(
    matchers: readonly KeyMatcher[],
    count: { removed: number },
    telling: Telling,
  ): Promise<boolean> {
    const { prefix } = this.options;
    const keys = this.port.keys(prefix)?.[Symbol.asyncIterator]();
    if (keys === undefined) return true;
    let batch: string[] = [];
    for (;;) {
      // Step by step, since a large store may rightly take longer than a time-out altogether.
      const step = await this.forced('iterator', () => keys.next(), telling);
      if (step === undefined) {
        await this.removeAll(batch, count, telling);
        return false;
      }
      if (step.done === true) return await this.removeAll(batch, count, telling);
      const key = step.value.slice(prefix.length);
      if (!step.value.startsWith(prefix) || !matchers.some((one) => one.matches(key))) continue;
      batch.push(key);
      if (batch.length < DELETE_BATCH) continue;
      if (!(await this.removeAll(batch, count, telling))) return false;
      batch = [];
    }
  }

  private async removeAll(
    keys: readonly string[],
    count: { removed: number },
    telling: Telling,
  ): Promise<boolean> {
    const { prefix } = this.options;
    const answers = await Promise.all(
      keys.map((key) => this.forced('delete', () => this.port.delete(prefix + key), telling)),
    );
    count.removed += answers.filter((there) => there === true).length;
    return !answers.includes(undefined);
  }
}

/** What is tried again in the background has been reported once, and need not be again. */
type Telling = 'aloud' | 'quietly';

const RETRY_MS = 1000;

/** Answers of a Redis that lives, but says no to this one command. */
const REFUSALS = /^(?:OOM|WRONGTYPE|NOPERM|NOSCRIPT|ERR)\b/;

function isOutage(cause: unknown): boolean {
  return !(cause instanceof Error && REFUSALS.test(cause.message));
}

function toStoreError(operation: string, cause: unknown): StoreError {
  return cause instanceof StoreError
    ? cause
    : new StoreError(operation, `The store failed on ${operation}.`, { cause });
}

function isList(answer: unknown): answer is readonly unknown[] {
  return Array.isArray(answer);
}
