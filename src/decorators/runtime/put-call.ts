import { getCache } from '../../cache/default-cache.js';
import type { Watch } from '../../cache/coherence/fences.js';
import { CORE } from '../../cache/manager.js';
import type { LoadPolicy } from '../../cache/policy.js';
import { remove } from '../../cache/write/delete.js';
import { Put, watchForPut } from '../../cache/write/put.js';
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
  private put: Put | undefined;
  /** Records invalidations until the key is known. */
  private readonly watch: Watch | undefined;

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
      if (options.args === undefined) this.open(args);
      // The key is made from the result.
      else this.watch = watchForPut(this.target.bindingFor(self).core);
    } catch (error) {
      reportMistake(getCache()[CORE].core, '@CachePut', error);
    }
  }

  /** Settles when the method may run; `undefined` when there is nothing to wait for. */
  begin(): Promise<void> | undefined {
    return this.resolved && this.put?.acquireLease(this.resolved.binding.policy);
  }

  async store(result: unknown): Promise<void> {
    if (this.target === undefined) return;
    try {
      const args = this.options.args?.call(this.self, result, ...this.args) ?? this.args;
      if (this.options.args !== undefined) this.open(args);
      if (this.resolved === undefined) return;
      const { binding } = this.resolved;
      await this.removeFromSuccessor(binding, args);
      await this.put?.store(result, this.policy(binding, args), binding.methodCounters.name);
    } catch (error) {
      reportMistake(this.resolved?.binding.core ?? getCache()[CORE].core, '@CachePut', error);
      await this.put?.giveUp();
    }
  }

  end(): void {
    this.put?.end();
    this.watch?.end();
  }

  private open(args: readonly unknown[]): void {
    this.resolved = this.target?.tryResolve(this.self, args);
    if (this.resolved === undefined) return;
    const { binding, key } = this.resolved;
    this.put = new Put(binding.core, key, this.watch);
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

  /** The policy of the method whose entry it is, with this decorator's options over it. */
  private policy(binding: MethodBinding, args: readonly unknown[]): LoadPolicy {
    const base = this.target?.policyFor(binding, this.self, args) ?? binding.policy;
    if (this.target === this.method) return base;
    return policyOfCall(base, this.options, binding, this.self, this.args);
  }
}
