import { randomUUID } from 'node:crypto';

import { LIMITS } from '../base/defaults.js';
import type { Glob } from '../base/glob.js';
import { hitClock, type HitClock } from '../base/hit-clock.js';
import { publicKey } from '../base/private-key.js';
import type { LifeClock } from '../base/life-clock.js';
import { inSharedContext } from '../base/shared-context.js';
import type { EntryLife, MemoryEntry } from '../memory/entry.js';
import { MemoryStore } from '../memory/memory-store.js';
import { newCounters, type CacheCounters } from '../stats/counters.js';
import { MethodRecord } from '../stats/method-record.js';
import { SharedTier, type SharedEntry, type SharedTierOptions } from '../store/shared-tier.js';
import { CLAIMS, newClaims, privateKeysOf } from './claims.js';
import { Coherence } from './coherence.js';
import { EventHub } from './events.js';
import { FenceTable, type Fence } from './fence.js';
import { FlightTable } from './flight.js';
import { resolveOptions, type CacheOptions, type ResolvedOptions } from './options.js';
import { OffTier } from './off-tier.js';
import { openRedis, warnOfNamespace } from './redis-tier.js';
import { RefreshTable } from './refresh-table.js';
import { TagTable } from './tag-table.js';
import { TagVersions } from './tag-versions.js';
import { ValueCopies } from './value-copies.js';
import { WaiterTable } from './waiters.js';
import { WriteQueue } from './write-queue.js';

interface TierUse extends Pick<SharedTierOptions, 'timeoutMs' | 'onChange'> {
  readonly hasMemory: boolean;
  readonly listens: boolean;
  readonly origin: string;
}

/**
 * The state that a cache and its namespaces share: the tiers, and the tables that keep concurrent operations
 * apart. The paths (`read-path`, `write-path`) work on it; it knows nothing of them.
 *
 * Decorators of another copy of the package (ESM beside CommonJS) reach it through a symbol, so
 * that nothing here may be a `#private` field.
 *
 * @internal
 */
export class Engine {
  readonly options: ResolvedOptions;
  /** By which lives are measured; see {@link LifeClock}. */
  readonly clock: LifeClock;
  /** For reads of the memory alone. */
  readonly hits: HitClock;
  readonly memory: MemoryStore | undefined;
  readonly shared: SharedTier | undefined;
  readonly events: EventHub;
  readonly counters: CacheCounters = newCounters();
  private readonly copies: ValueCopies;
  readonly methods = new Map<string, MethodRecord>();
  readonly flights = new FlightTable();
  readonly fences = new FenceTable();
  readonly tags: TagTable;
  /** Versions of tags that other processes told of, on the shared store's clock. */
  readonly sharedTags = new TagVersions();
  readonly writes = new WriteQueue();
  readonly waiters: WaiterTable;
  readonly refreshes = new RefreshTable();
  /** Which method uses which keys. */
  readonly [CLAIMS] = newClaims();
  /** By key, the lease that has been waited for in vain. */
  readonly hung = new Map<string, string>();
  /** Keys whose last load returned a stream or the like: every call runs a load of its own. */
  readonly spentKeys = new Set<string>();
  /** Leases that are held; `close` releases them. */
  readonly leases = new Set<{ release(): Promise<void> }>();
  /** Operations on the shared tier that `close` waits for, besides {@link Engine.writes}. */
  readonly underWay = new Set<Promise<unknown>>();
  /** How invalidations reach the shared tier while the cache is off. */
  readonly offTier: OffTier;
  /** The end of `close`, once it has begun. */
  closing: Promise<void> | undefined;
  /** Names this memory tier among those that share a store. */
  readonly origin = randomUUID();
  private tokens = 0;
  /** Off for a disabled cache and for a closed one: every call then loads for itself. */
  enabled: boolean;
  /**
   * Whether a decorated call may serve a memory hit without coming here: there are no listeners for hits,
   * and readers share the stored value.
   */
  fastHits = false;
  /**
   * Whether what is in memory may be served. Not while the shared store answers but its messages do
   * not arrive: others may have changed anything.
   */
  servesMemory = false;

