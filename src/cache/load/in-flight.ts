import type { Clock } from '../../base/time/clock.js';
import { LIMITS } from '../../base/options/defaults.js';
import { inSharedContext } from '../../base/async/shared-context.js';
import type { EntryLife, MemoryEntry } from '../../memory/entry.js';
import type { MethodCounters } from '../../stats/method-counters.js';
import {
  NO_DELAY,
  type OwnDelay,
  type SharedEntry,
  type SharedTier,
} from '../../store/shared-tier.js';
import type { Fence } from '../coherence/fences.js';
import { refreshAt, type LoadPolicy } from '../policy.js';
import type { LoadContext } from './load-context.js';
import { LoadNode } from './nesting.js';
import {
  nextState,
  onStoreEntry,
  type LoadPurpose,
  type LoadReason,
  type LoadState,
} from './state-machine.js';

/** One call of get-or-load. */
export interface LoadRequest {
  readonly key: string;
  /** Returns the value if no tier has it. */
  readonly loader: (context: LoadContext) => unknown;
  readonly policy: LoadPolicy;
  /** Arguments of the method; a signal among them may abort the load. */
  readonly args?: readonly unknown[] | undefined;
  /** Counters of the method; absent for `getOrSet`. */
  readonly methodCounters?: MethodCounters | undefined;
  /** Receives the entry in memory that holds the value, so that the method can register it. */
  readonly onEntry?: ((entry: MemoryEntry) => void) | undefined;
}

/**
 * How a load ended. It never rejects: each caller decides what an error means to it.
 *
 * - `value`: a `single-use` value can be read only once, and belongs to the caller that started the load;
 * - `error`: the loader failed, or exceeded its hard time-out;
 * - `elsewhere`: another process is loading. Callers serve a stale value, or read again.
 */
export type LoadOutcome =
  | {
      readonly kind: 'value';
      readonly value: unknown;
      readonly source: 'shared' | 'load' | 'single-use';
    }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'elsewhere' };

/** A call that waits for a load. */
export interface LoadSubscriber {
  onOutcome(outcome: LoadOutcome): void;
  /** A stale value may have become available, or the load has begun to wait for another process. */
  onStale?(): void;
  /** The load has kept calls that joined it waiting for one lease. */
  onOverdue?(): void;
}

/** Tags that are known only with the result. */
export const TAGS_FROM_RESULT = Symbol('tags from result');

/** Parts of a cache that decide whether an entry is current. */
interface FreshnessChecks {
  readonly clock: Clock;
  readonly invalidation: { areTagsValid(entry: SharedEntry, fence: Fence): boolean };
}

/**
 * One load of one key, from the read of the shared tier until the fill has settled. Later callers join
 * it. One run of a loader may return the values of several keys: each of them has its own
 * `InFlightLoad`.
 */
export class InFlightLoad {
  /** Why it is in its state; `undefined` before the first transition. */
  reason: LoadReason | undefined;
  /**
   * How long calls had waited for this process when it started, or its batch of reads did; see
   * `leftOfBudget`.
   */
  ownDelay: OwnDelay = NO_DELAY;
  /** The expired entry in the shared tier, if there was one. */
  stale: SharedEntry | undefined;
  /** The batch that its read of the shared tier is part of. */
  batchId: number | undefined;
  /**
   * Resolves to whether the loaded value was still current when it was stored; absent if that is unknown.
   */
  fillConfirmation: Promise<boolean> | undefined;
  private current: LoadState = 'reading';
  /**
   * Since when the load has kept other callers waiting; `Infinity` while it waits for another process itself.
   */
  private keepsWaitingSince: number;
  private outcome: LoadOutcome | undefined;
  private subscribers: Set<LoadSubscriber> | undefined;
  private stopOverdueTimer: (() => void) | undefined;
  private loadNode: LoadNode | undefined;

  constructor(
    readonly request: LoadRequest,
    readonly purpose: LoadPurpose,
    readonly fence: Fence,
    readonly startedAt: number,
    /** Whether it replaces a load that has kept others waiting for too long. */
    readonly isSuccessor: boolean,
  ) {
    this.keepsWaitingSince = startedAt;
  }

  get key(): string {
    return this.request.key;
  }

  get tags(): readonly string[] | typeof TAGS_FROM_RESULT {
    const { tags } = this.request.policy;
    return typeof tags === 'function' ? TAGS_FROM_RESULT : tags;
  }

  get state(): LoadState {
    return this.current;
  }

  /** Whether the shared tier had an expired value. */
  get hasStale(): boolean {
    return this.stale !== undefined;
  }

