import { Glob } from '../../base/keys/glob.js';
import type { CoordinatorListener } from '../../store/coordinator.js';
import type { WaiterTable } from '../lease/waiters.js';
import type { Invalidator } from './invalidator.js';

/** The parts of a cache that remote changes affect. */
interface Parts {
  readonly invalidation: Invalidator;
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
      this.core.invalidation.removeKey(key, 'remote');
      this.core.waiters.wake(key);
    }
  }

  onTags(tags: readonly string[], version: number): void {
    this.core.invalidation.removeTagged(tags, version);
  }

  onPatterns(patterns: readonly string[]): void {
    for (const pattern of patterns) {
      let glob: Glob;
      try {
        glob = new Glob(pattern);
      } catch {
        // The pattern is damaged or from another version: it may match any key.
        this.onReset();
        return;
      }
      this.core.invalidation.removeMatching(glob, 'remote');
    }
  }

  get awaitsLease(): boolean {
    return this.core.waiters.size > 0;
  }

  onLeaseEnd(key: string): void {
    this.core.waiters.wake(key);
  }

  onReset(): void {
    this.core.invalidation.removeAll('remote');
    this.core.waiters.wakeAll();
  }

  onChange(): void {
    this.core.updateTrust();
    this.core.shared?.catchUp();
  }

  onError(error: Error): void {
    this.core.report(error);
  }
}
