import type { KeyPattern, LeaseReply, Snapshots } from './coordinator.js';
import type { Lane } from './resilience/dispatcher.js';

/** A decoded entry: the value, its times on our clock, and its tags. */
export interface SharedEntry {
  readonly value: unknown;
  readonly createdAt: number;
  readonly freshUntil: number;
  readonly staleUntil: number;
  /** The tag clock before the value was created: the store's own, if it has one. */
  readonly tagClock: number;
  readonly tags: readonly string[];
}

/** An entry and its key. */
export interface KeyedEntry {
  readonly key: string;
  readonly entry: SharedEntry;
}

/** The reply to a request for a lease; `unsent`: the request was not sent. */
export type TierLeaseReply = 'unsent' | LeaseReply<{ readonly entry: SharedEntry | undefined }>;

/** Outcome of a fill. */
export type FillOutcome = 'stored' | 'refused' | 'failed';

/**
 * How long commands have waited so far for this process rather than for the store, in milliseconds. This time
 * does not count against a budget.
 */
export interface OwnDelay {
  /** The event loop was blocked, or code was being loaded. */
  readonly blockedMs: number;
  /** The commands were queued behind others. */
  readonly queuedMs: number;
}

export const NO_DELAY: OwnDelay = { blockedMs: 0, queuedMs: 0 };

/**
 * The contract between the cache and its tier outside the process: entries below a namespace. No method rejects
 * because the store fails; each documents what it returns instead.
 *
 * @internal
 */
export interface SharedTier {
  /** Whether the store shares leases, messages and tag versions too. */
  readonly isCoordinated: boolean;
  /** Whether the store cannot be reached: its breaker is open, or it is not connected. */
  readonly isUnavailable: boolean;
  /** Whether the store is known to have kept every acknowledged invalidation. */
  readonly isCurrent: boolean;
  /** Whether messages of the other caches arrive. */
  readonly isListening: boolean;
  readonly breakerState: 'closed' | 'open' | 'half-open';
  /** Number of invalidations that the store has not acknowledged yet. */
  readonly pending: number;
  readonly messages: { readonly sent: number; readonly received: number };
  /** The latest known reading of the store's tag clock; `undefined` without one. */
  readonly lastTagClock: number | undefined;
  /** See {@link OwnDelay}. */
  readonly ownDelay: OwnDelay;
  /** Number of the batch that a read would join now; `undefined` if none is open. */
  readonly openBatchId: number | undefined;
  /** {@link SharedTier.ownDelay} at the start of the open batch, or of the last one. */
  readonly batchDelay: OwnDelay;
  readonly leases: TierLeases;
  readonly tags: TierTags;

  /** After a reconnect, repeats the invalidations that the store has lost. */
  catchUp(): void;
  /** The entry under a key, expired or not; `undefined` for one that a tag has invalidated. */
  read(key: string): Promise<SharedEntry | undefined>;
  /**
   * The entries under several keys, by a separate command.
   *
   * @returns `undefined` if the store did not reply.
   */
  readMany(keys: readonly string[]): Promise<readonly (SharedEntry | undefined)[] | undefined>;
  /**
   * Stores an entry until its grace ends.
   *
   * @returns Whether the store acknowledged it.
   */
  write(key: string, entry: SharedEntry, budgetMs?: number): Promise<boolean>;
  /**
   * Stores several entries in as few commands as possible.
   *
   * @returns For each, whether the store acknowledged it; `undefined` if a command got no reply.
   */
  writeMany(
    entries: readonly KeyedEntry[],
    budgetMs: number,
    lane: Lane,
  ): Promise<readonly boolean[] | undefined>;
  /** Removes a key; `undefined` if the store did not report whether it existed. */
  remove(key: string, budgetMs?: number): Promise<boolean | undefined>;
  /** Removes several keys; `undefined` if the store did not report whether they existed. */
  removeMany(
    keys: readonly string[],
    budgetMs: number | undefined,
    lane: Lane,
  ): Promise<readonly boolean[] | undefined>;
  /** Logs the keys as out of date in the store, to be removed later. Sends no command now. */
  logPending(keys: readonly string[]): void;
  /**
   * Removes all keys that match one of the patterns.
   *
   * @returns The number of removed keys, as far as the store replied.
   * @throws ConfigurationError if the store cannot list its keys.
   */
  removeMatching(patterns: readonly KeyPattern[]): Promise<number>;

  /** Runs an operation on the snapshots of the instances; `undefined` if it failed. */
  snapshots<T>(run: (snapshots: Snapshots) => Promise<T>): Promise<T | undefined>;
  /** Number of keys in the namespace, as last counted; `undefined` if the store cannot count them. */
  count(): Promise<number | undefined>;
  /** Retries the removals that the store has not acknowledged. */
  flush(): Promise<void>;
  /** Stops background work, and closes what the cache opened. The caller's store stays open. */
  close(): Promise<void>;
}

/**
 * The leases of a shared tier: which process loads a key.
 *
 * @internal
 */
export interface TierLeases {
  /** Requests the lease of a key; `undefined` if the store did not reply. */
  acquire(
    key: string,
    token: string,
    leaseMs: number,
    budgetMs: number,
    isForced?: boolean,
  ): Promise<TierLeaseReply | undefined>;
  /** Renews a lease; `undefined` if the store did not report whether it is still held. */
  renew(key: string, token: string, leaseMs: number): Promise<boolean | undefined>;
  /** Releases a lease without a value; returns whether the store acknowledged it. */
  release(key: string, token: string): Promise<boolean>;
  /** Stores an entry and releases its lease, if the lease is still held. */
  fill(key: string, token: string, entry: SharedEntry): Promise<FillOutcome>;
}

/**
 * The tags of a shared tier.
 *
 * @internal
 */
export interface TierTags {
  /** Reads the store's tag clock, for a load to note before it runs; `undefined` without a reply. */
  clock(budgetMs: number): Promise<number | undefined>;
  /** Whether none of the tags was invalidated after the tag clock had the reading `noted`. */
  areValid(tags: readonly string[], noted: number): Promise<boolean>;
  /** Invalidates tags for every cache on the store. */
  invalidate(tags: readonly string[]): Promise<void>;
}
