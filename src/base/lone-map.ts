/**
 * A Map for what comes and goes, most often one entry at a time. A Map that is emptied again and again
 * is given a new table each time, which costs more than the rest of a `set` in memory; so the entry
 * that comes while there is no other has a field of its own.
 *
 * @internal
 */
export class LoneMap<V extends object> {
  private readonly others = new Map<string, V>();
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
    } else this.others.set(key, value);
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
