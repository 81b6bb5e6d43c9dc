import { escapeKey } from '../base/keys/escape.js';
import { checkNames, checkValue, isIterable, isNonEmptyString } from '../base/options/options.js';
import { inSharedContext } from '../base/async/shared-context.js';
import type { Advice } from './advice.js';
import {
  bulkEntry,
  checkedEntry,
  fullKey,
  fullKeys,
  loadRequest,
  type NamespacedCore,
} from './arguments.js';
import { removeMany, storeMany, type SetManyResult } from './write/bulk.js';
import { closeCache } from './closing.js';
import { CacheCore } from './core/cache-core.js';
import { checkListener, type CacheEvents, type CacheListener } from './events.js';
import type { LoadContext } from './load/load-context.js';
import type { CacheOptions } from './options.js';
import {
  checkedTags,
  LOAD_CHECKS,
  type LoadOptions,
  type SetEntry,
  type SetOptions,
  type WarmEntry,
} from './policy.js';
import { isNamespace } from './resolve-options.js';
import { getOrLoad, plainHit, promiseOf } from './read/get-or-load.js';
import { readMany } from './read/read-many.js';
import type { CacheStats } from './statistics.js';
import type { WarmOptions, WarmReport } from './write/warm.js';
import { warmEntries } from './write/warm-entries.js';
import { remove } from './write/delete.js';
import { clear, invalidateTags } from './write/invalidate.js';
import { store } from './write/set.js';

/**
 * Key of the internals, for the decorators. A registered symbol and plain fields, since the cache may come
 * from another copy of the package.
 *
 * @internal
 */
export const CORE: unique symbol = Symbol.for('aurora-cache.core.v4') as never;

/**
 * A cache: a memory tier, and behind it a shared tier if `redisUrl`, `redis` or `store` is given.
 *
 * A failing tier never makes a read or write fail: an `error` event is emitted, and the call continues
 * without that tier. Only bad arguments reject.
 *
 * @example
 * ```ts
 * const cache = new CacheManager({ defaultTtl: '5m', maxMemoryItems: 10_000 });
 * const user = await cache.getOrSet(`user:${id}`, () => database.findUser(id), { ttl: '1m' });
 * await cache.clear('user:*');
 * ```
 */
export class CacheManager {
  /** @internal */
  readonly [CORE]: NamespacedCore;

  /**
   * @throws ConfigurationError for an unknown option or a bad value, naming it.
   */
  constructor(options: CacheOptions = {}) {
    // Its timers and sockets outlive the request in which it may be created.
    this[CORE] = { core: inSharedContext(() => new CacheCore(options)), prefix: '' };
  }

  /**
   * The value of a key; `undefined` when there is none (or it is `undefined`; see `has`).
   * @example const user = await cache.get<User>('user:7');
   */
  get<T>(key: string): Promise<T | undefined> {
    // Not an async function: on a hit that would cost as much as everything else.
    try {
      const { core } = this[CORE];
      const full = fullKey(this[CORE], key);
      const entry = plainHit(core, full, undefined);
      if (entry !== undefined) return promiseOf(core, entry) as Promise<T>;
      return readMany(core, [full]).then((found) => found.get(full) as T | undefined);
    } catch (error) {
      return rejected(error);
    }
  }