  constructor(options: CacheOptions) {
    this.options = resolveOptions(options);
    const { clock, memory } = this.options;
    this.clock = clock;
    this.hits = hitClock(clock);
    this.enabled = this.options.enabled;
    this.tags = new TagTable(clock);
    this.events = new EventHub(() => {
      this.updateFastHits();
    });
    if (memory !== false) {
      this.memory = new MemoryStore({
        maxItems: this.options.maxMemoryItems,
        maxBytes: this.options.maxMemoryBytes,
        sizeOf: memory.sizeOf,
        freeze: memory.freeze,
        clone: memory.clone,
        types: this.options.types,
        eviction: memory.eviction,
        clock,
      });
      this.memory.onEvict((entry, reason) => {
        if (reason === 'expired') this.counters.expirations++;
        else this.counters.evictions++;
        if (this.events.hears('evict')) this.events.emit('evict', { key: entry.key, reason });
      });
    }
    this.copies = new ValueCopies(this.memory, (error) => {
      this.report(error);
    });
    this.waiters = new WaiterTable(clock);
    this.shared = this.enabled ? this.openShared() : undefined;
    this.offTier = new OffTier(() => inSharedContext(() => this.openOffTier()));
    if (this.shared?.isCoordinated === true && !this.options.hasNamespace) warnOfNamespace();
    this.updateTrust();
  }

  /** Reports to listeners a failure that no caller sees. */
  report(error: unknown): void {
    this.counters.errors++;
    if (this.events.hears('error')) this.events.emit('error', { error });
  }

  /** The figures of a method; beyond the bound, some that are counted but not listed. */
  method(name: string): MethodRecord {
    const known = this.methods.get(name);
    if (known !== undefined) return known;
    const record = new MethodRecord(name);
    if (this.methods.size < LIMITS.methods) this.methods.set(name, record);
    return record;
  }

  raiseFence(key: string): Fence {
    return this.fences.raise(key, this.tags.note(), this.shared?.lastTagClock);
  }

  /** A fence for a read that has no memory to fill: it is raised if a load follows. */
  prepareFence(key: string): Fence {
    return this.fences.prepare(key, this.tags.note(), this.shared?.lastTagClock);
  }

  /** A unique name for a load. */
  newToken(): string {
    return `${this.origin}:${String(++this.tokens)}`;
  }

  /**
   * Whether callers may join any flight of their key. Where the store is shared, only a process that
   * hears of invalidations detaches the flights that they concern.
   */
  get joinsFreely(): boolean {
    const { shared, memory } = this;
    return !shared?.isCoordinated || shared.isAway || (memory !== undefined && shared.isListening);
  }

  /** Whether an entry of the shared tier is good still, as far as tags are concerned. */
  isCurrent({ tags, tagClock }: SharedEntry, fence: Fence): boolean {
    // A store with a clock of its own has been asked for the tags' versions by the tier.
    return this.tags.isValid(tags, this.shared?.isCoordinated ? fence.tagClock : tagClock);
  }

  /**
   * Puts a value into memory, unless an invalidation has overtaken it.
   *
   * @param sharedClock - The shared store's clock of tags before the value was made, if it is known.
   * @returns The entry, when memory holds it now.
   */
  fillMemory(
    fence: Fence,
    value: unknown,
    life: EntryLife,
    tags: readonly string[],
    sharedClock: number | undefined,
  ): MemoryEntry | undefined {
    if (this.memory === undefined || !this.servesMemory || fence.marked || fence.doubtful) {
      return undefined;
    }
    if (sharedClock !== undefined && !this.sharedTags.isValid(tags, sharedClock)) return undefined;
    if (!this.copies.canKeep(value)) return undefined;
    try {
      return this.memory.put(fence.key, value, this.capped(life), tags);
    } catch (error) {
      // A value that `clone` cannot copy, or a failing `sizeOf`: it is simply not kept.
      this.copies.handOut(value, error);
      return undefined;
    }
  }

  /**
   * A value as memory will keep it, taken before a caller can change it. For fills that come later
   * than the callers' answer.
   */
  protect(value: unknown): unknown {
    return this.copies.toKeep(value);
  }

  /** A value as one of several callers gets it: a copy of its own where `clone` is on. */
  ownCopy(value: unknown): unknown {
    return this.copies.forCaller(value);
  }

