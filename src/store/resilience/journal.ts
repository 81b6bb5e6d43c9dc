import type { Clock } from '../../base/clock.js';
import type { FailedShards, KeyPattern, StoreHistory } from '../coordinator.js';
import { STORE_LIMITS } from '../limits.js';

/** An invalidated key or tag, or a pattern whose matches were invalidated. */
export type Invalidation =
  | { readonly kind: 'key' | 'tag'; readonly name: string }
  | { readonly kind: 'pattern'; readonly pattern: KeyPattern };

interface Entry {
  readonly what: Invalidation;
  readonly sequence: number;
  /** By the monotonic clock. */
  readonly at: number;
}

export interface JournalOptions {
  readonly clock: Clock;
  /** Receives the invalidations that the store may have forgotten, and that must be repeated. */
  readonly onLost: (lost: readonly Invalidation[]) => void;
}

/**
 * The latest invalidations that the store has acknowledged, numbered. A store that restarts from a
 * snapshot, or whose replica takes over, may be back in a state from before them.
 *
 * The store is given the number of the latest one after its acknowledgement. After a
 * restart, its state contains the matching number: invalidations up to it were kept, and those above
 * it are repeated. Where the journal does not reach back that far, a floor makes all older
 * entries misses. (A run id would not do: it changes at planned restarts and promotions too, which
 * lose nothing, and managed servers hide it.)
 *
 * @internal
 */
export class Journal {
  /** By what was invalidated; the latest last. */
  private readonly entries = new Map<string, Entry>();
  /** Stays at the front: a new iterator would skip all entries that were deleted there. */
  private oldest = this.entries.entries();
  private last = 0;
  /** The highest number that was dropped, and when it was assigned. */
  private forgotten = 0;
  private forgottenAt = -Infinity;
  /** The connection whose store is known to remember everything; see {@link StoreHistory.connections}. */
  private checked = -1;
  private checking: Promise<void> | undefined;
  /** Whether a number is being sent to the store. */
  private isNoting = false;
  private noted = 0;
  /** Maximum number of entries; lower in tests. */
  capacity: number = STORE_LIMITS.journalEntries;

  constructor(private readonly options: JournalOptions) {}

  /** Whether the store is known to remember everything that it has acknowledged. */
  isCurrent({ connections }: StoreHistory): boolean {
    return this.checked === connections || this.last === 0;
  }

  /**
   * Settles once it is known what this connection's store has forgotten; `undefined` if it is known.
   *
   * @throws when the store cannot be reached.
   */
  ready(store: StoreHistory): Promise<void> | undefined {
    if (this.checked === store.connections) return undefined;
    if (this.last === 0) {
      // Nothing to lose: a process that has invalidated nothing must not empty a good cache.
      this.checked = store.connections;
      store.forgetFailovers?.();
      return undefined;
    }
    return (this.checking ??= this.check(store).finally(() => {
      this.checking = undefined;
    }));
  }

  /** Numbers what the store has acknowledged. */
  acknowledged(store: StoreHistory | undefined, what: readonly Invalidation[]): void {
    if (store === undefined || what.length === 0) return;
    // Before the first, there was nothing that this connection's store could have forgotten.
    if (this.last === 0) this.checked = store.connections;
    const at = this.options.clock.monotonic();
    for (const one of what) this.add({ what: one, sequence: ++this.last, at });
    void this.note(store);
  }

  private add(entry: Entry): void {
    const { entries } = this;
    const id = idOf(entry.what);
    entries.delete(id);
    entries.set(id, entry);
    if (entries.size <= this.capacity) return;
    const next = this.oldest.next();
    if (next.done === true) {
      this.oldest = entries.entries();
      return;
    }
    const [oldest, { sequence, at }] = next.value;
    entries.delete(oldest);
    this.forgotten = sequence;
    this.forgottenAt = at;
  }

  /** Sends one number at a time: of those assigned meanwhile, only the highest is sent. */
  private async note(store: StoreHistory): Promise<void> {
    if (this.isNoting) return;
    this.isNoting = true;
    try {
      // Another connection's store may have forgotten what this number would claim.
      while (this.noted < this.last && this.checked === store.connections) {
        const { last } = this;
        await store.noteSequence(last);
        this.noted = last;
      }
    } catch {
      // The store has a lower number, so that more is repeated than necessary.
    } finally {
      this.isNoting = false;
    }
  }

  private async check(store: StoreHistory): Promise<void> {
    while (this.checked !== store.connections) {
      const { connections, failovers } = store;
      const known = (await store.readSequence()) ?? 0;
      if (connections !== store.connections) continue;
      // A cluster has no number: what was acknowledged shortly before a failover may be lost.
      const since =
        failovers === undefined ? Infinity : failovers.seenAt - STORE_LIMITS.shardReplayMs;
      if (known < this.forgotten || this.forgottenAt >= since) await store.raiseFloor();
      this.repeat(known, failovers, since);
      if (connections === store.connections) store.forgetFailovers?.();
      this.checked = connections;
    }
    this.noted = 0;
    void this.note(store);
  }

  private repeat(known: number, shards: FailedShards | undefined, since: number): void {
    const lost: Invalidation[] = [];
    for (const { what, sequence, at } of this.entries.values()) {
      const isOnShard =
        shards !== undefined &&
        at >= since &&
        (what.kind === 'pattern' ||
          (what.kind === 'tag' ? shards.hasTags : shards.hasKey(what.name)));
      if (sequence > known || isOnShard) lost.push(what);
    }
    if (lost.length > 0) this.options.onLost(lost);
  }
}

/** Keys contain no control characters, and need no prefix, which would slow down bulk calls. */
function idOf(what: Invalidation): string {
  if (what.kind === 'key') return what.name;
  return what.kind === 'pattern' ? `\0p${what.pattern.source}` : `\0t${what.name}`;
}
