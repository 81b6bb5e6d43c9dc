import type { Clock } from '../base/clock.js';

/**
 * Operations of a store beyond Keyv's contract, for processes that share it: leases, so that one of them
 * loads; a bus, which keeps their local copies in sync; tag versions; removal by pattern.
 *
 * Keys are those below the namespace. All promises reject if the store cannot be reached: commands are
 * neither queued nor sent again.
 *
 * @internal
 */
export interface Coordinator {
  /** Whether commands can be sent: as far as is known, the connection is up. */
  readonly isConnected: boolean;
  /** Whether messages of other caches arrive: it is subscribed, and the last probe came back. */
  readonly isListening: boolean;
  /** The store's clock minus ours, in ms; 0 until it has been measured. */
  readonly clockOffsetMs: number;
  /** The last known reading of the tags' clock, never ahead of it; `undefined` before the first. */
  readonly lastTagClock: number | undefined;
  /** The store's memory of the operations that it has acknowledged. */
  readonly history: StoreHistory;
  /** Messages sent and received, probes aside. */
  readonly messages: { readonly sent: number; readonly received: number };

  /** Settles when commands can be sent and the clocks have been compared; `undefined` if so already. */
  ready(): Promise<void> | undefined;

  readonly entries: EntryCommands;
  readonly leases: LeaseCommands;
  readonly tags: TagCommands;
  /** The latest count of keys, for all processes; `undefined` if the store cannot keep one. */
  readonly sharedCount?: SharedCount;
  /** Texts that instances leave for each other; `undefined` if the store cannot keep them. */
  readonly snapshots?: Snapshots;

  /** Ends the bus, and closes what was opened for it. */
  close(): void;
}

/**
 * The values of a namespace.
 *
 * @internal
 */
export interface EntryCommands {
  /**
   * Ends the leases of the keys, removes their values, stores the texts, and publishes the change.
   * After a text that the store refuses, it stores no further ones, but removes their values.
   *
   * @param withinMs - If the command reaches the store more than `withinMs` ms after it was sent, it
   * only removes: a later write may have overtaken it.
   * @returns How many it stored, counted from the first, and the error that stopped it.
   */
  set(entries: readonly StoredText[], withinMs: number): Promise<SetOutcome>;
  /**
   * Ends the leases of the keys, removes their values and publishes the change.
   *
   * @returns For each key, the first {@link HEAD_CHARS} characters of its value; `undefined` if it had
   * none.
   */
  delete(keys: readonly string[]): Promise<readonly (string | undefined)[]>;
  /**
   * Ends the leases of all keys that match, then removes their values, then publishes the change; step
   * by step, so that the store stays responsive.
   *
   * @param groups - The patterns of several callers, which share one pass.
   * @returns For each step and group, the first characters of the values that it removed.
   */
  clear(groups: readonly PatternGroup[]): AsyncIterable<readonly (readonly string[])[]>;
  /** The keys of the namespace, counted step by step: how many each step found. */
  count(): AsyncIterable<number>;
}

/**
 * The right of one process to load a key.
 *
 * @internal
 */
export interface LeaseCommands {
  /**
   * Requests leases, and reads the values again: another process may have filled them since.
   *
   * @param withinMs - If the command reaches the store more than `withinMs` ms after it was sent, no
   * lease is granted: the sender no longer waits.
   */
  acquire(requests: readonly LeaseRequest[], withinMs: number): Promise<readonly LeaseReply[]>;
  /** Renews a lease, from now; resolves to false if it is no longer held. */
  renew(key: string, token: string, leaseMs: number): Promise<boolean>;
  /** Releases a lease, if it is still held, and notifies the loads that wait for it. */
  release(key: string, token: string): Promise<void>;
  /**
   * Stores each text and releases its lease, if the lease is still held; notifies the loads that wait.
   * After a text that the store refuses, it stores no further ones, but releases their leases.
   */
  fill(fills: readonly LeaseFill[]): Promise<FillOutcomes>;
}

