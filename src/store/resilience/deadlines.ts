import type { Clock, TimerHandle } from '../../base/time/clock.js';
import { StoreError } from '../../base/errors/errors.js';

/** Checks of the event loop within one time-out. */
const CHECKS_PER_TIMEOUT = 8;
/** Interval of the checks while commands are queued, when the event loop is often late. */
const QUEUED_CHECK_MS = 10;
/** A timer that is later than this shows that the event loop was blocked. */
const LATE_MS = 5;
/** How often a blocked event loop may defer the decision about a command. */
const MAX_DEFERRALS = 3;

interface Operation {
  /** When it times out, on the clock without blocked time. */
  readonly until: number;
  readonly expire: () => void;
  deferrals: number;
}

/**
 * Time-outs of the commands in flight. A budget counts only the time of the store: while the event loop is
 * blocked, replies arrive but cannot be read, and afterwards Node runs due timers before it reads them.
 *
 * One timer serves all commands. It fires at the earliest time-out, and several times before. Its delay is the
 * time for which the event loop was blocked, which is added to every budget. A late timer does not time a
 * command out, since the socket has not been read yet: the next one does.
 *
 * @internal
 */
export class Deadlines {
  private readonly operations = new Set<Operation>();
  private timer: TimerHandle = undefined;
  private dueAt = Infinity;
  private blockedMs = 0;
  private readonly checkMs: number;

  /**
   * @param onCheck - Called at each check, before commands time out. Returns whether commands are queued: the
   * event loop is then checked more often.
   */
  constructor(
    private readonly clock: Clock,
    timeoutMs: number,
    private readonly onCheck: () => boolean,
  ) {
    this.checkMs = timeoutMs / CHECKS_PER_TIMEOUT;
  }

  /** How long the event loop was blocked while commands were in flight, in milliseconds. */
  get lostMs(): number {
    return this.lostAt(this.clock.monotonic());
  }

  /** Monotonic time, without the time for which the event loop was blocked. */
  now(): number {
    return this.clock.monotonic() - this.lostMs;
  }

  /** Counts `ms` milliseconds until now in which a blocked event loop kept a command from being sent. */
  noteBlocked(ms: number): void {
    if (ms <= LATE_MS) return;
    // If the timer is overdue, it will count the time since it was due.
    const overdueMs = Math.max(0, this.clock.monotonic() - this.dueAt);
    this.blockedMs += Math.max(0, ms - overdueMs);
  }

  /**
   * Settles as `work` does, or rejects with a StoreError if that takes longer than the budget. A later outcome,
   * even a failure, is ignored.
   */
  run<T>(work: Promise<T>, budgetMs: number, operation: string): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const entry = this.begin(budgetMs, () => {
        reject(timedOut(operation, budgetMs));
      });
      work.then(
        (value) => {
          this.end(entry);
          resolve(value);
        },
        (error: unknown) => {
          this.end(entry);
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it is
          reject(error);
        },
      );
    });
  }

  private lostAt(now: number): number {
    return this.blockedMs + Math.max(0, now - this.dueAt);
  }

  private begin(budgetMs: number, expire: () => void): Operation {
    const now = this.clock.monotonic();
    const entry = { until: now - this.lostAt(now) + budgetMs, expire, deferrals: 0 };
    this.operations.add(entry);
    const nextMs = Math.min(budgetMs, this.checkMs);
    if (now + nextMs < this.dueAt) this.arm(now, nextMs);
    return entry;
  }

  private end(entry: Operation): void {
    if (this.operations.delete(entry) && this.operations.size === 0) this.disarm();
  }

  private arm(now: number, ms: number): void {
    this.clock.clearTimeout(this.timer);
    this.dueAt = now + ms;
    this.timer = this.clock.setTimeout(this.check, ms);
  }

  private disarm(): void {
    this.clock.clearTimeout(this.timer);
    this.blockedMs = this.lostMs;
    this.dueAt = Infinity;
  }

  private readonly check = (): void => {
    const now = this.clock.monotonic();
    const lateMs = Math.max(0, now - this.dueAt);
    this.blockedMs += lateMs;
    this.dueAt = Infinity;
    const intervalMs = this.onCheck() ? Math.min(QUEUED_CHECK_MS, this.checkMs) : this.checkMs;
    const nextMs = Math.min(intervalMs, this.expireOverdue(now - this.blockedMs, lateMs > LATE_MS));
    if (this.operations.size > 0) this.arm(now, nextMs);
  };

  /** Times out overdue operations; returns the time to the next check, in milliseconds. */
  private expireOverdue(now: number, wasBlocked: boolean): number {
    let nextMs = this.checkMs;
    for (const entry of this.operations) {
      // Timers may fire a fraction of a millisecond early.
      const leftMs = entry.until - now;
      if (leftMs >= 1) {
        nextMs = Math.min(nextMs, leftMs);
      } else if (wasBlocked && entry.deferrals++ < MAX_DEFERRALS) {
        nextMs = Math.min(nextMs, LATE_MS);
      } else {
        this.operations.delete(entry);
        entry.expire();
      }
    }
    return nextMs;
  }
}

/** @internal */
export function timedOut(operation: string, budgetMs: number): StoreError {
  const limit = String(Math.round(budgetMs));
  return new StoreError(operation, `The store took longer than ${limit} ms on ${operation}.`);
}
