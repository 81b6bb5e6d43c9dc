/* eslint-disable @typescript-eslint/no-explicit-any -- see options.ts */
import { described } from './cached.js';
import { CachedMethod } from './cached-method.js';
import { decorateMethod } from './dialect.js';
import type { MethodIdentity } from './identity.js';
import { disguise } from './metadata.js';
import { checkDecoratorOptions, type CachePutOptions } from './options.js';
import type { AnyFunction } from './shapes.js';
import { Put } from './put.js';
import type { MethodDecorator, Only } from './signatures.js';

/**
 * Always runs the method, and stores its result: for updates that return the new state. With
 * `method` the result becomes that of a `@Cached` method of the same class.
 *
 * If the entry is written or invalidated elsewhere while the method runs, it is unknown which state
 * is the later one: the entry is then removed rather than stored.
 *
 * @throws ConfigurationError when it is applied, for an unknown option, a bad value, or on anything
 * but a method.
 * @example
 * ```ts
 * class UserService {
 *   @Cached({ keyPrefix: 'user' })
 *   async getUser(id: number): Promise<User> { … }
 *
 *   @CachePut({ method: 'getUser', args: (user: User) => [user.id] })
 *   async updateUser(id: number, changes: Partial<User>): Promise<User> { … }
 * }
 * ```
 */
export function CachePut<O extends CachePutOptions = CachePutOptions>(
  options: Only<O, CachePutOptions> = {} as never,
): MethodDecorator<'put', O, Promise<any>> {
  checkDecoratorOptions('@CachePut', options);
  const fixed = Object.freeze({ ...options }) as CachePutOptions;
  return ((...args: unknown[]) =>
    decorateMethod('@CachePut', args, (body, identity) =>
      puttingFunction(body, identity, fixed),
    )) as MethodDecorator<'put', O, Promise<any>>;
}

function puttingFunction(
  body: AnyFunction,
  identity: MethodIdentity,
  options: CachePutOptions,
): AnyFunction {
  const { method: _, args: __, ...own } = options;
  const method = new CachedMethod(body, identity, own, false);

  async function puttingCall(this: unknown, ...args: unknown[]): Promise<unknown> {
    const put = new Put(method, options, this, args);
    try {
      const beginning = put.begin();
      if (beginning !== undefined) await beginning;
      const result = await body.apply(this, args);
      await put.store(result);
      return result;
    } finally {
      put.end();
    }
  }

  disguise(puttingCall, body, {
    kind: 'put',
    method: identity.name,
    isStatic: identity.isStatic,
    ...described(options),
  });
  return puttingCall;
}