/**
 * The clock of a namespace's tags, and when each tag was invalidated.
 *
 * @internal
 */
export interface TagCommands {
  /** The tags' clock, for a load to note before it runs. */
  clock(): Promise<number>;
  /** When each of the tags was last invalidated, on the tags' clock. */
  versions(tags: readonly string[]): Promise<TagVersions>;
  /**
   * Advances the tag clock, records its new reading as the version of these tags, and publishes the
   * change.
   *
   * @returns The version.
   */
  invalidate(tags: readonly string[]): Promise<number>;
}

/**
 * The number of keys, which one process counts for all processes that share a store.
 *
 * @internal
 */
export interface SharedCount {
  /**
   * @returns The count, if there is one; otherwise whether the caller must count (`mine`), or another
   * process is counting already (`taken`).
   */
  take(): Promise<number | 'mine' | 'taken'>;
  /** Shares a count with the other processes, for `forMs` milliseconds. */
  publish(count: number, forMs: number): Promise<void>;
}

/**
 * Texts of the instances that share a store, one each, which expire unless they are written again.
 *
 * @internal
 */
export interface Snapshots {
  /** @param most - Instances to remember; the one that wrote last comes first. */
  write(instance: string, text: string, ttlMs: number, most: number): Promise<void>;
  remove(instance: string): Promise<void>;
  /** At most `most` instances, in the order of their latest writes; some texts may have expired. */
  list(most: number): Promise<readonly string[]>;
  /** The texts of these instances, in their order; `null` for one that has expired. */
  read(instances: readonly string[]): Promise<readonly (string | null)[]>;
}

/** A pattern in the cache's syntax: a store's own patterns may differ, or take exponential time. */
export interface KeyPattern {
  /** The pattern as text. */
  readonly source: string;
  /** Text with which all matching keys begin. */
  readonly prefix: string;
  matches(key: string): boolean;
}

/** The patterns of one caller; several callers share a pass over the keys. */
export type PatternGroup = readonly KeyPattern[];

/**
 * Detects that a store has returned to an earlier state: after a restart from a snapshot, or a failover to a
 * replica that had not received everything.
 *
 * @internal
 */
export interface StoreHistory {
  /**
   * Counts the connections so far, and on a cluster the failovers of its shards: from one to the next,
   * the store may have gone back.
   */
  readonly connections: number;
  /** Entries created before it are misses, in ms of the store's clock; 0 before one is known. */
  readonly floor: number;
  /**
   * Stores a number after everything that the store has acknowledged so far: a state that has the number
   * has all of that too. The number expires after a day without the cache.
   *
   * @throws at once if there is no connection: the next one may lead to an earlier state.
   */
  noteSequence(sequence: number): Promise<void>;
  /**
   * The number that was stored last, as far as the store remembers; `undefined` for none, `Infinity` if
   * that cannot be determined.
   */
  readSequence(): Promise<number | undefined>;
  /** Makes everything that was created before now a miss for all caches, and ends all leases. */
  raiseFloor(): Promise<void>;
  /** On a cluster: the keys and tags of shards that have failed over and are not repaired yet. */
  readonly failovers?: FailedShards | undefined;
  /** Call it once the invalidations that the failovers may have undone are being repeated. */
  forgetFailovers?(): void;
}

/** The keys and tags on the shards of a cluster that have another primary now. */
export interface FailedShards {
  hasKey(key: string): boolean;
  readonly hasTags: boolean;
  /** When the former primaries were last seen, by the monotonic clock. */
  readonly seenAt: number;
}

/** The text stored under the key of a lease that was granted. */
interface FoundText {
  readonly text: string | undefined;
}

/**
 * The reply to a request for a lease.
 *
 * @typeParam Found - What comes with a lease that is granted.
 */
export type LeaseReply<Found = FoundText> =
  | ({ readonly granted: true } & Found)
  | {
      readonly granted: false;
      /** The holder's token. */
      readonly holder: string;
      /** Remaining time of the lease, unless it is renewed. */
      readonly remainingMs: number;
    };

