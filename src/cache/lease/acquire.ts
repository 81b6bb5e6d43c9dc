import type { SharedEntry, SharedTier } from '../../store/shared-tier.js';
import { leftOfBudget } from '../core/budget.js';
import type { Fence } from '../coherence/fences.js';
import type { CacheCore } from '../core/cache-core.js';
import type { InFlightLoad } from '../load/in-flight.js';
import { canServeStale, type LoadPurpose, type LoadReason } from '../load/state-machine.js';
import { requestLease, type Lease, type LoadLeaseReply } from './lease.js';
import type { Waiter } from './waiters.js';

/** What to do after a miss in the shared tier. */
export type LeaseDecision =
  /** Run the loader. Without a lease, the result is only for this process. */
  | { readonly kind: 'load'; readonly lease: Lease | undefined }
  /** Another process has loaded meanwhile. */
  | { readonly kind: 'found'; readonly entry: SharedEntry }
  /** Another process is loading, and this one need not wait for it. */
  | { readonly kind: 'elsewhere' };

/** Remembered leases whose holders did not finish in time; the oldest is forgotten. */
const MAX_TIMED_OUT = 1000;

/**
 * Requests the lease of a load's key. While another process holds it, waits for the message that the lease
 * has ended, or for its time-out. A load that dies or hangs delays other processes by at most one lease; then
 * they load too.
 *
 * @internal
 */
export async function acquireLoadLease(
  core: CacheCore,
  shared: SharedTier,
  load: InFlightLoad,
): Promise<LeaseDecision> {
  // Registered first: the message that a lease has ended may come before the reply that it is held.
  const waiter = core.waiters.register(load.key);
  const acquisition = new LeaseAcquisition(core, shared, load, waiter);
  try {
    for (;;) {
      const decision =
        acquisition.decide(await acquisition.request()) ?? (await acquisition.waitForHolder());
      if (decision !== undefined) return decision;
    }
  } finally {
    core.waiters.remove(load.key, waiter);
  }
}

/** One load's attempts to acquire its lease. */
class LeaseAcquisition {
  /** How long a request may take, in milliseconds. */
  private budgetMs: number;
  /** Half a time-out: with a hung store, at most one time-out passes between two replies. */
  private readonly pollMs: number;
  private holder: string | undefined;
  private holders = 0;
  private heldSince = 0;
  private waitMs = 0;

  constructor(
    private readonly core: CacheCore,
    private readonly shared: SharedTier,
    private readonly load: InFlightLoad,
    private readonly waiter: Waiter,
  ) {
    const { clock, options } = core;
    const elapsedMs = clock.now() - load.startedAt;
    this.budgetMs = leftOfBudget(options.storeTimeoutMs, elapsedMs, load.ownDelay, shared.ownDelay);
    this.pollMs = options.storeTimeoutMs / 2;
  }

  async request(): Promise<LoadLeaseReply> {
    const { core, shared, load, budgetMs } = this;
    if (!core.enabled) return 'unavailable';
    this.move(load.state === 'waiting' ? 'polled' : 'missed');
    this.waiter.reset();
    const { policy } = load.request;
    return await requestLease(core, shared, load.fence, {
      leaseMs: policy.leaseMs,
      budgetMs,
      isForced: load.purpose === 'reload',
      hasTags: typeof policy.tags === 'function' || policy.tags.length > 0,
    });
  }

  /** The decision for a reply; `undefined` to wait for the holder. */
  decide(reply: LoadLeaseReply): LeaseDecision | undefined {
    if (reply === 'unavailable') return this.loadWithoutLease('unavailable');
    if (!reply.granted) return this.decideOnHolder(reply.holder, reply.remainingMs);
    const { core, load } = this;
    core.timedOutHolders.delete(load.key);
    const { entry, lease } = reply;
    if (entry !== undefined && load.purpose !== 'reload' && load.tryAccept(entry, core)) {
      void lease.release();
      return { kind: 'found', entry };
    }
    this.move('granted');
    return { kind: 'load', lease };
  }

