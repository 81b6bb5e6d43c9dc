import type { Clock } from '../../base/time/clock.js';
import { DISPATCH } from '../../base/options/defaults.js';
import { lifeClock, type LifeClock } from '../../base/time/life-clock.js';
import { BatchSize } from './batch-size.js';
import type { StoredText } from '../coordinator.js';
import { readEnvelope, writeEnvelope, type Envelope } from './envelope.js';
import type { KeyedEntry, SharedEntry } from '../shared-tier.js';
import { ValueText, type ValueTextOptions } from './value-text.js';
import { STORE_LIMITS } from '../limits.js';

/*
 * This folder encodes entries as text and decodes them. An entry is an envelope of times and tags
 * (`envelope`) around a value's text (`value-text`): JSON (`json-check`), JSON that keeps types (`typed-*`),
 * rows that name their properties once (`rows`, `row-reader`), or the output of the cache's own codec. Any of
 * them may be compressed (`compression`).
 */

/** An entry whose value is encoded. Its times are added once the store's clock is known. */
export interface PackedEntry extends KeyedEntry {
  /** Position among the entries that were packed. */
  readonly index: number;
  readonly payload: string;
}

export interface EntryCodecOptions extends ValueTextOptions {
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/**
 * Encodes and decodes entries: values with their codec's tag as a prefix, times on the store's clock.
 *
 * @internal
 */
export class EntryCodec {
  private readonly values: ValueText;
  private readonly batchSize = new BatchSize();
  private readonly clock: LifeClock;

  /**
   * @param serverOffsetMs - The store's clock minus ours, as far as it is known; `undefined` for a
   * store without one, whose entries carry the time of day.
   * @param floor - Entries created before it, on the store's clock, are misses.
   */
  constructor(
    private readonly options: EntryCodecOptions,
    private readonly serverOffsetMs: (() => number) | undefined,
    private readonly floor: () => number = () => 0,
  ) {
    this.clock = lifeClock(options.clock);
    this.values = new ValueText(options);
  }

  /** How many values to read with one command. */
  get batchLimit(): number {
    return this.batchSize.limit;
  }

  /** Encodes a value. If that fails, reports the error and returns `undefined`. */
  encode(key: string, value: unknown): string | undefined {
    try {
      return this.values.encode(value);
    } catch (error) {
      this.values.reportUnshared(key, error, this.options.onError);
      return undefined;
    }
  }

  /** The text of an entry. Call it once the store's clock is known. */
  text(entry: SharedEntry, payload: string): string {
    const offset = this.offsetMs;
    return writeEnvelope({
      payload,
      createdAt: entry.createdAt + offset,
      freshUntil: entry.freshUntil + offset,
      staleUntil: entry.staleUntil + offset,
      tagClock: entry.tagClock,
      tags: entry.tags,
    });
  }

  private get offsetMs(): number {
    return this.serverOffsetMs?.() ?? this.clock.wallOffset();
  }

  /**
   * Whether an entry was created so far in the future that a clock must have been set back since, here or
   * where it was written, and it would live too long. With a server's clock, the difference is always known.
   */
  private isFromFuture({ createdAt, tagClock, tags }: Envelope, offset: number): boolean {
    if (this.serverOffsetMs !== undefined) return false;
    const latest = this.clock.now() + STORE_LIMITS.futureMs;
    return createdAt - offset > latest || (tags.length > 0 && tagClock > latest);
  }

  ttlOf(entry: SharedEntry): number {
    return Math.max(1, Math.ceil(entry.staleUntil - this.clock.now()));
  }

  toStored({ key, entry, payload }: PackedEntry): StoredText {
    return { key, text: this.text(entry, payload), ttlMs: this.ttlOf(entry) };
  }

  /** Encodes entries and groups them by command; `unfit` are the keys of those that cannot be encoded. */
  pack(entries: readonly KeyedEntry[]): { commands: PackedEntry[][]; unfit: string[] } {
    const commands: PackedEntry[][] = [];
    const unfit: string[] = [];
    let chars = Infinity;
    for (const [index, { key, entry }] of entries.entries()) {
      const payload = this.encode(key, entry.value);
      if (payload === undefined) {
        unfit.push(key);
        continue;
      }
      if (chars + payload.length > DISPATCH.chunkChars) {
        commands.push([]);
        chars = 0;
      }
      commands.at(-1)?.push({ key, entry, index, payload });
      chars += payload.length;
    }
    return { commands, unfit };
  }

  /** Decodes an entry; `undefined` for anything that is not a readable entry. */
  decode(key: string, stored: unknown): SharedEntry | undefined {
    this.batchSize.record(stored);
    const envelope = readEnvelope(stored);
    if (envelope === undefined) return undefined;
    const { payload, createdAt, freshUntil, staleUntil, tagClock, tags } = envelope;
    if (createdAt < this.floor()) return undefined;
    const offset = this.offsetMs;
    if (this.isFromFuture(envelope, offset)) return undefined;
    try {
      return {
        value: this.values.decode(payload),
        createdAt: createdAt - offset,
        freshUntil: freshUntil - offset,
        staleUntil: staleUntil - offset,
        tagClock,
        tags,
      };
    } catch (error) {
      this.values.reportUnreadable(key, error, this.options.onError);
      return undefined;
    }
  }
}
