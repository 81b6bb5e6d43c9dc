import { systemClock, type Clock } from '../base/clock.js';
import { DEFAULTS } from '../base/defaults.js';
import { coarseClock, type CoarseClock } from '../base/coarse-clock.js';
import { lifeClock } from '../base/life-clock.js';
import { OversizeError } from '../base/oversize.js';
import { inSharedContext } from '../base/shared-context.js';
import { newEntry, NO_TAGS, type EntryLife, type EntryOwner, type MemoryEntry } from './entry.js';
import { EntryTable } from './entry-table.js';
import { createPolicy } from './eviction/create-policy.js';
import { ExpiredFirst } from './eviction/expired-first.js';
import type { GhostReport } from './eviction/ghost-report.js';
import type { EvictionPolicy } from './eviction/policy.js';
import { checkMemoryOptions, type MemoryStoreOptions } from './options.js';
import { entrySize, estimateSize, sizeFrom, type SizeEstimator } from './size.js';
import { Sweep } from './sweep.js';
import { TagIndex } from './tag-index.js';
import { ValueProtection } from './value-protection.js';

/** Why the store removed an entry by itself. */
export type EvictReason = 'items' | 'bytes' | 'expired';

const TOO_MUCH_WORK = Symbol('too much work');
type EvictListener = (entry: MemoryEntry, reason: EvictReason) => void;

/**
 * The in-process tier: a bounded map with expiry and eviction.
 *
 * The cache calls `find`, `put` and `drop`, so that a hit costs no promise. The asynchronous methods
 * implement Keyv's storage adapter, with times to live in milliseconds.
 *
 * @example
 * ```ts
 * const keyv = new Keyv({ store: new MemoryStore({ maxItems: 5000 }) });
 * ```
 */
export class MemoryStore {
  /** Part of Keyv's adapter contract. */
  readonly opts: MemoryStoreOptions & Record<string, unknown>;
  /** Part of Keyv's adapter contract; set by the Keyv instance that uses the store. */
  namespace: string | undefined = undefined;

  /** Most entries at a time. */
  readonly maxItems: number;
  /** Most estimated bytes at a time; `undefined` when they are not counted. */
  readonly maxBytes: number | undefined;
  private readonly clock: Clock;
  private readonly coarseClock: CoarseClock;
  private readonly policy: EvictionPolicy;
  private readonly sizeOf: SizeEstimator;
  /** @internal */
  readonly protection: ValueProtection;
  private readonly entries = new EntryTable();
  private readonly expiredFirst = new ExpiredFirst();
  private readonly tagged = new TagIndex();
  private readonly evictListeners = new Set<EvictListener>();
  private usedBytes = 0;
  private readonly sweep: Sweep;

  /**
   * @throws ConfigurationError for an unknown option or a bad value.
   */
  constructor(options: MemoryStoreOptions = {}) {
    checkMemoryOptions(options);
    // Keyv iterates over stores of certain dialects only, and its constructor throws for a store
    // with an iterator that names neither dialect nor URL. It looks at the name for nothing else.
    this.opts = { ...options, dialect: 'sqlite' };
    this.maxItems = options.maxItems ?? DEFAULTS.maxMemoryItems;
    this.maxBytes = options.maxBytes;
    this.sizeOf = options.sizeOf ?? estimateSize;
    this.protection = new ValueProtection(options);
    this.clock = lifeClock(options.clock ?? systemClock);
    this.coarseClock = coarseClock(this.clock);
    this.policy = createPolicy(options.eviction ?? DEFAULTS.eviction, {
      maxItems: this.maxItems,
      maxBytes: this.maxBytes,
      now: () => this.coarseClock.now(),
    });
    this.sweep = new Sweep(this.entries, this.clock, (entry) => {
      this.evict(entry, 'expired');
    });
  }

  // The synchronous face.

  /** Entries held, those included that have expired and were not swept yet. */
  get size(): number {
    return this.entries.size;
  }

  /** Estimated bytes held; 0 without `maxBytes`. */
  get bytes(): number {
    return this.usedBytes;
  }

  /**
   * Reads the entry of a key, also a stale one; removes it if it has expired.
   * @example const user = store.find('user:7')?.value;
   */
  find(key: string): MemoryEntry | undefined {
    const entry = this.live(key);
    if (entry !== undefined) this.policy.hit(entry.place);
    return entry;
  }

  /**
   * The entry of a key, whether it has expired or not; does not count as a read.
   * @example store.peek('user:7')?.freshUntil;
   */
  peek(key: string): MemoryEntry | undefined {
    return this.entries.get(key);
  }

  /**
   * Notes that an entry was read without {@link MemoryStore.find}, if the store still holds it.
   * @example store.touch(entry);
   */
  touch(entry: MemoryEntry): void {
    if (entry.place !== 0) this.policy.hit(entry.place);
  }