  /**
   * The values of those keys that have one. Duplicates are read once.
   *
   * @example
   * ```ts
   * const users = await cache.getMany<User>(['user:7', 'user:8']);
   * users.get('user:7');
   * ```
   */
  async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    const full = fullKeys(this[CORE], 'getMany', keys);
    const found = await readMany(this[CORE].core, [...full.keys()]);
    const values = new Map<string, T>();
    for (const [stored, key] of full)
      if (found.has(stored)) values.set(key, found.get(stored) as T);
    return values;
  }

  /**
   * Stores a value, in place of the present one. Loads of the key that are in progress do not overwrite it.
   *
   * @throws ConfigurationError for a bad option, and for a promise, an iterator, a stream or a
   * `Response` in place of a value.
   * @example await cache.set('user:7', user, { ttl: '5m', tags: ['users'] });
   */
  async set<T>(key: string, value: T, options: SetOptions = {}): Promise<void> {
    const entry = checkedEntry(this[CORE], 'set', key, value, options);
    await store(this[CORE].core, entry.key, value, entry.life(), entry.tags);
  }

  /**
   * Stores several values, as {@link CacheManager.set} stores one, in commands of many entries each.
   * All of them are checked before the first is stored; of equal keys, the last one is stored. Values
   * are encoded chunk by chunk: do not change them before the promise settles.
   *
   * @returns How many were stored, and the keys of those that the shared tier did not acknowledge:
   * they may be in memory, and the old entries in the shared tier are removed as soon as possible.
   * A failure of the store does not reject.
   * @throws as {@link CacheManager.set}.
   * @example
   * ```ts
   * const { stored, failed } = await cache.setMany(
   *   rates.map((rate) => ({ key: `rate:${rate.currency}`, value: rate, ttl: '1h' })),
   * );
   * ```
   */
  async setMany(entries: Iterable<SetEntry>): Promise<SetManyResult> {
    checkValue('setMany: entries', entries, isIterable);
    const checked = Array.from(entries, (entry) => bulkEntry(this[CORE], 'setMany', entry));
    return await storeMany(this[CORE].core, checked);
  }

  /**
   * The value of a key; when there is none, runs the loader and stores its result. Concurrent callers
   * share one load.
   *
   * @param loader - Called with the key, an AbortSignal and the expired value, if there is one.
   * @returns A promise that rejects with the loader's own error, or LoadTimeoutError.
   * @throws CacheKeyError or ConfigurationError for bad arguments.
   * @example
   * ```ts
   * const page = await cache.getOrSet(url, ({ signal }) => fetch(url, { signal }).then((r) => r.text()), {
   *   ttl: '1m',
   *   grace: '1h',
   *   softTimeout: '200ms',
   *   hardTimeout: '5s',
   * });
   * ```
   */
  getOrSet<T>(
    key: string,
    loader: (context: LoadContext<T>) => T | Promise<T>,
    options?: LoadOptions<T>,
  ): Promise<T> {
    // Not an async function, as `get`.
    try {
      const { core } = this[CORE];
      const full = fullKey(this[CORE], key);
      if (options !== undefined) checkNames('getOrSet', options, LOAD_CHECKS);
      const entry = plainHit(core, full, undefined);
      if (entry !== undefined) return promiseOf(core, entry) as Promise<T>;
      return getOrLoad(core, loadRequest(this[CORE], full, loader, options)) as Promise<T>;
    } catch (error) {
      return rejected(error);
    }
  }

  /**
   * Whether a key has a value that has not expired.
   * @example if (await cache.has('maintenance')) return 503;
   */
  async has(key: string): Promise<boolean> {
    const full = fullKey(this[CORE], key);
    return (await readMany(this[CORE].core, [full], 'silently')).has(full);
  }

  /**
   * Removes a key; returns whether it had a value.
   * @example await cache.delete('user:7');
   */
  async delete(key: string): Promise<boolean> {
    return await remove(this[CORE].core, fullKey(this[CORE], key));
  }

  /**
   * Removes several keys; returns how many had a value.
   * @example await cache.deleteMany(['user:7', 'user:8']);
   */
  async deleteMany(keys: readonly string[]): Promise<number> {
    const full = fullKeys(this[CORE], 'deleteMany', keys);
    return await removeMany(this[CORE].core, [...full.keys()]);
  }

  /**
   * Removes the keys that match a pattern, or all keys of this namespace. `*` matches any text, `?` one
   * character, `[abc]` one of a set, and `\` escapes the next character.
   * Put ids into patterns with the `pattern` tag.
   *
   * @returns How many keys were removed.
   * @throws ConfigurationError for a bad pattern, or when the store cannot list its keys.
   * @example await cache.clear(pattern`user:${id}:*`);
   */
  async clear(pattern = '*'): Promise<number> {
    checkValue('clear: pattern', pattern, isNonEmptyString);
    const { core, prefix } = this[CORE];
    return await clear(core, [prefix + escapeKey(pattern)]);
  }

  /**
   * Invalidates every entry that has one of the tags, in all namespaces of the cache.
   *
   * @throws ConfigurationError for a tag that is not a string of 1 to 256 bytes.
   * @example await cache.invalidateTags('users', `tenant-${tenant}`);
   */
  async invalidateTags(...tags: string[]): Promise<void> {
    await invalidateTags(this[CORE].core, checkedTags(tags, 'tags', Infinity));
  }

  /**
   * Fills the cache before traffic arrives. Failures are counted and listed, and do not stop it.
   *
   * @example
   * ```ts
   * await cache.warm(
   *   ids.map((id) => ({ key: `user:${id}`, loader: () => findUser(id), ttl: '1h' })),
   *   { concurrency: 20, onProgress: ({ done, total }) => console.log(`${done}/${total}`) },
   * );
   * ```
   */
  async warm<T>(
    entries: Iterable<WarmEntry<T>> | AsyncIterable<WarmEntry<T>>,
    options: WarmOptions = {},
  ): Promise<WarmReport> {
    return await warmEntries(this[CORE], entries, options, async ({ key, loader, ...rest }) =>
      this.getOrSet(key, loader, rest),
    );
  }

  /**
   * The cache's statistics, with those of all its namespaces.
   * @example const { hitRate, degraded } = await cache.getStats();
   */
  async getStats(): Promise<CacheStats> {
    const { statisticsOf } = await inSharedContext(() => import('./statistics.js'));
    return await statisticsOf(this[CORE].core);
  }

  /**
   * Lists methods that cost more time than they save. With `memory: { eviction: 'adaptive' }`, also estimates
   * the effect of ½, 2 and 4 times the size of the memory tier, and of 2, 5 and 10 times the ttl, with the
   * share of hits that would be out of date. Each item needs at least 1000 reads, or calls of the method.
   *
   * @example for (const { line, gain } of await cache.getAdvice()) console.log(line, gain.timeSavedMs);
   */
  async getAdvice(): Promise<Advice[]> {
    const { adviceFor } = await inSharedContext(() => import('./advice.js'));
    return adviceFor(this[CORE].core);
  }

  /**
   * Calls `listener` for each `event` of this cache and its namespaces. An error that it throws becomes a
   * process warning. Listening for `hit` turns off the fast path of decorated methods.
   *
   * @example cache.on('error', ({ error }) => logger.warn(error));
   */
  on<E extends keyof CacheEvents>(event: E, listener: CacheListener<E>): this {
    checkListener('on', event, listener);
    this[CORE].core.events.on(event, listener);
    return this;
  }

  /**
   * Removes a listener.
   * @example cache.off('error', listener);
   */
  off<E extends keyof CacheEvents>(event: E, listener: CacheListener<E>): this {
    checkListener('off', event, listener);
    this[CORE].core.events.off(event, listener);
    return this;
  }

  /**
   * A view of the same cache whose keys are below `name:`.
   *
   * @throws ConfigurationError for a name with characters other than letters, digits, `.`, `_` and `-`.
   * @example const sessions = cache.namespace('sessions');
   */
  namespace(name: string): CacheManager {
    checkValue('namespace: name', name, isNamespace);
    const { core, prefix } = this[CORE];
    // Created without the constructor, which would open further tiers.
    const child = Object.create(CacheManager.prototype) as CacheManager;
    Object.defineProperty(child, CORE, { value: { core, prefix: `${prefix}${name}:` } });
    return child;
  }

  /**
   * Closes the cache and its namespaces: the memory tier is emptied, and every later call runs its own
   * load. Waits at most 10 seconds for invalidations and writes in progress; an `error` event reports those
   * that the store has not confirmed by then. A later invalidation still removes the entry from the shared
   * tier, over a connection that it opens and closes. A store or client that was passed in stays open.
   * Calling it again is allowed.
   * @example process.once('SIGTERM', () => void cache.close());
   */
  async close(): Promise<void> {
    await closeCache(this[CORE].core);
  }

  /**
   * As {@link CacheManager.close}, for `await using`.
   * @example await using cache = new CacheManager();
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * For `JSON.stringify`, which would copy a Redis URL with its password.
   * @internal
   */
  toJSON(): Readonly<Record<'cache' | 'name' | 'namespace' | 'prefix', string>> {
    const { core, prefix } = this[CORE];
    const { name, namespace } = core.options;
    return { cache: 'CacheManager', name, namespace, prefix };
  }

  /**
   * The same for logs and debuggers.
   * @internal
   */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const { name, namespace, prefix } = this.toJSON();
    return `CacheManager { name: '${name}', namespace: '${namespace}', prefix: '${prefix}' }`;
  }
}

/** An error thrown before there is a promise, as the method's promise. */
function rejected(error: unknown): Promise<never> {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- thrown by us
  return Promise.reject(error);
}
