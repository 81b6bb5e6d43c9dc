import { Coalescer } from '../base/coalescer.js';
import type { CacheStore } from './adapter.js';
import type { Backend } from './backend.js';
import {
  coordinates,
  type CoordinatorOptions,
  type KeyPattern,
  type Snapshots,
  type StoredText,
} from './coordinator.js';
import type { Lane } from './dispatcher.js';
import {
  EntryCodec,
  type EntryCodecOptions,
  type KeyedEntry,
  type SharedEntry,
} from './entry-codec.js';
import { NO_DELAY, type OwnDelay } from './guard.js';
import { GuardedStore, type GuardedStoreOptions } from './guarded-store.js';
import { KeyCount } from './key-count.js';
import type { FillOutcome, LeaseAnswer } from './lease-outcomes.js';
import { openBackend } from './open-backend.js';
import { TagCheck } from './tag-check.js';

export type { KeyedEntry, SharedEntry };

export interface SharedTierOptions extends Omit<GuardedStoreOptions, 'prefix'>, EntryCodecOptions {
  /** The caller's store, or a promise of one that is the cache's own. */
  readonly store: CacheStore | Promise<CacheStore>;
  readonly namespace: string;
  /** For a store that coordinates the caches which share it. */
  readonly coordination: Omit<CoordinatorOptions, 'namespace' | 'clock'>;
}

/**
 * The tier outside the process, over any Keyv store: entries as the cache knows them, below the
 * namespace. {@link GuardedStore} deals with failures of the store; here, a value that is not an entry
 * is a miss.
 *
 * @internal
 */
export class SharedTier {
  /** Whether leases, messages and tag versions are shared as well. */
  readonly isCoordinated: boolean;
  private readonly store: GuardedStore;
  private readonly entries: EntryCodec;
  private readonly keys: KeyCount;
  /** When the first of the waiting reads was queued. */
  private gatheringSince = 0;
  /** {@link SharedTier.ownDelay} at that time: a look at the clock for each read would cost too much. */
  gatheringDelay: OwnDelay = NO_DELAY;
  /** Reads of one turn share a command and a time-out. */
  private readonly reads: Coalescer<unknown, SharedEntry | undefined>;
  private readonly tags = new TagCheck((tags) => this.store.coordination.tagVersions(tags));

  constructor(private readonly options: SharedTierOptions) {
    const { store, namespace, clock, timeoutMs, breaker, onError, onChange } = options;
    const isOurs = store instanceof Promise;
    this.isCoordinated = isOurs || coordinates(store);
    this.store = new GuardedStore(
      isOurs ? store.then((opened) => this.open(opened, true)) : this.open(store, false),
      { prefix: `${namespace}:`, clock, timeoutMs, breaker, onError, onChange },
    );
    this.keys = new KeyCount({
      clock,
      count: () => this.store.count(),
      share: (run) =>
        this.store.coordination.run('count', async ({ sharedCount }) =>
          sharedCount === undefined ? undefined : await run(sharedCount),
        ),
    });
    this.entries = new EntryCodec(
      options,
      this.isCoordinated ? () => this.store.coordinator?.clockOffsetMs ?? 0 : undefined,
      () => this.store.coordinator?.history.floor ?? 0,
    );
    this.reads = new Coalescer(
      (keys) => {
        this.store.noteBlocked(clock.monotonic() - this.gatheringSince);
        return this.store.read(keys);
      },
      (stored, key) => this.checked(key, this.entries.decode(key, stored)),
      () => this.entries.batchLimit,
    );
  }

  /** Whether the store is given up for now. */
  get isDown(): boolean {
    return this.store.isDown;
  }

  /** Whether the store cannot be reached: given up, or not connected. */
  get isAway(): boolean {
    const { isDown, coordinator } = this.store;
    return isDown || (this.isCoordinated && coordinator?.isConnected !== true);
  }

  /** Whether the store is known to remember everything that it has acknowledged. */
  get isCurrent(): boolean {
    return this.store.isCurrent;
  }

  /** Does again what the store has forgotten, if there is another connection. */
  catchUp(): void {
    void this.store.catchUp();
  }

