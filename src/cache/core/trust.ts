import type { MemoryStore } from '../../memory/memory-store.js';
import type { SharedTier } from '../../store/shared-tier.js';

/**
 * How far the shared tier can be relied on:
 *
 * - `none`: there is none;
 * - `uncoordinated`: a store without leases and messages, in which each process sees the others'
 *   changes only when it reads;
 * - `live`: every invalidation by another process reaches this one;
 * - `silent`: the store can be reached, but invalidations by other processes do not reach this one:
 *   messages do not arrive, or nothing listens since there is no memory to keep in sync;
 * - `unavailable`: the store cannot be reached, and this process serves what it has.
 */
export type SharedState = 'none' | 'uncoordinated' | 'live' | 'silent' | 'unavailable';

interface Tiers {
  readonly enabled: boolean;
  readonly memory: MemoryStore | undefined;
  readonly shared: Pick<SharedTier, 'isCoordinated' | 'isUnavailable' | 'isListening'> | undefined;
  readonly events: { hears(event: 'hit'): boolean };
}

/**
 * How far the tiers can be trusted at present. The only place where this is derived.
 *
 * @internal
 */
export class TierTrust {
  /** Whether what is in memory may be served, and added to. */
  servesMemory = false;
  /**
   * Whether a decorated call may serve a memory hit by itself: there are no listeners for hits, and
   * readers share the stored value.
   */
  servesFastHits = false;

  constructor(private readonly tiers: Tiers) {}

  get shared(): SharedState {
    const { shared, memory } = this.tiers;
    if (shared === undefined) return 'none';
    if (!shared.isCoordinated) return 'uncoordinated';
    if (shared.isUnavailable) return 'unavailable';
    return memory !== undefined && shared.isListening ? 'live' : 'silent';
  }

  /**
   * Whether callers may join any load of their key: nothing can have been invalidated that has not
   * detached the loads it concerns.
   */
  get joinsFreely(): boolean {
    return this.shared !== 'silent';
  }

  /** To be called whenever a tier or the listeners change: hits cannot afford to derive this. */
  update(): void {
    const { enabled, memory, events } = this.tiers;
    this.servesMemory = enabled && memory !== undefined && this.shared !== 'silent';
    this.servesFastHits =
      this.servesMemory && memory?.protection.clones === false && !events.hears('hit');
  }
}
