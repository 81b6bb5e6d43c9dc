import { LIMITS } from '../base/defaults.js';
import { ConfigurationError } from '../base/errors.js';
import type { StorePort } from './adapter.js';
import type { Backend } from './backend.js';
import { Coordination } from './coordination.js';
import type { Coordinator, KeyPattern, SetOutcome, StoredText } from './coordinator.js';
import type { Lane } from './dispatcher.js';
import { Eraser } from './eraser.js';
import { Guard, WRITE, type GuardOptions } from './guard.js';
import { Passes } from './passes.js';
import { Repairs } from './repairs.js';
import type { OwnDelay } from './shared-tier.js';

export interface GuardedStoreOptions extends GuardOptions {
  /** In front of every key in the store; callers and the log do without. */
  readonly prefix: string;
}

const RETRY_MS = 1000;

/**
 * A store that keeps no call waiting: see {@link Guard} for what happens when it fails. Keys that could
 * not be removed meanwhile are removed when the store is back; until then they are not read, so that
 * no invalidation is lost while the process lives.
 *
 * @internal
 */
export class GuardedStore {
  private readonly guard: Guard;
  /** Leases, tag versions, snapshots: only with a coordinator. */
  readonly coordination: Coordination;
  private readonly eraser: Eraser;
  private readonly passes: Passes;
  private readonly repairs: Repairs;

  constructor(
    backend: Backend | Promise<Backend>,
    private readonly options: GuardedStoreOptions,
  ) {
    const onChange = (isDown: boolean): void => {
      options.onChange(isDown);
      // Invalidations that were logged while the probe was under way remain to be replayed.
      if (!isDown) this.repairs.recovery.soon();
    };
    this.guard = new Guard(backend, { ...options, onChange }, () => this.probe());
    const storeNow = (): number => options.clock.now() + (this.coordinator?.clockOffsetMs ?? 0);
    this.eraser = new Eraser(this.guard, options.prefix, storeNow);
    this.passes = new Passes((groups) => this.eraser.eraseMatching(groups, 'aloud'));
    this.repairs = new Repairs({
      canList: () => this.canList,
      clock: options.clock,
      retryMs: options.breaker?.probeAfterMs ?? RETRY_MS,
      guard: this.guard,
      eraser: this.eraser,
    });
    this.coordination = new Coordination(this.guard, this.repairs, options.timeoutMs);
  }

  /** Whether the store is given up for now. */
  get isDown(): boolean {
    return this.guard.isDown;
  }

  get breakerState(): 'closed' | 'open' | 'half-open' {
    return this.guard.state;
  }

  get ownDelay(): OwnDelay {
    return this.guard.ownDelay;
  }

  noteBlocked(ms: number): void {
    this.guard.noteBlocked(ms);
  }

  /** Keys, tags and patterns that are out of date in the store. */
  get pending(): number {
    return this.repairs.log.size;
  }

  /** Whether the store is known to remember everything that it has acknowledged. */
  get isCurrent(): boolean {
    return this.repairs.isCurrent;
  }

  /** See {@link Repairs.catchUp}. */
  async catchUp(): Promise<void> {
    await this.repairs.catchUp();
  }

  /** Whether what the store has under the key, or with the tags, must not be served. */
  covers(key: string, tags: readonly string[]): boolean {
    return this.repairs.covers(key, tags);
  }

  /** The operations beyond Keyv's contract, once the store is there. */
  get coordinator(): Coordinator | undefined {
    return this.guard.backend?.coordinator;
  }

  /** The texts stored under the keys; `undefined` where there is none, or it cannot be read. */
  async read(keys: readonly string[], lane: Lane = 'single'): Promise<readonly unknown[]> {
    if (this.isDown) return [];
    const full = keys.map((key) => this.options.prefix + key);
    const answer = await this.repairs.send(
      full.length === 1 ? 'get' : 'getMany',
      (backend) => fetchAll(backend, full),
      this.options.timeoutMs,
      { weight: full.length, lane },
    );
    // An adapter may answer anything.
    if (!isList(answer)) return [];
    const { log } = this.repairs;
    if (log.size === 0) return answer;
    return answer.map((value: unknown, i) => (log.covers(keys[i] ?? '') ? undefined : value));
  }

