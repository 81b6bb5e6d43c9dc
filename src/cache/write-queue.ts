/**
 * Runs the operations of one key in the order in which they were asked for, so that the writes of
 * a process reach the shared tier in its own order. Keys do not wait for one another.
 *
 * @internal
 */
export class WriteQueue {
  private readonly tails = new Map<string, Promise<unknown>>();
  /** Bulk calls under way, and the keys of theirs that a later write has taken over. */
  private readonly bulks = new Map<Set<string>, Promise<unknown>>();

  run<T>(key: string, operation: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key);
    const result = before === undefined ? operation() : before.then(operation);
    // A failure belongs to its own caller; what waits behind it runs all the same.
    const tail = result.then(ignore, ignore).then(() => {
      if (this.tails.get(key) === tail) this.tails.delete(key);
    });
    this.tails.set(key, tail);
    return result;
  }

  /** The same for an operation on several keys: it waits for the earlier ones of each. */
  runMany<T>(keys: readonly string[], operation: () => Promise<T>): Promise<T> {
    const before = new Set<Promise<unknown>>();
    for (const key of keys) {
      const tail = this.tails.get(key);
      if (tail !== undefined) before.add(tail);
    }
    const result = before.size === 0 ? operation() : Promise.all(before).then(operation);
    // One promise for all of them.
    const tail = result.then(ignore, ignore).then(() => {
      for (const key of keys) if (this.tails.get(key) === tail) this.tails.delete(key);
    });
    for (const key of keys) this.tails.set(key, tail);
    return result;
  }

  /**
   * Runs a call on many keys, which come to the queue bit by bit.
   *
   * @param operation - Given the keys that later writes have taken over: it must leave them alone.
   */
  runBulk<T>(operation: (overtaken: ReadonlySet<string>) => Promise<T>): Promise<T> {
    const overtaken = new Set<string>();
    const result = operation(overtaken);
    const end = result.then(ignore, ignore).then(() => {
      this.bulks.delete(overtaken);
    });
    this.bulks.set(overtaken, end);
    return result;
  }

  /** A write of these keys is asked for: bulk calls that came earlier must not land behind it. */
  overtake(keys: Iterable<string>): void {
    if (this.bulks.size === 0) return;
    for (const key of keys) for (const overtaken of this.bulks.keys()) overtaken.add(key);
  }

  /** Settles when all that is queued now has, and every bulk call under way. */
  async settled(): Promise<void> {
    await Promise.all([...this.tails.values(), ...this.bulks.values()]);
  }

  get size(): number {
    return this.tails.size + this.bulks.size;
  }
}

function ignore(): void {
  // Both outcomes are the caller's.
}
