/** Entries after which a Map is replaced. */
const LIFETIME = 1000;

/**
 * A Map for what comes and goes, most often one entry at a time.
 *
 * V8 gives a Map a new table when it has been emptied or when its deleted entries fill the old one. Two
 * things follow from it. A Map that is emptied again and again costs more than the rest of a `set` in
 * memory; so the entry that comes while there is no other has a field of its own. And each table leads
 * to the next: once the garbage collector has taken one for old, all that follow become old, with the
 * entries that they had at the time. So the Map is replaced now and then, which makes a Redis hit 1.2
 * times as fast with 64 in flight.
 *
 * @internal
 */
export class LoneMap<V extends object> {
  private others = new Map<string, V>();
  /** Entries that the present Map has taken. */
  private taken = 0;
  private key: string | undefined;
  private value: V | undefined;

  get size(): number {
    return this.others.size + (this.value === undefined ? 0 : 1);
  }

  get(key: string): V | undefined {
    if (this.key === key) return this.value;
    return this.others.size === 0 ? undefined : this.others.get(key);
  }

  set(key: string, value: V): void {
    if (this.key === key || (this.key === undefined && this.others.size === 0)) {
      this.key = key;
      this.value = value;
      return;
    }
    // The more there is to copy, the more seldom.
    if (++this.taken > LIFETIME + 4 * this.others.size) {
      this.others = new Map(this.others);
      this.taken = 0;
    }
    this.others.set(key, value);
  }

  delete(key: string): void {
    if (this.key === key) this.key = this.value = undefined;
    else this.others.delete(key);
  }

  *keys(): Generator<string> {
    if (this.key !== undefined) yield this.key;
    yield* this.others.keys();
  }

  *values(): Generator<V> {
    if (this.value !== undefined) yield this.value;
    yield* this.others.values();
  }
}
