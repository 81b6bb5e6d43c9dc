import type { Clock } from '../../base/time/clock.js';
import { StoreError } from '../../base/errors/errors.js';
import type { Backend, StoreListener } from '../backend.js';
import type { Coordinator } from '../coordinator.js';
import type { OwnDelay } from '../shared-tier.js';
import { CircuitBreaker, type BreakerSettings } from './breaker.js';
import { Deadlines, timedOut } from './deadlines.js';
import { Dispatcher, type CommandCost } from './dispatcher.js';

/*
 * This folder keeps a store's failures from callers. `store-call.ts` attempts each operation: `breaker` decides
 * whether, `dispatcher` when, and `deadlines` how long it may take. `repairs.ts` removes the entries that failures
 * have left out of date: `pending-log` lists them, `journal` finds the invalidations that a store has lost, and
 * `recovery` retries.
 */

export interface StoreCallOptions {
  readonly clock: Clock;
  /** How long one operation may take, unless its caller has less time left. */
  readonly timeoutMs: number;
  /** `undefined` for no breaker. */
  readonly breaker: BreakerSettings | undefined;
  /** Receives every failure; callers never do. */
  readonly onError: (error: unknown) => void;
  /** Called when the breaker opens (true) and when it closes (false). */
  readonly onChange: (isUnavailable: boolean) => void;
}

/** How one operation is attempted. */
export interface AttemptOptions extends CommandCost {
  /** How long the store may take from when the command is sent; default: the time-out. */
  readonly budgetMs?: number | undefined;
  /**
   * Whether a failure is reported; default: true. False for background work, whose first failure was reported,
   * and which is attempted even while the breaker is open.
   */
  readonly report?: boolean | undefined;
  /** Whether to send it without waiting for {@link StoreCallHooks.gate}, which may wait for replays. */
  readonly skipsGate?: boolean | undefined;
}

/** A command of a call on one key, such as a read. */
export const SINGLE: AttemptOptions = { weight: 1, lane: 'single' };
/** Background work, which ignores the breaker, and whose first failure was reported. */
export const BACKGROUND: AttemptOptions = {
  weight: 1,
  lane: 'single',
  report: false,
  skipsGate: true,
};
/** A command that ends or renews a lease. */
export const FINISH: AttemptOptions = { weight: 1, lane: 'finish' };
/** A command that replaces or removes a value. */
export const WRITE: AttemptOptions = { weight: 1, lane: 'write' };

/**
 * Sends a command to the store.
 *
 * @param leftMs - The rest of the command's budget, in milliseconds.
 */
export type Send<T> = (backend: Backend, leftMs: number) => Promise<T>;

export interface StoreCallHooks {
  /** Whether the store is usable again, while the breaker is open. Never rejects. */
  probe(): Promise<boolean>;
  /** Settles when commands may be sent to a store that is open; `undefined` if they may now. */
  gate(backend: Backend): Promise<void> | undefined;
  /** Whether background work is in progress, whose failures have been reported. */
  isReplaying(): boolean;
  /** Called when the store reports that it is ready. */
  onReady(): void;
}

/**
 * Keeps a store's failures from callers: each operation has a deadline, fails without an exception, and is
 * not attempted while a circuit breaker is open.
 *
 * @internal
 */
export class StoreCall {
  private readonly breaker: CircuitBreaker | undefined;
  private readonly opening: Promise<Backend> | undefined;
  private readonly deadlines: Deadlines;
  private readonly dispatcher: Dispatcher;
  private opened: Backend | undefined;
  /** Number of failures reported as events: they may belong to any operation in flight. */
  private events = 0;
  /** Operations whose refusal was reported, and which have not succeeded since. */
  private readonly refused = new Set<string>();

  /** @param backend - The store, or a promise of it; operations wait for it within their deadlines. */
  constructor(
    backend: Backend | Promise<Backend>,
    private readonly options: StoreCallOptions,
    private readonly hooks: StoreCallHooks,
  ) {
    const { breaker, clock, timeoutMs, onChange, onError } = options;
    this.deadlines = new Deadlines(clock, timeoutMs, () => {
      this.dispatcher.check();
      return this.dispatcher.waiting > 0;
    });
    this.dispatcher = new Dispatcher({
      now: () => this.deadlines.now(),
      timeoutMs,
      onOverload: (waiting) => {
        const message = `The store is overloaded: ${String(waiting)} commands are queued, and further ones are skipped.`;
        onError(new StoreError('dispatch', message));
      },
    });
    const changed = (isOpen: boolean): void => {
      if (isOpen) this.dispatcher.skipAll();
      onChange(isOpen);
    };
    this.breaker = breaker && new CircuitBreaker(breaker, clock, () => hooks.probe(), changed);
    if (backend instanceof Promise) this.opening = backend;
    else this.opened = backend;
    // Deferred until the constructing object is fully initialised.
    void Promise.resolve(backend).then(
      (opened) => {
        this.opened = opened;
        opened.listen?.(this.listener());
      },
      // The operations that wait for the store report the error.
      () => undefined,
    );
  }

  /** Whether the breaker is open. */
  get isBreakerOpen(): boolean {
    return this.breaker?.isOpen === true;
  }

