import type { Clock } from '../base/clock.js';

/**
 * Operations of a store beyond Keyv's contract, for several processes that share it: leases, so that one
 * of them loads; a bus, so that their memory tiers agree; tag versions; removal by pattern.
 *
 * Keys are those below the namespace. Every promise rejects when the store cannot be asked; nothing
 * is queued, and nothing is sent a second time.
 *
 * @internal
 */
export interface Coordinator {
  /** Whether commands can be sent: the connection stands, as far as is known. */
  readonly isConnected: boolean;
  /** Whether messages of others arrive: subscribed, and the last probe came back. */
  readonly isListening: boolean;
  /** The store's clock minus ours, in ms; 0 until it has been measured. */
  readonly clockOffsetMs: number;
  /** The tags' clock as last heard of, never ahead of it; `undefined` before that. */
  readonly lastTagClock: number | undefined;
  /** The store's memory of the operations that it has acknowledged. */
  readonly history: StoreHistory;
  /** Messages sent and received, probes aside. */
  readonly messages: { readonly sent: number; readonly received: number };

  /** Settles when commands can be sent and the clocks have been compared; `undefined` for now. */
  ready(): Promise<void> | undefined;

  /**
   * Requests leases, and reads the values again: another process may have filled them since.
   *
   * @param withinMs - If the command reaches the store more than `withinMs` ms after it was sent, no
   * lease is granted: the sender no longer waits.
   */
  acquire(requests: readonly LeaseRequest[], withinMs: number): Promise<readonly Grant[]>;
  /** Prolongs a lease from now on; resolves to false when it is no longer held. */
  renew(key: string, token: string, leaseMs: number): Promise<boolean>;
  /** Gives a lease back, if it is still held, and notifies those that wait for it. */
  release(key: string, token: string): Promise<void>;
  /**
   * Stores each text and gives its lease back, if the lease is still held; notifies those that wait.
   * After a text that the store refuses, it stores none of those that follow, but gives their leases
   * back.
   */
  fill(fills: readonly LeaseFill[]): Promise<FillOutcomes>;

  /**
   * Ends the leases of the keys, removes what is there, stores the texts, and publishes the change.
   * After a text that the store refuses, it stores none of those that follow, but removes what was
   * there.
   *
   * @param withinMs - If the command reaches the store more than `withinMs` ms after it was sent, it
   * only removes: a later write may have overtaken it.
   * @returns How many it stored, from the first on, and why no more.
   */
  set(entries: readonly StoredText[], withinMs: number): Promise<SetOutcome>;
  /**
   * Ends the leases of the keys, removes their values and publishes the change.
   *
   * @returns For each key the first {@link HEAD_CHARS} characters of what was there; `undefined` for
   * nothing.
   */
  delete(keys: readonly string[]): Promise<readonly (string | undefined)[]>;
  /**
   * Ends the leases of all keys that match, then removes their values, then publishes the change; step
   * by step, so that the store stays responsive.
   *
   * @param groups - The patterns of several callers, who share one pass.
   * @returns For each step and group, the first characters of the values that it removed.
   */
  clear(groups: readonly (readonly KeyPattern[])[]): AsyncIterable<readonly (readonly string[])[]>;
  /** The keys of the namespace, counted step by step: how many each step found. */
  count(): AsyncIterable<number>;

  /** The tags' clock, for a load to note before it runs. */
  tagClock(): Promise<number>;
  /** When each of the tags was last invalidated, on the tags' clock. */
  tagVersions(tags: readonly string[]): Promise<TagVersions>;
  /**
   * Advances the tag clock, records its new reading as the version of these tags, and publishes the
   * change.
   *
   * @returns The version.
   */
  invalidateTags(tags: readonly string[]): Promise<number>;

  /** The latest count of keys, for all processes; `undefined` where the store has no place for it. */
  readonly sharedCount?: SharedCount;
  /** Texts that instances leave for each other; `undefined` where the store has no place for them. */
  readonly snapshots?: Snapshots;

  /** Ends the bus, and closes what was opened for it. */
  close(): void;
}

/**
 * A number of keys that one process counts for all that share a store.
 *
 * @internal
 */
export interface SharedCount {
  /**
   * @returns The count, if there is one; else whether the caller is to count (`mine`), or another
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
  /** @param most - Instances to keep in mind; the one that wrote last comes first. */
  write(instance: string, text: string, ttlMs: number, most: number): Promise<void>;
  remove(instance: string): Promise<void>;
  /** The instances that wrote last, `most` at most; the texts of some may have expired. */
  list(most: number): Promise<readonly string[]>;
  /** The texts of these instances, in their order; `null` for one that has expired. */
  read(instances: readonly string[]): Promise<readonly (string | null)[]>;
}

