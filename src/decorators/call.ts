import { getOrLoad, plainHit, promiseOf, type LoadRequest } from '../cache/read-path.js';
import { defaultHolder } from '../cache/default-cache.js';
import type { CachedMethod, Located } from './cached-method.js';
import type { AnyFunction } from './shapes.js';
import { NO_ARGUMENT, type Site } from './site.js';

/**
 * The function that takes the place of a cached method.
 *
 * A memory hit must cost less than what people write by hand, so that everything until its return
 * is synchronous, allocates nothing, and returns a promise that exists already. It is served here
 * when the last call's site fits this call (same cache, same class) and finds the argument in its
 * index; whatever else may be the matter is {@link invoke}'s.
 *
 * @internal
 */
export function cachingWrapper(method: CachedMethod): AnyFunction {
  const isMethod = method.identity !== undefined;
  const isStatic = method.identity?.isStatic === true;
  let last: Site | undefined;

  return function cachedCall(this: unknown, argument?: unknown): unknown {
    const site = last;
    if (
      site !== undefined &&
      arguments.length < 2 &&
      site.engine.fastHits &&
      (!site.followsDefault || site.manager === defaultHolder.current) &&
      (!isMethod ||
        site.owner === (isStatic ? this : this && (Object.getPrototypeOf(this) as unknown)))
    ) {
      const { engine } = site;
      const entry = site.index.get(arguments.length === 1 ? argument : NO_ARGUMENT);
      if (entry !== undefined && engine.clock.now() < entry.deadline) {
        engine.counters.memoryHits++;
        site.record.hits++;
        engine.memory?.touch(entry);
        return (entry.promise ??= Promise.resolve(entry.value));
      }
    }
    // A rest parameter would be made for hits too.
    // eslint-disable-next-line prefer-rest-params
    const args = Array.prototype.slice.call(arguments) as unknown[];
    return invoke(method, this, args, (found) => {
      if (found.indexable) last = found;
    });
  };
}

/** Everything but the shortest way: key, condition, memory, and the read path behind it. */
function invoke(
  method: CachedMethod,
  self: unknown,
  args: readonly unknown[],
  onSite: (site: Site) => void,
): unknown {
  const { body } = method;
  const located = method.excludes(self, args) ? undefined : method.locate(self, args);
  if (located === undefined) return body.apply(self, args as unknown[]);
  const { site, key } = located;
  onSite(site);
  const { engine } = site;
  const entry = plainHit(engine, key, site.record);
  if (entry === undefined) return getOrLoad(engine, requestOf(method, located, self, args));
  site.adopt(entry, args);
  return promiseOf(engine, entry);
}

/**
 * The load that a call amounts to.
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
    policy: method.policyFor(site, self, args),
    record: site.record,
    onEntry: (entry) => {
      site.adopt(entry, args);
    },
  };
}
