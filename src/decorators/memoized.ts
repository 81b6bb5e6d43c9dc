/* eslint-disable @typescript-eslint/no-explicit-any -- see options.ts */
import { isThenable } from '../base/thenable.js';
import { warnOnce } from '../base/warn.js';
import { defaultHolder } from '../cache/default-cache.js';
import type { Engine } from '../cache/engine.js';
import { toStore } from '../cache/fill.js';
import { plainHit, type MemoryEntry } from '../cache/read-path.js';
import { described } from './cached.js';
import { CachedMethod, type Located } from './cached-method.js';
import { decorateMethod } from './dialect.js';
import type { AnyFunction } from './shapes.js';
import type { MethodIdentity } from './identity.js';
import { CONTROL_METADATA, disguise } from './metadata.js';
import { checkDecoratorOptions, type MemoizedOptions } from './options.js';
import { NO_ARGUMENT, type Site } from './site.js';
import type { SyncMethodDecorator } from './signatures.js';

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
export function Memoized<This = any, Args extends readonly any[] = any[], Result = any>(
  options: MemoizedOptions<This, Args, Result> = {},
): SyncMethodDecorator<This, Args, Result> {
  checkDecoratorOptions('@Memoized', options);
  const fixed = Object.freeze({ ...options }) as MemoizedOptions;
  return ((...args: unknown[]) =>
    decorateMethod('@Memoized', args, (body, identity) =>
      memoizedFunction(body, identity, fixed),
    )) as SyncMethodDecorator<This, Args, Result>;
}

/** @internal */
export function memoizedFunction(
  body: AnyFunction,
  identity: MethodIdentity | undefined,
  options: MemoizedOptions,
): AnyFunction {
  const method = new CachedMethod(body, identity, options, true);
  const wrapper = memoizingWrapper(method);
  disguise(wrapper, body, {
    kind: 'memoized',
    method: identity?.name ?? method.label,
    isStatic: identity?.isStatic ?? false,
    ...described(options),
  });
  Reflect.defineMetadata(CONTROL_METADATA, method, wrapper);
  return wrapper;
}

/** As `cachingWrapper`, but hands out the value itself. */
function memoizingWrapper(method: CachedMethod): AnyFunction {
  const isMethod = method.identity !== undefined;
  const isStatic = method.identity?.isStatic === true;
  let last: Site | undefined;

  return function memoizedCall(this: unknown, argument?: unknown): unknown {
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
        return entry.value;
      }
    }
    // eslint-disable-next-line prefer-rest-params -- a rest parameter would be made for hits too
    const args = Array.prototype.slice.call(arguments) as unknown[];
    const located = method.excludes(this, args) ? undefined : method.locate(this, args);
    if (located === undefined) return method.body.apply(this, args);
    if (located.site.indexable) last = located.site;
    return remembered(method, located, this, args);
  };
}

/**
 * A memoized result, computed if it is not there.
 *
 * @throws what the method throws.
 * @internal
 */
export function remembered(
  method: CachedMethod,
  located: Located,
  self: unknown,
  args: readonly unknown[],
): unknown {
  const { site, key } = located;
  const { engine } = site;
  const entry = plainHit(engine, key, site.record);
  if (entry !== undefined) {
    site.adopt(entry, args);
    return engine.memory?.valueOf(entry);
  }
  return compute(method, located, self, args);
}

/**
 * Runs a synchronous method and keeps its result in memory.
 *
 * @throws what the method throws.
 * @internal
 */
export function compute(
  method: CachedMethod,
  { site, key }: Located,
  self: unknown,
  args: readonly unknown[],
): unknown {
  const { engine, record } = site;
  engine.counters.misses++;
  record.misses++;
  if (engine.events.hears('miss')) engine.events.emit('miss', { key });
  // The method itself may invalidate what it is about to return.
  const fence = engine.raiseFence(key);
  try {
    const value = run(engine, method, site, key, self, args);
    if (isThenable(value)) {
      warnOnce(
        'AURORA_MEMOIZED_PROMISE',
        record.name,
        `${record.name} is memoized, but returned a promise, which was not stored: use @Cached.`,
      );
      return value;
    }
    const entry = keep(engine, method, site, fence, value, self, args);
    if (entry !== undefined) site.adopt(entry, args);
    return value;
  } finally {
    engine.fences.lower(fence);
  }
}

function run(
  engine: Engine,
  method: CachedMethod,
  { record }: Site,
  key: string,
  self: unknown,
  args: readonly unknown[],
): unknown {
  const start = engine.clock.monotonic();
  engine.counters.loads++;
  record.loads++;
  try {
    const value = method.body.apply(self, args as unknown[]);
    const durationMs = engine.clock.monotonic() - start;
    record.loadTimes.record(durationMs);
    if (engine.events.hears('load')) engine.events.emit('load', { key, durationMs });
    return value;
  } catch (error) {
    engine.counters.loadErrors++;
    record.loadErrors++;
    if (engine.events.hears('loadError')) {
      const durationMs = engine.clock.monotonic() - start;
      engine.events.emit('loadError', { key, error, durationMs });
    }
    throw error;
  }
}

function keep(
  engine: Engine,
  method: CachedMethod,
  site: Site,
  fence: ReturnType<Engine['raiseFence']>,
  value: unknown,
  self: unknown,
  args: readonly unknown[],
): MemoryEntry | undefined {
  try {
    const stored = toStore(engine, fence, method.policyFor(site, self, args), value);
    return stored && engine.fillMemory(fence, value, stored.life, stored.tags);
  } catch (error) {
    engine.report(error);
    return undefined;
  }
}
