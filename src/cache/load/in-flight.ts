import type { Clock, TimerHandle } from '../../base/clock.js';
import { LIMITS } from '../../base/defaults.js';
import { inSharedContext } from '../../base/shared-context.js';
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
  /** Receives the entry in memory that holds the value, so that the caller can index it. */
  readonly onEntry?: ((entry: MemoryEntry) => void) | undefined;
}

/**
 * How a load ended. It never rejects: each caller decides what an error means to it. A `single-use`
 * value can be read only once, and belongs to the caller that started the load.
 */
export type LoadOutcome =
  | {
      readonly ok: true;
      readonly value: unknown;
      readonly source: 'shared' | 'load' | 'single-use';
    }
  | { readonly ok: false; readonly error: unknown }
  | typeof LOADING_ELSEWHERE;

/** Another process is loading: serve a stale value, or read again. */
export const LOADING_ELSEWHERE = Symbol('loading elsewhere');

/** In place of an outcome: the caller has waited the maximum time for another caller's load. */
export const JOIN_TIMEOUT = Symbol('join timeout');

/** Tags that are known only with the result. */
export const TAGS_FROM_RESULT = Symbol('tags from result');

/** Parts of a cache that decide whether an entry is current. */
interface FreshnessChecks {
  readonly clock: Clock;
  readonly invalidation: { isCurrent(entry: SharedEntry, fence: Fence): boolean };
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
   * When other callers began to wait for the loader, if not at the start; `Infinity` while the load
   * itself waits for another process.
   */
  private keepsWaitingFrom: number | undefined;
  private staleListeners: Set<() => void> | undefined;
  private known: LoadOutcome | undefined;
  /** Created for the first caller that waits: most loads have a single caller, with its own promise. */
  private promise: Promise<LoadOutcome> | undefined;
  private resolve: ((outcome: LoadOutcome) => void) | undefined;
  private joinPromise: Promise<LoadOutcome | typeof JOIN_TIMEOUT> | undefined;
  private loadNode: LoadNode | undefined;

  constructor(
    readonly request: LoadRequest,
    readonly purpose: LoadPurpose,
    readonly fence: Fence,
    readonly startedAt: number,
    /** Whether it replaces a load that has kept others waiting for too long. */
    readonly isSuccessor: boolean,
  ) {}

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
    return this.known !== undefined;
  }

  /** The outcome. */
  get outcome(): Promise<LoadOutcome> {
    return (this.promise ??= inSharedContext(() => this.outcomePromise()));
  }

  /** Whether a caller waits for the outcome. */
  get isAwaited(): boolean {
    return this.promise !== undefined;
  }

  /** Moves to the next state. */
  move(reason: LoadReason, now: number): void {
    const next = nextState(this.current, reason);
    this.current = next;
    this.reason = reason;
    if (next === 'waiting') {
      this.keepsWaitingFrom = Infinity;
      // A caller that has a stale value need not wait for another process either.
      this.notifyStaleListeners();
    } else if (next === 'loading' && this.keepsWaitingFrom === Infinity) {
      this.keepsWaitingFrom = now;
    }
  }

  settle(outcome: LoadOutcome): void {
    this.known = outcome;
    this.resolve?.(outcome);
  }

  /** Reads the key from the shared tier. Never rejects: a failure counts as a miss. */
  readFrom(shared: SharedTier): Promise<SharedEntry | undefined> {
    const reading = shared.read(this.key);
    this.ownDelay = shared.batchDelay;
    this.batchId = shared.openBatchId;
    return reading;
  }

  /** Whether an entry of the shared tier is fresh enough for the load. Keeps a stale one, to be served. */
  isFreshEnough(found: SharedEntry, { clock, invalidation }: FreshnessChecks): boolean {
    if (!invalidation.isCurrent(found, this.fence)) return false;
    const life = this.purpose === 'refresh' ? this.lifeOf(found) : found;
    const use = onStoreEntry(life, this.purpose, clock.now());
    if (use === 'stale') {
      this.stale = found;
      this.notifyStaleListeners();
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

  /**
   * Calls `listener` once, when a stale value may have become available.
   *
   * @returns A function that removes the listener, so that a hung load does not retain its callers.
   */
  onceStale(listener: () => void): () => void {
    (this.staleListeners ??= new Set()).add(listener);
    return () => {
      this.staleListeners?.delete(listener);
    };
  }

  private get keepsWaitingSince(): number {
    return this.keepsWaitingFrom ?? this.startedAt;
  }

  /** Whether the load has kept other callers waiting for longer than its lease. */
  isOverdue(now: number, leaseMs: number): boolean {
    return !this.isSettled && now - this.keepsWaitingSince >= leaseMs;
  }

  /** Whether it has ignored its signal for so long that it no longer counts as running. */
  isAbandoned(now: number, leaseMs: number): boolean {
    return now - this.startedAt >= LIMITS.leaseTerms * leaseMs + LIMITS.ignoredSignalMs;
  }

  /**
   * The outcome, or JOIN_TIMEOUT once the load has kept other callers waiting for one lease; if it has
   * already done so, after another lease. All callers share a timer.
   */
  join(clock: Clock, leaseMs: number): Promise<LoadOutcome | typeof JOIN_TIMEOUT> {
    if (this.isSettled) return this.outcome;
    return (this.joinPromise ??= inSharedContext(() => this.outcomeWithin(clock, leaseMs)));
  }

  private outcomePromise(): Promise<LoadOutcome> {
    if (this.known !== undefined) return Promise.resolve(this.known);
    return new Promise((resolve) => (this.resolve = resolve));
  }

  private outcomeWithin(clock: Clock, leaseMs: number): Promise<LoadOutcome | typeof JOIN_TIMEOUT> {
    return new Promise((resolve) => {
      let timer: TimerHandle;
      const wait = (): void => {
        const leftMs = this.keepsWaitingSince + leaseMs - clock.now();
        timer = clock.setTimeout(check, leftMs > 0 ? Math.min(leaseMs, leftMs) : leaseMs);
      };
      const check = (): void => {
        // The load may have had to wait for another process meanwhile.
        if (this.isOverdue(clock.now(), leaseMs)) {
          this.joinPromise = undefined;
          resolve(JOIN_TIMEOUT);
        } else wait();
      };
      wait();
      void this.outcome.then((outcome) => {
        clock.clearTimeout(timer);
        resolve(outcome);
      });
    });
  }

  private notifyStaleListeners(): void {
    const listeners = this.staleListeners;
    if (listeners === undefined) return;
    this.staleListeners = undefined;
    for (const listener of listeners) listener();
  }
}
