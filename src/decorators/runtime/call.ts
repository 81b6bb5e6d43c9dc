import { defaultHolder } from '../../cache/default-cache.js';
import { getOrLoad, plainHit, promiseOf, type LoadRequest } from '../../cache/read/get-or-load.js';
import type { CachedOptions } from '../options.js';
import type { MethodIdentity } from '../reflect/identity.js';
import { CONTROL_METADATA, copyFunctionProps, toMetadata } from '../reflect/metadata.js';
import type { AnyFunction } from '../types/signatures.js';
import type { MethodBinding } from './binding.js';
import { CachedMethod, type ResolvedCall } from './cached-method.js';
import { loadSync } from './sync-load.js';

/*
 * runtime/: what happens at a call. Start here: `cachedCall` serves a memory hit by itself; every other
 * call is resolved by its `CachedMethod` to a `MethodBinding` (the method on one class in one cache) and a
 * key, and then read or loaded by the cache. A `KeyClaim` decides how far the results may be shared, an
 * `ArgumentIndex` finds the entries of calls that hit before. `PutCall` is one call of a `@CachePut` method.
 */

/**
 * The function that takes the place of a method or function whose results are cached, with the
 * metadata that `cacheControl` finds.
 *
 * @param identity - Which method it is; `undefined` for a plain function.
 * @internal
 */
export function cachingFunction(
  kind: 'cached' | 'memoized',
  body: AnyFunction,
  identity: MethodIdentity | undefined,
  options: CachedOptions,
): AnyFunction {
  const method = new CachedMethod(body, identity, options, kind === 'memoized');
  const wrapper = callWrapper(method);
  copyFunctionProps(
    wrapper,
    body,
    toMetadata(kind, identity?.name ?? method.label, identity, options),
  );
  Reflect.defineMetadata(CONTROL_METADATA, method, wrapper);
  return wrapper;
}

/**
 * The hot path. A memory hit must cost less than hand-written code: everything until the return is
 * synchronous, allocates nothing, and returns a promise that exists already. A call is served here if
 * the binding of the last call fits (same cache, same class) and has the arguments in its index; every
 * other case takes the slow path below.
 *
 * It is written out, against the house's habits, since each of these makes a hit 3 to 18 % slower: a
 * condition that is a truthiness test (`binding?.isIndexed`) or kept in a variable, the look-up and the
 * counting in functions of their own, a step more to an object.
 */
function callWrapper(method: CachedMethod): AnyFunction {
  const isMethod = method.identity !== undefined;
  const isStatic = method.identity?.isStatic === true;
  const { isSync } = method;
  let last: MethodBinding | undefined;

  const fits = (binding: MethodBinding, self: unknown): boolean =>
    (binding.followsDefault === false || binding.manager === defaultHolder.current) &&
    (!isMethod ||
      binding.owner === (isStatic ? self : self && (Object.getPrototypeOf(self) as unknown)));

  function slowPath(this: unknown, ...args: unknown[]): unknown {
    const known = last !== undefined && fits(last, this) ? last : undefined;
    const resolved = method.tryResolve(this, args, known);
    if (resolved === undefined) return method.body.apply(this, args);
    if (resolved.binding.isReusable) last = resolved.binding;
    return readOrLoad(method, resolved, this, args);
  }

  return function cachedCall(
    this: unknown,
    first?: unknown,
    second?: unknown,
    third?: unknown,
  ): unknown {
    const binding = last;
    if (
      binding !== undefined &&
      fits(binding, this) &&
      binding.isIndexed === true &&
      arguments.length < 4
    ) {
      const { core, methodCounters, trust } = binding;
      const entry =
        trust.canServeFastHits === true
          ? arguments.length === 1
            ? binding.single.get(first)
            : binding.index.find(arguments.length, first, second, third)
          : undefined;
      if (entry !== undefined && entry.isReady(core.coarseClock.ticks())) {
        core.counters.memoryHits++;
        methodCounters.hits++;
        core.memory?.touch(entry);
        return isSync ? entry.value : (entry.promise ?? entry.toPromise());
      }
    }
    // Passed on like this, the arguments become an array only for the calls that get here.
    // eslint-disable-next-line prefer-rest-params
    return slowPath.apply(this, arguments as unknown as unknown[]);
  };
}

/**
 * The result of a call whose key is known: from memory, or by the read path behind it.
 *
 * @returns A promise, or for a memoized method the value itself.
 * @throws For a memoized method, what the method throws.
 * @internal
 */
export function readOrLoad(
  method: CachedMethod,
  resolved: ResolvedCall,
  self: unknown,
  args: readonly unknown[],
): unknown {
  const { binding, key } = resolved;
  const { core, methodCounters } = binding;
  const entry = plainHit(core, key, methodCounters);
  if (entry !== undefined) {
    binding.learn(entry, args);
    return method.isSync ? core.memory?.valueOf(entry) : promiseOf(core, entry);
  }
  return method.isSync
    ? loadSync(method, resolved, self, args)
    : getOrLoad(core, toLoadRequest(method, resolved, self, args));
}

/**
 * The load of a call of an asynchronous method.
 *
 * @internal
 */
export function toLoadRequest(
  method: CachedMethod,
  { binding, key }: ResolvedCall,
  self: unknown,
  args: readonly unknown[],
): LoadRequest {
  return {
    key,
    loader: () => method.body.apply(self, args as unknown[]),
    args,
    policy: method.policyFor(binding, self, args),
    methodCounters: binding.methodCounters,
    onEntry: (entry) => {
      binding.register(entry);
    },
  };
}
