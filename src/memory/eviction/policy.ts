import type { EntryLife } from '../entry.js';
import type { GhostReport } from './ghost-report.js';

/**
 * Decides which entry is evicted when a store is full. It knows entries by their slots: small integers
 * from 1, reused once an entry has left.
 *
 * Start here: `lru.ts` is one policy. `adaptive.ts` is the other: a `ranked-policy.ts` orders the entries, a
 * `trial.ts` picks its setting, and `ghosts.ts` estimates other sizes and lives. The last two watch mini
 * caches of sampled keys. `change-rate.ts` finds how often values change. `docs/eviction.md` explains the
 * whole.
 *
 * @internal
 */
export interface EvictionPolicy {
  /**
   * A new entry was stored.
   *
   * @param size - Bytes, or 1 if the store does not count bytes.
   * @param life - Its times, or the milliseconds from now that it stays fresh.
   * @param cost - Milliseconds that the next miss of the key costs; `undefined` if that is not known.
   * @param isUnread - Whether it was written without a read: no miss came before it, unless
   * {@link EvictionPolicy.missed} said so.
   */
  add(
    slot: number,
    key: string,
    size: number,
    life: EntryLife | number,
    cost: number | undefined,
    isUnread: boolean,
  ): void;
  /** An entry was read. On the hot path. */
  hit(slot: number): void;
  /** A read found the key in no tier; its caller may store it next. */
  missed?(key: string): void;
  /**
   * An entry is about to be removed.
   *
   * @param isInvalidated - Its next read would miss in a store of any size.
   */
  remove(slot: number, isInvalidated: boolean): void;
  /** A key was invalidated that the store does not hold; without an argument, everything was. */
  forget?(key?: string): void;
  /** Slot of the entry to evict next, without removing it; {@link NONE} when there is none. */
  chooseVictim(): number;
  /** Estimates for other sizes and lives; `undefined` if the policy makes none. */
  estimates(): GhostReport | undefined;
}

/** No slot. */
export const NONE = 0;
