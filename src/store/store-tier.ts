import { Coalescer } from '../base/coalescer.js';
import type { Backend } from './backend.js';
import type { KeyPattern, Snapshots, StoredText } from './coordinator.js';
import type { Lane } from './dispatcher.js';
import { EntryCodec, type EntryCodecOptions } from './entry-codec.js';
import { GuardedStore, type GuardedStoreOptions } from './guarded-store.js';
import { KeyCount } from './key-count.js';
import {
  NO_DELAY,
  type FillOutcome,
  type KeyedEntry,
  type LeaseAnswer,
  type OwnDelay,
  type SharedEntry,
  type SharedTier,
} from './shared-tier.js';
import { TagCheck } from './tag-check.js';

export interface StoreTierOptions extends Omit<GuardedStoreOptions, 'prefix'>, EntryCodecOptions {
  /** The store, or a promise of it; operations wait for it within their deadlines. */
  readonly backend: Backend | Promise<Backend>;
  /** Whether the store coordinates the caches which share it. */
  readonly isCoordinated: boolean;
  readonly namespace: string;
  /** How long operations have waited for this code, in milliseconds. */
  readonly loadMs: number;
}

/**
 * The tier outside the process, over any Keyv store: entries as the cache knows them, below the
 * namespace. {@link GuardedStore} deals with failures of the store; here, a value that is not an entry
 * is a miss. Loaded on first use, since a cache in memory needs none of it.
 *
 * @internal
 */
export class StoreTier implements SharedTier {
  readonly isCoordinated: boolean;
  private readonly store: GuardedStore;
  private readonly entries: EntryCodec;
  private readonly keys: KeyCount;
  /** When the first of the waiting reads was queued. */
  private gatheringSince = 0;
  /** {@link SharedTier.ownDelay} at that time: a look at the clock for each read would cost too much. */
  gatheringDelay: OwnDelay = NO_DELAY;
  /** Reads of one turn share a command and a time-out. */
  private readonly reads: Coalescer<unknown, SharedEntry | undefined>;
  private readonly tags = new TagCheck((tags) => this.store.coordination.tagVersions(tags));

  constructor(private readonly options: StoreTierOptions) {
    const { backend, isCoordinated, namespace, loadMs, ...rest } = options;
    const { clock } = rest;
    this.isCoordinated = isCoordinated;
    this.store = new GuardedStore(backend, { ...rest, prefix: `${namespace}:` });
    this.store.noteBlocked(loadMs);
    this.listen(backend);
    this.keys = new KeyCount({
      clock,
      count: () => this.store.count(),
      share: (run) =>
        this.store.coordination.run('count', async ({ sharedCount }) =>
          sharedCount === undefined ? undefined : await run(sharedCount),
        ),
    });
    this.entries = new EntryCodec(
      options,
      this.isCoordinated ? () => this.store.coordinator?.clockOffsetMs ?? 0 : undefined,
      () => this.store.coordinator?.history.floor ?? 0,
    );
    this.reads = new Coalescer(
      (keys) => {
        this.store.noteBlocked(clock.monotonic() - this.gatheringSince);
        return this.store.read(keys);
      },
      (stored, key) => this.checked(key, this.entries.decode(key, stored)),
      () => this.entries.batchLimit,
    );
  }

  get isDown(): boolean {
    return this.store.isDown;
  }

  get isAway(): boolean {
    const { isDown, coordinator } = this.store;
    return isDown || (this.isCoordinated && coordinator?.isConnected !== true);
  }

  get isCurrent(): boolean {
    return this.store.isCurrent;
  }

  catchUp(): void {
    void this.store.catchUp();
  }

  get ownDelay(): OwnDelay {
    return this.store.ownDelay;
  }

  get isListening(): boolean {
    return this.store.coordinator?.isListening === true;
  }

  get breakerState(): 'closed' | 'open' | 'half-open' {
    return this.store.breakerState;
  }

  get pending(): number {
    return this.store.pending;
  }

  get messages(): { readonly sent: number; readonly received: number } {
    return this.store.coordinator?.messages ?? { sent: 0, received: 0 };
  }

  get lastTagClock(): number | undefined {
    return this.store.coordinator?.lastTagClock;
  }

  get gathering(): number | undefined {
    return this.reads.gathering;
  }

  read(key: string): Promise<SharedEntry | undefined> {
    if (this.reads.gathering === undefined) {
      this.gatheringSince = this.options.clock.monotonic();
      this.gatheringDelay = this.ownDelay;
    }
    return this.reads.read(key);
  }

  async write(key: string, entry: SharedEntry, budgetMs?: number): Promise<boolean> {
    const payload = this.entries.encode(key, entry.value);
    if (payload === undefined) {
      // The old value must not outlive a newer one that cannot be shared.
      await this.remove(key, budgetMs);
      return false;
    }
    return await this.store.write(
      key,
      () => this.entries.text(entry, payload),
      this.entries.ttlOf(entry),
      budgetMs,
    );
  }

