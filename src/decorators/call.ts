import { defaultHolder } from '../cache/default-cache.js';
import { getOrLoad, plainHit, promiseOf, type LoadRequest } from '../cache/read-path.js';
import type { CachedMethod, Located } from './cached-method.js';
import type { AnyFunction } from './shapes.js';
import type { Site } from './site.js';
import { compute } from './sync-call.js';
import { NO_ARGUMENT } from './tuple-index.js';

/**
 * The function that takes the place of a cached or memoized method.
 *
 * A memory hit must cost less than what people write by hand, so that everything until its return
 * is synchronous, allocates nothing, and returns a promise that exists already. It is served here
 * when the last call's site fits this call (same cache, same class) and finds the arguments in an
 * index; every other case takes the slow path.
 *
 * @internal
 */
export function cachingWrapper(method: CachedMethod): AnyFunction {
  const isMethod = method.identity !== undefined;
  const isStatic = method.identity?.isStatic === true;
  const { isSync } = method;
  let last: Site | undefined;

  // Compared with `true` and `false` here and below: V8 asks a field that is merely true whether it
  // is an empty string, an object or a number that counts as false as well, at each hit.
  const fits = (site: Site, self: unknown): boolean =>
    (site.followsDefault === false || site.manager === defaultHolder.current) &&
    (!isMethod ||
      site.owner === (isStatic ? self : self && (Object.getPrototypeOf(self) as unknown)));

  function answerElse(this: unknown, ...args: unknown[]): unknown {
    const site = last !== undefined && fits(last, this) ? last : undefined;
    const located = method.locate(this, args, site);
    if (located === undefined) return method.body.apply(this, args);
    if (located.site.isReusable) last = located.site;
    return answerCall(method, located, this, args);
  }

  return function cachedCall(
    this: unknown,
    first?: unknown,
    second?: unknown,
    third?: unknown,
  ): unknown {
    const site = last;
    if (site !== undefined && fits(site, this)) {
      const { engine } = site;
      if (site.indexable === true && arguments.length < 4 && engine.fastHits === true) {
        const entry =
          arguments.length < 2
            ? site.index.get(first === undefined && arguments.length === 0 ? NO_ARGUMENT : first)
            : site.tuples.find(first, second, arguments.length === 3 ? third : NO_ARGUMENT);
        if (entry !== undefined && entry.isReady(engine.hits.ticks())) {
          engine.counters.memoryHits++;
          site.record.hits++;
          engine.memory?.touch(entry);
          return isSync ? entry.value : (entry.promise ?? entry.toPromise());
        }
      }
    }
    // Passed on like this, the arguments are made an array of for those calls alone that get here.
    // eslint-disable-next-line prefer-rest-params
    return answerElse.apply(this, arguments as unknown as unknown[]);
  };
}

/**
 * The result of a call whose key is known: from memory, or by the read path behind it.
 *
 * @returns A promise, or for a memoized method the value itself.
 * @throws For a memoized method, what the method throws.
 * @internal
 */
export function answerCall(
  method: CachedMethod,
  located: Located,
  self: unknown,
  args: readonly unknown[],
): unknown {
  const { site, key } = located;
  const { engine } = site;
  const entry = plainHit(engine, key, site.record);
  if (entry !== undefined) {
    site.learn(entry, args);
    return method.isSync ? engine.memory?.valueOf(entry) : promiseOf(engine, entry);
  }
  return method.isSync
    ? compute(method, located, self, args)
    : getOrLoad(engine, requestOf(method, located, self, args));
}

/**
 * The load that a call of an asynchronous method amounts to.
 *
 * @internal
 */
export function requestOf(
  method: CachedMethod,
  { site, key }: Located,
  self: unknown,
  args: readonly unknown[],
): LoadRequest {
  return {
    key,
    loader: () => method.body.apply(self, args as unknown[]),
    args,
    policy: method.policyFor(site, self, args),
    record: site.record,
    onEntry: (entry) => {
      site.adopt(entry);
    },
  };
}
