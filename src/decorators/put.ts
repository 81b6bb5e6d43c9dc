import { publicKey } from '../base/private-key.js';
import { getCache } from '../cache/default-cache.js';
import type { Engine } from '../cache/engine.js';
import type { Fence, Watch } from '../cache/fence.js';
import { toStore } from '../cache/fill.js';
import { seizeLease, type Lease } from '../cache/lease.js';
import { overlaid, type LoadPolicy } from '../cache/policy.js';
import { isSpent } from '../cache/spent-results.js';
import { remove, store, type ShareEntry, type TagNote } from '../cache/write-path.js';
import { CORE } from '../cache/manager.js';
import type { CachedMethod, Located } from './cached-method.js';
import { cachedMethodNamed } from './find-method.js';
import { reportMistake } from './mistake.js';
import type { CachePutOptions } from './options.js';
import type { Site } from './site.js';

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
  /** Held while the method runs, so that what others write meanwhile is noticed. */
  private lease: Lease | undefined;
  /** Notes invalidations until the key is known. */
  private watch:
    { readonly engine: Engine; readonly seen: Watch; readonly noted: TagNote } | undefined;

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
      const noted = { tagClock: engine.tags.note(), sharedClock: engine.shared?.lastTagClock };
      this.watch = { engine, seen: engine.fences.watch(), noted };
    } catch (error) {
      reportMistake(getCache()[CORE].engine, '@CachePut', error);
    }
  }

  /**
   * Settles when the method may run: where processes share a store, once the lease of the key is
   * held. `undefined` when there is nothing to wait for.
   */
  begin(): Promise<void> | undefined {
    const { located, fence } = this;
    if (fence === undefined || !located?.site.engine.shared?.isCoordinated) return undefined;
    const { engine, policy } = located.site;
    if (policy.isPrivate) return undefined;
    return seizeLease(engine, fence, policy).then((lease) => {
      this.lease = lease;
    });
  }

  async store(result: unknown): Promise<void> {
    if (this.target === undefined) return;
    try {
      const args = this.options.args?.call(this.self, result, ...this.args) ?? this.args;
      if (this.options.args !== undefined) this.open(args);
      if (this.located === undefined || this.fence === undefined) return;
      const { site, key } = this.located;
      if (isSpent(site.engine, key, site.record.name, result)) {
        // It cannot be stored, and has replaced what is there.
        await remove(site.engine, key);
        return;
      }
      await this.removeFromSuccessor(site, args);
      const stored = toStore(site.engine, this.fence, this.policy(this.located, args), result);
      if (!site.engine.enabled || this.fence.marked || stored === 'overtaken') {
        // By its key, or by a tag: what is there may be older than what the method has done. A cache
        // that is off stores nothing.
        await remove(site.engine, key);
      } else if (stored !== 'unwanted') {
        const { life, tags } = stored;
        await store(site.engine, key, result, life, tags, this.fence, this.sharing(key));
      }
    } catch (error) {
      await this.giveUp(error);
    }
  }

  /** If the default cache was replaced while the method ran, the new one may hold an older result. */
  private async removeFromSuccessor(site: Site, args: readonly unknown[]): Promise<void> {
    if (!site.followsDefault || this.target === undefined) return;
    const next = this.target.siteFor(this.self);
    if (next.engine === site.engine) return;
    await remove(next.engine, this.target.keyOf(next, this.self, args));
  }

  /** A result that cannot be stored has made what is there out of date all the same. */
  private async giveUp(error: unknown): Promise<void> {
    const engine = this.located?.site.engine ?? getCache()[CORE].engine;
    reportMistake(engine, '@CachePut', error);
    if (this.located === undefined || !engine.enabled) return;
    try {
      await remove(engine, this.located.key);
    } catch (failure) {
      engine.report(failure);
    }
  }

  end(): void {
    void this.lease?.release();
    if (this.fence !== undefined) this.located?.site.engine.fences.lower(this.fence);
    this.watch?.engine.fences.unwatch(this.watch.seen);
  }

  private open(args: readonly unknown[]): void {
    this.located = this.target?.locate(this.self, args);
    if (this.located === undefined) return;
    const { key, site } = this.located;
    const { fences, tags } = site.engine;
    const { tagClock = tags.note(), sharedClock = site.engine.shared?.lastTagClock } =
      this.watch?.noted ?? {};
    this.fence = fences.raise(key, tagClock, sharedClock);
    this.fence.marked = this.watch?.seen.saw(key) === true;
  }

  /**
   * How the result gets to a store that processes share: by the lease, since otherwise it
   * would be unknown which state is the later one. Then the entry is removed.
   */
  private sharing(key: string): ShareEntry | undefined {
    if (this.located?.site.policy.isPrivate === true) {
      // Another process may share the key, and what it has there is out of date as well.
      return async (shared, _, budgetMs) => {
        await shared.remove(publicKey(key), budgetMs);
        return true;
      };
    }
    // The key was not known in time for a lease.
    const isUnguarded = this.watch !== undefined;
    if (isUnguarded || !this.located?.site.engine.shared?.isCoordinated) return undefined;
    return async (shared, entry, budgetMs) => {
      const outcome = await this.lease?.fill(entry);
      if (outcome === 'stored') return true;
      await shared.remove(key, budgetMs);
      return outcome !== 'refused';
    };
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
