import type { KeyvStoreAdapter } from 'keyv';

import type { CacheStore } from './adapter.js';

/**
 * The operations that the cache needs from a store of any of the three kinds.
 *
 * @internal
 */
export interface StorePort {
  get(key: string): Promise<unknown>;
  getMany(keys: readonly string[]): Promise<readonly unknown[]>;
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  delete(key: string): Promise<boolean>;
  /**
   * The entries of the store whose keys begin with `prefix`, and possibly others; `undefined` if it cannot list
   * them.
   */
  entries(prefix: string): AsyncIterable<readonly [key: string, value: unknown]> | undefined;
}

/**
 * Adapts a store to {@link StorePort}.
 *
 * @internal
 */
export function toStorePort(store: CacheStore): StorePort {
  return store instanceof Map ? new MapPort(store) : new AdapterPort(store as KeyvStoreAdapter);
}

class AdapterPort implements StorePort {
  constructor(private readonly store: KeyvStoreAdapter) {}

  async get(key: string): Promise<unknown> {
    return await this.store.get(key);
  }

  async getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    // The adapter's type requires a mutable array.
    if (this.store.getMany) {
      const values: unknown = await this.store.getMany([...keys]);
      // An adapter may return anything.
      return Array.isArray(values) ? (values as unknown[]) : [];
    }
    return await Promise.all(keys.map((key) => this.get(key)));
  }

  async set(key: string, value: string, ttlMs: number): Promise<unknown> {
    return (await this.store.set(key, value, ttlMs)) as unknown;
  }

  async delete(key: string): Promise<boolean> {
    return await this.store.delete(key);
  }

  entries(prefix: string): AsyncIterable<readonly [string, unknown]> | undefined {
    return typeof this.store.iterator === 'function' ? this.iterate(prefix) : undefined;
  }

  private async *iterate(prefix: string): AsyncGenerator<readonly [string, unknown]> {
    for await (const pair of this.store.iterator?.() ?? []) {
      yield [toCallerKey(String(pair[0]), this.store, prefix), pair[1]];
    }
  }
}

/**
 * The key that the caller passed to the store. A `Keyv` prefixes keys with its namespace unless they begin with
 * it, and when it lists them, removes everything up to the first colon.
 */
function toCallerKey(key: string, store: object, prefix: string): string {
  const { namespace, useKeyPrefix } = store as { namespace?: unknown; useKeyPrefix?: unknown };
  if (useKeyPrefix !== true || typeof namespace !== 'string') return key;
  if (prefix.startsWith(`${namespace}:`)) return `${namespace}:${key}`;
  const left = namespace.includes(':') ? `${namespace.slice(namespace.indexOf(':') + 1)}:` : '';
  return key.startsWith(left) ? key.slice(left.length) : key;
}

/** A bare `Map` expires nothing; the times in the envelope do. */
class MapPort implements StorePort {
  constructor(private readonly map: Map<string, unknown>) {}

  get(key: string): Promise<unknown> {
    return Promise.resolve(this.map.get(key));
  }

  getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    return Promise.resolve(keys.map((key) => this.map.get(key)));
  }

  set(key: string, value: string): Promise<unknown> {
    return Promise.resolve(this.map.set(key, value));
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.map.delete(key));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async *entries(): AsyncGenerator<readonly [string, unknown]> {
    yield* [...this.map.entries()];
  }
}
