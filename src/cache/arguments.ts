import { ConfigurationError } from '../base/errors/errors.js';
import { checkedKey } from '../base/keys/escape.js';
import {
  checkOptions,
  checkValue,
  isArray,
  isFunction,
  isObject,
} from '../base/options/options.js';
import { spentPart } from '../base/values/spent.js';
import { isThenable } from '../base/values/thenable.js';
import type { BulkEntry } from './write/bulk.js';
import type { CacheCore } from './core/cache-core.js';
import type { LoadContext } from './load/load-context.js';
import type { LoadRequest } from './load/in-flight.js';
import {
  lifeOf,
  LOAD_CHECKS,
  mergePolicy,
  SET_CHECKS,
  type LoadOptions,
  type SetEntry,
  type SetOptions,
} from './policy.js';

/**
 * The part of a core that one `CacheManager` shows: the keys below a namespace.
 *
 * @internal
 */
export interface NamespacedCore {
  readonly core: CacheCore;
  /** Prefix of every key: empty, or a namespace with a colon at its end. */
  readonly prefix: string;
}

/**
 * The key below the cache's namespace.
 *
 * @throws CacheKeyError for a bad key.
 * @internal
 */
export function fullKey({ prefix }: NamespacedCore, key: string): string {
  return prefix + checkedKey(key);
}

/**
 * The same for several keys: maps each full key to the given one.
 *
 * @param owner - The method that was called, for messages.
 * @throws CacheKeyError for a bad key, ConfigurationError for anything but an array.
 * @internal
 */
export function fullKeys(
  view: NamespacedCore,
  owner: string,
  keys: readonly string[],
): Map<string, string> {
  checkValue(`${owner}: keys`, keys, isArray);
  return new Map(keys.map((key) => [fullKey(view, key), key]));
}

/**
 * An entry that can be stored.
 *
 * @param owner - The method that was called, for messages.
 * @throws CacheKeyError or ConfigurationError for bad arguments.
 * @internal
 */
export function checkedEntry(
  view: NamespacedCore,
  owner: string,
  key: string,
  value: unknown,
  options: SetOptions,
): BulkEntry {
  const full = fullKey(view, key);
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
  const { clock, options: defaults } = view.core;
  const policy = mergePolicy(defaults.load, options, owner);
  return {
    key: full,
    given: key,
    value,
    tags: policy.tags as readonly string[],
    life: () => lifeOf(policy, policy.ttl as number, clock.now(), defaults.random),
  };
}

/**
 * The same, of an entry of `setMany` or `warm`.
 *
 * @throws as {@link checkedEntry}.
 * @internal
 */
export function bulkEntry(view: NamespacedCore, owner: string, entry: SetEntry): BulkEntry {
  checkValue(`${owner}: each entry`, entry, isObject);
  const { key, value, ...options } = entry;
  return checkedEntry(view, owner, key, value, options);
}

/**
 * The request of a `getOrSet`.
 *
 * @param key - The full key.
 * @throws ConfigurationError for bad arguments.
 * @internal
 */
export function loadRequest<T>(
  { core }: NamespacedCore,
  key: string,
  loader: (context: LoadContext<T>) => T | Promise<T>,
  options: LoadOptions<T> | undefined,
): LoadRequest {
  checkValue('getOrSet: loader', loader, isFunction);
  const { load } = core.options;
  if (options !== undefined) checkOptions('getOrSet', options, LOAD_CHECKS);
  return {
    key,
    loader: loader as LoadRequest['loader'],
    policy: options === undefined ? load : mergePolicy(load, options, 'getOrSet'),
  };
}
