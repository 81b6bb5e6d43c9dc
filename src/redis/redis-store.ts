import { Coalescer } from '../base/async/coalescer.js';
import { ConfigurationError } from '../base/errors/errors.js';
import {
  checkOptions,
  checkValue,
  isArray,
  isFunction,
  isObject,
  isString,
  isTtlMs,
} from '../base/options/options.js';
import type { Coordinator, CoordinatorOptions } from '../store/coordinator.js';
import {
  Connection,
  type ClientClass,
  type ConnectionTarget,
  type RedisClient,
} from './connection/connection.js';
import { RedisCoordinator } from './coordinator.js';
import { scan } from './scan.js';
import { wholeMs } from './scripts.js';

export type { RedisClient };

/** Options of {@link RedisStore}. */
export interface RedisStoreOptions {
  /**
   * Called once for each different connection error of an outage, like a listener of `error`. Errors contain
   * no credentials.
   *
   * @default none
   */
  onError?: ((error: Error) => void) | undefined;
}

/** Maximum number of keys per `MGET`: enough to save most of the client's work without blocking the server. */
const MAX_BATCH_KEYS = 128;

type ErrorListener = (error: Error) => void;

/**
 * The storage adapter behind {@link RedisStore}. It does not import ioredis: the client class is passed in.
 */
export class RedisAdapter {
  /** Part of Keyv's adapter contract: Keyv and its test suite add properties. */
  readonly opts: Record<string, unknown> = { dialect: 'redis' };
  /** Part of Keyv's adapter contract; set by the Keyv instance that uses the store. */
  namespace: string | undefined = undefined;
  private readonly connection: Connection;
  private readonly reader: Coalescer<string | null, string | undefined> | undefined;
  private readonly listeners = new Set<ErrorListener>();

  /** @internal */
  constructor(
    target: ConnectionTarget,
    options: RedisStoreOptions,
    Client: ClientClass | undefined,
  ) {
    checkOptions('RedisStore', options, { onError: isFunction });
    if (options.onError !== undefined) this.listeners.add(options.onError);
    const onError = (error: Error): void => {
      for (const listener of this.listeners) listener(error);
    };
    this.connection = new Connection(target, onError, Client);
    const { client, isCluster } = this.connection;
    // MGET cannot cross the slots of a cluster.
    this.reader = isCluster
      ? undefined
      : new Coalescer(
          (keys) => client.mget([...keys]),
          (text) => text ?? undefined,
          () => MAX_BATCH_KEYS,
        );
  }

  /** Returns the text of a key; `undefined` if the key is missing or has another type. */
  async get<T = string>(key: string): Promise<T | undefined> {
    checkValue('RedisStore: key', key, isString);
    await this.connection.ready();
    const { reader } = this;
    const text = await (reader === undefined ? this.getOne(key) : reader.submit(key));
    return (text ?? undefined) as T | undefined;
  }

  /** Returns the texts of several keys, in their order. */
  async getMany<T = string>(keys: readonly string[]): Promise<(T | undefined)[]> {
    checkValue('RedisStore: keys', keys, isArray);
    const wait = this.connection.ready();
    if (wait !== undefined) await wait;
    const [first] = keys;
    if (first === undefined) return [];
    // GET is faster for a single key.
    if (keys.length === 1) return [((await this.getOne(first)) ?? undefined) as T | undefined];
    const texts = this.connection.isCluster
      ? await Promise.all(keys.map((key) => this.getOne(key)))
      : await this.readBatches(keys);
    return texts.map((text) => (text ?? undefined) as T | undefined);
  }

  /**
   * Stores a text; `ttl` in milliseconds, absent or 0 for no expiry. A negative one has passed already: the key
   * is removed.
   */
  async set(key: string, value: string, ttl?: number): Promise<boolean> {
    checkEntry(key, value, ttl);
    if (ttl !== undefined && ttl < 0) {
      await this.delete(key);
      return true;
    }
    await this.connection.ready();
    const { client } = this.connection;
    const reply =
      ttl !== undefined && ttl > 0
        ? await client.set(key, value, 'PX', wholeMs(ttl))
        : await client.set(key, value);
    return reply === 'OK';
  }