  /**
   * Stores a text; answers whether the store acknowledged it.
   *
   * @param text - Asked for when the store is there.
   */
  async write(
    key: string,
    text: () => string,
    ttlMs: number,
    budgetMs = this.options.timeoutMs,
  ): Promise<boolean> {
    const done = await this.repairs.send(
      'set',
      async ({ port, coordinator }, leftMs) => {
        if (coordinator === undefined) await port.set(this.options.prefix + key, text(), ttlMs);
        else await coordinator.set(key, text(), ttlMs, leftMs);
        return true;
      },
      budgetMs,
      WRITE,
    );
    // Whether it arrived or not: what is there now may be older than what it was to replace.
    if (done === true) this.repairs.keysDone([key]);
    else this.repairs.keysFailed([key]);
    return done === true;
  }

  /** Removes a key; `undefined` when the store did not say whether it was there. */
  async remove(key: string, budgetMs = this.options.timeoutMs): Promise<boolean | undefined> {
    const there = await this.guard.attempt(
      'delete',
      (backend) => this.eraser.erase(backend, [key]),
      budgetMs,
      WRITE,
    );
    if (there === undefined) this.repairs.keysFailed([key]);
    else this.repairs.keysDone([key]);
    return there?.[0];
  }

  /**
   * Stores several texts in one command where the store can do that.
   *
   * @param texts - Called when the store is there.
   * @returns How many the store acknowledged, from the first on; `undefined` when it did not reply or
   * was not asked. Unacknowledged keys are out of date there.
   */
  async writeMany(
    keys: readonly string[],
    texts: () => readonly StoredText[],
    budgetMs: number,
    lane: Lane,
  ): Promise<number | undefined> {
    const stored = await this.repairs.send(
      'set',
      async ({ port, coordinator }, leftMs) => {
        const outcome =
          coordinator === undefined
            ? await setEach(port, this.options.prefix, texts())
            : await coordinator.setMany(texts(), leftMs);
        if (outcome.error === undefined) return outcome.stored;
        if (outcome.stored === 0) throw outcome.error;
        this.guard.failed('set', outcome.error);
        return outcome.stored;
      },
      budgetMs,
      { weight: keys.length, lane },
    );
    this.repairs.keysDone(keys.slice(0, stored ?? 0));
    this.repairs.keysFailed(keys.slice(stored ?? 0));
    return stored;
  }

  /**
   * Removes several keys.
   *
   * @returns For each whether there was a fresh entry; `undefined` when the store did not say.
   */
  async removeMany(
    keys: readonly string[],
    budgetMs = this.options.timeoutMs,
    lane: Lane = 'write',
  ): Promise<readonly boolean[] | undefined> {
    const there = await this.guard.attempt(
      'delete',
      (backend) => this.eraser.erase(backend, keys),
      budgetMs,
      { weight: keys.length, lane },
    );
    if (there === undefined) this.repairs.keysFailed(keys);
    else this.repairs.keysDone(keys);
    return there;
  }

  /** Notes that what the store has under the keys is out of date. */
  postponeAll(keys: readonly string[]): void {
    this.repairs.keysFailed(keys);
  }