  /** The breaker's state; `closed` without one. */
  get state(): 'closed' | 'open' | 'half-open' {
    return this.breaker?.state ?? 'closed';
  }

  /** The store, if it is open already. */
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
   * Attempts one operation.
   *
   * @param send - Called to send the command, unless it is skipped.
   * @returns `undefined` if it failed, or was skipped because the breaker is open, no time is left or the queue
   * is too long.
   */
  async attempt<T>(
    operation: string,
    send: Send<T>,
    attempt: AttemptOptions = SINGLE,
  ): Promise<T | undefined> {
    const { timeoutMs } = this.options;
    const { report = true, budgetMs = timeoutMs } = attempt;
    if (budgetMs <= 0 || (report && this.isBreakerOpen)) return undefined;
    const { dispatcher } = this;
    const admission = dispatcher.admit(attempt);
    if (admission !== true && !(await this.isAdmitted(admission, attempt))) return undefined;
    const sentAt = dispatcher.sentAt();
    const { events } = this;
    let hasReplied = true;
    try {
      const work = this.send(operation, send, budgetMs, attempt);
      const result = await this.deadlines.run(work, budgetMs, operation);
      // `Keyv` reports a failure as an event, and resolves as though nothing had happened.
      if (this.events !== events && this.opened?.coordinator === undefined) return undefined;
      this.breaker?.succeeded();
      if (this.refused.size > 0) this.refused.delete(operation);
      return result;
    } catch (error) {
      hasReplied = !isTimeout(error, operation);
      // A time-out after a small rest of a budget does not show that the store is slow.
      if (hasReplied || budgetMs >= timeoutMs / 2) this.failedOn(operation, error, report);
      return undefined;
    } finally {
      dispatcher.complete(attempt, sentAt, hasReplied);
    }
  }

  /** Attempts one operation of the coordinator; `undefined` if it failed, or there is no coordinator. */
  async coordinate<T>(
    operation: string,
    run: (coordinator: Coordinator, leftMs: number) => Promise<T>,
    attempt?: AttemptOptions,
  ): Promise<T | undefined> {
    return await this.attempt(
      operation,
      async ({ coordinator }, leftMs) =>
        coordinator === undefined ? undefined : await run(coordinator, leftMs),
      attempt,
    );
  }

  /** Reports the failure of an operation, or of a part of it, and counts it for the breaker. */
  failed(operation: string, cause: unknown): void {
    if (!this.isRepeated(operation, cause)) this.options.onError(toStoreError(operation, cause));
    this.count(cause);
  }

  /** The store, once it is open. */
  async whenOpen(): Promise<Backend> {
    return this.opened ?? (await (this.opening as Promise<Backend>));
  }

  /** Stops probing, and closes what was opened for the cache. */
  async close(): Promise<void> {
    this.breaker?.stop();
    try {
      await (await (this.opening ?? this.opened))?.close();
    } catch {
      // The store was never opened, or is closed already.
    }
  }

  private listener(): StoreListener {
    return {
      onError: (cause) => {
        // The event may belong to any operation, or to none.
        this.events++;
        if (this.hooks.isReplaying() || this.isBreakerOpen) this.count(cause);
        else this.failed('event', cause);
      },
      onReady: () => {
        this.breaker?.probeNow();
        this.hooks.onReady();
      },
    };
  }

  /** Waits in the queue; returns whether the command may be sent. */
  private async isAdmitted(
    admission: false | Promise<boolean>,
    attempt: AttemptOptions,
  ): Promise<boolean> {
    if (admission === false || !(await admission)) return false;
    if (attempt.report === false || !this.isBreakerOpen) return true;
    this.dispatcher.complete(attempt, undefined, false);
    return false;
  }

  private send<T>(
    operation: string,
    send: Send<T>,
    budgetMs: number,
    { skipsGate = false }: AttemptOptions,
  ): Promise<T> {
    const until = this.deadlines.now() + budgetMs;
    // For use after a wait: once the caller has got a result, the command must not be sent.
    const leftMs = (): number => {
      const ms = until - this.deadlines.now();
      if (ms <= 0) throw timedOut(operation, budgetMs);
      return ms;
    };
    const { opened, hooks } = this;
    if (opened === undefined) {
      return this.whenOpen().then(async (backend) => {
        if (!skipsGate) await hooks.gate(backend);
        return await send(backend, leftMs());
      });
    }
    // No unnecessary promise: it would slow down each read.
    const wait = skipsGate ? undefined : hooks.gate(opened);
    return wait === undefined ? send(opened, budgetMs) : wait.then(() => send(opened, leftMs()));
  }

  private failedOn(operation: string, error: unknown, report: boolean): void {
    // Commands that were in flight when the breaker opened fail too, and are not reported.
    if (report && !(this.isBreakerOpen && isOutage(error))) this.failed(operation, error);
    else this.count(error);
  }

  /** A read-only or full store refuses all writes: reported once per operation until one succeeds. */
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

/** Replies of a Redis that currently refuses all writes, but can be read. */
const REFUSED_WRITE = /^(?:OOM|READONLY|MISCONF|NOREPLICAS)\b/;
/** These replies, and refusals of a single command. */
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