  /** From now on nothing that began before may be stored under the key, nor be joined. */
  invalidateKey(key: string, except?: Fence): void {
    this.fences.mark(key, except);
    this.flights.detach(key);
    for (const own of privateKeysOf(this[CLAIMS], key)) {
      this.fences.mark(own, except);
      this.flights.detach(own);
      this.memory?.drop(own);
    }
  }

  /** Another process wrote a key: loads under way may neither be kept in memory nor be joined. */
  doubtKey(key: string): void {
    for (const one of [key, ...privateKeysOf(this[CLAIMS], key)]) {
      this.fences.doubt(one);
      this.flights.detach(one);
      this.memory?.drop(one);
    }
  }

  /** Drops what a pattern matches in this process, and keeps loads under way from storing it. */
  forgetMatching(glob: Glob): number {
    this.fences.markMatching(glob);
    this.flights.detachMatching(glob);
    return this.memory?.dropMatching((key) => glob.matches(publicKey(key))) ?? 0;
  }

  /** Removes what the patterns match: from this process now, then from the shared tier. */
  removeInBackground(globs: readonly Glob[]): void {
    for (const glob of globs) this.forgetMatching(glob);
    void this.invalidateShared((shared) => shared.removeMatching(globs)).catch((error: unknown) => {
      this.report(error);
    });
  }

  /** Notes whether the shared store, and its messages, can be relied on. */
  updateTrust(): void {
    const { shared, memory, enabled } = this;
    const isTrusted = !shared?.isCoordinated || shared.isListening || shared.isAway;
    this.servesMemory = enabled && memory !== undefined && isTrusted;
    this.updateFastHits();
    // They will not be told that a lease has ended.
    if (shared?.isAway === true) this.waiters.wakeAll();
  }

  /**
   * Runs an invalidation of the shared tier; `close` waits for it.
   *
   * @throws StoreError when the cache is off, and the store did not confirm it.
   */
  async invalidateShared<T>(run: (shared: SharedTier) => Promise<T>): Promise<T | undefined> {
    if (!this.enabled) return await this.offTier.run(run);
    return this.shared === undefined ? undefined : await this.tracked(run(this.shared));
  }

  /** Lets `close` wait for an operation on the shared tier. */
  async tracked<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    try {
      return await work;
    } finally {
      this.underWay.delete(work);
    }
  }

  private openShared(): SharedTier | undefined {
    return this.openTier({
      timeoutMs: this.options.storeTimeoutMs,
      hasMemory: this.memory !== undefined,
      listens: true,
      origin: this.origin,
      onChange: (isDown) => {
        this.updateTrust();
        this.events.emit(isDown ? 'degraded' : 'recovered', {});
      },
    });
  }

  private openOffTier(): SharedTier | undefined {
    return this.openTier({
      timeoutMs: Math.max(this.options.storeTimeoutMs, LIMITS.offStoreMs),
      // There is nothing here that a message could make out of date.
      hasMemory: false,
      listens: false,
      // Its invalidations are numbered by themselves.
      origin: randomUUID(),
      onChange: () => undefined,
    });
  }

  private openTier({ timeoutMs, onChange, ...use }: TierUse): SharedTier | undefined {
    const { options, clock } = this;
    const store = options.redis === undefined ? options.store : openRedis(options.redis);
    if (store === undefined) return undefined;
    return new SharedTier({
      store,
      namespace: options.namespace,
      clock,
      timeoutMs,
      codec: options.codec,
      types: options.types,
      maxValueBytes: options.maxValueBytes,
      compressFrom: options.compressFrom,
      breaker: options.breaker,
      coordination: {
        ...use,
        bus: options.bus,
        listener: new Coherence(this),
      },
      onError: (error) => {
        this.report(error);
      },
      onChange,
    });
  }

  private capped(life: EntryLife): EntryLife {
    const { memoryTtlMs } = this.options;
    if (memoryTtlMs === undefined || this.shared === undefined) return life;
    const end = this.clock.now() + memoryTtlMs;
    if (end >= life.freshUntil) return life;
    // Without grace of its own, an entry must not gain one from being cut short here.
    const staleUntil = life.staleUntil > life.freshUntil ? life.staleUntil : end;
    return { ...life, freshUntil: end, staleUntil };
  }

  private updateFastHits(): void {
    this.fastHits =
      this.servesMemory && this.memory?.protection.clones === false && !this.events.hears('hit');
  }
}