  /** How long calls have waited for this process so far, rather than for the store. */
  get ownDelay(): OwnDelay {
    return this.store.ownDelay;
  }

  /** Whether messages of the other caches arrive. */
  get isListening(): boolean {
    return this.store.coordinator?.isListening === true;
  }

  get breakerState(): 'closed' | 'open' | 'half-open' {
    return this.store.breakerState;
  }

  /** Invalidations that the store has not heard of yet. */
  get pending(): number {
    return this.store.pending;
  }

  get messages(): { readonly sent: number; readonly received: number } {
    return this.store.coordinator?.messages ?? { sent: 0, received: 0 };
  }

  /** The store's clock of tags as last heard of; `undefined` before that, and without one. */
  get lastTagClock(): number | undefined {
    return this.store.coordinator?.lastTagClock;
  }

  /** Number of the batch that a read asked for now would travel with; see {@link Coalescer.gathering}. */
  get gathering(): number | undefined {
    return this.reads.gathering;
  }

  /** The entry under a key, expired or not; one that a tag has invalidated is not there. */
  read(key: string): Promise<SharedEntry | undefined> {
    if (this.reads.gathering === undefined) {
      this.gatheringSince = this.options.clock.monotonic();
      this.gatheringDelay = this.ownDelay;
    }
    return this.reads.read(key);
  }

  /**
   * Stores an entry until its grace ends.
   *
   * @returns Whether the store acknowledged it.
   */
  async write(key: string, entry: SharedEntry, budgetMs?: number): Promise<boolean> {
    const payload = this.entries.encode(key, entry.value);
    if (payload === undefined) {
      // The old value must not outlive a newer one that cannot be shared.
      await this.remove(key, budgetMs);
      return false;
    }
    return await this.store.write(
      key,
      () => this.entries.text(entry, payload),
      this.entries.ttlOf(entry),
      budgetMs,
    );
  }

  /**
   * Stores several entries in as few commands as possible.
   *
   * @returns For each whether the store acknowledged it; `undefined` when a command got no reply.
   */
  async writeMany(
    entries: readonly KeyedEntry[],
    budgetMs: number,
    lane: Lane,
  ): Promise<readonly boolean[] | undefined> {
    const { commands, unfit } = this.entries.pack(entries);
    // The old values must not outlive newer ones that cannot be shared.
    const removing =
      unfit.length > 0 ? this.removeMany(unfit, budgetMs, lane) : Promise.resolve([]);
    const acknowledged = new Array<boolean>(entries.length).fill(false);
    const outcomes = await Promise.all(
      commands.map(async (packed) => {
        const keys = packed.map(({ key }) => key);
        const texts = (): StoredText[] => packed.map((one) => this.entries.toStored(one));
        const stored = await this.store.writeMany(keys, texts, budgetMs, lane);
        for (const { index } of packed.slice(0, stored)) acknowledged[index] = stored !== undefined;
        return stored;
      }),
    );
    if (outcomes.includes(undefined) || (await removing) === undefined) return undefined;
    return acknowledged;
  }

  /** Removes several keys; `undefined` when the store did not say whether they were there. */
  async removeMany(
    keys: readonly string[],
    budgetMs: number | undefined,
    lane: Lane,
  ): Promise<readonly boolean[] | undefined> {
    return await this.store.removeMany(keys, budgetMs, lane);
  }

  /** Notes that what the store has under the keys is out of date, without asking it now. */
  postpone(keys: readonly string[]): void {
    this.store.postponeAll(keys);
  }

  /**
   * The entries under several keys, by a command of their own.
   *
   * @returns `undefined` when the store did not reply.
   */
  async readMany(
    keys: readonly string[],
  ): Promise<readonly (SharedEntry | undefined)[] | undefined> {
    const stored = await this.store.read(keys, 'bulk');
    if (stored.length === 0 && keys.length > 0) return undefined;
    const entries = keys.map((key, i) => this.checked(key, this.entries.decode(key, stored[i])));
    // Only entries with tags need their versions.
    return await Promise.all(entries as Promise<SharedEntry | undefined>[]);
  }

  /** Removes a key; `undefined` when the store did not say whether it was there. */
  async remove(key: string, budgetMs?: number): Promise<boolean | undefined> {
    return await this.store.remove(key, budgetMs);
  }

