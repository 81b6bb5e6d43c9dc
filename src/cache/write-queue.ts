/**
 * Runs the operations of one key in the order in which they were asked for, so that the writes of
 * a process reach the shared tier in its own order. Keys do not wait for one another.
 *
 * @internal
 */
export class WriteQueue {
  private readonly tails = new Map<string, Promise<unknown>>();

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

  /** Settles when all that is queued now has. */
  async settled(): Promise<void> {
    await Promise.all(this.tails.values());
  }

  get size(): number {
    return this.tails.size;
  }
}

function ignore(): void {
  // Both outcomes are the caller's.
}
