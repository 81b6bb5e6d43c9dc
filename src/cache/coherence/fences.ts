import type { Glob } from '../../base/keys/glob.js';
import { LoneMap } from '../../base/async/lone-map.js';
import { sharedKey } from '../../base/keys/local-key.js';

/**
 * Held by each operation that may fill the memory tier, from before its first command until its fill. An
 * invalidation in between marks it. A marked operation returns its value but does not store it: in no tier
 * after an invalidation by this process, and not in memory after one by another process. Without the fence, a
 * reply that an invalidation has overtaken would restore the old value.
 */
export interface Fence {
  readonly key: string;
  /** Reading of this process's tag clock when the fence was opened. */
  readonly tagClock: number;
  /** Reading of the shared store's tag clock, then or later, but before the value was created. */
  sharedClock: number | undefined;
  /** This process has invalidated the key since: nothing may be stored. */
  invalidatedLocally: boolean;
  /**
   * A pattern was cleared since (`clear` without one is the pattern `*`): implies `invalidatedLocally`. Closing
   * the cache does not count.
   */
  cleared: boolean;
  /**
   * Another process may have changed the key since: nothing may be kept in memory. The lease decides whether
   * the shared tier accepts the value, since the message may be older than the load.
   */
  invalidatedRemotely: boolean;
  /** Cost of the next miss of the key in milliseconds, once known. */
  missCost: number | undefined;
  /** Whether a caller writes the value, rather than a load. */
  isUpdate: boolean;
}

/** The process that made a change: this one, or another one. */
export type ChangedBy = 'local' | 'remote';

/** @internal */
export const EVERYTHING = Symbol('everything');

/**
 * The keys that a change concerns: one key, those that match a pattern, or all.
 *
 * @internal
 */
export type ChangedKeys = string | Glob | typeof EVERYTHING;

/**
 * The open fences by key: one for each operation in progress.
 *
 * @internal
 */
export class FenceTable {
  /** The newest fence of each key, which leads to the others: there is hardly ever more than one. */
  private readonly newest = new LoneMap<LinkedFence>();
  private readonly watches = new Set<Watch>();

  open(key: string, tagClock: number, sharedClock?: number): Fence {
    const fence = new LinkedFence(key, tagClock, sharedClock);
    fence.next = this.newest.get(key);
    if (fence.next !== undefined) fence.next.newer = fence;
    this.newest.set(key, fence);
    return fence;
  }

  close(fence: Fence): void {
    const { isOpen, key, newer, next } = fence as LinkedFence;
    if (!isOpen) return;
    (fence as LinkedFence).isOpen = false;
    if (next !== undefined) next.newer = newer;
    if (newer !== undefined) newer.next = next;
    else if (next !== undefined) this.newest.set(key, next);
    else this.newest.delete(key);
  }

  /** Records all keys that are marked from now on, for an operation whose key is not known yet. */
  watch(tagClock: number, sharedClock?: number): Watch {
    return new Watch(this.watches, tagClock, sharedClock);
  }

  /** Opens a fence that counts from the start of a watch. */
  openWatched(key: string, watch: Watch): Fence {
    const fence = this.open(key, watch.tagClock, watch.sharedClock);
    fence.invalidatedLocally = watch.hasNoted(key);
    return fence;
  }

  /**
   * Marks the open fences of changed keys.
   *
   * @param except - The fence of the operation that makes the change.
   */
  mark(what: ChangedKeys, by: ChangedBy, except?: Fence): void {
    for (const watch of this.watches) watch.note(what);
    if (typeof what === 'string') {
      markFences(this.newest.get(what), what, by, except);
      return;
    }
    for (const newest of this.newest.values()) {
      if (what === EVERYTHING || what.matches(sharedKey(newest.key))) markFences(newest, what, by);
    }
  }

  /** Marks the fences of the same key that were opened earlier: their results are older. */
  markOlder(fence: Fence): void {
    markFences((fence as LinkedFence).next, fence.key, 'local');
  }

  /**
   * Another process has invalidated tags: marks the fences without a reading of the shared tag clock, since
   * their values may be older.
   */
  markUndated(): void {
    for (const newest of this.newest.values()) {
      for (let fence: LinkedFence | undefined = newest; fence !== undefined; fence = fence.next) {
        if (fence.sharedClock === undefined) fence.invalidatedRemotely = true;
      }
    }
  }

  /** Keys with an open fence. */
  get size(): number {
    return this.newest.size;
  }
}

function markFences(
  newest: LinkedFence | undefined,
  what: ChangedKeys,
  by: ChangedBy,
  except?: Fence,
): void {
  for (let fence = newest; fence !== undefined; fence = fence.next) {
    if (fence === except) continue;
    if (by === 'remote') {
      fence.invalidatedRemotely = true;
      continue;
    }
    fence.invalidatedLocally = true;
    if (typeof what === 'object') fence.cleared = true;
  }
}

/** Maximum keys and patterns that a watch records; beyond, everything counts as marked. */
const MAX_NOTES = 1000;

/**
 * The keys that have been marked since the watch began.
 *
 * @internal
 */
export class Watch {
  private readonly keys = new Set<string>();
  private readonly globs: Glob[] = [];
  private all = false;

  /** The clocks are as in {@link Fence}. */
  constructor(
    private readonly watches: Set<Watch>,
    readonly tagClock: number,
    readonly sharedClock: number | undefined,
  ) {
    watches.add(this);
  }

  end(): void {
    this.watches.delete(this);
  }

  note(what: ChangedKeys): void {
    if (this.all) return;
    if (typeof what === 'string') this.keys.add(what);
    else if (what !== EVERYTHING) this.globs.push(what);
    this.all = what === EVERYTHING || this.keys.size + this.globs.length > MAX_NOTES;
  }

  hasNoted(key: string): boolean {
    const shared = sharedKey(key);
    return this.all || this.keys.has(shared) || this.globs.some((glob) => glob.matches(shared));
  }
}

class LinkedFence implements Fence {
  invalidatedLocally = false;
  cleared = false;
  invalidatedRemotely = false;
  missCost: number | undefined = undefined;
  isUpdate = false;
  isOpen = true;
  newer: LinkedFence | undefined;
  next: LinkedFence | undefined;

  constructor(
    readonly key: string,
    readonly tagClock: number,
    public sharedClock: number | undefined,
  ) {}
}
