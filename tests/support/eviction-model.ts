import { MemoryStore, type Eviction, type MemoryEntry } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

const MAX_ITEMS = 200;
const MAX_BYTES = 100_000;
const OPERATIONS_PER_LOOK = 10_000;

/**
 * A store beside a Map of what it must hold: all that was put, without what was dropped and what the
 * store itself reported to have evicted.
 */
class Twin {
  readonly model = new Map<string, number>();
  private readonly clock = new ManualClock();
  private readonly store: MemoryStore;
  private readonly entries = new Map<string, MemoryEntry>();
  private made = 0;

  constructor(
    eviction: Eviction,
    private readonly counts: 'items' | 'bytes',
    private readonly random: () => number,
  ) {
    const sizes = { maxItems: 10 * MAX_ITEMS, maxBytes: MAX_BYTES, sizeOf: () => this.valueSize() };
    this.store = new MemoryStore({
      ...(counts === 'items' ? { maxItems: MAX_ITEMS } : sizes),
      eviction,
      clock: this.clock,
    });
    this.store.onEvict((entry) => {
      if (this.entries.get(entry.key) !== entry) throw new Error(`${entry.key}: evicted twice`);
      this.forget(entry.key);
    });
  }

  step(): void {
    const dice = this.random();
    // Some keys are much more popular than others, and most appear once.
    const key = `k${Math.floor(2000 * this.random() ** 3)}`;
    if (dice < 0.5) this.read(key);
    else if (dice < 0.94) this.put(key);
    else if (dice < 0.97) this.drop(key);
    else if (dice < 0.9999) this.clock.jump('1ms');
    else this.empty();
  }

  check(): void {
    const { store, model } = this;
    const bytes = [...this.entries.values()].reduce((sum, { size }) => sum + size, 0);
    const isWithin = this.counts === 'items' ? store.size <= MAX_ITEMS : store.bytes <= MAX_BYTES;
    if (store.size !== model.size || store.bytes !== bytes || !isWithin) {
      throw new Error(`holds ${store.size} entries, ${store.bytes} bytes: ${model.size}, ${bytes}`);
    }
    for (const [key, value] of model) {
      if (store.peek(key)?.value !== value) throw new Error(`${key} is lost`);
    }
  }

  private valueSize(): number {
    return Math.floor(10 + 2000 * this.random() ** 4);
  }

  private read(key: string): void {
    const found = this.store.find(key)?.value;
    if (found !== this.model.get(key)) throw new Error(`${key}: found ${String(found)}`);
  }

  private put(key: string): void {
    const life = this.random() < 0.5 ? Infinity : Math.ceil(100 * this.random());
    const value = ++this.made;
    // The store drops what was there without a report.
    this.forget(key);
    const entry = this.store.put(key, value, life);
    if (entry === undefined) throw new Error(`${key}: not stored`);
    this.model.set(key, value);
    this.entries.set(key, entry);
    if (this.store.size !== this.model.size) throw new Error(`${key}: ${this.store.size} entries`);
  }

  private drop(key: string): void {
    const dropped = this.store.drop(key)?.value;
    if (dropped !== this.model.get(key)) throw new Error(`${key}: dropped ${String(dropped)}`);
    this.forget(key);
  }

  private empty(): void {
    this.store.removeAll();
    for (const key of [...this.model.keys()]) this.forget(key);
  }

  private forget(key: string): void {
    this.model.delete(key);
    this.entries.delete(key);
  }
}

/** Runs random operations on a store and on a plain model, and throws where they differ. */
export function compareWithModel(
  eviction: Eviction,
  counts: 'items' | 'bytes',
  operations: number,
  seed: number,
): void {
  const twin = new Twin(eviction, counts, randomFrom(seed));
  for (let i = 1; i <= operations; i++) {
    try {
      twin.step();
      if (i % OPERATIONS_PER_LOOK === 0) twin.check();
    } catch (error) {
      const where = `${eviction}, ${counts}, seed ${seed}, operation ${i}`;
      throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
    }
  }
  twin.check();
}
