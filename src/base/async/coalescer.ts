interface Batch<Raw, Key> {
  readonly id: number;
  readonly keys: Key[];
  readonly replies: Promise<readonly Raw[]>;
  readonly settle: (replies: Promise<readonly Raw[]>) => void;
}

/**
 * Combines the requests of one turn of the event loop, such as reads, into one command: most of the cost
 * is per command, not per key.
 *
 * @internal
 */
export class Coalescer<Raw, Value, Key = string> {
  private open: Batch<Raw, Key> | undefined;
  private batches = 0;

  /**
   * @param fetchMany - Sends the requests of a batch; returns their replies in the same order.
   * @param toValue - Converts a reply for its caller, or returns a promise; called here to save each
   * caller a promise.
   * @param largest - Current maximum of keys per command.
   * @param isEager - Sends the first request of a turn at once and combines only later ones, so that a
   * single request does not wait.
   */
  constructor(
    private readonly fetchMany: (keys: readonly Key[]) => Promise<readonly Raw[]>,
    private readonly toValue: (raw: Raw | undefined, key: Key) => Value | Promise<Value>,
    private readonly largest: () => number,
    private readonly isEager = false,
  ) {}

  /**
   * Number of the batch that a request would join now; `undefined` if none is open. A number, since a
   * reference to the batch would retain all its results.
   */
  get openBatchId(): number | undefined {
    return this.open?.id;
  }

  /** Adds a request to the open batch; resolves to its value. */
  submit(key: Key): Promise<Value> {
    if (this.isEager && this.open === undefined) {
      this.open = this.begin();
      return this.fetchMany([key]).then(([reply]) => this.toValue(reply, key));
    }
    const batch = (this.open ??= this.begin());
    const position = batch.keys.push(key) - 1;
    if (batch.keys.length >= this.largest()) this.send(batch);
    return batch.replies.then((replies) => this.toValue(replies[position], key));
  }

  private begin(): Batch<Raw, Key> {
    let settle!: Batch<Raw, Key>['settle'];
    const replies = new Promise<readonly Raw[]>((resolve) => (settle = resolve));
    const batch: Batch<Raw, Key> = { id: ++this.batches, keys: [], replies, settle };
    // A tick runs after the reactions of settled promises, so that their requests join the batch.
    process.nextTick(() => {
      this.send(batch);
    });
    return batch;
  }

  private send(batch: Batch<Raw, Key>): void {
    // A full batch has left before its tick.
    if (this.open !== batch) return;
    this.open = undefined;
    if (batch.keys.length > 0) batch.settle(this.fetchMany(batch.keys));
  }
}
