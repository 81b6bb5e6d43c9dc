import type { MemoryTier } from '../../memory/memory-tier.js';
import type { SharedTier } from '../../store/shared-tier.js';

/**
 * How far the shared tier can be relied on:
 *
 * - `none`: there is none;
 * - `uncoordinated`: a store without leases and messages, in which each process sees the others'
 *   changes only when it reads;
 * - `live`: every invalidation by another process reaches this one;
 * - `silent`: the store can be reached, but invalidations by other processes do not reach this one, because
 *   messages do not arrive, or because it does not listen without a memory tier to keep in sync;
 * - `unavailable`: the store cannot be reached, and this process serves what it has.
 */
export type SharedState = 'none' | 'uncoordinated' | 'live' | 'silent' | 'unavailable';

interface Tiers {
  readonly enabled: boolean;
  readonly memory: MemoryTier | undefined;
  readonly shared: Pick<SharedTier, 'isCoordinated' | 'isUnavailable' | 'isListening'> | undefined;
  readonly events: { hasListeners(event: 'hit'): boolean };
}

/**
 * How far the tiers can be trusted at present. This is determined only here.
 *
 * @internal
 */
export class TierTrust {
  /** Whether entries in memory may be served, and added. */
  canUseMemory = false;
  /**
   * Whether a decorated call may return a memory hit without the read path: hits have no listeners, and
   * readers share the stored value.
   */
  canServeFastHits = false;

  constructor(private readonly tiers: Tiers) {}

  get shared(): SharedState {
    const { shared, memory } = this.tiers;
    if (shared === undefined) return 'none';
    if (!shared.isCoordinated) return 'uncoordinated';
    if (shared.isUnavailable) return 'unavailable';
    return memory !== undefined && shared.isListening ? 'live' : 'silent';
  }

  /** Whether callers may join any load of their key: invalidations detach the loads that they concern. */
  get canJoinAnyLoad(): boolean {
    return this.shared !== 'silent';
  }

  /** Call it when a tier or the listeners change. Hits only read the result, to stay fast. */
  update(): void {
    const { enabled, memory, events } = this.tiers;
    this.canUseMemory = enabled && memory !== undefined && this.shared !== 'silent';
    this.canServeFastHits =
      this.canUseMemory && memory?.protection.clones === false && !events.hasListeners('hit');
  }
}