  /** Waits for the end of the holder's lease, and reads the shared tier again. */
  async waitForHolder(): Promise<LeaseDecision | undefined> {
    const { core, shared, load, waiter } = this;
    const wasWoken = await waiter.wait(this.waitMs);
    if (core.trust.shared === 'unavailable') return this.loadWithoutLease('unavailable');
    this.budgetMs = this.pollMs;
    if (!wasWoken) return undefined;
    this.move('released');
    const entry = await load.readFrom(shared);
    if (entry === undefined || !load.tryAccept(entry, core)) return undefined;
    return { kind: 'found', entry };
  }

  private decideOnHolder(holder: string, remainingMs: number): LeaseDecision | undefined {
    const { core, load } = this;
    const { clock, timedOutHolders } = core;
    if (holder !== this.holder) {
      core.counters.leasesDenied++;
      this.holder = holder;
      this.holders++;
      this.heldSince = clock.monotonic();
    }
    // The callers of a successor have waited for a full lease already.
    const hasTimedOut = timedOutHolders.get(load.key) === holder || load.isSuccessor;
    const { leaseMs } = load.request.policy;
    const leftMs = hasTimedOut ? 0 : this.heldSince + leaseMs - clock.monotonic();
    const reason = onHeldLease({
      purpose: load.purpose,
      holders: this.holders,
      leftMs,
      canServeStale: canServeStale(load.stale, load.fence, clock.now()),
    });
    if (reason === 'timedOut') this.rememberTimedOut(holder);
    if (reason === 'timedOut' || reason === 'crowded') return this.loadWithoutLease(reason);
    this.move(reason);
    if (reason === 'elsewhere') return { kind: 'elsewhere' };
    this.waitMs = Math.min(leftMs, remainingMs + 1, this.pollMs);
    return undefined;
  }

  private loadWithoutLease(reason: LoadReason): LeaseDecision {
    this.move(reason);
    return { kind: 'load', lease: undefined };
  }

  private move(reason: LoadReason): void {
    this.load.move(reason, this.core.clock.now());
  }

  private rememberTimedOut(holder: string): void {
    const { timedOutHolders } = this.core;
    const { key } = this.load;
    timedOutHolders.delete(key);
    timedOutHolders.set(key, holder);
    if (timedOutHolders.size > MAX_TIMED_OUT) {
      timedOutHolders.delete(timedOutHolders.keys().next().value as string);
    }
  }
}

/** Number of successive holders of the lease that a load waits for, at most one lease term each. */
const MAX_HOLDERS = 2;

/** The facts about a lease that another process holds. */
export interface HeldLease {
  readonly purpose: LoadPurpose;
  /** Whether the callers can be served an expired value. */
  readonly canServeStale: boolean;
  /** Different holders so far, the present one included. */
  readonly holders: number;
  /** How much longer to wait for the present holder, in milliseconds. */
  readonly leftMs: number;
}

/** Decides whether this process loads as well while another one has the lease. */
export function onHeldLease(lease: HeldLease): 'elsewhere' | 'crowded' | 'timedOut' | 'held' {
  if (lease.purpose === 'refresh-ahead' || lease.canServeStale) return 'elsewhere';
  if (lease.holders > MAX_HOLDERS) return 'crowded';
  return lease.leftMs <= 0 ? 'timedOut' : 'held';
}

/**
 * Takes the lease of a key from its holder, before a value is created that replaces the present one, and
 * records the tag clock.
 *
 * @returns `undefined` when the store did not reply.
 * @internal
 */
export async function forceAcquireLease(
  core: CacheCore,
  fence: Fence,
  leaseMs: number,
): Promise<Lease | undefined> {
  const { shared, options } = core;
  if (shared === undefined) return undefined;
  const reply = await requestLease(core, shared, fence, {
    leaseMs,
    budgetMs: options.storeTimeoutMs,
    isForced: true,
    hasTags: true,
  });
  return reply !== 'unavailable' && reply.granted ? reply.lease : undefined;
}