  /**
   * Sees to it that an owner is told when the entry goes.
   *
   * @returns Whether it is: not when the store does not hold the entry, or it has another owner.
   * @internal
   */
  claim(entry: MemoryEntry, owner: EntryOwner): boolean {
    return this.entries.claim(entry, owner);
  }

  /**
   * Entries of an owner.
   *
   * @internal
   */
  countOf(owner: EntryOwner): number {
    return this.entries.countOf(owner);
  }

  /**
   * The entry's value as a reader gets it: shared, or a copy where `clone` is on.
   *
   * @example
   * ```ts
   * const entry = store.find('user:7');
   * const user = entry && store.valueOf(entry);
   * ```
   */
  valueOf(entry: MemoryEntry): unknown {
    return this.protection.toReader(entry.value);
  }

  /**
   * Stores a value in place of what is there, and makes room for it.
   *
   * @param lifeMs - Milliseconds that it lives; `Infinity` for no expiry.
   * @param tags - Marks by which the cache removes entries together.
   * @param cost - Milliseconds that the next miss of the key costs; default: the median of the known.
   * @returns The entry, or `undefined` when the value alone exceeds `maxBytes`, or takes too much work
   * to copy, freeze or measure; what was under the key is gone in either case.
   * @throws SerializationError with `clone`, when the value cannot be copied exactly;
   * ConfigurationError when `sizeOf` returns no size; what `sizeOf` throws.
   * @example store.put('user:7', user, 60_000);
   */
  put(
    key: string,
    value: unknown,
    lifeMs: number,
    tags?: readonly string[],
    cost?: number,
  ): MemoryEntry | undefined;
  /** @internal */
  put(
    key: string,
    value: unknown,
    life: EntryLife | number,
    tags?: readonly string[],
    cost?: number,
  ): MemoryEntry | undefined;
  put(
    key: string,
    value: unknown,
    life: EntryLife | number,
    tags: readonly string[] = NO_TAGS,
    cost?: number,
  ): MemoryEntry | undefined {
    const before = this.entries.get(key);
    if (before !== undefined) this.discard(before, false);
    const kept = this.keepable(value);
    if (kept === TOO_MUCH_WORK) return undefined;
    let size = 0;
    if (this.maxBytes !== undefined) {
      size = entrySize(key, sizeFrom(this.sizeOf, kept, this.maxBytes));
      if (size > this.maxBytes) return undefined;
    }
    const times = typeof life === 'number' ? this.coarseClock.ticks() + life : life;
    const entry = newEntry(key, kept, times, tags, size);
    this.entries.add(entry);
    const freshMs = typeof life === 'number' ? life : life.freshUntil - life.createdAt;
    this.policy.add(entry.place, key, this.maxBytes === undefined ? 1 : size, freshMs, cost);
    this.expiredFirst.add(entry.place, entry.staleUntil);
    if (tags.length > 0) this.tagged.add(entry);
    this.usedBytes += size;
    this.sweep.arm(entry.staleUntil);
    // Only now: a listener for evictions may store something at once, even this key.
    this.makeRoom();
    return entry.held ? entry : undefined;
  }

  /**
   * Removes the entry under a key, and says which it was.
   * @example store.drop('user:7');
   */
  drop(key: string): MemoryEntry | undefined {
    const entry = this.entries.get(key);
    if (entry !== undefined) this.discard(entry, true);
    return entry;
  }

  /**
   * Removes every entry that carries one of the tags.
   *
   * @internal
   */
  dropTagged(tags: Iterable<string>): number {
    let dropped = 0;
    for (const tag of tags) {
      for (const entry of this.tagged.of(tag)) {
        this.discard(entry, true);
        dropped++;
      }
    }
    return dropped;
  }

  /**
   * Removes the entries whose keys match.
   *
   * @returns How many of them had not expired.
   * @internal
   */
  dropMatching(matches: (key: string) => boolean): number {
    const now = this.clock.now();
    let dropped = 0;
    for (const entry of this.entries) {
      if (!matches(entry.key)) continue;
      if (now < entry.freshUntil) dropped++;
      this.discard(entry, true);
    }
    return dropped;
  }

  /**
   * How other sizes and lives would do, by a sample of the keys; `undefined` with LRU.
   * @internal
   */
  estimates(): GhostReport | undefined {
    return this.policy.estimates();
  }

  /**
   * Removes everything.
   *
   * @internal
   */
  empty(): void {
    for (const entry of this.entries) this.discard(entry, true);
    this.sweep.stop();
  }

