/**
 * The keys that a bulk call must skip: later writes of its process have taken them over.
 *
 * @internal
 */
export class BulkTurn {
  private readonly overtaken = new Map<string, Promise<unknown> | undefined>();
  private readonly awaited = new Set<Promise<unknown>>();

  /** @param tail - The latest write of a key that is queued. */
  constructor(private readonly tail: (key: string) => Promise<unknown> | undefined) {}

  has(key: string): boolean {
    return this.overtaken.has(key);
  }

  /** Whether the call leaves a key to a later write, whose end it then has to wait for. */
  skips(key: string): boolean {
    if (!this.overtaken.has(key)) return false;
    const end = this.overtaken.get(key) ?? this.tail(key);
    if (end !== undefined) this.awaited.add(end);
    return true;
  }

  overtake(key: string, end: Promise<unknown> | undefined): void {
    this.overtaken.set(key, end);
  }

  /** Settles when the later writes of all skipped keys have landed. Never rejects. */
  async replaced(): Promise<void> {
    await Promise.all(this.awaited);
  }
}

/**
 * Runs the operations of one key in the order of their calls, so that the writes of
 * a process reach the shared tier in its own order. Keys do not wait for one another.
 *
 * @internal
 */
export class WriteQueue {
  private readonly tails = new Map<string, Promise<unknown>>();
  /** Bulk calls under way, and when each of them ends. */
  private readonly bulks = new Map<BulkTurn, Promise<unknown>>();

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
   * Runs a call on many keys, which come to the queue bit by bit. It overtakes earlier bulk calls.
   *
   * @param operation - Given its turn, it must leave the keys alone that later writes have taken over.
   * @returns Settles when those writes have landed as well: until then the store holds the old values.
   */
  runBulk<T>(keys: Iterable<string>, operation: (turn: BulkTurn) => Promise<T>): Promise<T> {
    const turn = new BulkTurn((key) => this.tails.get(key));
    let finish = ignore;
    const end = new Promise<void>((resolve) => (finish = resolve));
    this.overtake(keys, end);
    this.bulks.set(turn, end);
    return operation(turn)
      .finally(() => turn.replaced())
      .finally(() => {
        this.bulks.delete(turn);
        finish();
      });
  }

  /**
   * Registers a write of these keys: earlier bulk calls must not land after it.
   *
   * @param end - When it has landed, if it is a bulk call; a single write is queued in the same turn.
   */
  overtake(keys: Iterable<string>, end?: Promise<unknown>): void {
    if (this.bulks.size === 0) return;
    for (const key of keys) for (const turn of this.bulks.keys()) turn.overtake(key, end);
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
