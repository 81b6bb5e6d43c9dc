import type { Clock } from '../../base/time/clock.js';
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
  /** Receives the invalidations that the store may have lost, and that must be repeated. */
  readonly onLost: (lost: readonly Invalidation[]) => void;
}

/**
 * Numbers and keeps the latest invalidations that the store has acknowledged. A store that restarts from a
 * snapshot, or whose replica takes over, may return to a state from before them.
 *
 * After each acknowledgement, the number is written to the store. After a restart, the store therefore contains
 * the number that matches its state: invalidations up to it were kept, and later ones are repeated. If the
 * journal does not reach back that far, a floor makes all older entries misses. (The server's run id would not
 * do: it also changes at planned restarts and promotions, which lose nothing, and managed servers hide it.)
 *
 * @internal
 */
export class Journal {
  /** By the key, tag or pattern; the latest last. */
  private readonly entries = new Map<string, Entry>();
  /** Iterates over the oldest entries. A new iterator for each would step over all slots that were deleted. */
  private oldest = this.entries.entries();
  /** The highest number assigned. */
  private last = 0;
  /** The highest number that was removed from the journal, and when it was assigned. */
  private lastRemoved = 0;
  private lastRemovedAt = -Infinity;
  /** The connection whose store has been checked; see {@link StoreHistory.connections}. */
  private checked = -1;
  private checking: Promise<void> | undefined;
  /** Whether a number is being sent to the store. */
  private isNoting = false;
  /** The highest number that was sent. */
  private noted = 0;
  /** Maximum number of entries; lower in tests. */
  capacity: number = STORE_LIMITS.journalEntries;

  constructor(private readonly options: JournalOptions) {}

  /** Whether the store is known to have kept every acknowledged invalidation. */
  isCurrent({ connections }: StoreHistory): boolean {
    return this.checked === connections || this.last === 0;
  }

  /**
   * Settles once the store of this connection has been checked for lost invalidations; `undefined` if it has.
   *
   * @throws if the store cannot be reached.
   */
  ready(store: StoreHistory): Promise<void> | undefined {
    if (this.checked === store.connections) return undefined;
    if (this.last === 0) {
      // This process has nothing to lose, and must not raise the floor of a valid cache.
      this.checked = store.connections;
      store.clearFailovers?.();
      return undefined;
    }
    return (this.checking ??= this.check(store).finally(() => {
      this.checking = undefined;
    }));
  }

  /** Adds invalidations that the store has acknowledged. */
  acknowledged(store: StoreHistory | undefined, what: readonly Invalidation[]): void {
    if (store === undefined || what.length === 0) return;
    // Before the first one, there was nothing that this connection's store could have lost.
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
    this.lastRemoved = sequence;
    this.lastRemovedAt = at;
  }

  /** Sends one number at a time. Of those assigned in the meantime, only the highest is sent. */
  private async note(store: StoreHistory): Promise<void> {
    if (this.isNoting) return;
    this.isNoting = true;
    try {
      // The store of a connection that is not checked may have lost what this number would confirm.
      while (this.noted < this.last && this.checked === store.connections) {
        const { last } = this;
        await store.noteSequence(last);
        this.noted = last;
      }
    } catch {
      // The store keeps a lower number, so that more is repeated than necessary.
    } finally {
      this.isNoting = false;
    }
  }

  private async check(store: StoreHistory): Promise<void> {
    while (this.checked !== store.connections) {
      const { connections, failovers } = store;
      const known = (await store.readSequence()) ?? 0;
      if (connections !== store.connections) continue;
      // A cluster has no number: invalidations acknowledged shortly before a failover may be lost.
      const since =
        failovers === undefined ? Infinity : failovers.seenAt - STORE_LIMITS.shardReplayMs;
      if (known < this.lastRemoved || this.lastRemovedAt >= since) await store.raiseFloor();
      this.repeat(known, failovers, since);
      if (connections === store.connections) store.clearFailovers?.();
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

function idOf(what: Invalidation): string {
  return what.kind === 'pattern' ? `pattern ${what.pattern.source}` : `${what.kind} ${what.name}`;
}
