import { sharedPromise } from '../base/async/shared-context.js';
import { fromTicks, toTicks } from '../base/time/ticks.js';

/**
 * An index that finds entries without their keys, and is notified when the store removes one.
 *
 * @internal
 */
export interface EntryIndex {
  /** Called once, when the entry is removed, for any reason. */
  onRemove(entry: MemoryEntry): void;
}

/** @internal */
export const NO_TAGS: readonly string[] = Object.freeze([]);

/** The slot of an entry that is in no store. */
const NO_SLOT = 0;

/** Replaces the times of a removed entry: the least small integer. */
const REMOVED = -(2 ** 31);

/**
 * One stored value. It has its slot in the store, so that recency costs no second look-up, and code that
 * holds the entry can check whether the store still does.
 *
 * There may be millions of entries, most of which have neither tags nor grace: a subclass has the fields
 * that only some need, which saves the others 8 of 184 bytes (64, were they fields of this class).
 */
export class MemoryEntry {
  /**
   * Until when, in ticks, a hit needs no further check: the earlier of the end of the fresh life and the
   * start of the refresh-ahead window.
   */
  private until: number;
  /**
   * The value as a resolved promise; made by the first asynchronous hit, see {@link toPromise}.
   *
   * @internal
   */
  promise: Promise<unknown> | undefined = undefined;
  /**
   * The entry's slot in the store: a small integer from 1, which no other entry has at the same time; 0
   * when it is in no store.
   *
   * @internal
   */
  slot = NO_SLOT;
  /** The value as it is shared; a copy of the original with `clone`. */
  readonly value: unknown;
  /** Key below the namespace of the shared tier. */
  readonly key: string;
  /**
   * Its key in the index that is registered for it.
   *
   * @internal
   */
  indexKey: unknown = undefined;

  /**
   * @param until - The deadline, in ticks.
   * @internal
   */
  constructor(key: string, value: unknown, until: number) {
    this.until = until;
    this.value = value;
    this.key = key;
  }

  /**
   * Until when, in ms since the epoch, a hit needs no further check; −1 once the store has removed the
   * entry.
   *
   * @internal
   */
  get deadline(): number {
    return this.held ? fromTicks(this.until) : -1;
  }

  /**
   * Whether the deadline is still to come, at a time in ticks. On the hot path.
   *
   * @internal
   */
  isReady(ticks: number): boolean {
    // Another clock than the machine's may show less than the mark.
    return ticks < this.until && this.until !== REMOVED;
  }

  /**
   * The value as a promise, the same one each time.
   *
   * @internal
   */
  toPromise(): Promise<unknown> {
    return (this.promise ??= sharedPromise(this.value));
  }

  /**
   * Moves the deadline, in ms since the epoch: by the cache, while a refresh is under way.
   *
   * @internal
   */
  postpone(deadline: number): void {
    this.until = toTicks(deadline);
  }

  /** Whether the store still holds it. */
  get held(): boolean {
    return this.until !== REMOVED;
  }

  /**
   * Called by the store alone, when it has removed the entry, whose times then mean nothing.
   *
   * @internal
   */
  markRemoved(): void {
    this.until = REMOVED;
    this.slot = NO_SLOT;
  }

  /** End of the fresh life, in ms since the epoch; after it the value is stale. −1 once removed. */
  get freshUntil(): number {
    return this.deadline;
  }

  /** End of the grace, in ms since the epoch; equal to `freshUntil` without grace. */
  get staleUntil(): number {
    return this.deadline;
  }

  /** Tags by which the entry can be removed. */
  get tags(): readonly string[] {
    return NO_TAGS;
  }

  /** Estimated bytes of key, value and bookkeeping; 0 when the store counts none. */
  get size(): number {
    return 0;
  }
}

/** An entry with tags, grace, refresh-ahead or an estimated size. */
class DetailedEntry extends MemoryEntry {
  private readonly details: Details;

  constructor(key: string, value: unknown, until: number, details: Details) {
    super(key, value, until);
    this.details = details;
  }

  override get freshUntil(): number {
    return this.details.freshUntil;
  }

  override get staleUntil(): number {
    return this.details.staleUntil;
  }

  override get tags(): readonly string[] {
    return this.details.tags;
  }

  override get size(): number {
    return this.details.size;
  }
}

interface Details {
  readonly freshUntil: number;
  readonly staleUntil: number;
  readonly tags: readonly string[];
  readonly size: number;
}

/**
 * An entry as small as its life and its tags allow.
 *
 * @param life - Its times, or when it ends, in ticks, without grace: an object with its three large numbers
 * would make a `put` take 1.1 times as long.
 * @internal
 */
export function newEntry(
  key: string,
  value: unknown,
  life: EntryLife | number,
  tags: readonly string[],
  size: number,
): MemoryEntry {
  const isPlain = size === 0 && tags.length === 0;
  if (typeof life === 'number') {
    if (isPlain) return new MemoryEntry(key, value, life);
    const end = fromTicks(life);
    return new DetailedEntry(key, value, life, detailsOf(end, end, tags, size));
  }
  const { freshUntil, staleUntil, refreshAt = Infinity } = life;
  if (isPlain && staleUntil === freshUntil && refreshAt >= freshUntil) {
    return new MemoryEntry(key, value, toTicks(freshUntil));
  }
  const until = toTicks(Math.min(freshUntil, refreshAt));
  return new DetailedEntry(key, value, until, detailsOf(freshUntil, staleUntil, tags, size));
}

function detailsOf(
  freshUntil: number,
  staleUntil: number,
  tags: readonly string[],
  size: number,
): Details {
  // A copy: the index of tags must find the entry under the tags that it was entered with.
  return { freshUntil, staleUntil, tags: tags.length === 0 ? NO_TAGS : [...tags], size };
}

/** Why the store removed an entry by itself. */
export type EvictReason = 'items' | 'bytes' | 'expired';

/** The times of an entry, in ms since the epoch. */
export interface EntryLife {
  /** When the value was stored. */
  readonly createdAt: number;
  readonly freshUntil: number;
  /** Equal to `freshUntil` when there is no grace. */
  readonly staleUntil: number;
  /** When a hit should start a refresh; absent without refresh-ahead. */
  readonly refreshAt?: number | undefined;
}
