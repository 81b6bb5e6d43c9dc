/* eslint-disable @typescript-eslint/no-explicit-any -- the shapes of all methods */
import { describe } from '../base/errors/describe.js';
import { ConfigurationError } from '../base/errors/errors.js';
import { reload } from '../cache/read/get-or-load.js';
import { remove } from '../cache/write/delete.js';
import { clear, invalidateTags } from '../cache/write/invalidate.js';
import { warmAll } from '../cache/write/lazy-warm.js';
import type { WarmOptions, WarmReport } from '../cache/write/warm.js';
import { hitRate } from '../stats/counters.js';
import { isPrototype } from './reflect/identity.js';
import type { MethodBinding } from './runtime/binding.js';
import type { CachedMethod } from './runtime/cached-method.js';
import { readOrLoad, toLoadRequest } from './runtime/call.js';
import { cachedMethodNamed, cachedMethodOf } from './runtime/find-method.js';

/** Counters of one cached method or function in its cache, since the start of the process. */
export interface CacheInfo {
  /** Calls that found a fresh value. */
  readonly hits: number;
  /** Calls that found nothing fresh. */
  readonly misses: number;
  /** Hits among calls, in percent with two decimals. */
  readonly hitRate: number;
  /** Misses for which an expired value was served. */
  readonly stale: number;
  /** Runs of the method. */
  readonly loads: number;
  /** Runs that failed or timed out. */
  readonly loadErrors: number;
  /** Entries in memory. */
  readonly size: number;
  /** First segment of the keys. */
  readonly keyPrefix: string;
  /** Life of a result, in seconds; `undefined` when it is a function of the result. */
  readonly ttl: number | undefined;
}

/**
 * Operations on the results of one cached method or function.
 *
 * @typeParam Args - The arguments of the method.
 * @typeParam Result - The result of the method, awaited.
 */
export interface CacheControl<Args extends readonly any[] = any[], Result = unknown> {
  /**
   * Removes all of its results.
   *
   * @returns How many there were.
   * @example const removed = await cacheControl(users, 'getUser').cacheClear();
   */
  cacheClear(): Promise<number>;
  /**
   * Its counters, since the start of the process.
   *
   * @example const { hits, misses, hitRate } = cacheControl(users, 'getUser').cacheInfo();
   */
  cacheInfo(): CacheInfo;
  /**
   * The key of a call, as the methods of its cache take it.
   *
   * @throws CacheKeyError when an argument cannot be encoded.
   * @example cacheControl(users, 'getUser').keyFor(123); // 'user:123:getUser'
   */
  keyFor(...args: Args): string;
  /**
   * Removes the result of a call.
   *
   * @returns Whether it was there.
   * @example await cacheControl(users, 'getUser').invalidate(123);
   */
  invalidate(...args: Args): Promise<boolean>;
  /**
   * Runs the method now and stores its result, even if a fresh one is cached.
   *
   * @example const user = await cacheControl(users, 'getUser').refresh(123);
   */
  refresh(...args: Args): Promise<Result>;
  /**
   * Runs the method for each list of arguments whose result is not cached.
   *
   * @example await cacheControl(users, 'getUser').warm([[1], [2], [3]], { concurrency: 2 });
   */
  warm(calls: Iterable<Args> | AsyncIterable<Args>, options?: WarmOptions): Promise<WarmReport>;
}

/** Names of the methods of `T`. */
export type MethodName<T> = {
  [K in keyof T]-?: T[K] extends (...args: any[]) => unknown ? K : never;
}[keyof T];

/** The controls of a method of type `F`. */
export type ControlOf<F> = F extends (...args: infer Args) => infer Result
  ? CacheControl<Args, Awaited<Result>>
  : never;

/** The instances of a class; anything else stands for itself. */
export type InstanceOf<T> = T extends abstract new (...args: any[]) => infer I
  ? I
  : // A private constructor is no construct signature.
    T extends { readonly prototype: infer I extends object }
    ? I
    : T;

/**
 * The controls of a decorated method: of an instance; or of a class or its prototype, where no
 * instance is at hand (`refresh` and `warm`, which run the method, then need a static one).
 *
 * @throws ConfigurationError when there is no such cached method.
 * @example
 * ```ts
 * const control = cacheControl(users, 'getUser');
 * await control.invalidate(123);
 * console.log(control.cacheInfo().hitRate);
 * ```
 */
