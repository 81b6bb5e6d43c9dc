import type { Clock } from '../base/time/clock.js';

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
  /** Whether messages of other caches arrive: the last probe came back. */
  readonly isListening: boolean;
  /** The store's clock minus ours, in ms; 0 until it has been measured. */
  readonly clockOffsetMs: number;
  /** The last known reading of the tags' clock, never ahead of it; `undefined` before the first. */
  readonly lastTagClock: number | undefined;
  /** Which acknowledged invalidations the store has kept. */
  readonly history: StoreHistory;
  /** Number of messages sent and received, without probes. */
  readonly messages: { readonly sent: number; readonly received: number };

  /** Settles once commands can be sent and the clocks have been compared; `undefined` if that is the case. */
  ready(): Promise<void> | undefined;

  readonly entries: EntryCommands;
  readonly leases: LeaseCommands;
  readonly tags: TagCommands;
  /** The number of keys, shared by all processes; `undefined` if the store does not support it. */
  readonly sharedCount?: SharedCount;
  /** Texts that instances store for each other; `undefined` if the store does not support it. */
  readonly snapshots?: Snapshots;

  /** Stops the bus, and closes its connection. */
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
   * @returns The number of texts stored, counted from the first, and the error that stopped it.
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
  /** Counts the keys of the namespace step by step, and yields the number that each step found. */
  count(): AsyncIterable<number>;
}

/**
 * The right of one process to load a key.
 *
 * @internal
 */
export interface LeaseCommands {
  /**
   * Requests leases, and reads the values again, since another process may have filled them.
   *
   * @param withinMs - If the command reaches the store more than `withinMs` ms after it was sent, no
   * lease is granted: the sender no longer waits.
   */
  acquire(requests: readonly LeaseRequest[], withinMs: number): Promise<readonly LeaseReply[]>;
  /** Renews a lease for `leaseMs` from now; resolves to false if it is no longer held. */
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
 * The tag clock of a namespace, and when each tag was last invalidated.
 *
 * @internal
 */
export interface TagCommands {
  /** Reads the tag clock, for a load to note before it runs. */
  clock(): Promise<number>;
  /** Reads when each of the tags was last invalidated, on the tag clock. */
  versions(tags: readonly string[]): Promise<TagVersionsReply>;
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
   * Returns the count if there is one. Otherwise, only one process is to count.
   *
   * @returns The count; `mine` if the caller must count; `taken` if another process is counting.
   */
  claim(): Promise<number | 'mine' | 'taken'>;
  /** Shares a count with the other processes, for `forMs` milliseconds. */
  publish(count: number, forMs: number): Promise<void>;
}

/**
 * Texts of the instances that share a store, one each, which expire unless they are written again.
 *
 * @internal
 */
export interface Snapshots {
  /** @param maxInstances - Number of instances to keep: those that wrote last. */
  write(instance: string, text: string, ttlMs: number, maxInstances: number): Promise<void>;
  remove(instance: string): Promise<void>;
  /** At most `maxInstances` instances, in the order of their latest writes; some texts may have expired. */
  list(maxInstances: number): Promise<readonly string[]>;
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
 * replica that had not received every write.
 *
 * @internal
 */
export interface StoreHistory {
  /**
   * Number of connections so far, plus on a cluster that of failovers: with each, the store may have returned to
   * an earlier state.
   */
  readonly connections: number;
  /** Entries created before it are misses, in ms of the store's clock; 0 before one is known. */
  readonly floor: number;
  /**
   * Stores a number after all invalidations that the store has acknowledged so far: a state that contains the
   * number contains those too. The number expires a day after the cache has stopped renewing it.
   *
   * @throws at once if there is no connection, since the next one may lead to an earlier state.
   */
  noteSequence(sequence: number): Promise<void>;
  /**
   * Reads the number back; `undefined` if the store has none, `Infinity` if that cannot be determined.
   */
  readSequence(): Promise<number | undefined>;
  /** Makes all entries created before now misses for all caches, and ends all leases. */
  raiseFloor(): Promise<void>;
  /** On a cluster: the keys and tags of shards that have failed over and are not repaired yet. */
  readonly failovers?: FailedShards | undefined;
  /** Call it once the invalidations that the failovers may have lost are being repeated. */
  clearFailovers?(): void;
}

/** The keys and tags on the shards of a cluster whose primary has changed. */
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
 * @typeParam Found - The further properties of a reply that grants the lease.
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
  /** Identifies the holder; unique for each load. */
  readonly token: string;
  /** How long the lease is held unless it is renewed. */
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
  /** For each fill, whether it was stored; `undefined` if the store refused the text. */
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

/** Number of characters at the beginning of an entry that include its times. */
export const HEAD_CHARS = 64;

/** The versions of tags, as readings of the tag clock. */
export interface TagVersionsReply {
  /**
   * Entries with tags whose load noted an earlier reading are invalid; `undefined` if the store has no tags,
   * which makes all entries with tags invalid.
   */
  readonly epoch: number | undefined;
  /** In the order of the tags; 0 for one that has not been invalidated since the epoch. */
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
  /** A failure that belongs to no operation. */
  onError(error: Error): void;
}

/**
 * How a memory tier learns of changes by other processes. `tracking`: the server reports every change by any
 * program (Redis `CLIENT TRACKING`). `pubsub`: the caches notify each other.
 */
export type BusKind = 'tracking' | 'pubsub';

/** @internal */
export interface CoordinatorOptions {
  readonly namespace: string;
  /** Identifies this cache among those that share the namespace. */
  readonly origin: string;
  readonly clock: Clock;
  /** How long the cache waits for a command, in milliseconds. */
  readonly timeoutMs?: number;
  /** Whether there is a memory tier to keep up to date. */
  readonly hasMemory: boolean;
  /** Whether to subscribe to the messages of other caches. Default: true. */
  readonly listens?: boolean;
  /** Default: tracking if the store supports it. */
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
export function isCoordinatedStore(store: object): store is CoordinatedStore {
  return typeof (store as Partial<CoordinatedStore>).coordinate === 'function';
}
