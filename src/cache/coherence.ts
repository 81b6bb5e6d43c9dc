import { Glob } from '../base/glob.js';
import { publicKey } from '../base/private-key.js';
import type { MemoryStore } from '../memory/memory-store.js';
import type { CoordinatorListener } from '../store/coordinator.js';
import type { SharedTier } from '../store/shared-tier.js';
import type { FenceTable } from './fence.js';
import type { FlightTable } from './flight.js';
import type { TagVersions } from './tag-versions.js';
import type { WaiterTable } from './waiters.js';

/** The parts of a cache that changes elsewhere concern. */
interface Concerned {
  readonly memory: MemoryStore | undefined;
  readonly fences: FenceTable;
  readonly flights: FlightTable;
  readonly waiters: WaiterTable;
  readonly sharedTags: TagVersions;
  readonly shared: SharedTier | undefined;
  doubtKey(key: string): void;
  updateTrust(): void;
  report(error: unknown): void;
}

/**
 * Applies what other caches on the same store have written: removes it from memory, and keeps
 * operations under way from putting it back and callers from joining an older load.
 *
 * @internal
 */
export class Coherence implements CoordinatorListener {
  constructor(private readonly engine: Concerned) {}

  onKeys(keys: readonly string[]): void {
    for (const key of keys) {
      this.engine.doubtKey(key);
      this.engine.waiters.wake(key);
    }
  }

  onTags(tags: readonly string[], version: number): void {
    const { sharedTags, fences, flights, memory } = this.engine;
    sharedTags.raise(tags, version);
    fences.doubtUndated();
    flights.detachTagged(new Set(tags));
    memory?.dropTagged(tags);
  }

  onPatterns(patterns: readonly string[]): void {
    const { fences, flights, memory } = this.engine;
    for (const pattern of patterns) {
      let glob: Glob;
      try {
        glob = new Glob(pattern);
      } catch {
        // Of another version, or damaged: it may have meant anything.
        this.onReset();
        return;
      }
      fences.doubtMatching(glob);
      flights.detachMatching(glob);
      memory?.dropMatching((key) => glob.matches(publicKey(key)));
    }
  }

  get awaitsLease(): boolean {
    return this.engine.waiters.size > 0;
  }

  onLeaseEnd(key: string): void {
    this.engine.waiters.wake(key);
  }

  onReset(): void {
    const { fences, flights, memory, waiters } = this.engine;
    // In this order: what is being read must not get back into a memory that has been emptied.
    fences.doubtAll();
    flights.detachAll();
    memory?.empty();
    waiters.wakeAll();
  }

  onChange(): void {
    this.engine.updateTrust();
    this.engine.shared?.catchUp();
  }

  onError(error: Error): void {
    this.engine.report(error);
  }
}
