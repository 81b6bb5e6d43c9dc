import type { Clock } from '../base/clock.js';
import { StoreError } from '../base/errors.js';
import type { Backend } from './backend.js';
import { CircuitBreaker, type BreakerSettings } from './breaker.js';
import { Deadlines, timedOut } from './deadlines.js';
import { Dispatcher, type Load } from './dispatcher.js';
import type { OwnDelay } from './shared-tier.js';

export interface GuardOptions {
  readonly clock: Clock;
  /** How long one operation may take, unless its caller has less time left. */
  readonly timeoutMs: number;
  /** `undefined` for no breaker. */
  readonly breaker: BreakerSettings | undefined;
  /** Told of every failure; a caller never is. */
  readonly onError: (error: unknown) => void;
  /** Told when the store is given up (true) and when it is back (false). */
  readonly onChange: (isDown: boolean) => void;
}

const ONE: Load = { weight: 1, lane: 'single' };
/** A command that ends or keeps a lease. */
export const FINISH: Load = { weight: 1, lane: 'finish' };
/** A command that replaces or removes a value. */
export const WRITE: Load = { weight: 1, lane: 'write' };

/**
 * Sends a command to the store.
 *
 * @param leftMs - Returns what is left of the command's budget, in milliseconds, and throws a
 * StoreError when that is nothing: to be called after waiting, so that no command is sent whose
 * caller has been given a result already.
 */
export type Send<T> = (backend: Backend, leftMs: () => number) => Promise<T>;

/** `quietly`: operations that are retried in the background have been reported once already. */
export type Telling = 'aloud' | 'quietly';

/**
 * Keeps a store's failures from its callers: every operation is within a deadline, fails without
 * an exception, and is not tried at all while a circuit breaker is open.
 *
 * @internal
 */
export class Guard {
  private readonly breaker: CircuitBreaker | undefined;
  private readonly opening: Promise<Backend> | undefined;
  private readonly deadlines: Deadlines;
  private readonly dispatcher: Dispatcher;
  private opened: Backend | undefined;
  /** Failures so far that were events: they may belong to any operation under way. */
  private events = 0;
  /** Operations that were reported as refused, and have not succeeded since. */
  private readonly refused = new Set<string>();

  /**
   * @param backend - The store, or a promise of it; operations wait for it within their deadlines.
   * @param probe - Whether the store is usable again, while the breaker is open. Never rejects.
   */
  constructor(
    backend: Backend | Promise<Backend>,
    private readonly options: GuardOptions,
    probe: () => Promise<boolean>,
  ) {
    const { breaker, clock, timeoutMs, onChange, onError } = options;
    this.deadlines = new Deadlines(clock, timeoutMs, () => {
      this.dispatcher.look();
      return this.dispatcher.waiting > 0;
    });
    this.dispatcher = new Dispatcher({
      now: () => this.deadlines.now(),
      timeoutMs,
      onPassed: (waiting) => {
        const message = `The store is behind: ${String(waiting)} commands wait, others go past it.`;
        onError(new StoreError('dispatch', message));
      },
    });
    const changed = (isDown: boolean): void => {
      if (isDown) this.dispatcher.passAll();
      onChange(isDown);
    };
    this.breaker = breaker && new CircuitBreaker(breaker, clock, probe, changed);
    if (!(backend instanceof Promise)) {
      this.opened = backend;
      return;
    }
    this.opening = backend;
    backend.then(
      (opened) => (this.opened = opened),
      // Those that wait for it get the error.
      () => undefined,
    );
  }

  /** Whether the store is given up for now. */
  get isDown(): boolean {
    return this.breaker?.isOpen === true;
  }

  /** How the breaker stands; `closed` without one. */
  get state(): 'closed' | 'open' | 'half-open' {
    return this.breaker?.state ?? 'closed';
  }

  /** The store, if it is there already. */
  get backend(): Backend | undefined {
    return this.opened;
  }

  /** See {@link OwnDelay}. */
  get ownDelay(): OwnDelay {
    return { blockedMs: this.deadlines.lostMs, queuedMs: this.dispatcher.queuedMs };
  }

  noteBlocked(ms: number): void {
    this.deadlines.noteBlocked(ms);
  }

  /**
   * One operation; `undefined` if it failed, or was not sent: the store is given up, no time is left,
   * or too much waits for it already.
   *
   * @param send - Called when the command is to be sent; not at all when it is not.
   * @param budgetMs - How long the store may take from then on.
   */
  attempt<T>(
    operation: string,
    send: Send<T>,
    budgetMs: number = this.options.timeoutMs,
    load: Load = ONE,
  ): Promise<T | undefined> {
    if (this.isDown || budgetMs <= 0) return Promise.resolve(undefined);
    return this.force(operation, send, 'aloud', budgetMs, load);
  }