  /**
   * Removes every key that one of the patterns matches.
   *
   * @returns How many there were, as far as the store could be asked.
   * @throws ConfigurationError when the store cannot list its keys.
   */
  async removeMatching(patterns: readonly KeyPattern[]): Promise<number> {
    return await this.store.removeMatching(patterns);
  }

  /** Asks for the lease of a key; `undefined` when the store could not be asked. */
  async acquire(
    key: string,
    token: string,
    leaseMs: number,
    budgetMs: number,
    seize = false,
  ): Promise<LeaseAnswer | undefined> {
    const grant = await this.store.coordination.acquire(key, token, leaseMs, budgetMs, seize);
    if (grant === undefined || grant === 'unsent' || !grant.granted) return grant;
    const entry = this.store.covers(key, []) ? undefined : this.entries.decode(key, grant.text);
    return { granted: true, entry: await this.checked(key, entry) };
  }

  /** Prolongs a lease; `undefined` when the store did not say whether it is still held. */
  async renew(key: string, token: string, leaseMs: number): Promise<boolean | undefined> {
    return await this.store.coordination.renew(key, token, leaseMs);
  }

  /** Gives a lease back without a value; answers whether that is known to have been done. */
  async release(key: string, token: string): Promise<boolean> {
    return (await this.store.coordination.release(key, token)) === true;
  }

  /** Stores an entry if its lease is still held, and gives the lease back. */
  async fill(key: string, token: string, entry: SharedEntry): Promise<FillOutcome> {
    const payload = this.entries.encode(key, entry.value);
    if (payload === undefined) {
      await this.release(key, token);
      return 'failed';
    }
    const stored = await this.store.coordination.fill(
      key,
      token,
      () => this.entries.text(entry, payload),
      this.entries.ttlOf(entry),
      payload.length,
    );
    if (stored === undefined) return 'failed';
    return stored ? 'stored' : 'refused';
  }

  /** The store's clock of tags, to be noted before a load; `undefined` when it does not answer. */
  async tagClock(budgetMs: number): Promise<number | undefined> {
    return await this.store.coordination.tagClock(budgetMs);
  }

  /** Whether none of the tags was invalidated after a moment of the store's clock of tags. */
  async areTagsValid(tags: readonly string[], noted: number): Promise<boolean> {
    return await this.tags.areValid(tags, noted);
  }

  /** Invalidates tags for every cache on the store. */
  async invalidateTags(tags: readonly string[]): Promise<void> {
    await this.store.invalidateTags(tags);
  }

  /** Runs something on what the instances leave for each other; `undefined` when it failed. */
  async snapshots<T>(run: (snapshots: Snapshots) => Promise<T>): Promise<T | undefined> {
    return this.isCoordinated ? await this.store.coordination.snapshots(run) : undefined;
  }

  /** Keys of the namespace, as last counted; `undefined` when the store cannot count them. */
  async count(): Promise<number | undefined> {
    return this.isCoordinated ? await this.keys.get() : undefined;
  }

  /** Tries once more to remove what the store has not confirmed. Never rejects. */
  async flush(): Promise<void> {
    await this.store.flush();
  }

  /** Stops what goes on by itself, and closes what was opened. A store of the caller's stays open. */
  async close(): Promise<void> {
    await this.store.close();
  }

  private open(store: CacheStore, isOurs: boolean): Backend {
    return openBackend(store, isOurs, {
      ...this.options,
      onError: (error) => {
        this.store.reported(error);
      },
      onReady: () => {
        this.store.hurry();
      },
    });
  }

  /** An entry, unless one of its tags has been invalidated for all caches. */
  private checked(
    key: string,
    entry: SharedEntry | undefined,
  ): SharedEntry | undefined | Promise<SharedEntry | undefined> {
    if (entry === undefined || entry.tags.length === 0) return entry;
    if (this.store.covers(key, entry.tags)) return undefined;
    if (!this.isCoordinated) return entry;
    return this.areTagsValid(entry.tags, entry.tagClock).then((valid) =>
      valid ? entry : undefined,
    );
  }
}