  async writeMany(
    entries: readonly KeyedEntry[],
    budgetMs: number,
    lane: Lane,
  ): Promise<readonly boolean[] | undefined> {
    const { commands, unfit } = this.entries.pack(entries);
    // The old values must not outlive newer ones that cannot be shared.
    const removing =
      unfit.length > 0 ? this.removeMany(unfit, budgetMs, lane) : Promise.resolve([]);
    const acknowledged = new Array<boolean>(entries.length).fill(false);
    const outcomes = await Promise.all(
      commands.map(async (packed) => {
        const keys = packed.map(({ key }) => key);
        const texts = (): StoredText[] => packed.map((one) => this.entries.toStored(one));
        const stored = await this.store.writeMany(keys, texts, budgetMs, lane);
        for (const { index } of packed.slice(0, stored)) acknowledged[index] = stored !== undefined;
        return stored;
      }),
    );
    if (outcomes.includes(undefined) || (await removing) === undefined) return undefined;
    return acknowledged;
  }

  async removeMany(
    keys: readonly string[],
    budgetMs: number | undefined,
    lane: Lane,
  ): Promise<readonly boolean[] | undefined> {
    return await this.store.removeMany(keys, budgetMs, lane);
  }

  postpone(keys: readonly string[]): void {
    this.store.postponeAll(keys);
  }

  async readMany(
    keys: readonly string[],
  ): Promise<readonly (SharedEntry | undefined)[] | undefined> {
    const stored = await this.store.read(keys, 'bulk');
    if (stored.length === 0 && keys.length > 0) return undefined;
    const entries = keys.map((key, i) => this.checked(key, this.entries.decode(key, stored[i])));
    // Only entries with tags need their versions.
    return await Promise.all(entries as Promise<SharedEntry | undefined>[]);
  }

  async remove(key: string, budgetMs?: number): Promise<boolean | undefined> {
    return await this.store.remove(key, budgetMs);
  }

  async removeMatching(patterns: readonly KeyPattern[]): Promise<number> {
    return await this.store.removeMatching(patterns);
  }

  async acquire(
    key: string,
    token: string,
    leaseMs: number,
    budgetMs: number,
    seize = false,
  ): Promise<LeaseAnswer | undefined> {
    const grant = await this.store.coordination.acquire(key, token, leaseMs, budgetMs, seize);
    if (grant === undefined || grant === 'unsent' || !grant.granted) return grant;
    const entry = this.store.covers(key, []) ? undefined : this.entries.decode(key, grant.text);
    return { granted: true, entry: await this.checked(key, entry) };
  }

  async renew(key: string, token: string, leaseMs: number): Promise<boolean | undefined> {
    return await this.store.coordination.renew(key, token, leaseMs);
  }

  async release(key: string, token: string): Promise<boolean> {
    return (await this.store.coordination.release(key, token)) === true;
  }

  async fill(key: string, token: string, entry: SharedEntry): Promise<FillOutcome> {
    const payload = this.entries.encode(key, entry.value);
    if (payload === undefined) {
      await this.release(key, token);
      return 'failed';
    }
    const stored = await this.store.coordination.fill(
      key,
      token,
      () => this.entries.text(entry, payload),
      this.entries.ttlOf(entry),
      payload.length,
    );
    if (stored === undefined) return 'failed';
    return stored ? 'stored' : 'refused';
  }

  async tagClock(budgetMs: number): Promise<number | undefined> {
    return await this.store.coordination.tagClock(budgetMs);
  }

  async areTagsValid(tags: readonly string[], noted: number): Promise<boolean> {
    return await this.tags.areValid(tags, noted);
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    await this.store.invalidateTags(tags);
  }

  async snapshots<T>(run: (snapshots: Snapshots) => Promise<T>): Promise<T | undefined> {
    return this.isCoordinated ? await this.store.coordination.snapshots(run) : undefined;
  }

  async count(): Promise<number | undefined> {
    return this.isCoordinated ? await this.keys.get() : undefined;
  }

  async flush(): Promise<void> {
    await this.store.flush();
  }

  async close(): Promise<void> {
    await this.store.close();
  }

  private listen(backend: Backend | Promise<Backend>): void {
    const listener = {
      onError: (error: unknown): void => {
        this.store.reported(error);
      },
      onReady: (): void => {
        this.store.hurry();
      },
    };
    if (!(backend instanceof Promise)) backend.listen?.(listener);
    else {
      backend.then(
        (opened) => opened.listen?.(listener),
        // Operations get the error.
        () => undefined,
      );
    }
  }

  /** An entry, unless one of its tags has been invalidated for all caches. */
  private checked(
    key: string,
    entry: SharedEntry | undefined,
  ): SharedEntry | undefined | Promise<SharedEntry | undefined> {
    if (entry === undefined || entry.tags.length === 0) return entry;
    if (this.store.covers(key, entry.tags)) return undefined;
    if (!this.isCoordinated) return entry;
    return this.areTagsValid(entry.tags, entry.tagClock).then((valid) =>
      valid ? entry : undefined,
    );
  }
}