  /** Stores several texts. */
  async setMany(entries: readonly { key: string; value: string; ttl?: number }[]): Promise<void> {
    checkValue('RedisStore: entries', entries, isArray);
    for (const entry of entries) {
      checkValue('RedisStore: each entry', entry, isObject);
      checkEntry(entry.key, entry.value, entry.ttl);
    }
    await Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)));
  }

  /** Removes a key; returns whether it existed. */
  async delete(key: string): Promise<boolean> {
    checkValue('RedisStore: key', key, isString);
    await this.connection.ready();
    return (await this.connection.client.unlink(key)) > 0;
  }

  /** Removes several keys; returns whether any of them existed. */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    checkValue('RedisStore: keys', keys, isArray);
    // One command per key, which a cluster requires: ioredis writes the commands of one turn together.
    const removed = await Promise.all(keys.map((key) => this.delete(key)));
    return removed.includes(true);
  }

  /** Returns whether a key exists. */
  async has(key: string): Promise<boolean> {
    checkValue('RedisStore: key', key, isString);
    await this.connection.ready();
    return (await this.connection.client.exists(key)) > 0;
  }

  /**
   * Removes the keys of the Keyv instance's namespace.
   *
   * @throws ConfigurationError without a namespace, since that would empty the whole database.
   */
  async clear(): Promise<void> {
    if (this.namespace === undefined) {
      throw new ConfigurationError(
        'RedisStore: clear needs a namespace. Set one on the Keyv instance.',
      );
    }
    for await (const keys of this.scanned(`${this.namespace}:`)) await this.deleteMany(keys);
  }

  /** Iterates over the keys and texts of a namespace. */
  async *iterator<T = string>(namespace?: string): AsyncGenerator<[string, T | undefined], void> {
    for await (const keys of this.scanned(namespace === undefined ? '' : `${namespace}:`)) {
      const values = await this.getMany<T>(keys);
      for (const [i, key] of keys.entries()) {
        if (values[i] !== undefined) yield [key, values[i]];
      }
    }
  }

  /** Iterates over the keys with a prefix, without reading values. The cache uses it to clear patterns. */
  async *keys(prefix: string): AsyncGenerator<string> {
    for await (const keys of this.scanned(prefix)) yield* keys;
  }

  /**
   * Creates the coordinator of a cache that shares the store with others.
   *
   * @throws ConfigurationError for a bus that the server does not support.
   * @internal
   */
  coordinate(options: CoordinatorOptions): Coordinator {
    return new RedisCoordinator(this.connection, options);
  }

  /** Calls `listener` for every connection `error`, or whenever the connection is `ready`. */
  on(event: string, listener: (...args: unknown[]) => void): this {
    checkValue('RedisStore: listener', listener, isFunction);
    if (event === 'error') this.listeners.add(listener);
    if (event === 'ready') this.connection.listen('ready', listener);
    return this;
  }

  /** Removes a listener. */
  off(event: string, listener: (...args: unknown[]) => void): this {
    if (event === 'error') this.listeners.delete(listener);
    if (event === 'ready') this.connection.unlisten('ready', listener);
    return this;
  }

  /**
   * Keeps the client's options, password included, out of logs and debuggers.
   *
   * @internal
   */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `RedisStore { ${this.connection.client.status} }`;
  }

  /**
   * Keeps them out of `JSON.stringify` too, of the store and of a Keyv instance around it.
   *
   * @internal
   */
  toJSON(): unknown {
    return { store: 'RedisStore', status: this.connection.client.status };
  }

  /** Closes the connection if the store has opened it. */
  async disconnect(): Promise<void> {
    await this.connection.close();
  }

  private async *scanned(prefix: string): AsyncGenerator<string[]> {
    await this.connection.ready();
    yield* scan(this.connection.client, prefix);
  }

  private async readBatches(keys: readonly string[]): Promise<(string | null)[]> {
    const { client } = this.connection;
    if (keys.length <= MAX_BATCH_KEYS) return await client.mget([...keys]);
    const batches: Promise<(string | null)[]>[] = [];
    for (let i = 0; i < keys.length; i += MAX_BATCH_KEYS) {
      batches.push(client.mget(keys.slice(i, i + MAX_BATCH_KEYS)));
    }
    return (await Promise.all(batches)).flat();
  }

  private async getOne(key: string): Promise<string | null> {
    try {
      return await this.connection.client.get(key);
    } catch (error) {
      // For a list or a hash, which is another program's key, `MGET` returns nil, but `GET` fails.
      if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return null;
      throw error;
    }
  }
}

function checkEntry(key: unknown, value: unknown, ttl: unknown): void {
  checkValue('RedisStore: key', key, isString);
  checkValue('RedisStore: value', value, isString);
  if (ttl !== undefined) checkValue('RedisStore: ttl', ttl, isTtlMs);
}
