/* eslint-disable @typescript-eslint/no-explicit-any -- see options.ts */
import { CachedMethod } from './cached-method.js';
import { cachingWrapper } from './call.js';
import { decorateMethod } from './dialect.js';
import type { AnyFunction } from './shapes.js';
import type { MethodIdentity } from './identity.js';
import { CONTROL_METADATA, disguise, type MethodMetadata } from './metadata.js';
import { checkDecoratorOptions, type CachedOptions } from './options.js';
import type { MethodDecorator, Only } from './signatures.js';

/**
 * Caches the results of an asynchronous method. Concurrent calls with equal arguments share one
 * run; errors reach the caller and are never cached; a failure of the cache is never seen.
 *
 * Works on instance, static and `#private` methods, in both decorator dialects.
 *
 * @throws ConfigurationError when it is applied, for an unknown option, a bad value, or on anything
 * but a method.
 * @example
 * ```ts
 * class UserService {
 *   @Cached({ ttl: 300, keyPrefix: 'user' })
 *   async getUser(id: number): Promise<User> {
 *     return await this.database.findUser(id);
 *   }
 * }
 * ```
 */
export function Cached<O extends CachedOptions = CachedOptions>(
  options: Only<O, CachedOptions> = {} as never,
): MethodDecorator<'cached', O, Promise<any>> {
  checkDecoratorOptions('@Cached', options);
  const fixed = Object.freeze({ ...options }) as CachedOptions;
  return ((...args: unknown[]) =>
    decorateMethod('@Cached', args, (body, identity) =>
      cachedFunction(body, identity, fixed),
    )) as MethodDecorator<'cached', O, Promise<any>>;
}

/**
 * A function that caches, with the controls that {@link cacheControl} finds.
 *
 * @param identity - Which method it is; `undefined` for a plain function.
 * @internal
 */
export function cachedFunction(
  body: AnyFunction,
  identity: MethodIdentity | undefined,
  options: CachedOptions,
): AnyFunction {
  const method = new CachedMethod(body, identity, options, false);
  const wrapper = cachingWrapper(method);
  disguise(wrapper, body, {
    kind: 'cached',
    method: identity?.name ?? method.label,
    isStatic: identity?.isStatic ?? false,
    ...described(options),
  });
  Reflect.defineMetadata(CONTROL_METADATA, method, wrapper);
  return wrapper;
}

/**
 * The part of the options that is plain data, for the metadata.
 *
 * @internal
 */
export function described(
  options: Pick<CachedOptions, 'keyPrefix' | 'ttl' | 'tags' | 'name'>,
): Pick<MethodMetadata, 'prefix' | 'ttl' | 'tags' | 'name'> {
  const { keyPrefix, ttl, tags, name } = options;
  return {
    ...(keyPrefix !== undefined && { prefix: keyPrefix }),
    ...(ttl !== undefined && typeof ttl !== 'function' && { ttl }),
    ...(tags !== undefined && typeof tags !== 'function' && { tags }),
    ...(name !== undefined && { name }),
  };
}
