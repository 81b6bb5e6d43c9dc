/* eslint-disable @typescript-eslint/no-explicit-any -- with `any`, the functions among the options may
   leave open which method they are for */
import { describe } from '../base/errors/describe.js';
import type { Duration } from '../base/time/duration.js';
import {
  checkOptions,
  isBoolean,
  isEither,
  isFunction,
  isName,
  type Check,
} from '../base/options/options.js';
import { isManager } from '../cache/default-cache.js';
import type { CacheManager } from '../cache/manager.js';
import { LIFE_CHECKS, LOAD_CHECKS, LOAD_TIME_CHECKS } from '../cache/policy.js';
import type { LifeOptions, LoadTimeOptions } from '../cache/policy.js';
import { ConfigurationError } from '../base/errors/errors.js';

/**
 * The cache of a method, or a function of the instance that returns it, for injected caches.
 *
 * @internal
 */
export type CacheChoice = CacheManager | ((instance: any) => CacheManager);

/** Options of all decorators that create keys. */
interface KeyOptions<This = any, Args extends readonly any[] = any[]> {
  /**
   * First segment of the keys, below the namespace. Set it if your build minifies names.
   *
   * @default the name of the class that the method is called on, or the function's name
   */
  keyPrefix?: string | undefined;
  /**
   * Name of the method in keys and statistics.
   *
   * @default class and method, or the function's name
   */
  name?: string | undefined;
  /**
   * Returns the whole key, below the namespace: `(id) => `user:${id}``.
   *
   * @default a key of the prefix, the arguments and the name of the method
   */
  key?: ((this: This, ...args: Args) => string) | undefined;
  /**
   * Returns the part of the instance that results depend on, such as a tenant, user or locale:
   * `(service) => service.tenant`. It becomes a segment after the arguments. **Without it, all instances of
   * a class share their results.**
   *
   * @default none
   */
  scope?: ((this: This, instance: This) => unknown) | undefined;
  /**
   * The cache, or a function of the instance that returns it, for injected caches.
   *
   * @default the process's default cache: {@link getCache}
   */
  cache?: CacheManager | ((instance: This) => CacheManager) | undefined;
}

/**
 * Options of `@Cached` and `cached`.
 *
 * @example
 * ```ts
 * class Users {
 *   @Cached({
 *     keyPrefix: 'user',
 *     ttl: (user: User | undefined) => (user === undefined ? '30s' : '5m'),
 *     tags: (_user: User | undefined, id: number) => [`user-${id}`],
 *     condition: (id: number) => id > 0,
 *   })
 *   async getUser(id: number): Promise<User | undefined> { … }
 * }
 * ```
 */
export interface CachedOptions<This = any, Args extends readonly any[] = any[], Result = any>
  extends KeyOptions<This, Args>, Omit<LifeOptions, 'ttl'>, LoadTimeOptions {
  /**
   * How long a result is fresh, or a function of the result and the arguments. A function may return 0: do
   * not store.
   *
   * @default the `defaultTtl` of the cache: 300 seconds
   */
  ttl?: Duration | ((this: This, result: Result, ...args: Args) => Duration) | undefined;
  /**
   * Tags for invalidating entries together (at most 128, up to 256 bytes each), or a function of the result
   * and the arguments.
   *
   * @default none
   */
  tags?:
    | readonly string[]
    | ((this: This, result: Result, ...args: Args) => readonly string[])
    | undefined;
  /**
   * If it returns false, the call bypasses the cache: nothing is read or stored.
   *
   * @default none: every call uses the cache
   */
  condition?: ((this: This, ...args: Args) => boolean) | undefined;
  /**
   * If it returns true, the result is returned but not stored.
   *
   * @default none: every result is stored
   */
  unless?: ((this: This, result: Result, ...args: Args) => boolean) | undefined;
}