  /** Its run of the loader, and the calls that wait for it. */
  get node(): LoadNode {
    return (this.loadNode ??= new LoadNode(this.key));
  }

  /** Whether the outcome is known; the fill may still be under way. */
  get isSettled(): boolean {
    return this.outcome !== undefined;
  }

  /**
   * Notifies a call of the outcome, at once if it is known, and of what happens until then.
   *
   * A reaction of `then` could not be removed: while the load hangs, it would retain every caller that was
   * served another value, with the caller's request.
   */
  subscribe(subscriber: LoadSubscriber): void {
    if (this.outcome !== undefined) subscriber.onOutcome(this.outcome);
    else (this.subscribers ??= new Set()).add(subscriber);
  }

  unsubscribe(subscriber: LoadSubscriber): void {
    this.subscribers?.delete(subscriber);
  }

  /**
   * Notifies the subscribers once the load has kept other callers waiting for one lease; if it has already
   * done so, after another lease.
   */
  limitWait(clock: Clock, leaseMs: number): void {
    if (this.stopOverdueTimer === undefined) {
      inSharedContext(() => {
        this.armOverdueTimer(clock, leaseMs);
      });
    }
  }

  /** Moves to the next state. */
  move(reason: LoadReason, now: number): void {
    const next = nextState(this.current, reason);
    this.current = next;
    this.reason = reason;
    if (next === 'waiting') {
      this.keepsWaitingSince = Infinity;
      // A caller that has a stale value need not wait for another process either.
      this.notifyOfStale();
    } else if (next === 'loading' && this.keepsWaitingSince === Infinity) {
      this.keepsWaitingSince = now;
    }
  }

  settle(outcome: LoadOutcome): void {
    this.outcome = outcome;
    this.stopOverdueTimer?.();
    const { subscribers } = this;
    this.subscribers = undefined;
    if (subscribers === undefined) return;
    for (const subscriber of subscribers) subscriber.onOutcome(outcome);
  }

  /** Reads the key from the shared tier. Never rejects: a failure counts as a miss. */
  readFrom(shared: SharedTier): Promise<SharedEntry | undefined> {
    const reading = shared.read(this.key);
    this.ownDelay = shared.batchDelay;
    this.batchId = shared.openBatchId;
    return reading;
  }

  /**
   * Whether the load can end with this entry of the shared tier. Otherwise keeps a stale entry, and offers it to
   * the callers that wait.
   */
  tryAccept(found: SharedEntry, { clock, invalidation }: FreshnessChecks): boolean {
    if (!invalidation.areTagsValid(found, this.fence)) return false;
    const life = this.purpose === 'refresh-ahead' ? this.lifeOf(found) : found;
    const use = onStoreEntry(life, this.purpose, clock.now());
    if (use === 'stale') {
      this.stale = found;
      this.notifyOfStale();
    }
    return use === 'fresh';
  }

  /** The times of an entry of the shared tier, with the refresh-ahead of this load's policy. */
  lifeOf({ createdAt, freshUntil, staleUntil }: SharedEntry): EntryLife {
    const { refresh } = this.request.policy;
    return {
      createdAt,
      freshUntil,
      staleUntil,
      refreshAt: refreshAt(refresh, createdAt, freshUntil),
    };
  }

  /** Whether the load has kept other callers waiting for longer than its lease. */
  isOverdue(now: number, leaseMs: number): boolean {
    return !this.isSettled && now - this.keepsWaitingSince >= leaseMs;
  }

  /** Whether it has ignored its signal for so long that it no longer counts as running. */
  isAbandoned(now: number, leaseMs: number): boolean {
    return now - this.startedAt >= LIMITS.leaseTerms * leaseMs + LIMITS.ignoredSignalMs;
  }

  private armOverdueTimer(clock: Clock, leaseMs: number): void {
    const check = (): void => {
      this.stopOverdueTimer = undefined;
      // The load may have had to wait for another process meanwhile.
      if (!this.isOverdue(clock.now(), leaseMs)) this.armOverdueTimer(clock, leaseMs);
      else this.subscribers?.forEach((subscriber) => subscriber.onOverdue?.());
    };
    const leftMs = this.keepsWaitingSince + leaseMs - clock.now();
    const timer = clock.setTimeout(check, leftMs > 0 ? Math.min(leaseMs, leftMs) : leaseMs);
    this.stopOverdueTimer = () => {
      clock.clearTimeout(timer);
    };
  }

  private notifyOfStale(): void {
    this.subscribers?.forEach((subscriber) => subscriber.onStale?.());
  }
}