  /** The same, given up or not. */
  async force<T>(
    operation: string,
    send: Send<T>,
    telling: Telling = 'aloud',
    budgetMs: number = this.options.timeoutMs,
    load: Load = ONE,
  ): Promise<T | undefined> {
    const { dispatcher } = this;
    const room = dispatcher.enter(load);
    if (room !== true) {
      if (room === false || !(await room)) return undefined;
      if (telling === 'aloud' && this.isDown) {
        dispatcher.leave(load, undefined, false);
        return undefined;
      }
    }
    const sentAt = dispatcher.sentAt();
    const before = this.events;
    const until = this.deadlines.now() + budgetMs;
    const leftMs = (): number => {
      const ms = until - this.deadlines.now();
      if (ms <= 0) throw timedOut(operation, budgetMs);
      return ms;
    };
    let hasReplied = true;
    try {
      const { opened } = this;
      const work = opened === undefined ? this.once(send, leftMs) : send(opened, leftMs);
      const result = await this.deadlines.run(work, budgetMs, operation);
      // `Keyv` reports a failure as an event, and answers as though nothing had happened.
      if (this.events !== before && this.opened?.coordinator === undefined) return undefined;
      this.breaker?.succeeded();
      if (this.refused.size > 0) this.refused.delete(operation);
      return result;
    } catch (error) {
      hasReplied = !isTimeout(error, operation);
      // A caller who had no time left says nothing about the store.
      if (budgetMs < this.options.timeoutMs / 2 && isTimeout(error, operation)) return undefined;
      // Given up by now: what was under way then fails as well, and that is no news.
      const isNews = telling === 'aloud' && !(this.isDown && isOutage(error));
      if (isNews) this.failed(operation, error);
      else this.count(error);
      return undefined;
    } finally {
      dispatcher.leave(load, sentAt, hasReplied);
    }
  }

  /** An `error` event of the store, which may belong to any operation or none. */
  reported(cause: unknown, telling: Telling): void {
    this.events++;
    if (telling === 'quietly' || this.isDown) this.count(cause);
    else this.failed('event', cause);
  }

  /** Reports a failure of an operation, or of a part of it, and counts it if the store is away. */
  failed(operation: string, cause: unknown): void {
    if (!this.isRepeated(operation, cause)) this.options.onError(toStoreError(operation, cause));
    this.count(cause);
  }

  /** The store, once it is there. */
  async whenOpen(): Promise<Backend> {
    return this.opened ?? (await (this.opening as Promise<Backend>));
  }

  /** Tries the store again at once: it said that it is back. */
  hurry(): void {
    this.breaker?.hurry();
  }

  /** Ends all probing, and what was opened for the cache. */
  async close(): Promise<void> {
    this.breaker?.stop();
    try {
      await (await (this.opening ?? this.opened))?.close();
    } catch {
      // It has never been open, or is gone.
    }
  }

  private async once<T>(send: Send<T>, leftMs: () => number): Promise<T> {
    const backend = await this.whenOpen();
    leftMs();
    return await send(backend, leftMs);
  }

  /** A store that takes no writes refuses each: one report an operation, until it succeeds again. */
  private isRepeated(operation: string, cause: unknown): boolean {
    if (!(cause instanceof Error && REFUSED_WRITE.test(cause.message))) return false;
    if (this.refused.has(operation)) return true;
    this.refused.add(operation);
    return false;
  }

  private count(cause: unknown): void {
    if (isOutage(cause)) this.breaker?.failed();
    else this.breaker?.succeeded();
  }
}

/** Replies of a Redis that takes no writes at present, or not from us: reads go on. */
const REFUSED_WRITE = /^(?:OOM|READONLY|MISCONF|NOREPLICAS)\b/;
/** The same, and refusals of one command. */
const REFUSALS = new RegExp(`${REFUSED_WRITE.source}|^(?:WRONGTYPE|NOPERM|NOSCRIPT|LATE|ERR)\\b`);

function isOutage(cause: unknown): boolean {
  return !(cause instanceof Error && REFUSALS.test(cause.message));
}

function toStoreError(operation: string, cause: unknown): StoreError {
  return cause instanceof StoreError
    ? cause
    : new StoreError(operation, `The store failed on ${operation}.`, { cause });
}

function isTimeout(error: unknown, operation: string): boolean {
  return error instanceof StoreError && error.operation === operation;
}
