import type { Clock } from '../base/clock.js';
import { LIMITS } from '../base/defaults.js';
import type { EntryLife, MemoryEntry } from '../memory/entry.js';
import { copyOf } from '../memory/guard.js';
import { MemoryStore } from '../memory/memory-store.js';
import { newCounters, type CacheCounters } from '../stats/counters.js';
import { MethodRecord } from '../stats/method-record.js';
import { SharedTier } from '../store/shared-tier.js';
import { EventHub } from './events.js';
import { FenceTable, type Fence } from './fence.js';
import { FlightTable } from './flight.js';
import { resolveOptions, type CacheOptions, type ResolvedOptions } from './options.js';
import { TagTable } from './tag-table.js';
import { WriteQueue } from './write-queue.js';

/**
 * What a cache and its namespaces share: the tiers, and the tables that keep concurrent operations
 * apart. The paths (`read-path`, `write-path`) work on it; it knows nothing of them.
 *
 * Decorators of another copy of the package (ESM beside CommonJS) reach it through a symbol, so
 * that nothing here may be a `#private` field.
 *
 * @internal
 */
export class Engine {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly memory: MemoryStore | undefined;
  readonly shared: SharedTier | undefined;
  readonly events: EventHub;
  readonly counters: CacheCounters = newCounters();
  readonly methods = new Map<string, MethodRecord>();
  readonly flights = new FlightTable();
  readonly fences = new FenceTable();
  readonly tags: TagTable;
  readonly writes = new WriteQueue();
  /** Off for a disabled cache and for a closed one: every call then loads for itself. */
  enabled: boolean;
  /**
   * Whether a decorated call may serve a memory hit without coming here: nobody listens for hits,
   * and readers share the stored value.
   */
  fastHits = false;

  constructor(options: CacheOptions) {
    this.options = resolveOptions(options);
    const { clock, memory, store } = this.options;
    this.clock = clock;
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
        policy: memory.policy,
        clock,
      });
      this.memory.onEvict((entry, reason) => {
        if (reason === 'expired') this.counters.expirations++;
        else this.counters.evictions++;
        if (this.events.hears('evict')) this.events.emit('evict', { key: entry.key, reason });
      });
    }
    this.shared =
      store === undefined
        ? undefined
        : new SharedTier({
            store,
            namespace: this.options.namespace,
            clock,
            timeoutMs: this.options.storeTimeoutMs,
            codec: this.options.codec,
            types: this.options.types,
            breaker: this.options.breaker,
            onError: (error) => {
              this.report(error);
            },
            onChange: (isDown) => {
              this.events.emit(isDown ? 'degraded' : 'recovered', {});
            },
          });
    this.updateFastHits();
  }

  /** Tells whoever listens of a failure that no caller sees. */
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
    return this.fences.raise(key, this.tags.note());
  }

  /**
   * Puts a value into memory, unless an invalidation has overtaken it.
   *
   * @returns The entry, when memory holds it now.
   */
  fillMemory(
    fence: Fence,
    value: unknown,
    life: EntryLife,
    tags: readonly string[],
  ): MemoryEntry | undefined {
    if (this.memory === undefined || fence.marked || !this.enabled) return undefined;
    try {
      return this.memory.put(fence.key, value, this.capped(life), tags);
    } catch (error) {
      // A value that `clone` cannot copy, or a failing `sizeOf`: it is simply not kept.
      this.report(error);
      return undefined;
    }
  }

  /**
   * A value as memory will keep it, taken before a caller can change it. For fills that come later
   * than the callers' answer.
   */
  protect(value: unknown): unknown {
    if (this.memory === undefined) return value;
    try {
      return this.memory.guarded(value);
    } catch (error) {
      this.report(error);
      return value;
    }
  }

  /** What one of several callers gets of a value: a copy of their own where `clone` is on. */
  ownCopy(value: unknown): unknown {
    if (this.memory?.clones !== true) return value;
    try {
      return copyOf(value);
    } catch (error) {
      this.report(error);
      return value;
    }
  }

  /** From now on nothing that began before may be stored under the key, nor be joined. */
  invalidateKey(key: string, except?: Fence): void {
    this.fences.mark(key, except);
    this.flights.detach(key);
  }

  /** Turns the cache into one that stores nothing, and lets what is under way come to its end. */
  async close(): Promise<void> {
    this.enabled = false;
    this.updateFastHits();
    this.fences.markAll();
    this.flights.detachAll();
    await this.memory?.disconnect();
    await this.writes.settled();
    this.shared?.close();
    this.events.clear();
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
      this.enabled && this.memory !== undefined && !this.memory.clones && !this.events.hears('hit');
  }
}
