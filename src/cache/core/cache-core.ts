import { randomUUID } from 'node:crypto';

import { coarseClock, type CoarseClock } from '../../base/time/coarse-clock.js';
import { LIMITS } from '../../base/options/defaults.js';
import type { Glob } from '../../base/keys/glob.js';
import type { LifeClock } from '../../base/time/life-clock.js';
import { inSharedContext } from '../../base/async/shared-context.js';
import type { MemoryTier } from '../../memory/memory-tier.js';
import { newCounters, type CacheCounters } from '../../stats/counters.js';
import { MethodCounters } from '../../stats/method-counters.js';
import type { SharedTier } from '../../store/shared-tier.js';
import { Invalidator } from '../coherence/invalidator.js';
import { RemoteChanges } from '../coherence/remote-changes.js';
import { EventHub } from '../events.js';
import { WaiterTable } from '../lease/waiters.js';
import { LoadTable, RefreshTable } from '../load/load-table.js';
import type { CacheOptions } from '../options.js';
import { resolveOptions, type ResolvedOptions } from '../resolve-options.js';
import { WriteQueue } from '../write/queue.js';
import { CLAIMS, newClaims } from '../claims/claim.js';
import { MemoryValues } from './memory-values.js';
import { OffTier } from './off-tier.js';
import { openMemory, openShared } from './tiers.js';
import { TierTrust } from './trust.js';

/**
 * The state that a cache and its namespaces share: the tiers, and the tables that coordinate concurrent
 * operations. The behaviour is in the neighbouring folders, each of which uses a part of this state:
 * `read/`, `load/`, `lease/`, `write/`, `coherence/`.
 *
 * Decorators of another copy of the package (ESM beside CommonJS) access it through a symbol, so that it
 * must not have `#private` fields.
 *
 * @internal
 */
export class CacheCore {
  readonly options: ResolvedOptions;
  /** Measures the lives of entries; see {@link LifeClock}. */
  readonly clock: LifeClock;
  /** The same for memory hits, which share readings. */
  readonly coarseClock: CoarseClock;
  /** False if the cache is disabled or closed: each call then runs its own load. */
  enabled: boolean;
  /** Settles at the end of `close`; `undefined` until that is called. */
  closing: Promise<void> | undefined;

  // The tiers.
  readonly memory: MemoryTier | undefined;
  /** Replaced once its code has been loaded: until then, operations wait (`store/open-tier.ts`). */
  shared: SharedTier | undefined;
  /** How invalidations reach the shared tier while the cache is off. */
  readonly offTier: OffTier;
  readonly trust: TierTrust;
  readonly values: MemoryValues;
  /** Identifies this memory tier among those that share a store. */
  readonly origin = randomUUID();

  // Loads.
  readonly loads = new LoadTable();
  readonly refreshes = new RefreshTable();
  /** Keys whose last load returned a value that can be read only once: each call runs its own load. */
  readonly singleUseKeys = new Set<string>();
  readonly waiters: WaiterTable;
  /** Leases that are held; `close` releases them. */
  readonly leases = new Set<{ release(): Promise<void> }>();
  /** By key, the holder of a lease whose load did not finish in time. */
  readonly timedOutHolders = new Map<string, string>();

  // Writes and invalidation.
  readonly invalidation: Invalidator;
  readonly writes = new WriteQueue();
  /** Operations on the shared tier that `close` waits for, besides {@link CacheCore.writes}. */
  readonly underWay = new Set<Promise<unknown>>();
  /** Keys by the methods that use them. */
  readonly [CLAIMS] = newClaims();

  // Statistics.
  readonly events: EventHub;
  readonly counters: CacheCounters = newCounters();
  readonly methods = new Map<string, MethodCounters>();
  private tokens = 0;

  constructor(options: CacheOptions) {
    this.options = resolveOptions(options);
    const { clock, enabled } = this.options;
    this.clock = clock;
    this.coarseClock = coarseClock(clock);
    this.enabled = enabled;
    this.waiters = new WaiterTable(clock);
    this.events = new EventHub(() => {
      this.trust.update();
    });
    this.trust = new TierTrust(this);
    this.values = new MemoryValues(this);
    this.memory = openMemory(this.options);
    this.memory?.onEvict((entry, reason) => {
      if (reason === 'expired') this.counters.expirations++;
      else this.counters.evictions++;
      if (this.events.hasListeners('evict')) this.events.emit('evict', { key: entry.key, reason });
    });
    this.invalidation = new Invalidator(this, this[CLAIMS]);
    this.shared = enabled ? this.openShared() : undefined;
    this.offTier = new OffTier(() => inSharedContext(() => this.openOffTier()));
    this.updateTrust();
  }

  /** Reports a failure to the listeners, since no caller sees it. */
  report(error: unknown): void {
    this.counters.errors++;
    if (this.events.hasListeners('error')) this.events.emit('error', { error });
  }

  /** The counters of a method; beyond the bound, they are not listed. */
  method(name: string): MethodCounters {
    const known = this.methods.get(name);
    if (known !== undefined) return known;
    const counters = new MethodCounters(name);
    if (this.methods.size < LIMITS.methods) this.methods.set(name, counters);
    return counters;
  }

  /** The shared tier, unless the results of a policy must not leave this process. */
  sharedFor({ isLocal }: { readonly isLocal: boolean }): SharedTier | undefined {
    return isLocal ? undefined : this.shared;
  }

  /** A unique token for a lease. */
  newLeaseToken(): string {
    return `${this.origin}:${String(++this.tokens)}`;
  }

  /** Updates how far the tiers can be trusted. */
  updateTrust(): void {
    this.trust.update();
    // No message will report the end of a lease.
    if (this.trust.shared === 'unavailable') this.waiters.wakeAll();
  }

  /** Removes the matches of patterns: from this process now, then from the shared tier. */
  removeInBackground(globs: readonly Glob[]): void {
    for (const glob of globs) this.invalidation.removeMatching(glob, 'local');
    void this.invalidateShared((shared) => shared.removeMatching(globs)).catch((error: unknown) => {
      this.report(error);
    });
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
    const use = {
      timeoutMs: this.options.storeTimeoutMs,
      hasMemory: this.memory !== undefined,
      listens: true,
      origin: this.origin,
      listener: new RemoteChanges(this),
      onError: (error: unknown) => {
        this.report(error);
      },
      onChange: (isUnavailable: boolean) => {
        this.updateTrust();
        this.events.emit(isUnavailable ? 'degraded' : 'recovered', {});
      },
    };
    return openShared(this.options, use, (loaded) => {
      this.shared = loaded;
      this.updateTrust();
    });
  }

  private openOffTier(): SharedTier | undefined {
    return openShared(this.options, {
      timeoutMs: Math.max(this.options.storeTimeoutMs, LIMITS.offStoreMs),
      // It has no memory that messages could concern.
      hasMemory: false,
      listens: false,
      // Its invalidations are numbered separately.
      origin: randomUUID(),
      listener: new RemoteChanges(this),
      onError: (error) => {
        this.report(error);
      },
      onChange: () => undefined,
    });
  }
}
