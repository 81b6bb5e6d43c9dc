import { Coalescer } from '../base/async/coalescer.js';
import type { Coordinator } from './coordinator.js';
import type { Repairs } from './resilience/repairs.js';
import { SINGLE, WRITE, type StoreCall } from './resilience/store-call.js';
import { STORE_LIMITS } from './limits.js';
import type { TierTags } from './shared-tier.js';

/**
 * The tags of a store that coordinates caches: its tag clock, and when each tag was invalidated.
 *
 * @internal
 */
export class SharedTags implements TierTags {
  /**
   * The versions of tags; `Infinity` if the store does not reply. Requests in one turn of the event loop share
   * a command.
   */
  private readonly versions: Coalescer<number, number>;

  constructor(
    private readonly calls: StoreCall,
    private readonly repairs: Repairs,
  ) {
    this.versions = new Coalescer(
      (tags) => this.versionsOf(tags),
      (version) => version ?? Infinity,
      () => STORE_LIMITS.tagsPerCommand,
    );
  }

  async clock(budgetMs: number): Promise<number | undefined> {
    return await this.calls.coordinate('tags', (to) => to.tags.clock(), { ...SINGLE, budgetMs });
  }

  /** Invalidates the tags. Invalidations without an acknowledgement are repeated later. */
  async invalidate(tags: readonly string[]): Promise<void> {
    for (let i = 0; i < tags.length; i += STORE_LIMITS.tagsPerCommand) {
      const some = tags.slice(i, i + STORE_LIMITS.tagsPerCommand);
      const run = (to: Coordinator): Promise<number> => to.tags.invalidate(some);
      if ((await this.calls.coordinate('tags', run, WRITE)) === undefined) {
        this.repairs.tagsFailed(tags.slice(i));
        return;
      }
      this.repairs.tagsDone(some);
    }
  }

  async areValid(tags: readonly string[], noted: number): Promise<boolean> {
    const versions = await Promise.all(tags.map((tag) => this.versions.submit(tag)));
    return versions.every((version) => version <= noted);
  }

  private async versionsOf(tags: readonly string[]): Promise<readonly number[]> {
    const { epoch, versions = [] } =
      (await this.calls.coordinate('tags', (to) => to.tags.versions(tags))) ?? {};
    return epoch === undefined ? [] : versions.map((version) => Math.max(epoch, version));
  }
}