  /**
   * Calls `listener` for every entry that leaves by eviction or expiry; outside of every request's
   * `AsyncLocalStorage` context, since the request at hand has nothing to do with the entry.
   *
   * @example store.onEvict(({ key }, reason) => console.log(key, reason));
   */
  onEvict(listener: EvictListener): void {
    this.evictListeners.add(listener);
  }

  // Keyv's storage adapter.

  /** The value under a key, or `undefined`. */
  get<T>(key: string): Promise<T | undefined> {
    return Promise.resolve(this.read(key) as T | undefined);
  }

  /** The values under several keys, in their order. */
  getMany<T>(keys: readonly string[]): Promise<(T | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.read(key) as T | undefined));
  }

  /** Stores a value; `ttl` in milliseconds, absent or 0 for no expiry. */
  // eslint-disable-next-line @typescript-eslint/require-await -- a promise, so that errors reject
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    return this.put(key, value, ttl !== undefined && ttl > 0 ? ttl : Infinity) !== undefined;
  }

  /** Stores several values. */
  async setMany(entries: readonly { key: string; value: unknown; ttl?: number }[]): Promise<void> {
    for (const { key, value, ttl } of entries) await this.set(key, value, ttl);
  }

  /** Removes a key, and answers whether it was there. */
  delete(key: string): Promise<boolean> {
    const there = this.live(key) !== undefined;
    this.drop(key);
    return Promise.resolve(there);
  }

  /** Removes several keys, and answers whether any of them was there. */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    const removed = await Promise.all(keys.map((key) => this.delete(key)));
    return removed.includes(true);
  }

  /** Whether a key is there. */
  has(key: string): Promise<boolean> {
    return Promise.resolve(this.live(key) !== undefined);
  }

  /** Removes the keys of the Keyv instance's namespace, or everything when there is none. */
  clear(): Promise<void> {
    const prefix = this.namespace === undefined ? '' : `${this.namespace}:`;
    for (const entry of this.entries) if (entry.key.startsWith(prefix)) this.discard(entry, true);
    return Promise.resolve();
  }

  /** Keys and values below a namespace. */
  // eslint-disable-next-line @typescript-eslint/require-await -- Keyv's contract is asynchronous
  async *iterator<T>(namespace?: string): AsyncGenerator<[string, T], void> {
    const prefix = namespace === undefined ? '' : `${namespace}:`;
    for (const key of [...this.entries.keys()]) {
      const entry = key.startsWith(prefix) ? this.live(key) : undefined;
      if (entry !== undefined) yield [key, this.valueOf(entry) as T];
    }
  }

  /** Part of Keyv's adapter contract. A memory store has no errors to report. */
  on(_event: string, _listener: (...args: unknown[]) => void): this {
    return this;
  }

  /** Part of Keyv's adapter contract: forgets everything and stops the sweep. */
  disconnect(): Promise<void> {
    this.empty();
    return Promise.resolve();
  }

  private keepable(value: unknown): unknown {
    try {
      return this.protection.protect(value);
    } catch (error) {
      if (error instanceof OversizeError) return TOO_MUCH_WORK;
      throw error;
    }
  }

  private read(key: string): unknown {
    const entry = this.find(key);
    return entry === undefined ? undefined : this.valueOf(entry);
  }

  private live(key: string): MemoryEntry | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || entry.isReady(this.coarseClock.ticks())) return entry;
    if (this.coarseClock.now() < entry.staleUntil) return entry;
    this.evict(entry, 'expired');
    return undefined;
  }

  private makeRoom(): void {
    while (this.entries.size > this.maxItems) this.evictOne('items');
    while (this.usedBytes > (this.maxBytes ?? Infinity)) this.evictOne('bytes');
  }

  private evictOne(reason: EvictReason): void {
    const expired = this.entries.at(this.expiredFirst.next(this.coarseClock.now()));
    if (expired !== undefined && this.coarseClock.now() >= expired.staleUntil) {
      this.evict(expired, 'expired');
      return;
    }
    const victim = this.entries.at(this.policy.victim());
    if (victim !== undefined) this.evict(victim, reason);
  }

  private evict(entry: MemoryEntry, reason: EvictReason): void {
    this.discard(entry, false);
    if (this.evictListeners.size === 0) return;
    inSharedContext(() => {
      for (const listener of this.evictListeners) listener(entry, reason);
    });
  }

  /** The one way out of the store. */
  private discard(entry: MemoryEntry, isInvalidated: boolean): void {
    if (!this.entries.has(entry)) return;
    this.policy.remove(entry.place, isInvalidated);
    this.expiredFirst.remove(entry.place);
    const owner = this.entries.remove(entry);
    if (entry.tags.length > 0) this.tagged.remove(entry);
    this.usedBytes -= entry.size;
    entry.markDropped();
    owner?.release(entry);
  }
}
