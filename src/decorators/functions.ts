/* eslint-disable @typescript-eslint/no-explicit-any -- the shapes of all functions */
import { ConfigurationError } from '../base/errors/errors.js';
import { checkValue, isFunction } from '../base/options/options.js';
import type { NotCacheable, Spent } from '../base/values/spent.js';
import { controlsOf, type CacheControl } from './control.js';
import {
  checkCachedOptions,
  checkMemoizedOptions,
  type CachedOptions,
  type MemoizedOptions,
} from './options.js';
import { cachingFunction } from './runtime/call.js';
import { cachedMethodOf } from './runtime/find-method.js';
import { loadSync } from './runtime/sync-load.js';
import type { AnyFunction, OnlySpent, SyncOnly } from './types/signatures.js';

/**
 * A function with the controls of its cached results.
 *
 * @typeParam F - The function's type.
 */
export type Controlled<F extends (...args: any[]) => any> = F &
  CacheControl<Parameters<F>, Awaited<ReturnType<F>>>;

/** Options of {@link cached} and {@link memoized}: functions have no instance, hence no `scope`. */
export type FunctionOptions<O> = Omit<O, 'scope'>;

/**
 * Caches the results of an asynchronous function, as {@link Cached} does for a method.
 *
 * @typeParam F - The function's type, which stays as it is.
 * @throws ConfigurationError for an unknown option, a bad value, or an anonymous function without
 * `name` or `key`.
 * @example
 * ```ts
 * const getUser = cached(async (id: number) => await database.findUser(id), {
 *   name: 'getUser',
 *   keyPrefix: 'user',
 *   ttl: 300,
 * });
 * await getUser(123);
 * await getUser.invalidate(123);
 * ```
 */
export function cached<F extends (...args: any[]) => Promise<Spent>>(
  fn: F & OnlySpent<'cached', F>,
  options?: object,
): NotCacheable;
export function cached<F extends (...args: any[]) => Promise<any>>(
  fn: F,
  options?: FunctionOptions<
    CachedOptions<ThisParameterType<F>, Parameters<F>, Awaited<ReturnType<F>>>
  >,
): Controlled<F>;
export function cached(fn: AnyFunction, options: FunctionOptions<CachedOptions> = {}): unknown {
  checkCachedOptions('cached', options);
  checkFunction('cached', fn, options);
  return withControls(cachingFunction(fn, undefined, { ...options } as CachedOptions));
}

/**
 * Caches the results of a synchronous function, as {@link Memoized} does for a method.
 *
 * @typeParam F - The function's type, which stays as it is.
 * @throws ConfigurationError as {@link cached}.
 * @example
 * ```ts
 * const slug = memoized((title: string) => slugify(title), { name: 'slug', ttl: '1h' });
 * ```
 */
export function memoized<F extends (...args: any[]) => Spent>(
  fn: F & OnlySpent<'memoized', F>,
  options?: object,
): NotCacheable;
export function memoized<F extends (...args: any[]) => any>(
  fn: F & SyncOnly<F>,
  options?: FunctionOptions<MemoizedOptions<ThisParameterType<F>, Parameters<F>, ReturnType<F>>>,
): Controlled<F>;
export function memoized(fn: AnyFunction, options: FunctionOptions<MemoizedOptions> = {}): unknown {
  checkMemoizedOptions('memoized', options);
  checkFunction('memoized', fn, options);
  return withControls(cachingFunction(fn, undefined, { ...options } as MemoizedOptions, loadSync));
}

/**
 * Refuses what is no function, and a function that nothing names.
 *
 * @internal
 */
export function checkFunction(
  owner: string,
  fn: unknown,
  options: { readonly name?: unknown; readonly key?: unknown },
): void {
  checkValue(`${owner}: fn`, fn, isFunction);
  if ((fn as AnyFunction).name === '' && options.name === undefined && options.key === undefined) {
    throw new ConfigurationError(
      `${owner}: an anonymous function has no name for its keys: give the option name, or key.`,
    );
  }
}

function withControls(wrapper: AnyFunction): AnyFunction {
  const method = cachedMethodOf(wrapper);
  return method === undefined
    ? wrapper
    : Object.assign(wrapper, controlsOf(method, undefined) satisfies CacheControl);
}
