import type { KeyPattern } from '../coordinator.js';
import { HashSet } from './hash-set.js';
import { STORE_LIMITS } from '../limits.js';

/** Matches every key. */
export const EVERYTHING: KeyPattern = { source: '*', prefix: '', matches: () => true };

/**
 * A log of the entries that are out of date in the store and could not be removed yet. Until then, they must not
 * be read. The log is bounded and has no duplicates. Beyond a number of keys it keeps only hashes, so that one
 * call on many keys does not put the whole namespace out of date; to replay hashes, all keys of the store must be
 * listed. If the hashes overflow too, the whole namespace counts as out of date.
 *
 * @internal
 */
export class PendingLog {
  /** The number of each key's last addition, so that a key that is added again during a replay stays. */
  private readonly keys = new Map<string, number>();
  private readonly hashes = new HashSet();
  private readonly tags = new Map<string, number>();
  private readonly patterns = new Map<string, readonly [KeyPattern, number]>();
  private count = 0;
  /** Matches the keys of which only hashes are known. To other processes, it is published as all keys. */
  private readonly hashed: KeyPattern = {
    source: EVERYTHING.source,
    prefix: '',
    matches: (key) => this.hashes.has(key),
  };

  /** @param canList - Whether the store can list its keys, without which hashes cannot be replayed. */
  constructor(private readonly canList: () => boolean = () => true) {}

  get size(): number {
    return this.keys.size + this.hashes.size + this.tags.size + this.patterns.size;
  }

  addKey(key: string): void {
    if (this.isCovered()) return;
    const limit = this.canList() ? STORE_LIMITS.pendingKeys : STORE_LIMITS.pendingHashes;
    if (this.keys.size < limit || this.keys.has(key)) this.keys.set(key, ++this.count);
    else this.hashes.add(key, ++this.count);
    if (
      this.keys.size >= STORE_LIMITS.pendingHashes ||
      this.hashes.size > STORE_LIMITS.pendingHashes
    ) {
      this.addEverything();
    }
  }

  addTags(tags: readonly string[]): void {
    if (this.isCovered()) return;
    for (const tag of tags) this.tags.set(tag, ++this.count);
    if (this.tags.size > STORE_LIMITS.pendingKeys) this.addEverything();
  }

  addPatterns(patterns: readonly KeyPattern[]): void {
    if (this.isCovered()) return;
    for (const pattern of patterns) this.patterns.set(pattern.source, [pattern, ++this.count]);
    if (this.patterns.size > STORE_LIMITS.pendingPatterns) this.addEverything();
  }

  /** A later write has replaced the entry that was out of date. */
  removeKey(key: string): void {
    this.keys.delete(key);
    this.hashes.delete(key);
  }

  covers(key: string): boolean {
    if (this.keys.has(key) || this.hashes.has(key)) return true;
    for (const [pattern] of this.patterns.values()) if (pattern.matches(key)) return true;
    return false;
  }

  coversTags(tags: readonly string[]): boolean {
    return this.tags.size > 0 && tags.some((tag) => this.tags.has(tag));
  }

  /** The current contents, which stay in the log until {@link PendingLog.settle}. */
  snapshot(): PendingWork {
    return {
      keys: [...this.keys.keys()],
      tags: [...this.tags.keys()],
      patterns: [
        ...Array.from(this.patterns.values(), ([pattern]) => pattern),
        ...(this.hashes.size > 0 ? [this.hashed] : []),
      ],
      last: this.count,
    };
  }

  /** Removes what has been replayed. Later additions stay, even of the same keys. */
  settle({ last }: PendingWork): void {
    for (const [key, number] of this.keys) if (number <= last) this.keys.delete(key);
    this.hashes.deleteUpTo(last);
    for (const [tag, number] of this.tags) if (number <= last) this.tags.delete(tag);
    for (const [source, [, number]] of this.patterns) {
      if (number <= last) this.patterns.delete(source);
    }
  }

  /** Whether all keys are out of date already; if so, makes a replay in progress run again. */
  private isCovered(): boolean {
    if (!this.patterns.has(EVERYTHING.source)) return false;
    this.patterns.set(EVERYTHING.source, [EVERYTHING, ++this.count]);
    return true;
  }

  private addEverything(): void {
    this.keys.clear();
    this.hashes.clear();
    this.tags.clear();
    this.patterns.clear();
    this.patterns.set(EVERYTHING.source, [EVERYTHING, ++this.count]);
  }
}

/** The contents of the log at one time, to be replayed in the store. */
export interface PendingWork {
  readonly keys: readonly string[];
  readonly tags: readonly string[];
  readonly patterns: readonly KeyPattern[];
  /** Number of the last entry. */
  readonly last: number;
}
