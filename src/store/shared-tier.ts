import type { Clock } from '../base/clock.js';
import { Coalescer } from '../base/coalescer.js';
import { StoreError } from '../base/errors.js';
import { toStorePort, type CacheStore, type StorePort } from './adapter.js';
import { TypedCodec, type Codec, type TypeCodec } from './codec.js';
import { deadline } from './deadline.js';
import { readEnvelope, writeEnvelope } from './envelope.js';

/** An entry as the cache sees it: the value, its times and its tags. */
export interface SharedEntry {
  readonly value: unknown;
  readonly createdAt: number;
  readonly freshUntil: number;
  readonly staleUntil: number;
  readonly tagClock: number;
  readonly tags: readonly string[];
}

export interface SharedTierOptions {
  readonly store: CacheStore;
  readonly namespace: string;
  readonly clock: Clock;
  /** How long a read may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly codec: Codec | undefined;
  readonly types: readonly TypeCodec[];
  /** Told of every failure; a reader never is. */
  readonly onError: (error: unknown) => void;
}

/** Keys that are read together at most. */
const LARGEST_BATCH = 128;

/**
 * The tier outside the process, over any Keyv store. Every key carries the namespace in front.
 * Reads answer `undefined` for whatever goes wrong, within the time-out; writes answer whether the
 * store acknowledged them.
 *
 * @internal
 */
export class SharedTier {
  private readonly port: StorePort;
  private readonly typed: TypedCodec;
  private readonly prefix: string;
  /** Reads of one turn share a command and a time-out. */
  private readonly reads = new Coalescer<unknown, SharedEntry | undefined>(
    (keys) => this.fetch(keys),
    (stored) => this.decode(stored),
    LARGEST_BATCH,
  );

  constructor(private readonly options: SharedTierOptions) {
    this.port = toStorePort(options.store, (error) => {
      this.failed('event', error);
    });
    this.typed = new TypedCodec(options.types);
    this.prefix = `${options.namespace}:`;
  }

  read(key: string): Promise<SharedEntry | undefined> {
    return this.reads.read(this.prefix + key);
  }

  /**
   * Stores an entry until its grace ends.
   *
   * @returns Whether the store acknowledged it.
   */
  async write(key: string, entry: SharedEntry): Promise<boolean> {
    let text: string;
    try {
      text = writeEnvelope({ ...entry, payload: this.encode(entry.value) });
    } catch (error) {
      this.options.onError(error);
      // The old value must not outlive a newer one that cannot be shared.
      await this.remove(key);
      return false;
    }
    const ttlMs = Math.max(1, Math.ceil(entry.staleUntil - this.options.clock.now()));
    const done = await this.guarded('set', async () => {
      await this.port.set(this.prefix + key, text, ttlMs);
      return true;
    });
    return done === true;
  }

  /** Removes a key; `undefined` when the store did not say whether it was there. */
  async remove(key: string): Promise<boolean | undefined> {
    return await this.guarded('delete', () => this.port.delete(this.prefix + key));
  }

  /**
   * The keys below the namespace, without it; `undefined` when the store cannot list its keys.
   *
   * @throws StoreError when the store fails on the way, or takes too long over a step.
   */
  keys(): AsyncIterable<string> | undefined {
    const all = this.port.keys(this.prefix);
    return all === undefined ? undefined : this.below(all);
  }

  private async *below(all: AsyncIterable<string>): AsyncGenerator<string> {
    const keys = all[Symbol.asyncIterator]();
    const { timeoutMs, clock } = this.options;
    for (;;) {
      // Step by step, since a large store may rightly take longer than a time-out altogether.
      const step = await deadline(keys.next(), timeoutMs, clock, 'iterator').catch(
        (cause: unknown) => {
          throw toStoreError('iterator', cause);
        },
      );
      if (step.done === true) return;
      if (step.value.startsWith(this.prefix)) yield step.value.slice(this.prefix.length);
    }
  }

  private async fetch(keys: readonly string[]): Promise<readonly unknown[]> {
    const [only] = keys;
    if (keys.length === 1 && only !== undefined) {
      return [await this.guarded('get', () => this.port.get(only))];
    }
    return (await this.guarded('getMany', () => this.port.getMany(keys))) ?? [];
  }

  private encode(value: unknown): string {
    const { codec } = this.options;
    return codec === undefined ? this.typed.encode(value) : codec.tag + codec.encode(value);
  }

  private decode(stored: unknown): SharedEntry | undefined {
    const envelope = readEnvelope(stored);
    if (envelope === undefined) return undefined;
    const { payload, createdAt, freshUntil, staleUntil, tagClock, tags } = envelope;
    try {
      const { codec } = this.options;
      const own = codec !== undefined && payload.startsWith(codec.tag);
      const value = own ? codec.decode(payload.slice(1)) : this.typed.decode(payload);
      return { value, createdAt, freshUntil, staleUntil, tagClock, tags };
    } catch (error) {
      this.options.onError(error);
      return undefined;
    }
  }

  /** Runs one operation of the store within the time-out, and keeps its failure from the caller. */
  private async guarded<T>(operation: string, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await deadline(run(), this.options.timeoutMs, this.options.clock, operation);
    } catch (error) {
      this.failed(operation, error);
      return undefined;
    }
  }

  private failed(operation: string, cause: unknown): void {
    this.options.onError(toStoreError(operation, cause));
  }
}

function toStoreError(operation: string, cause: unknown): StoreError {
  return cause instanceof StoreError
    ? cause
    : new StoreError(operation, `The store failed on ${operation}.`, { cause });
}
