import { getCache } from '../cache/default-cache.js';
import type { Engine } from '../cache/engine.js';
import type { Fence, Watch } from '../cache/fence.js';
import { toStore } from '../cache/fill.js';
import { overlaid, type LoadPolicy } from '../cache/policy.js';
import { remove, store } from '../cache/write-path.js';
import { CORE } from '../cache/manager.js';
import type { CachedMethod, Located } from './cached-method.js';
import { cachedMethodNamed } from './find-method.js';
import { reportMistake } from './mistake.js';
import type { CachePutOptions } from './options.js';

/**
 * One call of a method whose result is put into the cache: from before the method runs, so that a
 * write or an invalidation that comes meanwhile is noticed. It never throws; the caller has the
 * method's own outcome.
 *
 * @internal
 */
export class Put {
  private readonly target: CachedMethod | undefined;
  private located: Located | undefined;
  private fence: Fence | undefined;
  /** What is invalidated before the key is known. */
  private watch:
    { readonly engine: Engine; readonly seen: Watch; readonly noted: number } | undefined;

  constructor(
    private readonly method: CachedMethod,
    private readonly options: CachePutOptions,
    private readonly self: unknown,
    private readonly args: readonly unknown[],
  ) {
    try {
      if (options.condition?.apply(self, [...args]) === false) return;
      this.target =
        options.method === undefined
          ? method
          : cachedMethodNamed('method', self as object, options.method);
      if (options.args === undefined) {
        this.open(args);
        return;
      }
      // The key follows with the result.
      const { engine } = this.target.siteFor(self);
      this.watch = { engine, seen: engine.fences.watch(), noted: engine.tags.note() };
    } catch (error) {
      reportMistake(getCache()[CORE].engine, '@CachePut', error);
    }
  }

  async store(result: unknown): Promise<void> {
    if (this.target === undefined) return;
    try {
      const args = this.options.args?.call(this.self, result, ...this.args) ?? this.args;
      if (this.options.args !== undefined) this.open(args);
      if (this.located === undefined || this.fence === undefined) return;
      const { site, key } = this.located;
      const { counters } = site.engine;
      const refused = counters.refusedFills;
      const stored = toStore(site.engine, this.fence, this.policy(this.located, args), result);
      // By its key, or by a tag: what is there may be older than what the method has done.
      const isOvertaken = this.fence.marked || counters.refusedFills !== refused;
      if (isOvertaken) await remove(site.engine, key);
      else if (stored !== undefined) {
        await store(site.engine, key, result, stored.life, stored.tags, this.fence.tagClock);
      }
    } catch (error) {
      await this.giveUp(error);
    }
  }

  /** A result that cannot be stored has made what is there out of date all the same. */
  private async giveUp(error: unknown): Promise<void> {
    const engine = this.located?.site.engine ?? getCache()[CORE].engine;
    reportMistake(engine, '@CachePut', error);
    if (this.located === undefined) return;
    try {
      await remove(engine, this.located.key);
    } catch (failure) {
      engine.report(failure);
    }
  }

  end(): void {
    if (this.fence !== undefined) this.located?.site.engine.fences.lower(this.fence);
    this.watch?.engine.fences.unwatch(this.watch.seen);
  }

  private open(args: readonly unknown[]): void {
    this.located = this.target?.locate(this.self, args);
    if (this.located === undefined) return;
    const { key, site } = this.located;
    const { fences, tags } = site.engine;
    this.fence = fences.raise(key, this.watch?.noted ?? tags.note());
    this.fence.marked = this.watch?.seen.saw(key) === true;
  }

  /** The policy of the method whose entry it is, with this decorator's options over it. */
  private policy({ site }: Located, args: readonly unknown[]): LoadPolicy {
    const base = this.target?.policyFor(site, this.self, args) ?? site.policy;
    if (this.target === this.method) return base;
    const { ttl, tags, unless, grace, jitter } = this.options;
    const bind = <T>(option: T) =>
      typeof option === 'function'
        ? (value: unknown) =>
            (option as unknown as (...given: unknown[]) => unknown).call(
              this.self,
              value,
              ...this.args,
            )
        : option;
    const withOwnTag = (given: readonly string[]) => site.withOwnTag(given);
    const theirs =
      typeof tags === 'function'
        ? (value: unknown) => withOwnTag(tags.call(this.self, value, ...this.args))
        : tags && withOwnTag(tags);
    const own = { ttl: bind(ttl), tags: theirs, unless: bind(unless), grace, jitter };
    return overlaid(base, own as Parameters<typeof overlaid>[1], '@CachePut');
  }
}
