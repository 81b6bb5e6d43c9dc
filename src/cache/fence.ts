import type { Glob } from '../base/glob.js';

/**
 * Held by every operation that may fill the memory tier, from before its first command until its
 * fill. An invalidation that comes in between marks it, and a marked operation returns its value
 * but stores nothing. Without it, an answer that was overtaken by an invalidation would put the
 * old value back.
 */
export interface Fence {
  readonly key: string;
  /** The tags' clock when it was opened. */
  readonly tagClock: number;
  marked: boolean;
}

/**
 * The open fences by key; as many as there are operations under way.
 *
 * @internal
 */
export class FenceTable {
  private readonly open = new Map<string, Set<Fence>>();

  raise(key: string, tagClock: number): Fence {
    const fence: Fence = { key, tagClock, marked: false };
    const others = this.open.get(key);
    if (others === undefined) this.open.set(key, new Set([fence]));
    else others.add(fence);
    return fence;
  }

  lower(fence: Fence): void {
    const others = this.open.get(fence.key);
    others?.delete(fence);
    if (others?.size === 0) this.open.delete(fence.key);
  }

  /** Marks what is open for a key, except the marking operation's own fence. */
  mark(key: string, except?: Fence): void {
    const fences = this.open.get(key);
    if (fences === undefined) return;
    for (const fence of fences) if (fence !== except) fence.marked = true;
  }

  markMatching(glob: Glob): void {
    for (const key of this.open.keys()) if (glob.matches(key)) this.mark(key);
  }

  markAll(): void {
    for (const key of this.open.keys()) this.mark(key);
  }

  get size(): number {
    return this.open.size;
  }
}
