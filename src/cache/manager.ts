import { ConfigurationError } from '../base/errors.js';
import { describe } from '../base/duration.js';
import { checkedKey, escapeKey } from '../base/escape.js';
import { checkNames, checkOptions } from '../base/options.js';
import { spentPart } from '../base/spent.js';
import { inSharedContext } from '../base/shared-context.js';
import { isThenable } from '../base/thenable.js';
import { removeMany, storeMany, type BulkEntry, type SetManyResult } from './bulk.js';
import { closeCache } from './closing.js';
import { Engine } from './engine.js';
import type { LoadEntry, SetEntry, WarmEntry } from './entries.js';
import type { CacheEvents, CacheListener } from './events.js';
import type { LoadContext } from './load-context.js';
import { isNamespace, type CacheOptions } from './options.js';
import {
  checkedTags,
  lifeOf,
  LOAD_CHECKS,
  overlaid,
  SET_CHECKS,
  type LoadOptions,
  type SetOptions,
} from './policy.js';
import { getOrLoad, plainHit, promiseOf, type LoadRequest } from './read-path.js';
import { readMany } from './read-only.js';
import { statisticsOf, type CacheStats } from './statistics.js';
import { warmAll, type WarmOptions, type WarmReport } from './warm.js';
import { clear, invalidateTags, remove, store } from './write-path.js';

/**
 * Where the decorators find a handle's engine. A registered symbol and plain fields: the handle may
 * have been made by another copy of the package.
 *
 * @internal
 */
export const CORE: unique symbol = Symbol.for('aurora-cache.core.v1') as never;

