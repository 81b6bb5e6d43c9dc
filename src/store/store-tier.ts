import type { Backend } from './backend.js';
import { BulkDelete } from './bulk-delete.js';
import type { Coordinator, KeyPattern, Snapshots, StoredText } from './coordinator.js';
import type { Lane } from './resilience/dispatcher.js';
import { EntryCodec, type EntryCodecOptions } from './codec/entry-codec.js';
import { EntryReads } from './entry-reads.js';
import { KeyCount } from './key-count.js';
import { Leases } from './leases.js';
import { Repairs } from './resilience/repairs.js';
import type { KeyedEntry, OwnDelay, SharedEntry, SharedTier } from './shared-tier.js';
import { SharedTags } from './shared-tags.js';
import {
  BACKGROUND,
  StoreCall,
  WRITE,
  type AttemptOptions,
  type StoreCallOptions,
} from './resilience/store-call.js';
import { writeTexts } from './texts.js';

/*
 * This folder is the shared tier over a store. Start with `shared-tier.ts`, the contract with the cache, which
 * this file implements for any store with Keyv's contract (`port`). A store that coordinates processes, as Redis
 * does, also implements `coordinator.ts`. `open-tier.ts` opens the tier, and loads this code on first use.
 * `entry-reads`, `leases`, `shared-tags`, `bulk-delete` and `key-count` are its operations. `codec/` encodes
 * entries (see `codec/entry-codec.ts`), and `resilience/` handles failures of the store (see
 * `resilience/store-call.ts`).
 */

export interface StoreTierOptions extends StoreCallOptions, EntryCodecOptions {
  /** The store, or a promise of it; operations wait for it within their deadlines. */
  readonly backend: Backend | Promise<Backend>;
  /** Whether the store coordinates the caches which share it. */
  readonly isCoordinated: boolean;
  readonly namespace: string;
  /** How long operations have waited for this code, in milliseconds. */
  readonly loadMs: number;
}

const RETRY_MS = 1000;

/**
 * The tier outside the process, over any Keyv store: entries below a namespace. {@link StoreCall} keeps failures
 * of the store from callers. {@link Repairs} removes the entries that failures have left out of date, and until
 * then {@link EntryReads} does not return them. A cache in memory does not load this code.
 *
 * @internal
 */
export class StoreTier implements SharedTier {
  readonly isCoordinated: boolean;
  readonly leases: Leases;
  readonly tags: SharedTags;
  private readonly calls: StoreCall;
  private readonly deletes: BulkDelete;
  private readonly repairs: Repairs;
  private readonly entries: EntryCodec;
  private readonly keys: KeyCount;
  /** Prefix of all keys in the store. The keys of callers, and those in the log, do not have it. */
  private readonly prefix: string;
  private readonly reads: EntryReads;

  constructor(options: StoreTierOptions) {
    const { backend, breaker, clock, isCoordinated, timeoutMs } = options;
    this.isCoordinated = isCoordinated;
    this.prefix = `${options.namespace}:`;
    const onChange = (isUnavailable: boolean): void => {
      options.onChange(isUnavailable);
      // Replay the invalidations that were logged during the probe.
      if (!isUnavailable) this.repairs.recovery.schedule();
    };
    const calls = new StoreCall(
      backend,
      { ...options, onChange },
      {
        probe: () => this.probe(),
        gate: (opened) => this.repairs.ready(opened),
        isReplaying: () => this.repairs.recovery.isRunning,
        onReady: () => {
          this.repairs.recovery.schedule();
        },
      },
    );
    this.calls = calls;
    calls.noteBlocked(options.loadMs);
    const offsetMs = (): number => this.coordinator?.clockOffsetMs ?? 0;
    const deletes = new BulkDelete(calls, this.prefix, () => clock.now() + offsetMs());
    this.deletes = deletes;
    this.repairs = new Repairs({
      clock,
      retryMs: breaker?.probeAfterMs ?? RETRY_MS,
      calls,
      deletes,
    });
    this.tags = new SharedTags(calls, this.repairs);
    this.keys = new KeyCount(clock, calls);
    this.entries = new EntryCodec(
      options,
      isCoordinated ? offsetMs : undefined,
      () => this.coordinator?.history.floor ?? 0,
    );
    this.reads = new EntryReads({
      clock,
      calls,
      repairs: this.repairs,
      entries: this.entries,
      tags: isCoordinated ? this.tags : undefined,
      prefix: this.prefix,
    });
    this.leases = new Leases({
      calls,
      repairs: this.repairs,
      entries: this.entries,
      timeoutMs,
      reads: this.reads,
    });
  }

  get isUnavailable(): boolean {
    return (
      this.calls.isBreakerOpen || (this.isCoordinated && this.coordinator?.isConnected !== true)
    );
  }

  get isCurrent(): boolean {
    return this.repairs.isCurrent;
  }

  get isListening(): boolean {
    return this.coordinator?.isListening === true;
  }

