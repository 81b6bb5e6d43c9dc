import type { MemoryEntry } from './entry.js';

/**
 * The part of a memory store that implements Keyv's storage adapter, on its synchronous methods. Times to
 * live are in milliseconds.
 */
export abstract class KeyvMethods {
  /** Part of Keyv's adapter contract; set by the Keyv instance that uses the store. */
  namespace: string | undefined = undefined;

  abstract find(key: string): MemoryEntry | undefined;
  abstract valueOf(entry: MemoryEntry): unknown;
  abstract put(key: string, value: unknown, lifeMs: number): MemoryEntry | undefined;
  abstract drop(key: string): MemoryEntry | undefined;
  /** @internal */
  abstract empty(): void;
  protected abstract keys(): string[];
  /** The entry of a key that has not expired, without counting as a read. */
  protected abstract live(key: string): MemoryEntry | undefined;

  /** The value under a key, or `undefined`. */
  get<T>(key: string): Promise<T | undefined> {
    return Promise.resolve(this.read(key) as T | undefined);
  }

  /** The values under several keys, in their order. */
  getMany<T>(keys: readonly string[]): Promise<(T | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.read(key) as T | undefined));
  }

  /** Stores a value; `ttl` in milliseconds, absent or 0 for no expiry. */
  // eslint-disable-next-line @typescript-eslint/require-await -- a promise, so that errors reject
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    return this.put(key, value, ttl !== undefined && ttl > 0 ? ttl : Infinity) !== undefined;
  }

  /** Stores several values. */
  async setMany(entries: readonly { key: string; value: unknown; ttl?: number }[]): Promise<void> {
    for (const { key, value, ttl } of entries) await this.set(key, value, ttl);
  }

  /** Removes a key; returns whether it was there. */
  delete(key: string): Promise<boolean> {
    const there = this.live(key) !== undefined;
    this.drop(key);
    return Promise.resolve(there);
  }

  /** Removes several keys; returns whether any of them was there. */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    const removed = await Promise.all(keys.map((key) => this.delete(key)));
    return removed.includes(true);
  }

  /** Whether a key is there. */
  has(key: string): Promise<boolean> {
    return Promise.resolve(this.live(key) !== undefined);
  }

  /** Removes the keys of the Keyv instance's namespace, or everything if there is none. */
  clear(): Promise<void> {
    for (const key of this.keysBelow(this.namespace)) this.drop(key);
    return Promise.resolve();
  }

  /** Keys and values below a namespace. */
  // eslint-disable-next-line @typescript-eslint/require-await -- Keyv's contract is asynchronous
  async *iterator<T>(namespace?: string): AsyncGenerator<[string, T], void> {
    for (const key of this.keysBelow(namespace)) {
      const entry = this.live(key);
      if (entry !== undefined) yield [key, this.valueOf(entry) as T];
    }
  }

  /** Part of Keyv's adapter contract. A memory store has no errors to report. */
  on(_event: string, _listener: (...args: unknown[]) => void): this {
    return this;
  }

  /** Part of Keyv's adapter contract: removes everything and stops the sweep. */
  disconnect(): Promise<void> {
    this.empty();
    return Promise.resolve();
  }

  private keysBelow(namespace: string | undefined): string[] {
    const prefix = namespace === undefined ? '' : `${namespace}:`;
    return this.keys().filter((key) => key.startsWith(prefix));
  }

  private read(key: string): unknown {
    const entry = this.find(key);
    return entry === undefined ? undefined : this.valueOf(entry);
  }
}
