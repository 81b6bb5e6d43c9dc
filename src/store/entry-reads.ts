import { Coalescer } from '../base/async/coalescer.js';
import type { Clock } from '../base/time/clock.js';
import type { EntryCodec } from './codec/entry-codec.js';
import type { Lane } from './resilience/dispatcher.js';
import type { Repairs } from './resilience/repairs.js';
import type { StoreCall } from './resilience/store-call.js';
import type { SharedTags } from './shared-tags.js';
import { NO_DELAY, type OwnDelay, type SharedEntry } from './shared-tier.js';
import { readTexts } from './texts.js';

/**
 * Maximum number of keys of a command while no other is in flight, so that the client decodes these while the
 * store reads the next ones. One command for all takes 1.3 times as long with 24 reads of 1 kB in flight, and as
 * long with 64 and 512, in runs of 64,000.
 */
const FIRST_KEYS = 8;

export interface EntryReadsOptions {
  readonly clock: Clock;
  readonly calls: StoreCall;
  readonly repairs: Repairs;
  readonly entries: EntryCodec;
  /** The store's tags; `undefined` if each process keeps its own. */
  readonly tags: SharedTags | undefined;
  /** Prefix of every key in the store. */
  readonly prefix: string;
}

/**
 * Reads entries from the store. Reads in one turn of the event loop share one or a few commands, each with
 * its own time-out. Outdated entries, and texts that are not entries, are not returned.
 *
 * @internal
 */
export class EntryReads {
  /** {@link OwnDelay} at the start of the open batch, or of the last one. */
  batchDelay: OwnDelay = NO_DELAY;
  /** When the first read of the open batch was queued. */
  private batchOpenedAt = 0;
  private readonly batches: Coalescer<unknown, SharedEntry | undefined>;
  /** Number of batches whose reply is pending. */
  private inFlight = 0;

  constructor(private readonly options: EntryReadsOptions) {
    const { calls, clock, entries } = options;
    this.batches = new Coalescer(
      async (keys) => {
        calls.noteBlocked(clock.monotonic() - this.batchOpenedAt);
        this.inFlight++;
        try {
          return await this.fetch(keys, 'single');
        } finally {
          this.inFlight--;
        }
      },
      (stored, key) => this.decode(key, stored),
      () => (this.inFlight > 0 ? entries.batchLimit : Math.min(entries.batchLimit, FIRST_KEYS)),
    );
  }

  /** Number of the batch that a read would join now; `undefined` if none is open. */
  get openBatchId(): number | undefined {
    return this.batches.openBatchId;
  }

  read(key: string): Promise<SharedEntry | undefined> {
    if (this.batches.openBatchId === undefined) {
      this.batchOpenedAt = this.options.clock.monotonic();
      // Once per batch: reading the clock for each key would cost too much.
      this.batchDelay = this.options.calls.ownDelay;
    }
    return this.batches.submit(key);
  }

  /** Reads several keys with a separate command; `undefined` without a reply. */
  async readMany(
    keys: readonly string[],
  ): Promise<readonly (SharedEntry | undefined)[] | undefined> {
    const stored = await this.fetch(keys, 'bulk');
    if (stored.length === 0 && keys.length > 0) return undefined;
    const entries = keys.map((key, i) => this.decode(key, stored[i]));
    // Only entries with tags are promises: the versions of their tags must be read.
    return await Promise.all(entries as Promise<SharedEntry | undefined>[]);
  }

  /** The entry in a stored text, unless one of its tags has been invalidated. */
  decode(key: string, stored: unknown): SharedEntry | undefined | Promise<SharedEntry | undefined> {
    const { entries, repairs, tags } = this.options;
    const entry = entries.decode(key, stored);
    if (entry === undefined || entry.tags.length === 0) return entry;
    if (repairs.covers(key, entry.tags)) return undefined;
    if (tags === undefined) return entry;
    return tags
      .areValid(entry.tags, entry.tagClock)
      .then((areValid) => (areValid ? entry : undefined));
  }

  /** The stored texts of the keys, without outdated ones; an empty array after a failure. */
  private async fetch(keys: readonly string[], lane: Lane): Promise<readonly unknown[]> {
    const { calls, repairs, prefix } = this.options;
    const full = keys.map((key) => prefix + key);
    const stored = await calls.attempt(
      full.length === 1 ? 'get' : 'getMany',
      (backend) => readTexts(backend, full),
      { weight: full.length, lane },
    );
    const { log } = repairs;
    if (stored === undefined || log.size === 0) return stored ?? [];
    return stored.map((value, i) => (log.covers(keys[i] ?? '') ? undefined : value));
  }
}
