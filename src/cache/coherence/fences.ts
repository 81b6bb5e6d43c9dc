import type { Glob } from '../../base/glob.js';
import { LoneMap } from '../../base/lone-map.js';
import { sharedKey } from '../../base/local-key.js';

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
  /** A pattern, or the whole cache, was cleared since: implies `invalidatedLocally`. */
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
    this.openPrepared(fence);
    return fence;
  }

  /** Creates a fence without opening it, for an operation that has nothing to fill yet. */
  create(key: string, tagClock: number, sharedClock?: number): Fence {
    return new LinkedFence(key, tagClock, sharedClock);
  }

  /** Opens a fence from {@link FenceTable.create}, unless it is open already. */
  openPrepared(fence: Fence): void {
    const link = fence as LinkedFence;
    if (link.isOpen) return;
    link.isOpen = true;
    link.next = this.newest.get(fence.key);
    if (link.next !== undefined) link.next.newer = link;
    this.newest.set(fence.key, link);
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
  watch(): Watch {
    const watch = new Watch();
    this.watches.add(watch);
    return watch;
  }

  unwatch(watch: Watch): void {
    this.watches.delete(watch);
  }

  /** Marks the open fences of a key, except the one of the marking operation. */
  markLocal(key: string, except?: Fence): void {
    for (const watch of this.watches) watch.note(key);
    for (let fence = this.newestOf(key, except); fence !== undefined; fence = fence.next) {
      if (fence !== except) fence.invalidatedLocally = true;
    }
  }

  /** Marks the fences of the same key that were opened earlier: their results are older. */
  markOlder(fence: Fence): void {
    for (let link = (fence as LinkedFence).next; link !== undefined; link = link.next) {
      link.invalidatedLocally = true;
    }
  }

  markLocalMatching(glob: Glob): void {
    for (const watch of this.watches) watch.note(glob);
    for (const key of this.newest.keys()) if (glob.matches(sharedKey(key))) this.markCleared(key);
  }

  /** The cache is closed: nothing may be kept in memory, and no load may store its result. */
  markLocalAll(): void {
    for (const watch of this.watches) watch.noteAll();
    for (const key of this.newest.keys()) this.markLocal(key);
  }

  /** Another process may have changed the key: marks its open fences. */
  markRemote(key: string): void {
    for (const watch of this.watches) watch.note(key);
    this.markRemoteOpen(key);
  }

  markRemoteMatching(glob: Glob): void {
    for (const watch of this.watches) watch.note(glob);
    for (const key of this.newest.keys())
      if (glob.matches(sharedKey(key))) this.markRemoteOpen(key);
  }

  /** The same for fences that have not noted the shared clock of tags: they may be older. */
  markRemoteUndated(): void {
    for (const newest of this.newest.values()) {
      for (let fence: LinkedFence | undefined = newest; fence !== undefined; fence = fence.next) {
        if (fence.sharedClock === undefined) fence.invalidatedRemotely = true;
      }
    }
  }

  markRemoteAll(): void {
    for (const watch of this.watches) watch.noteAll();
    for (const key of this.newest.keys()) this.markRemoteOpen(key);
  }

  /** Keys with an open fence. */
  get size(): number {
    return this.newest.size;
  }

  /** Starts from `from` if that is open for the key, which saves bulk calls a look-up for each key. */
  private newestOf(key: string, from: Fence | undefined): LinkedFence | undefined {
    let link = from as LinkedFence | undefined;
    if (link?.isOpen !== true || link.key !== key) return this.newest.get(key);
    while (link.newer !== undefined) link = link.newer;
    return link;
  }

  private markCleared(key: string): void {
    this.markLocal(key);
    for (let fence = this.newest.get(key); fence !== undefined; fence = fence.next) {
      fence.cleared = true;
    }
  }

  private markRemoteOpen(key: string): void {
    for (let fence = this.newest.get(key); fence !== undefined; fence = fence.next) {
      fence.invalidatedRemotely = true;
    }
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

  note(marked: string | Glob): void {
    if (this.all) return;
    if (typeof marked === 'string') this.keys.add(marked);
    else this.globs.push(marked);
    if (this.keys.size + this.globs.length > MAX_NOTES) this.noteAll();
  }

  noteAll(): void {
    this.all = true;
    this.keys.clear();
    this.globs.length = 0;
  }

  saw(key: string): boolean {
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
  isOpen = false;
  newer: LinkedFence | undefined;
  next: LinkedFence | undefined;

  constructor(
    readonly key: string,
    readonly tagClock: number,
    public sharedClock: number | undefined,
  ) {}
}
