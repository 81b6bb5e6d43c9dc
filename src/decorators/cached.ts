/* eslint-disable @typescript-eslint/no-explicit-any -- see options.ts */
import { checkCachedOptions, type CachedOptions } from './options.js';
import { methodDecorator } from './reflect/method-decorator.js';
import { cachingFunction } from './runtime/call.js';
import type { MethodDecoratorOf, Only } from './types/signatures.js';

/*
 * decorators/: one decorator a file, and `functions.ts` with the same for plain functions. They check
 * their options (`options.ts`), find out in which decorator mode and on which method they are used
 * (`reflect/`), and replace the method by a function that does the work (`runtime/`). `types/` has the
 * signatures that the compiler checks. `control.ts` and `inspect.ts` are what users do with a decorated
 * method afterwards.
 */

/**
 * Caches the results of an asynchronous method. Concurrent calls with equal arguments share one
 * run. Errors reach the caller and are never cached; a failure of the cache never reaches the caller.
 *
 * Works on instance, static and `#private` methods, in both decorator modes.
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
): MethodDecoratorOf<'cached', O, Promise<any>> {
  checkCachedOptions('@Cached', options);
  const fixed = Object.freeze({ ...options }) as CachedOptions;
  return methodDecorator('@Cached', (body, identity) =>
    cachingFunction(body, identity, fixed),
  ) as MethodDecoratorOf<'cached', O, Promise<any>>;
}
