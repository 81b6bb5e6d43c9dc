import { systemClock, type Clock } from '../base/clock.js';
import { DEFAULTS, LIMITS } from '../base/defaults.js';
import { hitClock, type HitClock } from '../base/hit-clock.js';
import {
  checkOptions,
  isAnything,
  isBoolean,
  isFunction,
  isIntegerIn,
  isObject,
} from '../base/options.js';
import { lifeFrom, newEntry, NO_TAGS, type EntryLife, type MemoryEntry } from './entry.js';
import { copyOf, deepFreeze } from './guard.js';
import { LruPolicy, type EvictionPolicy } from './policy.js';
import { entrySize, estimateSize, type SizeEstimator } from './size.js';
import { Sweep } from './sweep.js';
import { TagIndex } from './tag-index.js';

/** Why an entry left the store without anybody asking for it. */
export type EvictReason = 'items' | 'bytes' | 'expired';

/** Options of {@link MemoryStore}. */
export interface MemoryStoreOptions {
  /** Most entries at a time; default 1,000. */
  maxItems?: number | undefined;
  /** Most estimated bytes at a time; default: not counted. */
  maxBytes?: number | undefined;
  /** Replaces the estimate of a value's bytes; only called when `maxBytes` is set. */
  sizeOf?: SizeEstimator | undefined;
  /** Deep-freezes plain data as it is stored, so that nobody changes a shared value. */
  freeze?: boolean | undefined;
  /** Stores a copy, and hands every reader a copy of its own. */
  clone?: boolean | undefined;
  /** Which entry gives way; default: the least recently used. */
  policy?: EvictionPolicy | undefined;
  /** Where time comes from; default: the machine's clock. */
  clock?: Clock | undefined;
}

type EvictListener = (entry: MemoryEntry, reason: EvictReason) => void;

/**
 * The in-process tier: a bounded map with expiry and eviction.
 *
 * It has two faces. The cache uses the synchronous one (`find`, `put`, `drop`), so that a hit costs
 * no promise. The asynchronous one implements Keyv's storage adapter, with times to live in
 * milliseconds.
 *
 * @example
 * ```ts
 * const keyv = new Keyv({ store: new MemoryStore({ maxItems: 5000 }) });
 * ```
 */
export class MemoryStore {
  /** Part of Keyv's adapter contract. */
  readonly opts: Readonly<MemoryStoreOptions & { dialect: string }>;
  /** Part of Keyv's adapter contract; set by the Keyv instance that uses the store. */
  namespace: string | undefined = undefined;

  /** Most entries at a time. */
  readonly maxItems: number;
  /** Most estimated bytes at a time; `undefined` when they are not counted. */
  readonly maxBytes: number | undefined;
  private readonly clock: Clock;
  private readonly hits: HitClock;
  private readonly policy: EvictionPolicy;
  private readonly sizeOf: SizeEstimator;
  private readonly freezes: boolean;
  /** Whether readers get copies. */
  readonly clones: boolean;
  private readonly entries = new Map<string, MemoryEntry>();
  private readonly tagged = new TagIndex();
  private readonly evictListeners = new Set<EvictListener>();
  private usedBytes = 0;
  private readonly sweep: Sweep;