/** Options of `@Memoized` and `memoized`. */
export interface MemoizedOptions<This = any, Args extends readonly any[] = any[], Result = any>
  extends
    KeyOptions<This, Args>,
    Pick<CachedOptions<This, Args, Result>, 'ttl' | 'jitter' | 'tags' | 'condition' | 'unless'> {}

/** Options of `@CachePut`. */
export interface CachePutOptions<This = any, Args extends readonly any[] = any[], Result = any>
  extends
    Pick<CachedOptions<This, Args, Result>, 'ttl' | 'grace' | 'jitter' | 'tags' | 'unless'>,
    KeyOptions<This, Args> {
  /**
   * If it returns false, the result is not stored.
   *
   * @default none: every result is stored
   */
  condition?: ((this: This, ...args: Args) => boolean) | undefined;
  /**
   * The `@Cached` method of the same class whose entry is written, with its options; the options given
   * here take precedence.
   *
   * @default the decorated method itself
   */
  method?: string | symbol | undefined;
  /**
   * Returns the arguments of that method for which the result is stored: `(user) => [user.id]`.
   *
   * @default the arguments of the call
   */
  args?: ((this: This, result: Result, ...args: Args) => readonly unknown[]) | undefined;
}

/** Options of `@CacheEvict`. At least one of `key`, `pattern`, `tags` and `methods` is needed. */
export interface CacheEvictOptions<This = any, Args extends readonly any[] = any[]> {
  /**
   * One or several keys, below the namespace, or a function of the arguments.
   *
   * @default none
   */
  key?:
    | string
    | readonly string[]
    | ((this: This, ...args: Args) => string | readonly string[])
    | undefined;
  /**
   * One or several patterns, below the namespace, or a function of the arguments. Insert ids with the
   * {@link pattern} tag.
   *
   * @default none
   */
  pattern?:
    | string
    | readonly string[]
    | ((this: This, ...args: Args) => string | readonly string[])
    | undefined;
  /**
   * Tags to invalidate, or a function of the arguments.
   *
   * @default none
   */
  tags?: readonly string[] | ((this: This, ...args: Args) => readonly string[]) | undefined;
  /**
   * Cached methods of the same class. An array of names (`['listUsers']`) removes all results of those
   * methods. An object (`{ getUser: (user) => [user.id] }`) removes one result per method: each function
   * returns the arguments of that method, and `true` stands for all results.
   *
   * @default none
   */
  methods?:
    | readonly string[]
    | Readonly<Record<string, true | ((this: This, ...args: Args) => readonly unknown[])>>
    | undefined;
  /**
   * Evicts before the method runs, and therefore even if it fails, rather than after it has succeeded.
   *
   * @default false
   */
  beforeInvocation?: boolean | undefined;
  /**
   * If it returns false, nothing is evicted.
   *
   * @default none: every call evicts
   */
  condition?: ((this: This, ...args: Args) => boolean) | undefined;
  /**
   * The cache, or a function of the instance that returns it, for injected caches.
   *
   * @default the process's default cache: {@link getCache}
   */
  cache?: CacheManager | ((instance: This) => CacheManager) | undefined;
}

/** Options of `@CacheConfig`: defaults for the decorators in a class and its subclasses. */
export interface CacheConfigOptions<This = any>
  extends Pick<KeyOptions<This>, 'keyPrefix' | 'scope' | 'cache'>, LifeOptions, LoadTimeOptions {
  /**
   * Tags of all entries, for invalidating them together.
   *
   * @default none
   */
  tags?: readonly string[] | undefined;
}

const isCacheChoice: Check = (value) =>
  isManager(value) || typeof value === 'function'
    ? undefined
    : 'a CacheManager, or a function of the instance that returns one';

const KEY_CHECKS = {
  keyPrefix: isName,
  name: isName,
  key: isFunction,
  scope: isFunction,
  cache: isCacheChoice,
} as const;

const isText: Check = (value) =>
  (Array.isArray(value) ? areTexts(value) : areTexts([value]))
    ? undefined
    : 'a string, a non-empty array of strings, or a function that returns one';