/** A pattern as stores need it: patterns of their own may mean something else, or take forever. */
export interface KeyPattern {
  /** As its user wrote it. */
  readonly source: string;
  /** Text that all keys which match begin with. */
  readonly prefix: string;
  matches(key: string): boolean;
}

/**
 * How a cache learns that its store is back in an earlier state: after a restart from a snapshot, or
 * after a failover to a replica that had not received everything.
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
   * Leaves a number in the store, behind everything that it has acknowledged so far: a state that has
   * the number has that too. It expires after a day without the cache.
   *
   * @throws at once when there is no connection: the next one may lead to an earlier state.
   */
  noteSequence(sequence: number): Promise<void>;
  /**
   * The number that was noted last, as far as the store remembers; `undefined` for none, `Infinity`
   * where that cannot be found out.
   */
  readSequence(): Promise<number | undefined>;
  /** Makes everything that was created before now a miss for all caches, and ends all leases. */
  raiseFloor(): Promise<void>;
  /** On a cluster: what lives on shards that have failed over and are not repaired yet. */
  readonly failovers?: FailedShards | undefined;
  /** The invalidations that the failovers may have undone are being repeated. */
  forgetFailovers?(): void;
}

/** The keys and tags on the shards of a cluster that have another primary now. */
export interface FailedShards {
  hasKey(key: string): boolean;
  readonly hasTags: boolean;
  /** When the former primaries were last seen, by the monotonic clock. */
  readonly seenAt: number;
}

/** The answer to {@link Coordinator.acquire}. */
export type Grant =
  | {
      readonly granted: true;
      /** The text stored under the key. */
      readonly text: string | undefined;
    }
  | {
      readonly granted: false;
      /** Its holder's token. */
      readonly holder: string;
      /** Until it ends, unless it is renewed. */
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
  readonly seize: boolean;
}

/** A text to be stored if the lease is still held. */
export interface LeaseFill extends StoredText {
  readonly token: string;
}

/** The result of {@link Coordinator.fill}. */
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

/** The result of {@link Coordinator.set}. */
export interface SetOutcome {
  readonly stored: number;
  readonly error: Error | undefined;
}

/** How much of an entry says when it expires. */
export const HEAD_CHARS = 64;

/** Versions on the tags' clock. */
export interface TagVersions {
  /**
   * Values noted before it are invalid, with any tags; `undefined` when the store knows nothing
   * of tags, which makes everything with tags invalid.
   */
  readonly epoch: number | undefined;
  /** In the order of the tags; 0 for one that was not invalidated since the epoch. */
  readonly versions: readonly number[];
}

/** Receives what a coordinator learns, for the cache that it works for. */
export interface CoordinatorListener {
  /** Whether {@link CoordinatorListener.onLeaseEnd} concerns anything that waits. */
  readonly awaitsLease: boolean;
  /** These keys were written or removed elsewhere: what is in memory may be out of date. */
  onKeys(keys: readonly string[]): void;
  /** Tags were invalidated elsewhere, which made this their version on the tags' clock. */
  onTags(tags: readonly string[], version: number): void;
  /** The keys that match were removed elsewhere, in the syntax of `clear`. */
  onPatterns(patterns: readonly string[]): void;
  /** The lease of a key has ended, by a fill or without: those that wait for it may look again. */
  onLeaseEnd(key: string): void;
  /**
   * Messages may have been lost, or everything was removed: all that is in memory is in doubt.
   * Called before {@link Coordinator.isListening} turns true, every time.
   */
  onReset(): void;
  /** {@link Coordinator.isListening} or {@link Coordinator.isConnected} may have changed. */
  onChange(): void;
  /** A failure that belongs to no operation. */
  onError(error: Error): void;
}

/**
 * How a memory tier learns what others write. `tracking`: the server itself reports every change by
 * any program (Redis `CLIENT TRACKING`). `pubsub`: the caches notify each other.
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
  /** Begins to work for one cache. */
  coordinate(options: CoordinatorOptions): Coordinator;
  /** Ends what the adapter's `on` began. */
  off?(event: string, listener: (...words: unknown[]) => void): unknown;
}

/** @internal */
export function coordinates(store: object): store is CoordinatedStore {
  return typeof (store as Partial<CoordinatedStore>).coordinate === 'function';
}