  /**
   * @throws ConfigurationError for an unknown option or a bad value.
   */
  constructor(options: MemoryStoreOptions = {}) {
    checkOptions('MemoryStore', options, {
      maxItems: isIntegerIn(1, LIMITS.memoryItems),
      maxBytes: isIntegerIn(1, Number.MAX_SAFE_INTEGER),
      sizeOf: isFunction,
      freeze: isBoolean,
      clone: isBoolean,
      policy: isObject,
      clock: isAnything,
    });
    // Keyv iterates over stores of certain dialects only, and its constructor throws for a store
    // with an iterator that names neither dialect nor URL. It looks at the name for nothing else.
    this.opts = Object.freeze({ ...options, dialect: 'sqlite' });
    this.maxItems = options.maxItems ?? DEFAULTS.maxMemoryItems;
    this.maxBytes = options.maxBytes;
    this.sizeOf = options.sizeOf ?? estimateSize;
    this.freezes = options.freeze ?? false;
    this.clones = options.clone ?? false;
    this.policy = options.policy ?? new LruPolicy();
    this.clock = options.clock ?? systemClock;
    this.hits = hitClock(this.clock);
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

  /** The entry under a key, stale ones included; expired ones are dropped on the way. */
  find(key: string): MemoryEntry | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || this.hits.now() < entry.staleUntil) return entry;
    this.evict(entry, 'expired');
    return undefined;
  }

  /** The entry under a key, whether it has expired or not. */
  peek(key: string): MemoryEntry | undefined {
    return this.entries.get(key);
  }

  /** Notes that an entry was served. */
  touch(entry: MemoryEntry): void {
    this.policy.touch(entry);
  }

  /** What a reader of the entry gets: the shared value, or a copy where `clone` is on. */
  valueOf(entry: MemoryEntry): unknown {
    return this.clones ? copyOf(entry.value) : entry.value;
  }

  /**
   * A value as the store would keep it: a copy, or frozen.
   *
   * @throws SerializationError with `clone`, when the value cannot be copied.
   */
  guarded(value: unknown): unknown {
    const kept = this.clones ? copyOf(value) : value;
    if (this.freezes) deepFreeze(kept);
    return kept;
  }

  /**
   * Stores a value in place of what is there, and makes room for it.
   *
   * @param life - Milliseconds that it lives, `Infinity` for no expiry; or the times themselves.
   * @returns The entry, or `undefined` when the value alone exceeds `maxBytes`; what was under the
   * key is gone in either case.
   * @throws SerializationError with `clone`, when the value cannot be copied.
   */
  put(
    key: string,
    value: unknown,
    life: EntryLife | number,
    tags: readonly string[] = NO_TAGS,
  ): MemoryEntry | undefined {
    this.drop(key);
    const kept = this.clones ? copyOf(value) : value;
    let size = 0;
    if (this.maxBytes !== undefined) {
      size = entrySize(key, this.sizeOf(kept, this.maxBytes));
      // Written so that an estimator's NaN does not pass.
      if (!(size <= this.maxBytes)) return undefined;
    }
    if (this.freezes) deepFreeze(kept);
    const times = typeof life === 'number' ? lifeFrom(this.hits.now(), life) : life;
    const entry = newEntry(key, kept, times, tags, size);
    this.entries.set(key, entry);
    this.policy.add(entry);
    if (tags.length > 0) this.tagged.add(entry);
    this.usedBytes += size;
    this.sweep.arm();
    // Only now: whoever is told of an eviction may store something at once, this key even.
    this.makeRoom();
    return entry.held ? entry : undefined;
  }

  /** Removes the entry under a key, and says which it was. */
  drop(key: string): MemoryEntry | undefined {
    const entry = this.entries.get(key);
    if (entry !== undefined) this.discard(entry);
    return entry;
  }

  /** Removes every entry that carries one of the tags. */
  dropTagged(tags: Iterable<string>): number {
    let dropped = 0;
    for (const tag of tags) {
      for (const entry of this.tagged.of(tag)) {
        this.discard(entry);
        dropped++;
      }
    }
    return dropped;
  }

  /**
   * Removes the entries whose keys match.
   *
   * @returns How many of them had not expired.
   */
  dropMatching(matches: (key: string) => boolean): number {
    const now = this.clock.now();
    let dropped = 0;
    for (const [key, entry] of this.entries) {
      if (!matches(key)) continue;
      if (now < entry.freshUntil) dropped++;
      this.discard(entry);
    }
    return dropped;
  }

  /** Removes everything. */
  empty(): void {
    for (const entry of this.entries.values()) this.discard(entry);
  }

  /** Calls `listener` for every entry that leaves by eviction or expiry. */
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
    const there = this.find(key) !== undefined;
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
    return Promise.resolve(this.find(key) !== undefined);
  }

  /** Removes the keys of the Keyv instance's namespace, or everything when there is none. */
  clear(): Promise<void> {
    const prefix = this.namespace === undefined ? '' : `${this.namespace}:`;
    for (const [key, entry] of this.entries) if (key.startsWith(prefix)) this.discard(entry);
    return Promise.resolve();
  }

  /** Keys and values below a namespace. */
  // eslint-disable-next-line @typescript-eslint/require-await -- Keyv's contract is asynchronous
  async *iterator<T>(namespace?: string): AsyncGenerator<[string, T], void> {
    const prefix = namespace === undefined ? '' : `${namespace}:`;
    for (const key of [...this.entries.keys()]) {
      const entry = key.startsWith(prefix) ? this.find(key) : undefined;
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
    this.sweep.stop();
    return Promise.resolve();
  }

  private read(key: string): unknown {
    const entry = this.find(key);
    if (entry === undefined) return undefined;
    this.policy.touch(entry);
    return this.valueOf(entry);
  }

  private makeRoom(): void {
    while (this.entries.size > this.maxItems) this.evictOne('items');
    if (this.maxBytes === undefined) return;
    while (this.usedBytes > this.maxBytes) this.evictOne('bytes');
  }

  private evictOne(reason: EvictReason): void {
    // A policy that loses count must not hang the store: any entry will do then.
    const choice = this.policy.victim();
    const victim = choice?.held === true ? choice : this.entries.values().next().value;
    if (victim !== undefined) this.evict(victim, reason);
  }

  private evict(entry: MemoryEntry, reason: EvictReason): void {
    this.discard(entry);
    if (this.evictListeners.size === 0) return;
    for (const listener of this.evictListeners) listener(entry, reason);
  }

  /** The one way out of the store. */
  private discard(entry: MemoryEntry): void {
    this.entries.delete(entry.key);
    this.policy.remove(entry);
    if (entry.tags.length > 0) this.tagged.remove(entry);
    this.usedBytes -= entry.size;
    entry.markDropped();
    entry.owner?.release(entry);
  }
}
