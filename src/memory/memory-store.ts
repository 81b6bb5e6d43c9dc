import { DEFAULTS } from '../base/defaults.js';
import { AdaptivePolicy } from './eviction/adaptive.js';
import { MemoryTier } from './memory-tier.js';
import { checkMemoryOptions, type MemoryStoreOptions } from './options.js';

/*
 * This folder is the memory tier. Start with `memory-tier.ts`, which the cache uses; here is the public
 * class. `entry-table.ts` holds the entries (`entry`), `tag-index.ts` finds them by tag, and
 * `index-registry.ts` notifies the indexes of decorators when an entry is removed. `sweep.ts` removes expired
 * entries, and `eviction/` chooses which entry is evicted (see `eviction/policy.ts`). `value-protection.ts`
 * keeps readers from changing shared values (`copy`, `freeze`), and `size.ts` estimates bytes.
 */

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
export class MemoryStore extends MemoryTier {
  /** Part of Keyv's adapter contract. */
  readonly opts: MemoryStoreOptions & Record<string, unknown>;
  /** Part of Keyv's adapter contract; set by the Keyv instance that uses the store. */
  namespace: string | undefined = undefined;

  /**
   * @throws ConfigurationError for an unknown option or a bad value.
   */
  constructor(options: MemoryStoreOptions = {}) {
    checkMemoryOptions(options);
    super(options);
    // Keyv iterates only over stores with certain values of `dialect`, and its constructor throws for a
    // store with an iterator but neither `dialect` nor `url`. It uses the value for nothing else.
    this.opts = { ...options, dialect: 'sqlite' };
    const eviction = options.eviction ?? DEFAULTS.eviction;
    if (eviction === 'adaptive') this.usePolicy((store) => new AdaptivePolicy(store));
  }

  /**
   * The value under a key, or `undefined`.
   * @example const user = await store.get<User>('user:7');
   */
  get<T>(key: string): Promise<T | undefined> {
    return Promise.resolve(this.read(key) as T | undefined);
  }

  /**
   * The values under several keys, in their order.
   * @example const users = await store.getMany<User>(['user:7', 'user:8']);
   */
  getMany<T>(keys: readonly string[]): Promise<(T | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.read(key) as T | undefined));
  }

  /**
   * Stores a value; `ttl` in milliseconds, absent or 0 for no expiry.
   * @example await store.set('user:7', user, 60_000);
   */
  // eslint-disable-next-line @typescript-eslint/require-await -- a promise, so that errors reject
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    return this.put(key, value, ttl !== undefined && ttl > 0 ? ttl : Infinity) !== undefined;
  }

  /**
   * Stores several values.
   * @example await store.setMany([{ key: 'user:7', value: user, ttl: 60_000 }]);
   */
  async setMany(entries: readonly { key: string; value: unknown; ttl?: number }[]): Promise<void> {
    for (const { key, value, ttl } of entries) await this.set(key, value, ttl);
  }

  /**
   * Removes a key; returns whether it was there.
   * @example await store.delete('user:7');
   */
  delete(key: string): Promise<boolean> {
    const there = this.live(key) !== undefined;
    this.drop(key);
    return Promise.resolve(there);
  }

  /**
   * Removes several keys; returns whether any of them was there.
   * @example await store.deleteMany(['user:7', 'user:8']);
   */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    const removed = await Promise.all(keys.map((key) => this.delete(key)));
    return removed.includes(true);
  }

  /**
   * Whether a key is there.
   * @example if (await store.has('user:7')) return;
   */
  has(key: string): Promise<boolean> {
    return Promise.resolve(this.live(key) !== undefined);
  }

  /**
   * Removes the keys of the Keyv instance's namespace, or everything if there is none.
   * @example await store.clear();
   */
  clear(): Promise<void> {
    for (const key of this.keysBelow(this.namespace)) this.drop(key);
    return Promise.resolve();
  }

  /**
   * Keys and values below a namespace.
   * @example for await (const [key, user] of store.iterator()) console.log(key, user);
   */
  // eslint-disable-next-line @typescript-eslint/require-await -- Keyv's contract is asynchronous
  async *iterator<T>(namespace?: string): AsyncGenerator<[string, T], void> {
    for (const key of this.keysBelow(namespace)) {
      const entry = this.live(key);
      if (entry !== undefined) yield [key, this.valueOf(entry) as T];
    }
  }

  /**
   * Part of Keyv's adapter contract. A memory store has no errors to report.
   * @example store.on('error', console.error);
   */
  on(_event: string, _listener: (...args: unknown[]) => void): this {
    return this;
  }

  /**
   * Part of Keyv's adapter contract: removes everything and stops the sweep.
   * @example await store.disconnect();
   */
  disconnect(): Promise<void> {
    this.empty();
    return Promise.resolve();
  }

  private keysBelow(namespace: string | undefined): string[] {
    const prefix = namespace === undefined ? '' : `${namespace}:`;
    return this.keys().filter((key) => key.startsWith(prefix));
  }

  private read(key: string): unknown {
    const entry = this.find(key);
    return entry === undefined ? undefined : this.valueOf(entry);
  }
}
