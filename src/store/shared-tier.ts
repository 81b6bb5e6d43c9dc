import { Coalescer } from '../base/coalescer.js';
import { toStorePort, type CacheStore } from './adapter.js';
import type { Backend } from './backend.js';
import { BatchSize } from './batch-size.js';
import { TypedCodec, type Codec, type TypeCodec } from './codec.js';
import { compressed, decompressed } from './compression.js';
import {
  coordinates,
  type CoordinatorOptions,
  type KeyPattern,
  type Snapshots,
} from './coordinator.js';
import { readEnvelope, writeEnvelope } from './envelope.js';
import { GuardedStore, type GuardedStoreOptions } from './guarded-store.js';
import { KeyCount } from './key-count.js';

/** An entry as the cache sees it: the value, its times on our clock, and its tags. */
export interface SharedEntry {
  readonly value: unknown;
  readonly createdAt: number;
  readonly freshUntil: number;
  readonly staleUntil: number;
  /** The tags' clock before the value was made: the store's own, if it has one. */
  readonly tagClock: number;
  readonly tags: readonly string[];
}

/** The answer to a request for a lease; `unsent`: the store was not asked. */
export type LeaseAnswer =
  | 'unsent'
  | { readonly granted: true; readonly entry: SharedEntry | undefined }
  | { readonly granted: false; readonly holder: string; readonly remainingMs: number };

/** What became of a fill. */
export type FillOutcome = 'stored' | 'refused' | 'failed';

export interface SharedTierOptions extends Omit<GuardedStoreOptions, 'prefix'> {
  /** The caller's store, or a promise of one that is the cache's own. */
  readonly store: CacheStore | Promise<CacheStore>;
  readonly namespace: string;
  readonly codec: Codec | undefined;
  readonly types: readonly TypeCodec[];
  /** Bytes from which values are compressed; `undefined`: none is. */
  readonly compressFrom: number | undefined;
  /** For a store that coordinates the caches which share it. */
  readonly coordination: Omit<CoordinatorOptions, 'namespace' | 'clock'>;
}

/** Tags whose versions are read together at most. */
const MOST_TAGS = 128;

/**
 * The tier outside the process, over any Keyv store: entries as the cache knows them, below the
 * namespace. Whatever goes wrong with the store is dealt with by {@link GuardedStore}; here, what is
 * not an entry of ours is a miss.
 *
 * @internal
 */
export class SharedTier {
  /** Whether leases, messages and tag versions are shared as well. */
  readonly isCoordinated: boolean;
  private readonly store: GuardedStore;
  private readonly typed: TypedCodec;
  private readonly keys: KeyCount;
  private readonly batchSize = new BatchSize();
  /** When the first of the reads was asked for that wait to be sent. */
  private gatheringSince = 0;
  /** Reads of one turn share a command and a time-out. */
  private readonly reads: Coalescer<unknown, SharedEntry | undefined>;
  /** When tags were last invalidated; `Infinity` for what could not be learnt. */
  private readonly tagVersions: Coalescer<number, number>;

