import { ConfigurationError } from '../base/errors/errors.js';
import { isThenable } from '../base/values/thenable.js';
import { getCache } from '../cache/default-cache.js';
import { CORE, type CacheManager } from '../cache/manager.js';
import { controlsOf } from './control.js';
import { checkEvictOptions, type CacheConfigOptions, type CacheEvictOptions } from './options.js';
import { classConfig } from './reflect/class-config.js';
import { methodDecorator } from './reflect/method-decorator.js';
import type { MethodIdentity } from './reflect/identity.js';
import { copyFunctionProps, toMetadata } from './reflect/metadata.js';
import { chosenCache } from './runtime/cached-method.js';
import { cachedMethodNamed, reportMistake } from './runtime/find-method.js';
import type { AnyFunction, MethodDecoratorOf, Only } from './types/signatures.js';

/**
 * Runs the method, and then removes what it has made out of date: keys, patterns, tags, or results
 * of other methods. If the method fails, nothing is removed (unless `beforeInvocation`). If it
 * returns a promise, that promise settles when the removal is done. A failure of the removal is an
 * `error` event of the cache.
 *
 * @throws ConfigurationError when it is applied, for an unknown option, a bad value, nothing to
 * remove, or on anything but a method.
 * @example
 * ```ts
 * class UserService {
 *   @CacheEvict({ pattern: (id: number) => pattern`user:${id}:*`, methods: ['listUsers'] })
 *   async updateUser(id: number, changes: Partial<User>): Promise<void> { … }
 * }
 * ```
 */
export function CacheEvict<O extends CacheEvictOptions>(
  options: Only<O, CacheEvictOptions>,
): MethodDecoratorOf<'evict', O, unknown> {
  checkEvictOptions(options);
  const { key, pattern, tags, methods } = options as CacheEvictOptions;
  if ([key, pattern, tags, methods].every((option) => option === undefined)) {
    throw new ConfigurationError(
      '@CacheEvict: say what to remove: at least one of key, pattern, tags and methods.',
    );
  }
  const fixed = Object.freeze({ ...options }) as CacheEvictOptions;
  return methodDecorator('@CacheEvict', (body, identity) =>
    evictingFunction(body, identity, fixed),
  ) as MethodDecoratorOf<'evict', O, unknown>;
}

function evictingFunction(
  body: AnyFunction,
  identity: MethodIdentity,
  options: CacheEvictOptions,
): AnyFunction {
  function evictingCall(this: unknown, ...args: unknown[]): unknown {
    if (options.beforeInvocation === true) {
      const done = evict(options, this, args);
      const outcome = body.apply(this, args);
      return isThenable(outcome) ? settledTogether(outcome, done) : outcome;
    }
    const outcome = body.apply(this, args);
    if (isThenable(outcome)) {
      return outcome.then(async (result) => {
        await evict(options, this, args);
        return result;
      });
    }
    // In memory it is done by the time this returns; the shared tier follows.
    void evict(options, this, args);
    return outcome;
  }
  const { tags } = options;
  copyFunctionProps(evictingCall, body, toMetadata('evict', identity.name, identity, { tags }));
  return evictingCall;
}

/** Never rejects: the caller gets the method's own outcome even if the cache fails. */
async function evict(
  options: CacheEvictOptions,
  self: unknown,
  args: readonly unknown[],
): Promise<void> {
  let cache: CacheManager | undefined;
  try {
    cache = chosenCache(options.cache ?? configOf(self)?.cache, self, '@CacheEvict');
    if (options.condition?.apply(self, args as unknown[]) === false) return;
    // Started one right after the other, so that memory is clean before the first reply.
    const removals = removalsOf(cache, options, self, args);
    const outcomes = await Promise.allSettled(removals.map((removal) => removal()));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') {
        reportMistake(cache[CORE].core, '@CacheEvict', outcome.reason);
      }
    }
  } catch (error) {
    reportMistake((cache ?? getCache())[CORE].core, '@CacheEvict', error);
  }
}

function configOf(self: unknown): CacheConfigOptions | undefined {
  // A method that was detached from its object still evicts by its own options.
  if (self === undefined || self === null) return undefined;
  const owner = typeof self === 'function' ? self : (Object.getPrototypeOf(self) as object | null);
  return owner === null ? undefined : classConfig(owner);
}

/** Entirely asynchronous, so that a failing function of one option stops no other removal. */
type Removal = () => Promise<unknown>;

function removalsOf(
  cache: CacheManager,
  options: CacheEvictOptions,
  self: unknown,
  args: readonly unknown[],
): Removal[] {
  const resolve = <T>(option: T | ((...given: never[]) => T)): T =>
    typeof option === 'function'
      ? (option as (...given: readonly unknown[]) => T).call(self, ...args)
      : option;
  const { key, pattern, tags, methods } = options;
  const removals: Removal[] = [];
  if (key !== undefined) {
    removals.push(async () => cache.deleteMany([resolve<string | readonly string[]>(key)].flat()));
  }
  if (pattern !== undefined) {
    removals.push(async () => {
      const patterns = [resolve<string | readonly string[]>(pattern)].flat();
      await Promise.all(patterns.map((one) => cache.clear(one)));
    });
  }
  if (tags !== undefined) {
    removals.push(async () => cache.invalidateTags(...resolve<readonly string[]>(tags)));
  }
  if (methods !== undefined) removals.push(...methodRemovals(methods, self, args));
  return removals;
}

function methodRemovals(
  methods: NonNullable<CacheEvictOptions['methods']>,
  self: unknown,
  args: readonly unknown[],
): Removal[] {
  const entries = Array.isArray(methods)
    ? (methods as readonly string[]).map((name) => [name, true] as const)
    : Object.entries(methods as Readonly<Record<string, true | AnyFunction>>);
  return entries.map(([name, theirs]) => async () => {
    const control = controlsOf(cachedMethodNamed('methods', self as object, name), self);
    if (theirs === true) return control.cacheClear();
    const theirArgs = theirs.apply(self, args as unknown[]) as readonly unknown[];
    return control.invalidate(...theirArgs);
  });
}

async function settledTogether(outcome: PromiseLike<unknown>, done: Promise<void>) {
  const [result] = await Promise.allSettled([outcome, done]);
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
