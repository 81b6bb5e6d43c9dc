import { Glob } from '../../base/glob.js';
import { sharedKey } from '../../base/local-key.js';
import type { MemoryTier } from '../../memory/memory-tier.js';
import type { CoordinatorListener } from '../../store/coordinator.js';
import type { LoadTable } from '../load/load-table.js';
import type { WaiterTable } from '../lease/waiters.js';
import type { Invalidation } from './invalidation.js';

/** The parts of a cache that remote changes affect. */
interface Parts {
  readonly memory: MemoryTier | undefined;
  readonly invalidation: Invalidation;
  readonly loads: LoadTable;
  readonly waiters: WaiterTable;
  readonly shared: { catchUp(): void } | undefined;
  updateTrust(): void;
  report(error: unknown): void;
}

/**
 * Applies the changes of other caches on the same store: removes the keys from memory, and prevents
 * operations in progress from restoring them and callers from joining older loads.
 *
 * @internal
 */
export class RemoteChanges implements CoordinatorListener {
  constructor(private readonly core: Parts) {}

  onKeys(keys: readonly string[]): void {
    for (const key of keys) {
      this.core.invalidation.invalidateKeyRemotely(key);
      this.core.waiters.wake(key);
    }
  }

  onTags(tags: readonly string[], version: number): void {
    const { invalidation, loads, memory } = this.core;
    invalidation.sharedTags.raise(tags, version);
    invalidation.fences.markRemoteUndated();
    loads.detachTagged(new Set(tags));
    memory?.dropTagged(tags);
  }

  onPatterns(patterns: readonly string[]): void {
    const { invalidation, loads, memory } = this.core;
    for (const pattern of patterns) {
      let glob: Glob;
      try {
        glob = new Glob(pattern);
      } catch {
        // The pattern is damaged or from another version: it may match any key.
        this.onReset();
        return;
      }
      invalidation.fences.markRemoteMatching(glob);
      loads.detachMatching(glob);
      memory?.dropMatching((key) => glob.matches(sharedKey(key)));
    }
  }

  get awaitsLease(): boolean {
    return this.core.waiters.size > 0;
  }

  onLeaseEnd(key: string): void {
    this.core.waiters.wake(key);
  }

  onReset(): void {
    const { invalidation, loads, memory, waiters } = this.core;
    // In this order: a read in progress must not fill the memory after it has been emptied.
    invalidation.fences.markRemoteAll();
    loads.detachAll();
    memory?.empty();
    waiters.wakeAll();
  }

  onChange(): void {
    this.core.updateTrust();
    this.core.shared?.catchUp();
  }

  onError(error: Error): void {
    this.core.report(error);
  }
}