  /**
   * Removes every key that one of the patterns matches.
   *
   * @returns How many there were, as far as the store could be asked.
   * @throws ConfigurationError when the store cannot list its keys.
   */
  async removeMatching(patterns: readonly KeyPattern[]): Promise<number> {
    if (!this.canList) {
      throw new ConfigurationError(
        'clear: the store cannot list its keys (it has no iterator), so that no pattern can be ' +
          'cleared in it. Use delete, tags, or a store with an iterator.',
      );
    }
    const { count, isDone } = this.isDown
      ? { count: 0, isDone: false }
      : await this.passes.remove(patterns);
    if (isDone) this.repairs.patternsDone(patterns);
    else this.repairs.patternsFailed(patterns);
    return count;
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    for (let i = 0; i < tags.length; i += LIMITS.tagsPerCommand) {
      const some = tags.slice(i, i + LIMITS.tagsPerCommand);
      const done = await this.coordination.run(
        'tags',
        async (to) => {
          await to.invalidateTags(some);
          return true;
        },
        WRITE,
      );
      if (done !== true) {
        this.repairs.tagsFailed(tags.slice(i));
        return;
      }
      this.repairs.tagsDone(some);
    }
  }

  /** How many keys the namespace has; `undefined` when that cannot be found out. */
  async count(): Promise<number | undefined> {
    const keys = this.coordinator?.count()[Symbol.asyncIterator]();
    if (keys === undefined || this.isDown) return undefined;
    let counted = 0;
    for (;;) {
      const step = await this.guard.force('count', () => keys.next(), 'quietly');
      if (step === undefined) return undefined;
      if (step.done === true) return counted;
      counted += step.value;
    }
  }

  /** Tries the store again at once: it said that it is back. */
  hurry(): void {
    this.guard.hurry();
    this.repairs.recovery.soon();
  }

  /** An `error` event of the store, which may belong to any operation or none. */
  reported(cause: unknown): void {
    this.guard.reported(cause, this.repairs.recovery.isRunning ? 'quietly' : 'aloud');
  }

  /** Removes what is logged, if the store can be asked. Never rejects. */
  async flush(): Promise<void> {
    if (this.pending > 0) await this.repairs.recovery.run();
  }

  /** Ends all probing and retrying, and what was opened for the cache. */
  async close(): Promise<void> {
    this.repairs.stop();
    await this.guard.close();
  }

  /** Whether the store can list its keys, as far as is known. */
  private get canList(): boolean {
    const { backend } = this.guard;
    return (
      backend?.coordinator !== undefined ||
      backend?.port.entries(this.options.prefix) !== undefined ||
      backend === undefined
    );
  }

  /**
   * Whether the breaker may close: what is out of date is removed first. A store that refuses that,
   * as a replica does, can still be read; what is logged stays covered.
   */
  private async probe(): Promise<boolean> {
    if (this.pending > 0 && (await this.repairs.recovery.run())) return true;
    const key = `${this.options.prefix}#probe`;
    const answer = await this.guard.force(
      'get',
      async ({ port }) => [await port.get(key)],
      'quietly',
    );
    return answer !== undefined;
  }
}

/** For stores that have no command for many. */
async function setEach(
  port: StorePort,
  prefix: string,
  texts: readonly StoredText[],
): Promise<SetOutcome> {
  const outcomes = await Promise.allSettled(
    texts.map(({ key, text, ttlMs }) => port.set(prefix + key, text, ttlMs)),
  );
  const failedAt = outcomes.findIndex(({ status }) => status === 'rejected');
  if (failedAt < 0) return { stored: texts.length, error: undefined };
  const reason: unknown = (outcomes[failedAt] as PromiseRejectedResult).reason;
  const error = reason instanceof Error ? reason : new Error(String(reason));
  return { stored: failedAt, error };
}

function fetchAll(
  { port, coordinator }: Backend,
  keys: readonly string[],
): Promise<readonly unknown[]> {
  const [only] = keys;
  // A store that coordinates reads one key as it reads many; others may know a shorter way.
  if (coordinator !== undefined || keys.length > 1 || only === undefined) {
    return port.getMany(keys);
  }
  return port.get(only).then((value) => [value]);
}

function isList(answer: unknown): answer is readonly unknown[] {
  return Array.isArray(answer);
}