  get breakerState(): SharedTier['breakerState'] {
    return this.calls.state;
  }

  get pending(): number {
    return this.repairs.log.size;
  }

  get messages(): SharedTier['messages'] {
    return this.coordinator?.messages ?? { sent: 0, received: 0 };
  }

  get lastTagClock(): number | undefined {
    return this.coordinator?.lastTagClock;
  }

  get ownDelay(): OwnDelay {
    return this.calls.ownDelay;
  }

  get openBatchId(): number | undefined {
    return this.reads.openBatchId;
  }

  get batchDelay(): OwnDelay {
    return this.reads.batchDelay;
  }

  catchUp(): void {
    void this.repairs.catchUp();
  }

  read(key: string): Promise<SharedEntry | undefined> {
    return this.reads.read(key);
  }

  readMany(keys: readonly string[]): Promise<readonly (SharedEntry | undefined)[] | undefined> {
    return this.reads.readMany(keys);
  }

  async write(key: string, entry: SharedEntry, budgetMs?: number): Promise<boolean> {
    const payload = this.entries.encode(key, entry.value);
    if (payload === undefined) {
      // The old value must not outlive a newer one that cannot be shared.
      await this.remove(key, budgetMs);
      return false;
    }
    const texts = (): StoredText[] => [this.entries.toStored({ key, entry, payload, index: 0 })];
    return (await this.store([key], texts, { ...WRITE, budgetMs })) === 1;
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
        const stored = await this.store(keys, texts, { weight: keys.length, lane, budgetMs });
        for (const { index } of packed.slice(0, stored)) acknowledged[index] = stored !== undefined;
        return stored;
      }),
    );
    if (outcomes.includes(undefined) || (await removing) === undefined) return undefined;
    return acknowledged;
  }

  async remove(key: string, budgetMs?: number): Promise<boolean | undefined> {
    return (await this.removeMany([key], budgetMs, 'write'))?.[0];
  }

  async removeMany(
    keys: readonly string[],
    budgetMs: number | undefined,
    lane: Lane,
  ): Promise<readonly boolean[] | undefined> {
    const there = await this.deletes.delete(keys, { weight: keys.length, lane, budgetMs });
    if (there === undefined) this.repairs.keysFailed(keys);
    else this.repairs.keysDone(keys);
    return there;
  }

  logPending(keys: readonly string[]): void {
    this.repairs.keysFailed(keys);
  }

  async removeMatching(patterns: readonly KeyPattern[]): Promise<number> {
    const { count, isDone } = await this.deletes.deletePatterns(patterns);
    if (isDone) this.repairs.patternsDone(patterns);
    else this.repairs.patternsFailed(patterns);
    return count;
  }

  async snapshots<T>(run: (snapshots: Snapshots) => Promise<T>): Promise<T | undefined> {
    return await this.calls.coordinate('snapshots', async ({ snapshots }) =>
      snapshots === undefined ? undefined : await run(snapshots),
    );
  }

  async count(): Promise<number | undefined> {
    return this.isCoordinated ? await this.keys.get() : undefined;
  }

  async flush(): Promise<void> {
    if (this.pending > 0) await this.repairs.recovery.run();
  }

  async close(): Promise<void> {
    this.repairs.stop();
    await this.calls.close();
  }

  /** The operations beyond Keyv's contract, once the store is open. */
  private get coordinator(): Coordinator | undefined {
    return this.calls.backend?.coordinator;
  }

  /**
   * Stores texts, with one command if the store supports it.
   *
   * @param texts - Called when the store is ready.
   * @returns How many the store acknowledged, counted from the first; `undefined` if it did not reply, or
   * the command was not sent. The remaining keys are out of date in the store.
   */
  private async store(
    keys: readonly string[],
    texts: () => readonly StoredText[],
    attempt: AttemptOptions,
  ): Promise<number | undefined> {
    const send = async (backend: Backend, leftMs: number): Promise<number> => {
      const { stored, error } = await writeTexts(backend, this.prefix, texts(), leftMs);
      if (error === undefined) return stored;
      if (stored === 0) throw error;
      this.calls.failed('set', error);
      return stored;
    };
    const stored = await this.calls.attempt('set', send, attempt);
    this.repairs.keysDone(keys.slice(0, stored ?? 0));
    this.repairs.keysFailed(keys.slice(stored ?? 0));
    return stored;
  }

  /**
   * Whether the breaker may close. Entries that are out of date are removed first. A store that refuses that, as
   * a replica does, can still be read: logged entries stay covered.
   */
  private async probe(): Promise<boolean> {
    if (this.pending > 0 && (await this.repairs.recovery.run())) return true;
    const key = `${this.prefix}#probe`;
    const get = async ({ port }: Backend): Promise<readonly unknown[]> => [await port.get(key)];
    return (await this.calls.attempt('get', get, BACKGROUND)) !== undefined;
  }
}
