/** Tells whether a key matches; a pattern, without this room's knowing its syntax. */
export interface KeyMatcher {
  matches(key: string): boolean;
}

/** Keys and patterns that wait at most; beyond, everything counts as out of date. */
const MOST_KEYS = 10_000;
const MOST_MATCHERS = 100;

const EVERYTHING: KeyMatcher = { matches: () => true };

/**
 * What is out of date in the store, but could not be removed there: nobody may read it until it has
 * been. Bounded and without duplicates; when it overflows, everything is out of date.
 *
 * @internal
 */
export class PendingLog {
  private keys = new Set<string>();
  private matchers: KeyMatcher[] = [];

  get size(): number {
    return this.keys.size + this.matchers.length;
  }

  addKey(key: string): void {
    if (this.hasEverything) return;
    this.keys.add(key);
    if (this.keys.size > MOST_KEYS) this.addEverything();
  }

  addMatchers(matchers: readonly KeyMatcher[]): void {
    if (this.hasEverything) return;
    this.matchers.push(...matchers);
    if (this.matchers.length > MOST_MATCHERS) this.addEverything();
  }

  /** A later write has put something new in the place of what was out of date. */
  removeKey(key: string): void {
    this.keys.delete(key);
  }

  covers(key: string): boolean {
    return this.keys.has(key) || this.matchers.some((matcher) => matcher.matches(key));
  }

  /** What is logged now. It stays in the log until it is {@link PendingLog.settle}d. */
  snapshot(): PendingWork {
    return { keys: [...this.keys], matchers: [...this.matchers] };
  }

  /** Takes out what has been done; what came meanwhile stays. */
  settle({ keys, matchers }: PendingWork): void {
    for (const key of keys) this.keys.delete(key);
    this.matchers = this.matchers.filter((matcher) => !matchers.includes(matcher));
  }

  private get hasEverything(): boolean {
    return this.matchers[0] === EVERYTHING;
  }

  private addEverything(): void {
    this.keys = new Set();
    this.matchers = [EVERYTHING];
  }
}

/** Part of the log, to be removed from the store. */
export interface PendingWork {
  readonly keys: readonly string[];
  readonly matchers: readonly KeyMatcher[];
}
