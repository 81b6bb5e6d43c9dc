import { described } from './cached.js';
import { CachedMethod } from './cached-method.js';
import { cachingWrapper } from './call.js';
import { decorateMethod } from './dialect.js';
import type { AnyFunction } from './shapes.js';
import type { MethodIdentity } from './identity.js';
import { CONTROL_METADATA, disguise } from './metadata.js';
import { checkDecoratorOptions, type MemoizedOptions } from './options.js';
import type { Only, SyncMethodDecorator } from './signatures.js';

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
): SyncMethodDecorator<'memoized', O> {
  checkDecoratorOptions('@Memoized', options);
  const fixed = Object.freeze({ ...options }) as MemoizedOptions;
  return ((...args: unknown[]) =>
    decorateMethod('@Memoized', args, (body, identity) =>
      memoizedFunction(body, identity, fixed),
    )) as SyncMethodDecorator<'memoized', O>;
}

/** @internal */
export function memoizedFunction(
  body: AnyFunction,
  identity: MethodIdentity | undefined,
  options: MemoizedOptions,
): AnyFunction {
  const method = new CachedMethod(body, identity, options, true);
  const wrapper = cachingWrapper(method);
  disguise(wrapper, body, {
    kind: 'memoized',
    method: identity?.name ?? method.label,
    isStatic: identity?.isStatic ?? false,
    ...described(options),
  });
  Reflect.defineMetadata(CONTROL_METADATA, method, wrapper);
  return wrapper;
}