export function cacheControl<T extends object, K extends MethodName<T>>(
  target: T,
  method: K,
): ControlOf<T[K]>;
export function cacheControl<T extends object, K extends MethodName<InstanceOf<T>>>(
  target: T,
  method: K,
): ControlOf<InstanceOf<T>[K]>;
export function cacheControl(target: object, name: string | symbol): CacheControl {
  if (Object(target) !== target || (name as unknown) === undefined) {
    throw new ConfigurationError(
      `cacheControl(object, 'method') got ${describe(target)} and ${describe(name)}. ` +
        'A cached function has these methods itself.',
    );
  }
  // A class inherits methods (`apply`, `call`), whose names its instances may use as well.
  const isOfInstances =
    typeof target === 'function' &&
    cachedMethodOf((target as unknown as Record<string | symbol, unknown>)[name]) === undefined;
  const self = isOfInstances ? ((target.prototype ?? target) as object) : target;
  return controlsOf(cachedMethodNamed('cacheControl', self, name), self);
}

/**
 * @param self - What the method is called on; `undefined` for a plain function.
 * @internal
 */
export function controlsOf(method: CachedMethod, self: unknown): CacheControl {
  return {
    cacheClear: async () => {
      const binding = method.bindingFor(self);
      if (binding.ownTag === undefined) return await clear(binding.core, binding.patterns());
      return await invalidateTags(binding.core, [binding.ownTag]);
    },
    cacheInfo: () => infoOf(method, method.bindingFor(self)),
    keyFor: (...args) => {
      const binding = method.bindingFor(self);
      return toUserKey(binding, method.keyOf(binding, self, args));
    },
    invalidate: async (...args) => {
      const binding = method.bindingFor(self);
      return await remove(binding.core, method.keyOf(binding, self, args));
    },
    refresh: async (...args) => {
      checkInstance(method, self, 'refresh');
      const binding = method.bindingFor(self);
      const resolved = method.resolve(binding, self, args);
      if (method.loadSync === undefined) {
        return await reload(binding.core, toLoadRequest(method, resolved, self, args));
      }
      binding.core.invalidation.overtake(resolved.key);
      return method.loadSync(method, resolved, self, args);
    },
    warm: async (calls, options = {}) => {
      checkInstance(method, self, 'warm');
      const binding = method.bindingFor(self);
      const job = async (args: readonly unknown[]): Promise<void> => {
        await readOrLoad(method, method.resolve(binding, self, args), self, args);
      };
      const keyOf = (args: readonly unknown[]): string => {
        try {
          return toUserKey(binding, method.keyOf(binding, self, args));
        } catch {
          // Arguments without a key are listed among the failures.
          return binding.methodCounters.name;
        }
      };
      return await warmAll(calls, { run: job, keyOf }, options, () =>
        binding.core.clock.monotonic(),
      );
    },
  };
}

/** The escapes of `escapeKey`, whose digits are lower case to tell them from those of arguments. */
const HAND_ESCAPE = /%u([0-9a-f]{4})/g;

/**
 * A stored key as the methods of the cache take it: they add the namespace again, and escape a
 * hand-written prefix, name or key again.
 */
function toUserKey(binding: MethodBinding, key: string): string {
  return key
    .slice(binding.namespacePrefix.length)
    .replace(HAND_ESCAPE, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}

function infoOf(
  method: CachedMethod,
  { methodCounters, size, keyPrefix, policy }: MethodBinding,
): CacheInfo {
  const { hits, misses, stale, loads, loadErrors } = methodCounters;
  const isFixed = typeof method.options.ttl !== 'function' && typeof policy.ttl === 'number';
  return {
    hits,
    misses,
    hitRate: hitRate(hits, misses),
    stale,
    loads,
    loadErrors,
    size,
    keyPrefix,
    ttl: isFixed ? policy.ttl / 1000 : undefined,
  };
}

/** A prototype stands in for its instances where only keys are made, but cannot run a method. */
function checkInstance(method: CachedMethod, self: unknown, operation: string): void {
  if (typeof self !== 'object' || self === null || !isPrototype(self)) return;
  throw new ConfigurationError(
    `${operation} runs ${method.label}, which needs an instance: pass one to cacheControl.`,
  );
}
