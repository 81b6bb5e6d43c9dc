/* eslint-disable @typescript-eslint/no-explicit-any -- see options.ts */
import { checkPutOptions, type CachePutOptions } from './options.js';
import { methodDecorator } from './reflect/method-decorator.js';
import type { MethodIdentity } from './reflect/identity.js';
import { copyFunctionProps, toMetadata } from './reflect/metadata.js';
import { CachedMethod } from './runtime/cached-method.js';
import { PutCall } from './runtime/put-call.js';
import type { AnyFunction, MethodDecoratorOf, Only } from './types/signatures.js';

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
): MethodDecoratorOf<'put', O, Promise<any>> {
  checkPutOptions(options);
  const fixed = Object.freeze({ ...options }) as CachePutOptions;
  return methodDecorator('@CachePut', (body, identity) =>
    puttingFunction(body, identity, fixed),
  ) as MethodDecoratorOf<'put', O, Promise<any>>;
}

function puttingFunction(
  body: AnyFunction,
  identity: MethodIdentity,
  options: CachePutOptions,
): AnyFunction {
  const { method: _, args: __, ...own } = options;
  const method = new CachedMethod(body, identity, own, undefined);

  async function puttingCall(this: unknown, ...args: unknown[]): Promise<unknown> {
    const put = new PutCall(method, options, this, args);
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

  copyFunctionProps(puttingCall, body, toMetadata('put', identity.name, identity, options));
  return puttingCall;
}
