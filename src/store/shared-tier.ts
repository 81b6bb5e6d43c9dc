import { Coalescer } from '../base/coalescer.js';
import { toStorePort, type CacheStore } from './adapter.js';
import { TypedCodec, type Codec, type TypeCodec } from './codec.js';
import { readEnvelope, writeEnvelope } from './envelope.js';
import { GuardedStore, type GuardedStoreOptions } from './guarded-store.js';
import type { KeyMatcher } from './pending-log.js';

/** An entry as the cache sees it: the value, its times and its tags. */
export interface SharedEntry {
  readonly value: unknown;
  readonly createdAt: number;
  readonly freshUntil: number;
  readonly staleUntil: number;
  readonly tagClock: number;
  readonly tags: readonly string[];
}

export interface SharedTierOptions extends Omit<GuardedStoreOptions, 'prefix'> {
  readonly store: CacheStore;
  readonly namespace: string;
  readonly codec: Codec | undefined;
  readonly types: readonly TypeCodec[];
}

/** Keys that are read together at most. */
const LARGEST_BATCH = 128;

/**
 * The tier outside the process, over any Keyv store: entries as the cache knows them, below the
 * namespace. Whatever goes wrong with the store is dealt with by {@link GuardedStore}; here, what is
 * not an entry of ours is a miss.
 *
 * @internal
 */
export class SharedTier {
  private readonly store: GuardedStore;
  private readonly typed: TypedCodec;
  /** Reads of one turn share a command and a time-out. */
  private readonly reads: Coalescer<unknown, SharedEntry | undefined>;

  constructor(private readonly options: SharedTierOptions) {
    const port = toStorePort(options.store, {
      onError: (error) => {
        this.store.reported(error);
      },
      onReady: () => {
        this.store.hurry();
      },
    });
    const { clock, timeoutMs, breaker, onError, onChange } = options;
    const prefix = `${options.namespace}:`;
    this.store = new GuardedStore(port, { prefix, clock, timeoutMs, breaker, onError, onChange });
    this.typed = new TypedCodec(options.types);
    this.reads = new Coalescer(
      (keys) => this.store.read(keys),
      (stored) => this.decode(stored),
      LARGEST_BATCH,
    );
  }

  /** Whether the store is given up for now. */
  get isDown(): boolean {
    return this.store.isDown;
  }

  /** Invalidations that the store has not heard of yet. */
  get pending(): number {
    return this.store.pending;
  }

  read(key: string): Promise<SharedEntry | undefined> {
    return this.reads.read(key);
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
    return await this.store.write(key, text, ttlMs);
  }

  /** Removes a key; `undefined` when the store did not say whether it was there. */
  async remove(key: string): Promise<boolean | undefined> {
    return await this.store.remove(key);
  }

  /**
   * Removes every key that one of the matchers matches.
   *
   * @returns How many there were, as far as the store could be asked.
   * @throws ConfigurationError when the store cannot list its keys.
   */
  async removeMatching(matchers: readonly KeyMatcher[]): Promise<number> {
    return await this.store.removeMatching(matchers);
  }

  /** Stops what goes on by itself. The store is the caller's, and stays open. */
  close(): void {
    this.store.close();
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
}
