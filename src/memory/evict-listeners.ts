import { inSharedContext } from '../base/async/shared-context.js';
import type { EvictReason, MemoryEntry } from './entry.js';

/** Called for an entry that was removed by eviction or expiry. */
export type EvictListener = (entry: MemoryEntry, reason: EvictReason) => void;

/**
 * The listeners of a store. They run outside of the `AsyncLocalStorage` context of the request at hand,
 * which has nothing to do with the entry.
 *
 * @internal
 */
export class EvictListeners {
  private readonly listeners = new Set<EvictListener>();

  add(listener: EvictListener): void {
    this.listeners.add(listener);
  }

  notify(entry: MemoryEntry, reason: EvictReason): void {
    if (this.listeners.size === 0) return;
    inSharedContext(() => {
      for (const listener of this.listeners) listener(entry, reason);
    });
  }
}
