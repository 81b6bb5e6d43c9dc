interface Batch<Raw, Key> {
  readonly number: number;
  readonly keys: Key[];
  readonly answers: Promise<readonly Raw[]>;
  readonly settle: (answers: Promise<readonly Raw[]>) => void;
}

/**
 * Combines the reads, or other requests, of one turn of the event loop into one command: most of its cost
 * is per command, not per key.
 *
 * @internal
 */
export class Coalescer<Raw, Value, Key = string> {
  private open: Batch<Raw, Key> | undefined;
  private batches = 0;

  /**
   * @param fetchMany - Reads several keys, in their order.
   * @param toValue - Converts a fetched value for its reader, or returns a promise; called here to save
   * each reader a promise.
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
   * Number of the batch that a read would join now; `undefined` if none is waiting. A number, since a
   * reference to the batch would retain all its results.
   */
  get gathering(): number | undefined {
    return this.open?.number;
  }

  /** The value for the key. */
  read(key: Key): Promise<Value> {
    if (this.isEager && this.open === undefined) {
      this.open = this.begin();
      return this.fetchMany([key]).then(([answer]) => this.toValue(answer, key));
    }
    const batch = (this.open ??= this.begin());
    const position = batch.keys.push(key) - 1;
    if (batch.keys.length >= this.largest()) this.send(batch);
    return batch.answers.then((answers) => this.toValue(answers[position], key));
  }

  private begin(): Batch<Raw, Key> {
    let settle!: Batch<Raw, Key>['settle'];
    const answers = new Promise<readonly Raw[]>((resolve) => (settle = resolve));
    const batch: Batch<Raw, Key> = { number: ++this.batches, keys: [], answers, settle };
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
