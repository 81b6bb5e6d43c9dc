import { sharedKey } from '../../base/keys/local-key.js';
import type { SharedEntry, SharedTier } from '../../store/shared-tier.js';
import type { Fence, Watch } from '../coherence/fences.js';
import { startBudget } from '../core/budget.js';
import type { CacheCore } from '../core/cache-core.js';
import { forceAcquireLease } from '../lease/lazy-leases.js';
import type { Lease } from '../lease/lease.js';
import { isSingleUse } from '../load/single-use.js';
import type { LoadPolicy } from '../policy.js';
import { remove } from './delete.js';
import { planStore, type StorePlan } from './fill.js';
import { beginUpdate, endUpdate, keepUpdate, sharedEntry } from './update.js';

/**
 * Records the changes of all keys, for a {@link Put} whose key is not known before the value is created.
 *
 * @internal
 */
export function watchForPut({ invalidation, shared }: CacheCore): Watch {
  return invalidation.fences.watch(invalidation.tags.note(), shared?.lastTagClock);
}

/**
 * An update whose value takes time to create: by a method that changes the data, and returns its new state. It
 * begins before the method runs. If the entry is written or invalidated in the meantime, it is unknown which
 * state is the later one: the entry is then removed rather than stored.
 *
 * @internal
 */
export class Put {
  private readonly fence: Fence;
  /** Held while the value is created, so that writes of other processes are noticed. */
  private lease: Lease | undefined;

  /**
   * @param watch - From before the value was created, if the key was not known then.
   */
  constructor(
    private readonly core: CacheCore,
    private readonly key: string,
    private readonly watch?: Watch,
  ) {
    const { invalidation } = core;
    this.fence =
      watch === undefined
        ? invalidation.openFence(key)
        : invalidation.fences.openWatched(key, watch);
  }

  /**
   * Takes the lease of the key, where processes share a store.
   *
   * @returns Settles when the value may be created; `undefined` when there is nothing to wait for.
   */
  acquireLease({ isLocal, leaseMs }: LoadPolicy): Promise<void> | undefined {
    if (isLocal || !this.core.shared?.isCoordinated) return undefined;
    return forceAcquireLease(this.core, this.fence, leaseMs).then((lease) => {
      this.lease = lease;
    });
  }

  /**
   * Stores the value, or removes the present entry, which is out of date in any case.
   *
   * @param method - The name of the method, for warnings.
   * @throws what a function of the policy throws, or ConfigurationError when it returns a bad value.
   */
  async store(value: unknown, policy: LoadPolicy, method: string): Promise<void> {
    const { core, key, fence } = this;
    if (isSingleUse(core, key, method, value)) {
      await remove(core, key);
      return;
    }
    const plan = planStore(core, fence, policy, value);
    if (!core.enabled || fence.invalidatedLocally || plan === 'overtaken') {
      // Invalidated by its key or by a tag: the present entry may be older than the new state. A cache
      // that is off stores nothing.
      await remove(core, key);
    } else if (plan !== 'unwanted') {
      await this.update(value, plan, policy);
    }
  }

  /** Removes the present entry, because the value cannot be stored. Never rejects. */
  async giveUp(): Promise<void> {
    const { core, key } = this;
    if (!core.enabled) return;
    try {
      await remove(core, key);
    } catch (error) {
      core.report(error);
    }
  }

  end(): void {
    void this.lease?.release();
    this.core.invalidation.fences.close(this.fence);
  }

  private async update(
    value: unknown,
    { life, tags }: StorePlan,
    { isLocal }: LoadPolicy,
  ): Promise<void> {
    const { core, key, fence } = this;
    const { shared } = core;
    core.writes.excludeFromBulks([key]);
    try {
      const kept = beginUpdate(core, fence, value);
      let mayKeep = true;
      if (shared !== undefined) {
        const leftMs = startBudget(core, shared);
        const entry = isLocal ? undefined : sharedEntry(shared, fence, kept, life, tags);
        mayKeep = await core.writes.run(key, () => this.writeShared(shared, entry, leftMs()));
      }
      if (mayKeep) keepUpdate(core, fence, kept, life, tags);
      else core.invalidation.removeKey(key, 'local');
    } finally {
      endUpdate(core, fence);
    }
  }

  /**
   * @param entry - `undefined` if it must not be stored here: it is local, or its tags cannot be dated.
   * @returns Whether memory may keep the value.
   */
  private async writeShared(
    shared: SharedTier,
    entry: SharedEntry | undefined,
    budgetMs: number,
  ): Promise<boolean> {
    const { key, watch, lease } = this;
    if (entry === undefined) {
      // Under the shared key of a local entry, other processes may have one, which is out of date as well.
      await shared.remove(sharedKey(key), budgetMs);
      return true;
    }
    // For a watched key, there was no time to take the lease.
    if (!shared.isCoordinated || watch !== undefined) {
      await shared.write(key, entry, budgetMs);
      return true;
    }
    // Without the lease, the order of this write and another one would be unknown.
    const outcome = await lease?.fill(entry);
    if (outcome === 'stored') return true;
    await shared.remove(key, budgetMs);
    return outcome !== 'refused';
  }
}
