import { sharedKey } from '../../base/local-key.js';
import { getCache } from '../../cache/default-cache.js';
import type { CacheCore } from '../../cache/core/cache-core.js';
import type { Fence, Watch } from '../../cache/coherence/fences.js';
import { planStore } from '../../cache/write/fill.js';
import { forceAcquireLease } from '../../cache/lease/lazy-leases.js';
import type { Lease } from '../../cache/lease/lease.js';
import { CORE } from '../../cache/manager.js';
import type { LoadPolicy } from '../../cache/policy.js';
import { isSingleUse } from '../../cache/load/single-use.js';
import { remove } from '../../cache/write/delete.js';
import { store, type ShareEntry, type TagNote } from '../../cache/write/set.js';
import type { CachePutOptions } from '../options.js';
import type { MethodBinding } from './binding.js';
import type { CachedMethod, ResolvedCall } from './cached-method.js';
import { policyOfCall } from './call-policy.js';
import { cachedMethodNamed, reportMistake } from './find-method.js';

/**
 * One call of a method whose result is put into the cache. It is created before the method runs, so that
 * it notices a write or an invalidation during the run. It never throws: the caller gets the method's own
 * outcome.
 *
 * @internal
 */
export class PutCall {
  /** The method whose entry is written. */
  private readonly target: CachedMethod | undefined;
  private resolved: ResolvedCall | undefined;
  private fence: Fence | undefined;
  /** Held while the method runs, so that writes of other processes are noticed. */
  private lease: Lease | undefined;
  /** Records invalidations until the key is known. */
  private watch:
    { readonly core: CacheCore; readonly seen: Watch; readonly noted: TagNote } | undefined;

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
      // The key is made from the result.
      const { core } = this.target.bindingFor(self);
      const noted = {
        tagClock: core.invalidation.tags.note(),
        sharedClock: core.shared?.lastTagClock,
      };
      this.watch = { core, seen: core.invalidation.fences.watch(), noted };
    } catch (error) {
      reportMistake(getCache()[CORE].core, '@CachePut', error);
    }
  }

  /**
   * Settles when the method may run: where processes share a store, once the lease of the key is
   * held. `undefined` when there is nothing to wait for.
   */
  begin(): Promise<void> | undefined {
    const { resolved, fence } = this;
    if (fence === undefined || !resolved?.binding.core.shared?.isCoordinated) return undefined;
    const { core, policy } = resolved.binding;
    if (policy.isLocal) return undefined;
    return forceAcquireLease(core, fence, policy.leaseMs).then((lease) => {
      this.lease = lease;
    });
  }

  async store(result: unknown): Promise<void> {
    if (this.target === undefined) return;
    try {
      const args = this.options.args?.call(this.self, result, ...this.args) ?? this.args;
      if (this.options.args !== undefined) this.open(args);
      if (this.resolved === undefined || this.fence === undefined) return;
      const { binding, key } = this.resolved;
      if (isSingleUse(binding.core, key, binding.methodCounters.name, result)) {
        // It cannot be stored, but the present entry is out of date.
        await remove(binding.core, key);
        return;
      }
      await this.removeFromSuccessor(binding, args);
      await this.storeResult(this.resolved, this.fence, result, args);
    } catch (error) {
      await this.giveUp(error);
    }
  }

  end(): void {
    void this.lease?.release();
    if (this.fence !== undefined) this.resolved?.binding.core.invalidation.fences.close(this.fence);
    this.watch?.core.invalidation.fences.unwatch(this.watch.seen);
  }

  private async storeResult(
    { binding, key }: ResolvedCall,
    fence: Fence,
    result: unknown,
    args: readonly unknown[],
  ): Promise<void> {
    const { core } = binding;
    const plan = planStore(core, fence, this.policy(binding, args), result);
    if (!core.enabled || fence.invalidatedLocally || plan === 'overtaken') {
      // Invalidated by its key or by a tag: the present entry may be older than what the method has
      // done. A cache that is off stores nothing.
      await remove(core, key);
    } else if (plan !== 'unwanted') {
      const { life, tags } = plan;
      await store(core, key, result, life, tags, fence, this.sharing(key));
    }
  }

  /** If the default cache was replaced while the method ran, the new one may hold an older result. */
  private async removeFromSuccessor(
    binding: MethodBinding,
    args: readonly unknown[],
  ): Promise<void> {
    if (!binding.followsDefault || this.target === undefined) return;
    const next = this.target.bindingFor(this.self);
    if (next.core === binding.core) return;
    await remove(next.core, this.target.keyOf(next, this.self, args));
  }

  /** Even a result that cannot be stored makes the present entry out of date. */
  private async giveUp(error: unknown): Promise<void> {
    const core = this.resolved?.binding.core ?? getCache()[CORE].core;
    reportMistake(core, '@CachePut', error);
    if (this.resolved === undefined || !core.enabled) return;
    try {
      await remove(core, this.resolved.key);
    } catch (failure) {
      core.report(failure);
    }
  }

  private open(args: readonly unknown[]): void {
    this.resolved = this.target?.tryResolve(this.self, args);
    if (this.resolved === undefined) return;
    const { key, binding } = this.resolved;
    const { shared, invalidation } = binding.core;
    const { fences, tags } = invalidation;
    const { tagClock = tags.note(), sharedClock = shared?.lastTagClock } = this.watch?.noted ?? {};
    this.fence = fences.open(key, tagClock, sharedClock);
    this.fence.invalidatedLocally = this.watch?.seen.saw(key) === true;
  }

  /**
   * How the result gets to a store that processes share: by the lease, since otherwise the order of
   * this write and another one would be unknown. Without the lease, the entry is removed.
   */
  private sharing(key: string): ShareEntry | undefined {
    if (this.resolved?.binding.policy.isLocal === true) {
      // Another process may share the key, and its entry is out of date as well.
      return async (shared, _, budgetMs) => {
        await shared.remove(sharedKey(key), budgetMs);
        return true;
      };
    }
    // The key was not known in time for a lease.
    const isUnguarded = this.watch !== undefined;
    if (isUnguarded || !this.resolved?.binding.core.shared?.isCoordinated) return undefined;
    return async (shared, entry, budgetMs) => {
      const outcome = await this.lease?.fill(entry);
      if (outcome === 'stored') return true;
      await shared.remove(key, budgetMs);
      return outcome !== 'refused';
    };
  }

  /** The policy of the method whose entry it is, with this decorator's options over it. */
  private policy(binding: MethodBinding, args: readonly unknown[]): LoadPolicy {
    const base = this.target?.policyFor(binding, this.self, args) ?? binding.policy;
    if (this.target === this.method) return base;
    return policyOfCall(base, this.options, binding, this.self, this.args);
  }
}