function areTexts(values: readonly unknown[]): boolean {
  return values.length > 0 && values.every((text) => typeof text === 'string' && text !== '');
}

const isMethodList: Check = (value) =>
  (Array.isArray(value) ? areTexts(value) : areMethods(Object(value) as object))
    ? undefined
    : 'a non-empty array of names, or an object of functions or true';

function areMethods(methods: object): boolean {
  const all = Object.values(methods);
  return all.length > 0 && all.every((one) => one === true || typeof one === 'function');
}

const isMethodName: Check = (value) =>
  (typeof value === 'string' && value !== '') || typeof value === 'symbol'
    ? undefined
    : "a method's name";

/*
 * The known options of each decorator. In functions, so that bundles hold those that are used.
 */

/** @internal */
export function checkCachedOptions(owner: '@Cached' | 'cached', options: object): void {
  checkDecoratorOptions(owner, options, {
    ...KEY_CHECKS,
    ...LIFE_CHECKS,
    ...LOAD_TIME_CHECKS,
    ttl: LOAD_CHECKS.ttl,
    tags: LOAD_CHECKS.tags,
    condition: isFunction,
    unless: isFunction,
  });
}

/** @internal */
export function checkMemoizedOptions(owner: '@Memoized' | 'memoized', options: object): void {
  const { jitter, tags, ttl } = LOAD_CHECKS;
  const functions = { condition: isFunction, unless: isFunction };
  checkDecoratorOptions(owner, options, { ...KEY_CHECKS, ttl, jitter, tags, ...functions });
}

/** @internal */
export function checkPutOptions(options: object): void {
  const { grace, jitter, tags, ttl } = LOAD_CHECKS;
  checkDecoratorOptions('@CachePut', options, {
    ...KEY_CHECKS,
    ...{ ttl, grace, jitter, tags },
    unless: isFunction,
    condition: isFunction,
    method: isMethodName,
    args: isFunction,
  });
}

/** @internal */
export function checkEvictOptions(options: object): void {
  checkDecoratorOptions('@CacheEvict', options, {
    key: isEither(isFunction, isText),
    pattern: isEither(isFunction, isText),
    tags: LOAD_CHECKS.tags,
    methods: isMethodList,
    beforeInvocation: isBoolean,
    condition: isFunction,
    cache: isCacheChoice,
  });
}

/** @internal */
export function checkConfigOptions(options: object): void {
  checkDecoratorOptions('@CacheConfig', options, {
    ...LIFE_CHECKS,
    ...LOAD_TIME_CHECKS,
    keyPrefix: isName,
    scope: isFunction,
    cache: isCacheChoice,
    tags: (value, option) =>
      typeof value === 'function' ? 'an array of strings' : LOAD_CHECKS.tags(value, option),
  });
}

/**
 * Checks a decorator's options as it is applied.
 *
 * @throws ConfigurationError for an unknown option or a bad value.
 */
function checkDecoratorOptions(
  owner: string,
  options: object,
  checks: Readonly<Record<string, Check>>,
): void {
  refuseBare(owner, options);
  checkOptions(owner, options as Record<string, unknown>, checks);
}

/**
 * Refuses what a decorator is called with when it is written without parentheses: the method or the
 * class, or (under `experimentalDecorators`) the class's prototype, which would pass for an object
 * without options.
 *
 * @throws ConfigurationError for a function or a prototype.
 * @internal
 */
export function refuseBare(owner: string, options: unknown): void {
  const isBare =
    typeof options === 'function' ||
    (typeof options === 'object' && options !== null && Object.hasOwn(options, 'constructor'));
  if (isBare) {
    throw new ConfigurationError(
      `${owner} is called with its options first: write ${owner}() or ${owner}({ … }), ` +
        `not ${owner} alone; got ${describe(options)}.`,
    );
  }
}