/**
 * A cache: an in-process tier, and a shared one behind it if a `store` is given.
 *
 * Reading and writing never fail because of a tier: what goes wrong there is an `error` event, and
 * the call goes on without it. Only bad arguments reject.
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
  readonly [CORE]: { readonly engine: Engine; readonly prefix: string };

  /**
   * @throws ConfigurationError for an unknown option or a bad value, naming it.
   */
  constructor(options: CacheOptions = {}) {
    // Timers and sockets that it opens outlive the request in which it may be made.
    this[CORE] = { engine: inSharedContext(() => new Engine(options)), prefix: '' };
  }

  /** The value under a key, or `undefined` when there is none (or it is `undefined`; see `has`). */
  get<T>(key: string): Promise<T | undefined> {
    // Not an async function: on a hit that would cost as much as everything else.
    try {
      const { engine } = this[CORE];
      const full = this.keyOf(key);
      const entry = plainHit(engine, full, undefined);
      if (entry !== undefined) return promiseOf(engine, entry) as Promise<T>;
      return readMany(engine, [full]).then((found) => found.get(full) as T | undefined);
    } catch (error) {
      return rejected(error);
    }
  }

  /** The values of those keys that are there. Duplicates are read once. */
  async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    checkList('getMany', 'keys', keys);
    const full = new Map(keys.map((key) => [this.keyOf(key), key]));
    const found = await readMany(this[CORE].engine, [...full.keys()]);
    const values = new Map<string, T>();
    for (const [stored, key] of full)
      if (found.has(stored)) values.set(key, found.get(stored) as T);
    return values;
  }

  /**
   * Stores a value, in place of what is there. Loads of the key that are under way will not
   * overwrite it.
   *
   * @throws ConfigurationError for a bad option, and for a promise, an iterator, a stream or a
   * `Response` in place of a value.
   */
  async set<T>(key: string, value: T, options: SetOptions = {}): Promise<void> {
    const { engine } = this[CORE];
    const entry = this.bulkEntry('set', key, value, options);
    await store(engine, entry.key, value, entry.life(), entry.tags);
  }

  /**
   * Stores several values, as {@link CacheManager.set} stores one, in commands of many entries each.
   * All of them are checked before the first is stored; of equal keys the last one counts.
   *
   * @returns How many were stored, and the keys of those that the shared tier did not acknowledge:
   * they may be in memory, and what the shared tier had under them is removed as soon as possible.
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
    const checked = Array.from(entries, ({ key, value, ...options }) =>
      this.bulkEntry('setMany', key, value, options),
    );
    return await storeMany(this[CORE].engine, checked);
  }

  /**
   * The value under a key; when there is none, the loader's, which is stored. Concurrent callers
   * share one load.
   *
   * @param loader - Called with the key, an AbortSignal and the expired value, if there is one.
   * @returns A promise that rejects with what the loader throws, or LoadTimeoutError.
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
      const { engine } = this[CORE];
      const full = this.keyOf(key);
      if (options !== undefined) checkNames('getOrSet', options, LOAD_CHECKS);
      const entry = plainHit(engine, full, undefined);
      if (entry !== undefined) return promiseOf(engine, entry) as Promise<T>;
      return getOrLoad(engine, this.loadRequest(full, loader, options)) as Promise<T>;
    } catch (error) {
      return rejected(error);
    }
  }

  /** Whether there is a value under a key that has not expired. */
  async has(key: string): Promise<boolean> {
    const full = this.keyOf(key);
    return (await readMany(this[CORE].engine, [full], 'silently')).has(full);
  }

  /** Removes a key; answers whether it was there. */
  async delete(key: string): Promise<boolean> {
    return await remove(this[CORE].engine, this.keyOf(key));
  }

  /** Removes several keys; answers how many were there. */
  async deleteMany(keys: readonly string[]): Promise<number> {
    checkList('deleteMany', 'keys', keys);
    const full = new Set(keys.map((key) => this.keyOf(key)));
    return await removeMany(this[CORE].engine, [...full]);
  }

  /**
   * Removes the keys that match a pattern, or all keys of this handle. `*` stands for any text, `?`
   * for one character, `[abc]` for one of a set, and `\` takes the meaning from the next character.
   * Put ids into patterns with the `pattern` tag.
   *
   * @returns How many there were.
   * @throws ConfigurationError for a bad pattern, or when the store cannot list its keys.
   */
  async clear(pattern = '*'): Promise<number> {
    if (typeof pattern !== 'string' || pattern === '') {
      throw new ConfigurationError(
        `clear: pattern must be a string that is not empty; got ${describe(pattern)}.`,
      );
    }
    const { engine, prefix } = this[CORE];
    return await clear(engine, [prefix + escapeKey(pattern)]);
  }

  /**
   * Invalidates every entry that carries one of the tags, in this handle and every other namespace
   * of the same cache.
   *
   * @throws ConfigurationError for a tag that is not a string of 1 to 256 bytes.
   */
  async invalidateTags(...tags: string[]): Promise<void> {
    await invalidateTags(this[CORE].engine, checkedTags(tags, 'tags', Infinity));
  }

  /**
   * Fills the cache ahead of the traffic. Failures are counted and listed, and do not stop it.
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
    const run = async (entry: WarmEntry<T>): Promise<unknown> => {
      const { key, loader, ...rest } = entry as LoadEntry<T>;
      return await this.getOrSet(key, loader, rest);
    };
    const runMany = async (some: readonly WarmEntry<T>[]): Promise<readonly unknown[]> => {
      const errors = new Array<unknown>(some.length);
      const good: BulkEntry[] = [];
      for (const [i, entry] of some.entries()) {
        try {
          const { key, value, ...rest } = entry as SetEntry<T>;
          good.push(this.bulkEntry('set', key, value, rest));
        } catch (error) {
          errors[i] = error;
        }
      }
      await storeMany(engine, good);
      return errors;
    };
    const { engine } = this[CORE];
    return await warmAll<WarmEntry<T>>(
      entries,
      {
        run,
        // Callers without types pass anything, null even.
        keyOf: (entry) => (entry as WarmEntry<T> | null | undefined)?.key ?? '',
        plain: {
          accepts: (entry) =>
            typeof (entry as LoadEntry<T> | null | undefined)?.loader !== 'function',
          run: runMany,
        },
      },
      options,
      () => engine.clock.monotonic(),
    );
  }

  /** The cache's figures, those of all its namespaces included. */
  async getStats(): Promise<CacheStats> {
    return await statisticsOf(this[CORE].engine);
  }

  /**
   * Calls `listener` for every event of a kind, in this cache and its namespaces. A listener's
   * failure reaches nobody. Listening for `hit` costs the fast path of decorated methods.
   */
  on<E extends keyof CacheEvents>(event: E, listener: CacheListener<E>): this {
    this[CORE].engine.events.on(event, listener);
    return this;
  }

  /** Ends what {@link CacheManager.on} began. */
  off<E extends keyof CacheEvents>(event: E, listener: CacheListener<E>): this {
    this[CORE].engine.events.off(event, listener);
    return this;
  }

  /**
   * A handle on the same tiers whose keys stand below `name:`.
   *
   * @throws ConfigurationError for a name with other than letters, digits, dots, `_` and `-`.
   */
  namespace(name: string): CacheManager {
    const allowed = isNamespace(name, 'namespace');
    if (allowed !== undefined) {
      throw new ConfigurationError(`namespace: name must be ${allowed}; got ${describe(name)}.`);
    }
    const { engine, prefix } = this[CORE];
    // Made without the constructor, which would make tiers of its own.
    const child = Object.create(CacheManager.prototype) as CacheManager;
    Object.defineProperty(child, CORE, { value: { engine, prefix: `${prefix}${name}:` } });
    return child;
  }

  /**
   * Ends the cache and its namespaces: the memory tier is emptied, and every later call loads for
   * itself. Invalidations and writes under way are waited for, for at most 10 seconds; an `error`
   * event reports those that the store has not confirmed by then. A later invalidation still removes
   * the entry from the shared tier, over a connection that it opens and ends. A store that was passed
   * in is left alone. May be called again.
   */
  async close(): Promise<void> {
    await closeCache(this[CORE].engine);
  }

  /** As {@link CacheManager.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * For logs and debuggers, which would print a Redis URL with its password.
   *
   * @internal
   */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const { engine, prefix } = this[CORE];
    const { name, namespace } = engine.options;
    return `CacheManager { name: '${name}', namespace: '${namespace}', prefix: '${prefix}' }`;
  }

  private keyOf(key: string): string {
    const { prefix } = this[CORE];
    const full = prefix + checkedKey(key);
    // It always has a character. To read it makes one text of the two, which is found quicker.
    return full.charCodeAt(0) >= 0 ? full : '';
  }

  private loadRequest<T>(
    key: string,
    loader: (context: LoadContext<T>) => T | Promise<T>,
    options: LoadOptions<T> | undefined,
  ): LoadRequest {
    if (typeof loader !== 'function') {
      throw new ConfigurationError(`getOrSet: loader must be a function; got ${describe(loader)}.`);
    }
    const { load } = this[CORE].engine.options;
    if (options !== undefined) checkOptions('getOrSet', options, LOAD_CHECKS);
    return {
      key,
      loader: loader as LoadRequest['loader'],
      policy: options === undefined ? load : overlaid(load, options, 'getOrSet'),
    };
  }

  /** Checks one value and its options. */
  private bulkEntry(owner: string, key: string, value: unknown, options: SetOptions): BulkEntry {
    const full = this.keyOf(key);
    if (isThenable(value)) {
      throw new ConfigurationError(`${owner}: value is a promise. Await it first.`);
    }
    const kind = spentPart(value);
    if (kind !== undefined) {
      throw new ConfigurationError(
        `${owner}: value is ${kind}, which can be read only once. Read it first, and store the data.`,
      );
    }
    checkOptions(owner, options, SET_CHECKS);
    const { engine } = this[CORE];
    const policy = overlaid(engine.options.load, options, owner);
    const {
      clock,
      options: { random },
    } = engine;
    return {
      key: full,
      given: key,
      value,
      tags: policy.tags as readonly string[],
      life: () => lifeOf(policy, policy.ttl as number, clock.now(), random),
    };
  }
}

/** An error of ours, thrown on the way in, as the method's promise. */
function rejected(error: unknown): Promise<never> {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- thrown by us
  return Promise.reject(error);
}

function checkList(owner: string, option: string, value: unknown): void {
  if (Array.isArray(value)) return;
  throw new ConfigurationError(`${owner}: ${option} must be an array; got ${describe(value)}.`);
}
