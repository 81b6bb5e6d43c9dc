/**
 * The keys that a bulk call must skip, since later writes of this process have overtaken it there.
 *
 * @internal
 */
export class OvertakenKeys {
  /** For each key, the end of the later write if that is a bulk call. */
  private readonly ends = new Map<string, Promise<unknown> | undefined>();
  private readonly awaited = new Set<Promise<unknown>>();

  /** @param tail - Returns the latest queued write of a key. */
  constructor(private readonly tail: (key: string) => Promise<unknown> | undefined) {}

  has(key: string): boolean {
    return this.ends.has(key);
  }

  /** Whether the call leaves a key to a later write. It then has to wait for the end of that write. */
  leaveToLaterWrite(key: string): boolean {
    if (!this.ends.has(key)) return false;
    const end = this.ends.get(key) ?? this.tail(key);
    if (end !== undefined) this.awaited.add(end);
    return true;
  }

  add(key: string, end: Promise<unknown> | undefined): void {
    this.ends.set(key, end);
  }

  /** Settles when the later writes of all skipped keys have ended. Never rejects. */
  async settled(): Promise<void> {
    await Promise.all(this.awaited);
  }
}

/**
 * Runs the operations of one key in the order of their calls, so that the writes of a process reach the
 * shared tier in that order. Keys do not wait for one another.
 *
 * @internal
 */
export class WriteQueue {
  private readonly tails = new Map<string, Promise<unknown>>();
  /** Bulk calls in progress, and the promise that settles when each ends. */
  private readonly bulks = new Map<OvertakenKeys, Promise<unknown>>();

  run<T>(key: string, operation: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key);
    const result = before === undefined ? operation() : before.then(operation);
    // A failure belongs to its own caller; later operations run anyway.
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
   * Runs a call on many keys, which it queues in chunks. It overtakes earlier bulk calls.
   *
   * @param operation - Must skip the keys in which later writes overtake it.
   * @returns Settles when those writes have ended as well: until then the store holds the old values.
   */
  runBulk<T>(
    keys: Iterable<string>,
    operation: (overtaken: OvertakenKeys) => Promise<T>,
  ): Promise<T> {
    const overtaken = new OvertakenKeys((key) => this.tails.get(key));
    let finish = ignore;
    const end = new Promise<void>((resolve) => (finish = resolve));
    this.excludeFromBulks(keys, end);
    this.bulks.set(overtaken, end);
    return operation(overtaken)
      .finally(() => overtaken.settled())
      .finally(() => {
        this.bulks.delete(overtaken);
        finish();
      });
  }

  /**
   * Registers a write of these keys, so that earlier bulk calls skip them.
   *
   * @param end - Settles with the write, if it is a bulk call; a single write is queued in this turn.
   */
  excludeFromBulks(keys: Iterable<string>, end?: Promise<unknown>): void {
    if (this.bulks.size === 0) return;
    for (const key of keys) for (const overtaken of this.bulks.keys()) overtaken.add(key, end);
  }

  /** Settles when everything that is queued or under way now has settled. */
  async settled(): Promise<void> {
    await Promise.all([...this.tails.values(), ...this.bulks.values()]);
  }

  get size(): number {
    return this.tails.size + this.bulks.size;
  }
}

function ignore(): void {
  // The caller handles both outcomes.
}
