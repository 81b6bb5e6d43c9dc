interface Batch<Raw, Key> {
  readonly number: number;
  readonly keys: Key[];
  readonly answers: Promise<readonly Raw[]>;
  readonly settle: (answers: Promise<readonly Raw[]>) => void;
}

/**
 * Gathers the reads, or other requests, that are made in one turn of the event loop, and sends them
 * as one: a store's cost per command is mostly the command's, not the key's.
 *
 * @internal
 */
export class Coalescer<Raw, Value, Key = string> {
  private open: Batch<Raw, Key> | undefined;
  private batches = 0;

  /**
   * @param fetchMany - Reads several keys, in their order.
   * @param toValue - Makes each reader's value of what was fetched, or a promise of it; here rather
   * than behind a promise of its own, since readers come by the hundred.
   * @param largest - Keys that travel together at most, by now.
   * @param isEager - Sends the first one of a turn at once, and gathers only those that follow: a
   * request that is alone does not wait, and stays ahead of what is sent after it.
   */
  constructor(
    private readonly fetchMany: (keys: readonly Key[]) => Promise<readonly Raw[]>,
    private readonly toValue: (raw: Raw | undefined, key: Key) => Value | Promise<Value>,
    private readonly largest: () => number,
    private readonly isEager = false,
  ) {}

  /**
   * Number of the batch that a read asked for now would travel with; `undefined` when nothing waits
   * to be sent. A number, since a reference to the batch would retain all its results.
   */
  get gathering(): number | undefined {
    return this.open?.number;
  }

  /** The value of what `fetchMany` answers for the key. */
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
    // A tick runs when the promises that are settled now have run: what they ask for comes along.
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
