import { checkMemoizedOptions, type MemoizedOptions } from './options.js';
import { methodDecorator } from './reflect/method-decorator.js';
import { cachingFunction } from './runtime/call.js';
import { loadSync } from './runtime/sync-load.js';
import type { Only, SyncMethodDecoratorOf } from './types/signatures.js';

/**
 * Caches the results of a synchronous method, which stays synchronous: in the memory tier only, and
 * bounded, invalidated and counted with everything else there. Errors are thrown and not cached.
 *
 * @throws ConfigurationError when it is applied, for an unknown option, a bad value, or on anything
 * but a method.
 * @example
 * ```ts
 * class Prices {
 *   @Memoized({ ttl: '10m' })
 *   quote(product: string, amount: number): Quote {
 *     return computeQuote(product, amount);
 *   }
 * }
 * ```
 */
export function Memoized<O extends MemoizedOptions = MemoizedOptions>(
  options: Only<O, MemoizedOptions> = {} as never,
): SyncMethodDecoratorOf<O> {
  checkMemoizedOptions('@Memoized', options);
  const fixed = Object.freeze({ ...options }) as MemoizedOptions;
  return methodDecorator('@Memoized', (body, identity) =>
    cachingFunction(body, identity, fixed, loadSync),
  ) as SyncMethodDecoratorOf<O>;
}