  constructor(private readonly options: SharedTierOptions) {
    const { store, namespace, clock, timeoutMs, breaker, onError, onChange } = options;
    const isOurs = store instanceof Promise;
    this.isCoordinated = isOurs || coordinates(store);
    this.store = new GuardedStore(
      isOurs ? store.then((opened) => this.open(opened, true)) : this.open(store, false),
      { prefix: `${namespace}:`, clock, timeoutMs, breaker, onError, onChange },
    );
    this.keys = new KeyCount(clock, () => this.store.count());
    this.typed = new TypedCodec(options.types);
    this.reads = new Coalescer(
      (keys) => {
        this.store.noteBlocked(clock.monotonic() - this.gatheringSince);
        return this.store.read(keys);
      },
      (stored, key) => this.checked(key, this.decode(stored)),
      () => this.batchSize.limit,
    );
    this.tagVersions = new Coalescer(
      (tags) => this.fetchVersions(tags),
      (version) => version ?? Infinity,
      () => MOST_TAGS,
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

  /** Milliseconds so far in which calls waited for this process rather than for the store. */
  get ownDelayMs(): number {
    return this.store.ownDelayMs;
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
    }
    return this.reads.read(key);
  }

  /**
   * Stores an entry until its grace ends.
   *
   * @returns Whether the store acknowledged it.
   */
  async write(key: string, entry: SharedEntry, budgetMs?: number): Promise<boolean> {
    let payload: string;
    try {
      payload = this.encode(entry.value);
    } catch (error) {
      this.options.onError(error);
      // The old value must not outlive a newer one that cannot be shared.
      await this.remove(key, budgetMs);
      return false;
    }
    return await this.store.write(key, this.text(entry, payload), this.ttlOf(entry), budgetMs);
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
    const grant = await this.store.acquire(key, token, leaseMs, budgetMs, seize);
    if (grant === undefined || grant === 'unsent' || !grant.granted) return grant;
    const entry = this.store.covers(key, []) ? undefined : this.decode(grant.text);
    return { granted: true, entry: await this.checked(key, entry) };
  }

  /** Prolongs a lease; `undefined` when the store did not say whether it is still held. */
  async renew(key: string, token: string, leaseMs: number): Promise<boolean | undefined> {
    return await this.store.renew(key, token, leaseMs);
  }

  /** Gives a lease back without a value; answers whether that is known to have been done. */
  async release(key: string, token: string): Promise<boolean> {
    return (await this.store.release(key, token)) === true;
  }

  /** Stores an entry if its lease is still held, and gives the lease back. */
  async fill(key: string, token: string, entry: SharedEntry): Promise<FillOutcome> {
    let payload: string;
    try {
      payload = this.encode(entry.value);
    } catch (error) {
      this.options.onError(error);
      await this.release(key, token);
      return 'failed';
    }
    const stored = await this.store.fill(key, token, this.text(entry, payload), this.ttlOf(entry));
    if (stored === undefined) return 'failed';
    return stored ? 'stored' : 'refused';
  }

  /** The store's clock of tags, to be noted before a load; `undefined` when it does not answer. */
  async tagClock(budgetMs: number): Promise<number | undefined> {
    return await this.store.tagClock(budgetMs);
  }

  /** Whether none of the tags was invalidated after a moment of the store's clock of tags. */
  async areTagsValid(tags: readonly string[], noted: number): Promise<boolean> {
    const versions = await Promise.all(tags.map((tag) => this.tagVersions.read(tag)));
    return versions.every((version) => version <= noted);
  }

  /** Invalidates tags for every cache on the store. */
  async invalidateTags(tags: readonly string[]): Promise<void> {
    await this.store.invalidateTags(tags);
  }

  /** Runs something on what the instances leave for each other; `undefined` when it failed. */
  async snapshots<T>(run: (snapshots: Snapshots) => Promise<T>): Promise<T | undefined> {
    return this.isCoordinated ? await this.store.snapshots(run) : undefined;
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
    const onError = (error: unknown): void => {
      this.store.reported(error);
    };
    const onReady = (): void => {
      this.store.hurry();
    };
    const port = toStorePort(store, { onError, onReady });
    const { coordination, clock, namespace } = this.options;
    const coordinator = coordinates(store)
      ? store.coordinate({ ...coordination, clock, namespace })
      : undefined;
    const close = async (): Promise<void> => {
      coordinator?.close();
      // Others may be emitters, which throw an 'error' that nobody listens for: they keep ours.
      if (coordinates(store)) {
        store.off?.('error', onError);
        store.off?.('ready', onReady);
      }
      if (isOurs && 'disconnect' in store) await store.disconnect?.();
    };
    return { port, coordinator, close };
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

  private async fetchVersions(tags: readonly string[]): Promise<readonly number[]> {
    const { epoch, versions = [] } = (await this.store.tagVersions(tags)) ?? {};
    return epoch === undefined ? [] : versions.map((version) => Math.max(epoch, version));
  }

  private ttlOf(entry: SharedEntry): number {
    return Math.max(1, Math.ceil(entry.staleUntil - this.options.clock.now()));
  }

  /** An entry as it travels, with its times on the store's clock, which is known by then. */
  private text(entry: SharedEntry, payload: string): () => string {
    return () => {
      const offset = this.store.coordinator?.clockOffsetMs ?? 0;
      return writeEnvelope({
        payload,
        createdAt: entry.createdAt + offset,
        freshUntil: entry.freshUntil + offset,
        staleUntil: entry.staleUntil + offset,
        tagClock: entry.tagClock,
        tags: entry.tags,
      });
    };
  }

  private encode(value: unknown): string {
    const { codec } = this.options;
    const payload =
      codec === undefined ? this.typed.encode(value) : codec.tag + codec.encode(value);
    return compressed(payload, this.options.compressFrom);
  }

  private decode(stored: unknown): SharedEntry | undefined {
    this.batchSize.saw(stored);
    const envelope = readEnvelope(stored);
    if (envelope === undefined) return undefined;
    const { payload, createdAt, freshUntil, staleUntil, tagClock, tags } = envelope;
    const offset = this.store.coordinator?.clockOffsetMs ?? 0;
    try {
      const { codec } = this.options;
      const text = decompressed(payload);
      const own = codec !== undefined && text.startsWith(codec.tag);
      const value = own ? codec.decode(text.slice(1)) : this.typed.decode(text);
      return {
        value,
        createdAt: createdAt - offset,
        freshUntil: freshUntil - offset,
        staleUntil: staleUntil - offset,
        tagClock,
        tags,
      };
    } catch (error) {
      this.options.onError(error);
      return undefined;
    }
  }
}
