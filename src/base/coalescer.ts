interface Batch<V> {
  readonly keys: string[];
  readonly values: Promise<readonly V[]>;
  readonly settle: (values: Promise<readonly V[]>) => void;
}

/**
 * Gathers the reads that are asked for in one turn of the event loop, and sends them as one: a
 * store's cost per command is mostly the command's, not the key's.
 *
 * @internal
 */
export class Coalescer<V> {
  private open: Batch<V> | undefined;

  /**
   * @param fetchMany - Reads several keys, in their order.
   * @param largest - Keys that travel together at most.
   */
  constructor(
    private readonly fetchMany: (keys: readonly string[]) => Promise<readonly V[]>,
    private readonly largest: number,
  ) {}

  /** What `fetchMany` answers for the key. */
  read(key: string): Promise<V> {
    const batch = (this.open ??= this.begin());
    const position = batch.keys.push(key) - 1;
    if (batch.keys.length >= this.largest) this.send(batch);
    return batch.values.then((values) => values[position] as V);
  }

  private begin(): Batch<V> {
    let settle!: Batch<V>['settle'];
    const values = new Promise<readonly V[]>((resolve) => (settle = resolve));
    const batch: Batch<V> = { keys: [], values, settle };
    // A tick runs when the promises that are settled now have run: what they ask for comes along.
    process.nextTick(() => {
      this.send(batch);
    });
    return batch;
  }

  private send(batch: Batch<V>): void {
    // A full batch has left before its tick.
    if (this.open !== batch) return;
    this.open = undefined;
    batch.settle(this.fetchMany(batch.keys));
  }
}
