/* eslint-disable @typescript-eslint/require-await -- promises, as in Keyv's contract, so that errors reject */
import { DEFAULTS } from '../base/options/defaults.js';
import { describe } from '../base/errors/describe.js';
import { CacheKeyError } from '../base/errors/errors.js';
import {
  checkValue,
  isArray,
  isFunction,
  isObject,
  isTtlMs,
  type Check,
} from '../base/options/options.js';
import { AdaptivePolicy } from './eviction/adaptive.js';
import type { EntryLife, MemoryEntry } from './entry.js';
import type { EvictListener } from './evict-listeners.js';
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
   * Stores a value, in place of the present one, and evicts entries if necessary.
   *
   * @param lifeMs - Time to live in milliseconds; `Infinity` for no expiry.
   * @param tags - Tags for invalidating entries together.
   * @param cost - Cost of the next miss of the key, in milliseconds; default: the median of known costs.
   * @returns The entry, or `undefined` if the value alone exceeds `maxBytes`, or takes too much work to copy,
   * freeze or measure. The previous entry of the key is removed in either case.
   * @throws ConfigurationError or CacheKeyError for a bad argument, or when `sizeOf` returns no size;
   * SerializationError with `clone`, when the value cannot be copied exactly; what `sizeOf` throws.
   * @example store.put('user:7', user, 60_000);
   */
  override put(
    key: string,
    value: unknown,
    lifeMs: number,
    tags?: readonly string[],
    cost?: number,
  ): MemoryEntry | undefined;
  /** @internal */
  override put(
    key: string,
    value: unknown,
    life: EntryLife | number,
    tags?: readonly string[],
    cost?: number,
    isUpdate?: boolean,
  ): MemoryEntry | undefined;
  override put(
    key: string,
    value: unknown,
    life: EntryLife | number,
    tags?: readonly string[],
    cost?: number,
    isUpdate?: boolean,
  ): MemoryEntry | undefined {
    checkKey('put', key);
    if (typeof life !== 'object') checkArgument('put', 'lifeMs', life, isLife);
    if (tags !== undefined) checkArgument('put', 'tags', tags, areTags);
    if (cost !== undefined) checkArgument('put', 'cost', cost, isCost);
    return super.put(key, value, life, tags, cost, isUpdate);
  }

  /**
   * Calls `listener` for each entry that is removed by eviction or expiry. It runs outside the
   * `AsyncLocalStorage` context of any request, since the current request is unrelated to the entry.
   *
   * @example store.onEvict(({ key }, reason) => console.log(key, reason));
   */
  override onEvict(listener: EvictListener): void {
    checkArgument('onEvict', 'listener', listener, isFunction);
    super.onEvict(listener);
  }

  /**
   * The value under a key, or `undefined`.
   * @example const user = await store.get<User>('user:7');
   */
  get<T>(key: string): Promise<T | undefined> {
    const entry = this.find(key);
    return entry === undefined
      ? missing('get', key)
      : Promise.resolve(this.valueOf(entry) as T | undefined);
  }

  /**
   * The values under several keys, in their order.
   * @example const users = await store.getMany<User>(['user:7', 'user:8']);
   */
  async getMany<T>(keys: readonly string[]): Promise<(T | undefined)[]> {
    checkKeys('getMany', keys);
    return keys.map((key) => this.read(key) as T | undefined);
  }

  /**
   * Stores a value; `ttl` in milliseconds, absent or 0 for no expiry. A negative one has passed already: the
   * key is removed.
   * @example await store.set('user:7', user, 60_000);
   */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    checkEntry('set', { key, ttl });
    return super.put(key, value, lifeOfTtl(ttl)) !== undefined;
  }

  /**
   * Stores several values. All of them are checked before the first is stored.
   * @example await store.setMany([{ key: 'user:7', value: user, ttl: 60_000 }]);
   */
  async setMany(entries: readonly { key: string; value: unknown; ttl?: number }[]): Promise<void> {
    checkArgument('setMany', 'entries', entries, isArray);
    for (const entry of entries) {
      checkArgument('setMany', 'each entry', entry, isObject);
      checkEntry('setMany', entry);
    }
    for (const { key, value, ttl } of entries) super.put(key, value, lifeOfTtl(ttl));
  }

  /**
   * Removes a key; returns whether it was there.
   * @example await store.delete('user:7');
   */
  async delete(key: string): Promise<boolean> {
    const there = this.live(key) !== undefined;
    if (!there) checkKey('delete', key);
    this.drop(key);
    return there;
  }

  /**
   * Removes several keys; returns whether any of them was there.
   * @example await store.deleteMany(['user:7', 'user:8']);
   */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    checkKeys('deleteMany', keys);
    const removed = await Promise.all(keys.map((key) => this.delete(key)));
    return removed.includes(true);
  }

  /**
   * Whether a key is there.
   * @example if (await store.has('user:7')) return;
   */
  async has(key: string): Promise<boolean> {
    const there = this.live(key) !== undefined;
    if (!there) checkKey('has', key);
    return there;
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
    this.removeAll();
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

/*
 * The checks of arguments, for programs without types. They are here rather than in the tier, whose callers
 * in the cache have checked theirs; and behind a look-up that has found nothing, so that a hit costs none.
 */

function checkArgument(method: string, name: string, value: unknown, check: Check): void {
  // The name is composed only for the error.
  if (check(value, name) !== undefined) checkValue(`MemoryStore.${method}: ${name}`, value, check);
}

function checkKey(method: string, key: unknown): void {
  if (typeof key === 'string') return;
  throw new CacheKeyError(`MemoryStore.${method}: key must be a string; got ${describe(key)}.`);
}

function checkKeys(method: string, keys: readonly unknown[]): void {
  checkArgument(method, 'keys', keys, isArray);
  for (const key of keys) checkKey(method, key);
}

function checkEntry(method: string, { key, ttl }: { key: unknown; ttl?: unknown }): void {
  checkKey(method, key);
  if (ttl !== undefined) checkArgument(method, 'ttl', ttl, isTtlMs);
}

async function missing(method: string, key: unknown): Promise<undefined> {
  checkKey(method, key);
  return undefined;
}

function lifeOfTtl(ttl: number | undefined): number {
  return ttl === undefined || ttl === 0 ? Infinity : ttl;
}

const isLife: Check = (value) =>
  typeof value === 'number' && !Number.isNaN(value)
    ? undefined
    : 'a number of milliseconds, or Infinity for no expiry';

const isCost: Check = (value) =>
  typeof value === 'number' && value >= 0 ? undefined : 'a number of milliseconds from 0';

const areTags: Check = (value) =>
  Array.isArray(value) && value.every((tag) => typeof tag === 'string' && tag !== '')
    ? undefined
    : 'an array of strings that are not empty';