/** The lease of a key, to be acquired. */
export interface LeaseRequest {
  readonly key: string;
  /** Unique name of the load. */
  readonly token: string;
  /** How long it is held unless it is renewed. */
  readonly leaseMs: number;
  /** Takes the lease from its holder, whose fill will then be refused. */
  readonly isForced: boolean;
}

/** A text to be stored if the lease is still held. */
export interface LeaseFill extends StoredText {
  readonly token: string;
}

/** The result of {@link LeaseCommands.fill}. */
export interface FillOutcomes {
  /** For each whether it was stored; `undefined` when the store refused the text. */
  readonly stored: readonly (boolean | undefined)[];
  readonly error: Error | undefined;
}

/** A text to be stored. */
export interface StoredText {
  readonly key: string;
  readonly text: string;
  readonly ttlMs: number;
}

/** The result of {@link EntryCommands.set}. */
export interface SetOutcome {
  readonly stored: number;
  readonly error: Error | undefined;
}

/** Characters at the beginning of an entry that include its expiry. */
export const HEAD_CHARS = 64;

/** Versions on the tags' clock. */
export interface TagVersions {
  /**
   * Values noted before it are invalid if they have tags; `undefined` if the store has no tags, which
   * makes all values with tags invalid.
   */
  readonly epoch: number | undefined;
  /** In the order of the tags; 0 for one that was not invalidated since the epoch. */
  readonly versions: readonly number[];
}

/** Receives the messages of a coordinator, for its cache. */
export interface CoordinatorListener {
  /** Whether any load waits for {@link CoordinatorListener.onLeaseEnd}. */
  readonly awaitsLease: boolean;
  /** These keys were written or removed elsewhere: their local copies may be out of date. */
  onKeys(keys: readonly string[]): void;
  /** These tags were invalidated elsewhere, with this version on the tag clock. */
  onTags(tags: readonly string[], version: number): void;
  /** The keys that match were removed elsewhere, in the syntax of `clear`. */
  onPatterns(patterns: readonly string[]): void;
  /** The lease of a key has ended, with or without a fill: loads that wait for it may read again. */
  onLeaseEnd(key: string): void;
  /**
   * Messages may have been lost, or everything was removed: no entry in memory can be trusted. Called
   * each time before {@link Coordinator.isListening} turns true.
   */
  onReset(): void;
  /** {@link Coordinator.isListening} or {@link Coordinator.isConnected} may have changed. */
  onChange(): void;
  /** A failure that does not belong to an operation. */
  onError(error: Error): void;
}

/**
 * How a memory tier receives what other processes write. `tracking`: the server itself reports every
 * change by any program (Redis `CLIENT TRACKING`). `pubsub`: the caches notify each other.
 */
export type BusKind = 'tracking' | 'pubsub';

/** @internal */
export interface CoordinatorOptions {
  readonly namespace: string;
  /** Names this cache among those that share the namespace. */
  readonly origin: string;
  readonly clock: Clock;
  /** How long the cache waits for a command, in milliseconds. */
  readonly timeoutMs?: number;
  /** Whether there is a memory tier to keep up to date. */
  readonly hasMemory: boolean;
  /** `false`: does not subscribe to messages of the other caches. Default true. */
  readonly listens?: boolean;
  /** Default: tracking where the store can do it. */
  readonly bus: BusKind | undefined;
  readonly listener: CoordinatorListener;
}

/**
 * A store that can coordinate the caches which share it.
 *
 * @internal
 */
export interface CoordinatedStore {
  /** Creates the coordinator of one cache. */
  coordinate(options: CoordinatorOptions): Coordinator;
  /** Removes a listener that the adapter's `on` added. */
  off?(event: string, listener: (...words: unknown[]) => void): unknown;
}

/** @internal */
export function coordinates(store: object): store is CoordinatedStore {
  return typeof (store as Partial<CoordinatedStore>).coordinate === 'function';
}
