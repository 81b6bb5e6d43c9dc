/** Who is told when an entry leaves the store: the index that found it without its key. */
export interface EntryOwner {
  /** Called once, when the entry is dropped for whatever reason. */
  release(entry: MemoryEntry): void;
}

const NO_TAGS: readonly string[] = [];

/**
 * One stored value, and the node of the recency list at the same time: recency then costs no
 * second look-up, and whoever holds an entry can see whether the store still does.
 */
export class MemoryEntry {
  /** Key below the namespace of the shared tier. */
  readonly key: string;
  /** The value as it is shared; a copy of the original with `clone`. */
  readonly value: unknown;
  /** The value as a resolved promise, made once, by the first asynchronous hit. */
  promise: Promise<unknown> | undefined = undefined;
  /**
   * Until when, in ms since the epoch, the entry may be served without another thought: the
   * earlier of the end of its fresh life and the start of its refresh-ahead window. −1 once the
   * store has dropped it, so that one comparison answers both questions.
   */
  deadline: number;
  /** End of the fresh life; after it the value is stale. */
  readonly freshUntil: number;
  /** End of the grace; after it the entry does not exist. */
  readonly staleUntil: number;
  /** Tags by which the entry can be dropped. */
  readonly tags: readonly string[];
  /** Estimated bytes of key, value and bookkeeping; 0 when the store counts none. */
  readonly size: number;
  /** Neighbours in the policy's list. */
  newer: MemoryEntry | undefined = undefined;
  older: MemoryEntry | undefined = undefined;
  /** Whose index knows the entry. */
  owner: EntryOwner | undefined = undefined;
  /** What the owner's index knows it by. */
  indexKey: unknown = undefined;

  constructor(key: string, value: unknown, life: EntryLife, tags: readonly string[], size: number) {
    this.key = key;
    this.value = value;
    this.freshUntil = life.freshUntil;
    this.staleUntil = life.staleUntil;
    this.deadline = Math.min(life.freshUntil, life.refreshAt ?? Infinity);
    // A copy: the index of tags must find the entry under the tags that it was entered with.
    this.tags = tags.length === 0 ? NO_TAGS : [...tags];
    this.size = size;
  }

  /** Whether the store still holds it. */
  get held(): boolean {
    return this.deadline >= 0;
  }
}

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
